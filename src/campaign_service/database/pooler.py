"""Poolers: programs between us and a PostgreSQL server that share its sessions out.

Who leads holds a lock, and a lock belongs to a session. A pooler that gives each of our connections
a session of its own, for as long as it lasts, is as good as none (PgBouncer calls it session mode).
One that takes another session for each transaction keeps the lock where nobody knows, and gives it
to whoever asks next.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from campaign_core.errors import Problem, SettingsError

__all__ = ["refuse_shared_sessions"]

_PID = sa.text("SELECT pg_backend_pid()")
_NOTE = sa.text("SELECT set_config('call_campaign.session', :token, false)")
_READ = sa.text("SELECT current_setting('call_campaign.session', true)")
_TRIES = 3
"""Somebody else's work on the pooler may hide what is looked for, once."""
_RULE = (
    "a server, or a pooler that gives each connection a session of its own: session mode"
    " (PgBouncer: pool_mode = session). The one in between takes another session for each"
    " transaction, and a lock belongs to a session"
)


def refuse_shared_sessions(engine: sa.Engine, *, shown: str) -> None:
    """Return if each connection has a session of its own.

    Args:
        engine: over a PostgreSQL server.
        shown: what a person may see of where it leads.

    Raises:
        SettingsError: a pooler shares them out.
        DBAPIError: the server does not answer.
    """
    with (
        engine.connect() as one,
        engine.connect().execution_options(isolation_level="AUTOCOMMIT") as other,
    ):
        # A pooler has a number of its own for each client.
        driver = other.connection.driver_connection
        told = None if driver is None else driver.info.backend_pid
        if told == other.execute(_PID).scalar():
            return
        for _ in range(_TRIES):
            if _is_shared(one, other):
                raise SettingsError([Problem(field="database", value=shown, rule=_RULE)])


def _is_shared(one: sa.Connection, other: sa.Connection) -> bool:
    """Return whether what is noted in one session is found in another, or is lost."""
    token = secrets.token_hex(8)
    other.execute(_NOTE, {"token": token})
    with one.begin():
        # This transaction holds a session while it lasts: that of the other, or else another one.
        return one.execute(_READ).scalar() == token or other.execute(_READ).scalar() != token
