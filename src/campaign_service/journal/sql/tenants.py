"""Tenants: the services of several PBXs in one database."""

from __future__ import annotations

import secrets

import attrs
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from campaign_core import Instant, ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers.clock import present
from campaign_service.database import Database
from campaign_service.database import schema as db
from campaign_service.database.tenant_names import TENANT_RULE, is_tenant_name
from campaign_service.journal.sql.chain import genesis
from campaign_service.journal.sql.transactions import read_transaction, write_transaction

__all__ = ["DEFAULT_TENANT", "TenantRow", "create_tenant", "find_tenant", "list_tenants"]

DEFAULT_TENANT = "main"
"""The tenant of a database that nobody asked to have several."""


@attrs.frozen(kw_only=True)
class TenantRow:
    """A tenant as the database has it."""

    id: int
    name: str
    service_id: ServiceId
    """Prefix of this tenant's call ids (8 hex digits)."""
    created_at: Instant


def list_tenants(database: Database) -> list[TenantRow]:
    """Return all tenants, by name.

    Raises:
        JournalAwayError: the database cannot be read just now.
    """
    with read_transaction(database) as connection:
        rows = connection.execute(_SELECT.order_by(db.tenant.c.name)).mappings().all()
    return [TenantRow(**row) for row in rows]


def find_tenant(database: Database, name: str) -> TenantRow | None:
    """Return the tenant of a name.

    Raises:
        JournalAwayError: the database cannot be read just now.
    """
    with read_transaction(database) as connection:
        found = connection.execute(_SELECT.where(db.tenant.c.name == name))
        row = found.mappings().one_or_none()
    return None if row is None else TenantRow(**row)


def create_tenant(
    database: Database, name: str, *, service_id: ServiceId | None = None
) -> TenantRow:
    """Return a new tenant, its journal empty.

    Args:
        database: where.
        name: its name.
        service_id: with which its calls' ids begin; without, one that no other tenant has.

    Raises:
        SettingsError: the name is no name, or it or the service id is taken.
        JournalAwayError: the database cannot be written just now.
    """
    with write_transaction(database) as connection:
        return insert_tenant(connection, name, service_id)


def insert_tenant(
    connection: sa.Connection, name: str, service_id: ServiceId | None = None
) -> TenantRow:
    """Do what :func:`create_tenant` does within a transaction."""
    if not is_tenant_name(name):
        raise _refused("tenant", name, TENANT_RULE)
    own = service_id or ServiceId(secrets.token_hex(4))
    created_at = present()
    insert = db.tenant.insert().values(
        name=name,
        service_id=own,
        created_at=created_at,
        last_seq=0,
        chain=genesis(own).chain,
    )
    try:
        with connection.begin_nested():
            number = connection.execute(insert.returning(db.tenant.c.id)).scalar_one()
    except IntegrityError:
        has_name = connection.execute(_SELECT.where(db.tenant.c.name == name)).first()
        if has_name is not None:
            raise _refused("tenant", name, "there is one of this name") from None
        if service_id is None:
            return insert_tenant(connection, name)
        raise _refused("service_id", own, "another tenant has this one") from None
    return TenantRow(id=number, name=name, service_id=own, created_at=created_at)


_SELECT = sa.select(*(db.tenant.c[one.name] for one in attrs.fields(TenantRow)))


def _refused(field: str, value: object, rule: str) -> SettingsError:
    return SettingsError([Problem(field=field, value=value, rule=rule)])
