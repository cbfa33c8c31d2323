"""Users: who there is, what each may do, and that an administrator always remains."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.audit import AccessAction, write_event
from campaign_service.access.errors import (
    AlreadyExistsError,
    LastAdministratorError,
    UnknownUserError,
    VersionConflictError,
)
from campaign_service.access.grants import (
    RoleGrant,
    check_grants,
    has_administrator,
    read_grants,
    write_grants,
)
from campaign_service.access.passwords import (
    ONE_TIME_MS,
    OneTimePassword,
    Passwords,
    chosen_password,
)
from campaign_service.access.principal import Actor
from campaign_service.access.roles import ADMINISTRATOR
from campaign_service.access.tables import access_token, access_user
from campaign_service.access.transactions import changing_access
from campaign_service.access.values import checked_name, is_name
from campaign_service.database import Database

__all__ = [
    "FIRST_USER",
    "CreatedUser",
    "UserRecord",
    "add_user",
    "change_user",
    "changing_user",
    "delete_user",
    "end_tokens",
    "ensure_administrator",
    "password_values",
    "read_row",
    "read_user",
    "user",
    "users",
    "write_user",
]

FIRST_USER = "admin"
"""Who can log in when nobody else can yet."""


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


@attrs.frozen(kw_only=True)
class CreatedUser:
    """A user that was made just now."""

    user: UserRecord
    one_time_password: OneTimePassword | None
    """To be shown once; ``None`` where a password was given."""


def users(database: Database) -> list[UserRecord]:
    """Return all users, by name."""
    with database.reading() as connection:
        grants = read_grants(connection)
        rows = connection.execute(sa.select(access_user).order_by(access_user.c.name)).all()
    return [_user_from_row(row, grants.get(row.name, frozenset())) for row in rows]


def user(database: Database, name: str) -> UserRecord:
    """Return a user.

    Raises:
        UnknownUserError: nobody is called so.
    """
    with database.reading() as connection:
        return read_user(connection, name, command="user")


def add_user(
    database: Database,
    passwords: Passwords,
    name: str,
    *,
    by: Actor,
    now: Instant,
    password: str | None = None,
    must_change: bool = True,
    grants: Collection[RoleGrant] = (),
) -> CreatedUser:
    """Make a user.

    Args:
        password: to log in with; ``None``: a one-time password is made up.
        must_change: whether a password that was given must be changed at the first log-in.
        grants: the roles to begin with.

    Raises:
        SettingsError: a value is bad; all of the roles and tenants that are, by name.
        AlreadyExistsError: there is a user of this name.
        LoginLimitedError: too many passwords are being worked on.
    """
    checked_name(name)
    chosen, one_time = chosen_password(password, name=name, now=now)
    kept = passwords.kept(chosen)
    wanted = frozenset(grants)
    with changing_access(database) as connection:
        if read_row(connection, name) is not None:
            raise AlreadyExistsError("add_user", f"there is a user {name!r} already")
        check_grants(connection, wanted)
        connection.execute(
            sa.insert(access_user).values(
                name=name,
                enabled=True,
                created_at=now,
                version=now,
                **password_values(kept, now=now, must_change=one_time is not None or must_change),
            )
        )
        write_grants(connection, name, wanted)
        details = {"granted": _grant_texts(wanted)}
        write_event(connection, AccessAction.USER_ADDED, name, details, by=by, now=now)
        made = read_user(connection, name, command="add_user")
    return CreatedUser(user=made, one_time_password=one_time)


def change_user(
    database: Database,
    name: str,
    *,
    by: Actor,
    now: Instant,
    enabled: bool | None = None,
    grants: Collection[RoleGrant] | None = None,
    expected: int | None = None,
) -> UserRecord:
    """Enable or disable a user, and say which roles that one has.

    Who is disabled loses all log-ins and tokens for good: enabled again, that one begins anew.

    Args:
        enabled: whether the user may come in; ``None``: as before.
        grants: all the roles; ``None``: as before.
        expected: the version that the user must have; ``None``: whatever it is.

    Raises:
        UnknownUserError: nobody is called so.
        VersionConflictError: the user has another version.
        SettingsError: a role or a tenant is none.
        LastAdministratorError: nobody would be left to manage users.
    """
    change = changing_user(database, name, command="change_user", expected=expected)
    with change as (connection, before):
        wanted = before.grants if grants is None else frozenset(grants)
        check_grants(connection, wanted - before.grants)
        is_enabled = before.enabled if enabled is None else enabled
        details: dict[str, object] = {}
        if is_enabled != before.enabled:
            details["enabled"] = is_enabled
        if wanted != before.grants:
            details["granted"] = _grant_texts(wanted - before.grants)
            details["revoked"] = _grant_texts(before.grants - wanted)
        if not details:
            return before
        if not is_enabled:
            details["tokens_ended"] = end_tokens(connection, name)
        write_grants(connection, name, wanted)
        write_user(connection, before, now=now, enabled=is_enabled)
        write_event(connection, AccessAction.USER_CHANGED, name, details, by=by, now=now)
        return read_user(connection, name, command="change_user")


def delete_user(
    database: Database, name: str, *, by: Actor, now: Instant, expected: int | None = None
) -> None:
    """Delete a user, with all log-ins and tokens; what that one did stays on record.

    Raises:
        UnknownUserError: nobody is called so.
        VersionConflictError: the user has another version than expected.
        LastAdministratorError: nobody would be left to manage users.
    """
    change = changing_user(database, name, command="delete_user", expected=expected)
    with change as (connection, before):
        end_tokens(connection, name)
        write_grants(connection, name, ())
        connection.execute(sa.delete(access_user).where(access_user.c.name == name))
        details = {"revoked": _grant_texts(before.grants)}
        write_event(connection, AccessAction.USER_DELETED, name, details, by=by, now=now)


def ensure_administrator(
    database: Database, passwords: Passwords, *, now: Instant
) -> OneTimePassword | None:
    """Make a user with all permissions where there is nobody who could make one.

    Returns:
        A password for that user, to be shown on the terminal and nowhere else; ``None`` where
        there is an administrator. Of several processes that start at once, one gets it.
    """
    with database.reading() as connection:
        if has_administrator(connection):
            return None
    try:
        made = add_user(
            database,
            passwords,
            FIRST_USER,
            by=Actor(name="service", address="console"),
            now=now,
            grants=[RoleGrant(role=ADMINISTRATOR)],
        )
    except AlreadyExistsError:
        return None
    return made.one_time_password


# Within a transaction -------------------------------------------------------------------------


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
    with changing_access(database) as connection:
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
    return _user_from_row(row, read_grants(connection, name).get(name, frozenset()))


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


def _grant_texts(grants: Collection[RoleGrant]) -> list[str]:
    """Return grants as the audit has them, such as ``viewer for main``."""
    return [f"{grant.role} for {grant.tenant}" for grant in sorted(grants)]


def _user_from_row(row: sa.Row[Any], grants: frozenset[RoleGrant]) -> UserRecord:
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
    """Return what a password is in the table; one that must be changed is not good for ever."""
    return {
        "password_hash": kept,
        "must_change_password": must_change,
        "password_expires_at": now + ONE_TIME_MS if must_change else None,
    }
