"""Grants: which roles somebody has, for one tenant or for all, and what that one may do by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import attrs
import sqlalchemy as sa

from campaign_core.errors import Problem, SettingsError
from campaign_service.access.principal import ALL_TENANTS
from campaign_service.access.roles import ADMINISTRATOR, RoleRecord, read_roles
from campaign_service.access.tables import access_grant, access_user
from campaign_service.database.schema import tenant as tenant_table
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "RoleGrant",
    "check_grants",
    "check_tenants",
    "has_administrator",
    "narrowed_permissions",
    "permissions_of",
    "read_grants",
    "write_grants",
]


@attrs.frozen(kw_only=True, order=True)
class RoleGrant:
    """A role that a user has."""

    role: str
    tenant: str = ALL_TENANTS
    """A tenant's name, or ``*`` for all of them, those to come included."""


def permissions_of(
    grants: Iterable[RoleGrant], roles: Mapping[str, RoleRecord]
) -> dict[str, frozenset[ServicePermission]]:
    """Return what may be done by grants: for each tenant named, and ``*``, the union of roles."""
    found: dict[str, frozenset[ServicePermission]] = {}
    for grant in grants:
        held = found.get(grant.tenant, frozenset())
        found[grant.tenant] = held | roles[grant.role].permissions
    return found


def narrowed_permissions(
    permissions: Mapping[str, frozenset[ServicePermission]],
    *,
    to: Collection[ServicePermission] | None,
    tenants: Collection[str] | None,
) -> dict[str, frozenset[ServicePermission]]:
    """Return what is left of permissions by tenant.

    Args:
        permissions: by tenant, and ``*``.
        to: these alone; ``None``: all of them.
        tenants: for these alone; ``None``: for all of them.
    """
    for_all = permissions.get(ALL_TENANTS, frozenset())
    if tenants is not None:
        permissions = {name: for_all | permissions.get(name, frozenset()) for name in tenants}
    if to is None:
        return dict(permissions)
    return {name: held & frozenset(to) for name, held in permissions.items()}


def check_grants(connection: sa.Connection, grants: Collection[RoleGrant]) -> None:
    """Go on only if all these roles and tenants exist, and may go together.

    Raises:
        SettingsError: it names each that does not.
    """
    known = read_roles(connection)
    problems = []
    for grant in sorted(grants):
        role = known.get(grant.role)
        if role is None:
            rule = f"one of the roles {', '.join(known)}"
            problems.append(Problem(field="role", value=grant.role, rule=rule))
        elif ServicePermission.MANAGE_USERS in role.permissions and grant.tenant != ALL_TENANTS:
            rule = f"* for role {grant.role!r}: users are managed for all tenants or for none"
            problems.append(Problem(field="tenant", value=grant.tenant, rule=rule))
    single = [grant.tenant for grant in sorted(grants) if grant.tenant != ALL_TENANTS]
    problems += _unknown_tenants(connection, single, rest=f" or {ALL_TENANTS}")
    if problems:
        raise SettingsError(problems)


def check_tenants(connection: sa.Connection, tenants: Collection[str]) -> None:
    """Go on only if all these tenants exist.

    Raises:
        SettingsError: it names each that does not.
    """
    problems = _unknown_tenants(connection, sorted(tenants), rest="")
    if problems:
        raise SettingsError(problems)


def read_grants(
    connection: sa.Connection, name: str | None = None
) -> dict[str, frozenset[RoleGrant]]:
    """Return the grants of a user, or of all, by user."""
    table = access_grant.c
    query = sa.select(access_grant)
    if name is not None:
        query = query.where(table.user_name == name)
    found: dict[str, set[RoleGrant]] = {}
    for row in connection.execute(query):
        found.setdefault(row.user_name, set()).add(RoleGrant(role=row.role, tenant=row.tenant))
    return {user: frozenset(grants) for user, grants in found.items()}


def write_grants(connection: sa.Connection, name: str, grants: Collection[RoleGrant]) -> None:
    """Give a user these roles, and no others."""
    connection.execute(sa.delete(access_grant).where(access_grant.c.user_name == name))
    if grants:
        rows = [{"user_name": name, **attrs.asdict(grant)} for grant in sorted(grants)]
        connection.execute(sa.insert(access_grant), rows)


def has_administrator(connection: sa.Connection) -> bool:
    """Return whether an enabled user is administrator for all tenants."""
    joined = sa.join(access_grant, access_user)
    query = (
        sa.select(access_user.c.name)
        .select_from(joined)
        .where(
            access_user.c.enabled,
            access_grant.c.role == ADMINISTRATOR,
            access_grant.c.tenant == ALL_TENANTS,
        )
    )
    return connection.execute(query.limit(1)).first() is not None


def _unknown_tenants(
    connection: sa.Connection, tenants: Collection[str], *, rest: str
) -> list[Problem]:
    if not tenants:
        return []
    known = connection.execute(sa.select(tenant_table.c.name)).scalars().all()
    rule = f"one of the tenants {', '.join(sorted(known)) or '(there are none yet)'}{rest}"
    return [Problem(field="tenant", value=name, rule=rule) for name in tenants if name not in known]
