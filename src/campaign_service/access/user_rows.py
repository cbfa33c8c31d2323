"""What is kept of users, within a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.changing import changing
from campaign_service.access.errors import (
    LastAdministratorError,
    UnknownUserError,
    VersionConflictError,
)
from campaign_service.access.grants import RoleGrant, has_administrator, read_grants
from campaign_service.access.passwords import ONE_TIME_MS
from campaign_service.access.roles import ADMINISTRATOR
from campaign_service.access.tables import access_token, access_user
from campaign_service.access.values import is_name
from campaign_service.database import Database

__all__ = [
    "UserRecord",
    "changing_user",
    "end_tokens",
    "password_values",
    "read_row",
    "read_user",
    "texts_of",
    "user_of",
    "write_user",
]


@attrs.frozen(kw_only=True)
class UserRecord:
    """Somebody who may log in."""

    name: str
    """The actor of the events that come of what is done (R9.1)."""
    enabled: bool
    must_change_password: bool
    """Until that is done, nothing else may be done with a log-in."""
    password_expires_at: Instant | None
    """Of a one-time password; ``None``: it stays."""
    created_at: Instant
    version: int
    """Grows with each change; not even somebody else of the same name later has the same."""
    grants: frozenset[RoleGrant]


@contextmanager
def changing_user(
    database: Database, name: str, *, command: str, expected: int | None
) -> Iterator[tuple[sa.Connection, UserRecord]]:
    """Return a transaction that changes a user, and the user as it is before.

    Raises:
        UnknownUserError: nobody is called so.
        VersionConflictError: the user has another version than expected.
        LastAdministratorError: of administrators, this would leave none.
    """
    with changing(database) as connection:
        before = read_user(connection, name, command=command)
        if expected is not None and before.version != expected:
            raise VersionConflictError(command, expected=expected, found=before.version)
        had_one = has_administrator(connection)
        yield connection, before
        if had_one and not has_administrator(connection):
            why = f"{name!r} is the last enabled user with role {ADMINISTRATOR!r} for all tenants"
            raise LastAdministratorError(command, why)


def read_user(connection: sa.Connection, name: str, *, command: str) -> UserRecord:
    """Return a user.

    Raises:
        UnknownUserError: nobody is called so.
    """
    row = read_row(connection, name)
    if row is None:
        raise UnknownUserError(command, f"no user is called {name!r}")
    return user_of(row, read_grants(connection, name).get(name, frozenset()))


def read_row(connection: sa.Connection, name: str) -> sa.Row[Any] | None:
    """Return what is kept of a user, what is kept of the password included."""
    if not is_name(name):
        return None
    return connection.execute(sa.select(access_user).where(access_user.c.name == name)).first()


def write_user(
    connection: sa.Connection, before: UserRecord, *, now: Instant, **values: object
) -> None:
    """Change what is kept of a user."""
    version = max(now, before.version + 1)
    changed = sa.update(access_user).where(access_user.c.name == before.name)
    connection.execute(changed.values(version=version, **values))


def end_tokens(
    connection: sa.Connection, name: str, *, sessions_alone: bool = False, keep: str | None = None
) -> int:
    """End a user's log-ins and tokens; how many there were.

    Args:
        connection: a transaction.
        name: of the user.
        sessions_alone: leave the tokens of programs as they are.
        keep: the id of one that goes on.
    """
    table = access_token.c
    ended = sa.delete(access_token).where(table.user_name == name)
    if sessions_alone:
        ended = ended.where(table.is_session)
    if keep is not None:
        ended = ended.where(table.id != keep)
    return connection.execute(ended).rowcount


def texts_of(grants: Collection[RoleGrant]) -> list[str]:
    """Return grants as the audit has them, such as ``viewer for main``."""
    return [f"{grant.role} for {grant.tenant}" for grant in sorted(grants)]


def user_of(row: sa.Row[Any], grants: frozenset[RoleGrant]) -> UserRecord:
    """Return a user as the rest of the program knows it."""
    return UserRecord(
        name=row.name,
        enabled=row.enabled,
        must_change_password=row.must_change_password,
        password_expires_at=row.password_expires_at,
        created_at=row.created_at,
        version=row.version,
        grants=grants,
    )


def password_values(kept: str, *, now: Instant, must_change: bool) -> dict[str, object]:
    """Return what a password is in the table.

    Args:
        kept: of the password.
        now: when it was set.
        must_change: at the first log-in, for which there is not for ever time.
    """
    return {
        "password_hash": kept,
        "must_change_password": must_change,
        "password_expires_at": now + ONE_TIME_MS if must_change else None,
    }
