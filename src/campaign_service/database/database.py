"""A database that is open: transactions, and what becomes of its errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Self

import sqlalchemy as sa
from sqlalchemy import event as on
from sqlalchemy import exc
from sqlalchemy.pool import ConnectionPoolEntry

from campaign_service.database.engines import file_engine, server_engine
from campaign_service.database.errors import DatabaseAwayError, DatabaseDamagedError
from campaign_service.database.migrating import bring_up_to_date, check_readable
from campaign_service.database.pooler import refuse_shared_sessions
from campaign_service.database.sqlite_file import DatabaseFile
from campaign_service.database.urls import address_of
from campaign_service.database.watchdog import Watchdog

__all__ = ["Database"]

_PATIENCE_S = 8.0
_READING: dict[str, dict[str, object]] = {
    "sqlite": {"is_reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}
_DAMAGED = ("malformed", "not a database", "file is encrypted")
"""What SQLite says of a file that is not what it wrote."""
_DAMAGED_STATES = ("XX001", "XX002")
"""And PostgreSQL of its files: data, or an index, corrupted."""


class Database:
    """A database that is open, made by :meth:`open`; to be used from any thread."""

    def __init__(
        self, engine: sa.Engine, watchdog: Watchdog, *, shown: str, file: DatabaseFile | None
    ) -> None:
        """Take an engine, who watches it, and what a person may see of where it leads."""
        self.engine = engine
        self.shown = shown
        """The URL without its password."""
        self.file = file
        """Of SQLite; ``None``: a PostgreSQL server."""
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._watchdog = watchdog
        self.engine_to_read = engine.execution_options(**_READING[engine.dialect.name])
        self._is_closed = False
        on.listen(engine, "checkin", self._take_back)

    @classmethod
    def open(cls, url: str, *, must_exist: bool = False, is_read_only: bool = False) -> Self:
        """Return a database whose schema is this release's.

        Args:
            url: a file, ``sqlite:///FILE`` or ``postgresql://...``.
            must_exist: a file that is not there is an error, and not made.
            is_read_only: it must exist, and nothing of it is changed: no file is made beside that
                of SQLite, and the schema of an older release stays what it is.

        Raises:
            SettingsError: the URL is none, the file is open under another name, or a pooler in
                between shares sessions out.
            JournalError: a newer release made the schema, or it is another program's; or there is
                none, and it is only read.
            FileNotFoundError: there is no such file, and it must exist.
            DatabaseAwayError: it cannot be reached just now.
        """
        address = address_of(url)
        watchdog = Watchdog()
        file = None
        if address.file is None:
            engine = server_engine(address.url, watchdog)
        elif (must_exist or is_read_only) and not address.file.exists():
            raise FileNotFoundError(2, "there is no such file", str(address.file))
        else:
            file = DatabaseFile(address.file, is_read_only=is_read_only)
            engine = file_engine(file)
        database = cls(engine, watchdog, shown=address.shown, file=file)
        try:
            with database.errors():
                if file is None and not is_read_only:
                    refuse_shared_sessions(engine, shown=database.shown)
                if is_read_only:
                    check_readable(database.engine_to_read, shown=database.shown)
                else:
                    bring_up_to_date(engine, shown=database.shown)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def begin(self, *, patience_s: float = _PATIENCE_S) -> Iterator[sa.Connection]:
        """Return a transaction that may write; it is committed at the end of the block.

        Args:
            patience_s: after so long a PostgreSQL server that has not answered counts as away.

        Raises:
            DatabaseAwayError: what was to be done is not done, or it is not known whether it is.
            DatabaseDamagedError: the file is no sound database.
        """
        self.check_file()
        with (
            self.errors(),
            self.engine.connect() as connection,
            self.watched(connection, patience_s),
            connection.begin(),
        ):
            yield connection
        # What was written to a file that is deleted is lost; nobody must be told that it is kept.
        if self.file is not None:
            self.file.check(is_written=True)

    @contextmanager
    def reading(self, *, patience_s: float = _PATIENCE_S) -> Iterator[sa.Connection]:
        """Return a transaction that only reads, and sees all of it at one moment.

        Raises:
            DatabaseAwayError: it cannot be read just now.
            DatabaseDamagedError: the file is no sound database.
        """
        self.check_file()
        with (
            self.errors(),
            self.engine_to_read.connect() as connection,
            self.watched(connection, patience_s),
            connection.begin(),
        ):
            try:
                yield connection
            finally:
                # What is only read is not locked: what was read of it is one moment's, or nothing.
                if self.file is not None and self.file.is_read_only:
                    self.file.check()

    def check_file(self) -> None:
        """Return if the file of SQLite is still where it was opened; a server has none.

        Raises:
            DatabaseAwayError: it was deleted, moved or replaced.
        """
        if self.file is not None:
            self.file.check()

    def close(self) -> None:
        """Close all connections; one that a thread still works with, when it is given back."""
        self._is_closed = True
        self.engine.dispose()
        if self.file is not None:
            self.file.close()

    def _take_back(self, _: object, record: ConnectionPoolEntry) -> None:
        if self._is_closed:
            record.invalidate()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Have the errors of a block come out as those of this package.

        Raises:
            DatabaseAwayError: see :meth:`begin`.
            DatabaseDamagedError: the file is no sound database.
        """
        try:
            yield
        except (exc.OperationalError, exc.InterfaceError, exc.InternalError) as error:
            if getattr(error.orig, "sqlstate", None) in _DAMAGED_STATES:
                raise DatabaseDamagedError(f"{self.shown}: {error.orig}") from error
            raise self._away(str(error.orig)) from error
        except exc.TimeoutError as error:
            raise self._away("all connections are in use") from error
        except exc.DBAPIError as error:
            said = str(error.orig)
            if self.is_sqlite and any(word in said for word in _DAMAGED):
                raise DatabaseDamagedError(f"{self.shown}: {said}") from error
            if error.connection_invalidated:
                raise self._away(said) from error
            raise

    def _away(self, said: str) -> DatabaseAwayError:
        # The first line says it; what follows is advice for somebody else's program.
        return DatabaseAwayError(f"{self.shown}: {said.strip().splitlines()[0] if said else ''}")

    def watched(self, connection: sa.Connection, patience_s: float) -> AbstractContextManager[None]:
        """Return a block in which a connection is cut if its server does not answer for so long."""
        driver = connection.connection.driver_connection
        fileno = None if self.is_sqlite else getattr(driver, "fileno", None)
        return nullcontext() if fileno is None else self._watchdog.watching(fileno(), patience_s)
