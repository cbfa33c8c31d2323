"""Users: who there is, what each may do, and that an administrator always remains."""

from __future__ import annotations

from collections.abc import Collection

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.audit import AccessAction, record
from campaign_service.access.changing import changing
from campaign_service.access.errors import AlreadyExistsError
from campaign_service.access.grants import (
    RoleGrant,
    check_grants,
    has_administrator,
    read_grants,
    write_grants,
)
from campaign_service.access.interface import Actor
from campaign_service.access.passwords import (
    OneTimePassword,
    Passwords,
    check_new,
    new_one_time,
)
from campaign_service.access.roles import ADMINISTRATOR
from campaign_service.access.tables import access_user
from campaign_service.access.user_rows import (
    UserRecord,
    changing_user,
    end_tokens,
    password_values,
    read_row,
    read_user,
    texts_of,
    user_of,
    write_user,
)
from campaign_service.access.values import checked_name
from campaign_service.database import Database

__all__ = [
    "FIRST_USER",
    "CreatedUser",
    "add_user",
    "change_user",
    "delete_user",
    "ensure_administrator",
    "user",
    "users",
]

FIRST_USER = "admin"
"""Who can log in when nobody else can yet."""


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
    return [user_of(row, grants.get(row.name, frozenset())) for row in rows]


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
        database: where.
        passwords: keeps the password.
        name: of the user.
        by: who does it.
        now: when.
        password: to log in with; ``None``: a one-time password is made up.
        must_change: whether a password that was given must be changed at the first log-in.
        grants: the roles to begin with.

    Raises:
        SettingsError: a value is bad; all of the roles and tenants that are, by name.
        AlreadyExistsError: there is a user of this name.
        LoginLimitedError: too many passwords are being worked on.
    """
    checked_name(name)
    one_time = new_one_time(name, now=now) if password is None else None
    chosen = one_time.text if one_time is not None else password or ""
    check_new(chosen, name=name)
    kept = passwords.kept(chosen)
    with changing(database) as connection:
        if read_row(connection, name) is not None:
            raise AlreadyExistsError("add_user", f"there is a user {name!r} already")
        check_grants(connection, grants)
        connection.execute(
            sa.insert(access_user).values(
                name=name,
                enabled=True,
                created_at=now,
                version=now,
                **password_values(kept, now=now, must_change=one_time is not None or must_change),
            )
        )
        write_grants(connection, name, grants)
        details = {"granted": texts_of(grants)}
        record(connection, AccessAction.USER_ADDED, by=by, subject=name, now=now, details=details)
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
        database: where.
        name: of the user.
        by: who does it.
        now: when.
        enabled: whether the user may come in; ``None``: as before.
        grants: all the roles; ``None``: as before.
        expected: the version that the user must have; ``None``: whatever it is.

    Raises:
        UnknownUserError: nobody is called so.
        VersionConflictError: the user has another version.
        SettingsError: a role or a tenant is none.
        LastAdministratorError: nobody would be left to manage users.
    """
    with changing_user(database, name, command="change_user", expected=expected) as (
        connection,
        before,
    ):
        wanted = before.grants if grants is None else frozenset(grants)
        check_grants(connection, wanted - before.grants)
        is_enabled = before.enabled if enabled is None else enabled
        details: dict[str, object] = {}
        if is_enabled != before.enabled:
            details["enabled"] = is_enabled
        if wanted != before.grants:
            details["granted"] = texts_of(wanted - before.grants)
            details["revoked"] = texts_of(before.grants - wanted)
        if not details:
            return before
        if not is_enabled:
            details["tokens_ended"] = end_tokens(connection, name)
        write_grants(connection, name, wanted)
        write_user(connection, before, now=now, enabled=is_enabled)
        action = AccessAction.USER_CHANGED
        record(connection, action, by=by, subject=name, now=now, details=details)
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
    with changing_user(database, name, command="delete_user", expected=expected) as (
        connection,
        before,
    ):
        end_tokens(connection, name)
        write_grants(connection, name, ())
        connection.execute(sa.delete(access_user).where(access_user.c.name == name))
        details = {"revoked": texts_of(before.grants)}
        action = AccessAction.USER_DELETED
        record(connection, action, by=by, subject=name, now=now, details=details)


def ensure_administrator(
    database: Database, passwords: Passwords, *, now: Instant
) -> OneTimePassword | None:
    """Make a user with all permissions where there is nobody who could make one.

    Args:
        database: where.
        passwords: keeps the password.
        now: when.

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
