"""Roles: named sets of permissions, four of them built in.

Each built-in role may do what the one before may, and one thing more. They are the same in every
service, so that what is written about them holds, and nobody can take the permissions out of
``administrator``. Who needs another set makes a role of his own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service.access.audit import AccessAction, write_event
from campaign_service.access.errors import UnknownRoleError, VersionConflictError
from campaign_service.access.principal import ALL_TENANTS, Actor
from campaign_service.access.tables import access_grant, access_role
from campaign_service.access.transactions import changing_access
from campaign_service.access.values import bad_value, checked_name
from campaign_service.database import Database
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "ADMINISTRATOR",
    "BUILT_IN_ROLES",
    "RoleRecord",
    "delete_role",
    "put_role",
    "read_roles",
    "role",
    "roles",
]

ADMINISTRATOR = "administrator"
"""The role that one enabled user at least must have, for all tenants."""


@attrs.frozen(kw_only=True)
class RoleRecord:
    """A named set of permissions."""

    name: str
    permissions: frozenset[ServicePermission]
    is_built_in: bool = False
    version: int = 0
    """Grows with each change; 0 of a built-in one, which never changes."""


_LADDER = (
    ("viewer", ServicePermission.VIEW),
    ("operator", ServicePermission.MANAGE_CAMPAIGNS),
    ("manager", ServicePermission.MANAGE_SETTINGS),
    (ADMINISTRATOR, ServicePermission.MANAGE_USERS),
)
BUILT_IN_ROLES: Mapping[str, RoleRecord] = {
    name: RoleRecord(
        name=name,
        permissions=frozenset(added for _, added in _LADDER[: step + 1]),
        is_built_in=True,
    )
    for step, (name, _) in enumerate(_LADDER)
}
"""``viewer``, ``operator``, ``manager``, ``administrator``: each may do one thing more."""


def roles(database: Database) -> list[RoleRecord]:
    """Return all roles: those built in, then the others by name."""
    with database.reading() as connection:
        return list(read_roles(connection).values())


def role(database: Database, name: str) -> RoleRecord:
    """Return a role.

    Raises:
        UnknownRoleError: there is none of this name.
    """
    found = next((one for one in roles(database) if one.name == name), None)
    if found is None:
        raise _unknown("role", name)
    return found


def put_role(
    database: Database,
    name: str,
    *,
    permissions: Collection[ServicePermission],
    by: Actor,
    now: Instant,
    expected: int | None = None,
) -> RoleRecord:
    """Make a role, or give it other permissions, for all who have it.

    Args:
        permissions: all of them, at least one.
        expected: the version it must have; ``None``: whatever it is, if it is there at all.

    Raises:
        SettingsError: nobody may be called so, or there is no permission.
        CommandRefusedError: it is built in, or would let users be managed for one tenant.
        UnknownRoleError: a version is expected, and there is no such role.
        VersionConflictError: it has another version.
    """
    command = "put_role"
    checked_name(name)
    wanted = frozenset(permissions)
    if not wanted:
        allowed = ", ".join(one.name for one in ServicePermission)
        raise bad_value("permissions", [], f"at least one of {allowed}")
    _check_not_built_in(command, name)
    with changing_access(database) as connection:
        before = read_roles(connection).get(name)
        _check_version(command, name, before, expected)
        if before is not None and before.permissions == wanted:
            return before
        if ServicePermission.MANAGE_USERS in wanted and _tenants_of(connection, name):
            why = f"role {name!r} is granted for one tenant, and users are managed for all"
            raise CommandRefusedError(command, why)
        version = max(now, 0 if before is None else before.version + 1)
        changed = RoleRecord(name=name, permissions=wanted, version=version)
        _write(connection, changed, is_new=before is None)
        details: dict[str, object] = {"permissions": _names(wanted)}
        if before is not None:
            details["before"] = _names(before.permissions)
        write_event(connection, AccessAction.ROLE_CHANGED, name, details, by=by, now=now)
    return changed


def delete_role(
    database: Database, name: str, *, by: Actor, now: Instant, expected: int | None = None
) -> None:
    """Delete a role that nobody has.

    Raises:
        UnknownRoleError: there is none of this name.
        CommandRefusedError: it is built in, or somebody has it.
        VersionConflictError: it has another version than expected.
    """
    command = "delete_role"
    _check_not_built_in(command, name)
    with changing_access(database) as connection:
        before = read_roles(connection).get(name)
        if before is None:
            raise _unknown(command, name)
        _check_version(command, name, before, expected)
        table = access_grant.c
        holders = sa.select(table.user_name).where(table.role == name).distinct()
        names = connection.execute(holders.order_by(table.user_name)).scalars().all()
        if names:
            raise CommandRefusedError(command, f"role {name!r} is granted to {', '.join(names)}")
        connection.execute(sa.delete(access_role).where(access_role.c.name == name))
        details = {"before": _names(before.permissions)}
        write_event(connection, AccessAction.ROLE_DELETED, name, details, by=by, now=now)


def read_roles(connection: sa.Connection) -> dict[str, RoleRecord]:
    """Return all roles by name: those built in, then the others in order."""
    rows = connection.execute(sa.select(access_role).order_by(access_role.c.name)).all()
    own = {
        row.name: RoleRecord(
            name=row.name,
            permissions=frozenset(map(ServicePermission, row.permissions.split())),
            version=row.version,
        )
        for row in rows
    }
    return {**BUILT_IN_ROLES, **own}


def _write(connection: sa.Connection, one: RoleRecord, *, is_new: bool) -> None:
    values = {"permissions": " ".join(_names(one.permissions)), "version": one.version}
    if is_new:
        connection.execute(sa.insert(access_role).values(name=one.name, **values))
    else:
        connection.execute(
            sa.update(access_role).where(access_role.c.name == one.name).values(**values)
        )


def _tenants_of(connection: sa.Connection, name: str) -> bool:
    """Return whether a role is granted for single tenants."""
    table = access_grant.c
    single = sa.select(table.tenant).where(table.role == name, table.tenant != ALL_TENANTS)
    return connection.execute(single.limit(1)).first() is not None


def _check_not_built_in(command: str, name: str) -> None:
    if name in BUILT_IN_ROLES:
        why = f"role {name!r} is built in: it is neither changed nor deleted"
        raise CommandRefusedError(command, why)


def _check_version(
    command: str, name: str, before: RoleRecord | None, expected: int | None
) -> None:
    if expected is None:
        return
    if before is None:
        raise _unknown(command, name)
    if before.version != expected:
        raise VersionConflictError(command, expected=expected, found=before.version)


def _unknown(command: str, name: str) -> UnknownRoleError:
    return UnknownRoleError(command, f"no role is called {name!r}")


def _names(permissions: Collection[ServicePermission]) -> list[str]:
    return [one.name for one in ServicePermission if one in permissions]
