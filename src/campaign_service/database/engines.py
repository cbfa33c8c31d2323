"""How connections are made: the pragmas of SQLite, the patience with PostgreSQL."""

from __future__ import annotations

import sqlite3
import time

import sqlalchemy as sa
from sqlalchemy import event as on
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from campaign_core.errors import Problem, SettingsError
from campaign_service.database.sqlite_file import DatabaseFile
from campaign_service.database.watchdog import Watchdog

__all__ = ["file_engine", "server_engine"]

_BUSY_MS = 5_000
"""So long a writer waits for another process's transaction."""
_POOL = {"pool_size": 5, "max_overflow": 20, "pool_timeout": 5}
_WAL_PAUSE_S = 0.01
_PRIMARY_CODE = 0xFF
"""Of an error's number: the rest says which kind of it."""

# A server that cannot be reached shows as away within some seconds, whatever has become of it.
_CONNECT_S = 3
_IDLE_S = 1.0
_KEEPALIVE = {
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
}
# The server's side: a process that is stopped, or whose machine is gone, must hold no lock for
# long. Our own transactions are all short.
_SESSION = {
    "application_name": "call-campaign",
    "timezone": "UTC",
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "10s",
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
}


def file_engine(file: DatabaseFile) -> sa.Engine:
    """Return an engine over a file of SQLite; one that is only read stays as it is."""
    engine = sa.create_engine(
        URL.create("sqlite", database=str(file.path)),
        creator=lambda: file.connect(timeout_s=_BUSY_MS / 1_000),
        poolclass=QueuePool,
        **_POOL,
    )
    on.listen(engine, "connect", _set_pragmas)
    if not file.is_read_only:
        on.listen(engine, "connect", _use_wal)
        on.listen(engine, "connect", file.was_connected)
        on.listen(engine, "close", file.was_closed)
        on.listen(engine, "close_detached", file.was_closed)
    on.listen(engine, "begin", _begin)
    return engine


def server_engine(url: URL, watchdog: Watchdog) -> sa.Engine:
    """Return an engine over a PostgreSQL server; nothing is connected yet.

    Args:
        url: where it is.
        watchdog: cuts the connections that do not answer.

    Raises:
        SettingsError: the library for it is not installed.
    """
    try:
        engine = sa.create_engine(
            url,
            connect_args={"connect_timeout": _CONNECT_S, **_KEEPALIVE},
            **_POOL,
        )
    except ModuleNotFoundError as error:
        rule = "PostgreSQL needs the extra 'postgresql' of call-campaign to be installed"
        shown = url.render_as_string(hide_password=True)
        raise SettingsError([Problem(field="database", value=shown, rule=rule)]) from error
    _set_session(engine, watchdog)
    _look_before_use(engine, watchdog)
    return engine


def _set_session(engine: sa.Engine, watchdog: Watchdog) -> None:
    """Have the server's side of each connection set: once it is there, for poolers take no options.

    What the URL's own options set stays as it is.
    """
    given = str(engine.url.query.get("options", ""))
    settings = ", ".join(
        f"set_config('{name}', '{value}', false)"
        for name, value in _SESSION.items()
        if name not in given
    )

    def connected(connection: DBAPIConnection, record: object) -> None:
        with watchdog.watching(connection.fileno(), _CONNECT_S):
            cursor = connection.cursor()
            cursor.execute(f"SELECT {settings}")
            cursor.close()
            connection.commit()

    on.listen(engine, "connect", connected)


def _look_before_use(engine: sa.Engine, watchdog: Watchdog) -> None:
    """Have connections that lay idle looked at, so that a server's restart fails nobody.

    The pool's own way of doing so would wait for ever for a server that hangs.
    """

    def checked_in(connection: object, record: ConnectionPoolEntry) -> None:
        record.info["idle_since"] = time.monotonic()

    def checked_out(
        connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object
    ) -> None:
        idle_since = record.info.get("idle_since")
        if idle_since is None or time.monotonic() - idle_since < _IDLE_S:
            return
        try:
            with watchdog.watching(connection.fileno(), _CONNECT_S):
                connection.cursor().execute("SELECT 1")
                connection.rollback()
        except Exception as error:
            # Whatever it says: the pool makes another one.
            raise DisconnectionError(str(error)) from error

    on.listen(engine, "checkin", checked_in)
    on.listen(engine, "checkout", checked_out)


def _set_pragmas(connection: DBAPIConnection, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        # Python's own would begin transactions where it sees fit; see `_begin`.
        connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={_BUSY_MS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-32768",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _use_wal(connection: DBAPIConnection, record: object) -> None:
    """Have a write-ahead log, also where another process makes the same new file just now.

    SQLite has nobody wait for this change as it does for others: who comes second fails at once.
    """
    cursor = connection.cursor()
    give_up_at = time.monotonic() + _BUSY_MS / 1_000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & _PRIMARY_CODE == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > give_up_at:
                raise
            time.sleep(_WAL_PAUSE_S)
        else:
            break
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    # Who reads first and writes later would find the file changed in between, and fail.
    is_reading = connection.get_execution_options().get("is_reading", False)
    connection.exec_driver_sql("BEGIN" if is_reading else "BEGIN IMMEDIATE")
