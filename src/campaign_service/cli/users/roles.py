"""``campaign user role``: named sets of permissions."""

from __future__ import annotations

import click

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.cli.users.admin_session import PERMISSION, AdminSession, with_admin_session

__all__ = ["role"]

_name = click.argument("name", metavar="ROLE")


@click.group(short_help="Show, make, change and delete roles.")
def role() -> None:
    """Show, make, change and delete roles: named sets of permissions."""


@role.command("list", short_help="Show all roles.")
@with_admin_session
def list_(session: AdminSession) -> None:
    """Show all roles, and what they allow."""
    found = access.roles(session.database)
    width = max(len(one.name) for one in found)
    for one in found:
        allowed = " ".join(each.name for each in ServicePermission if each in one.permissions)
        built_in = "  (built in)" if one.is_built_in else ""
        click.echo(f"{one.name:{width}}  {allowed}{built_in}")


@role.command("set", short_help="Make a role, or change what it allows.")
@_name
@click.argument("permissions", nargs=-1, required=True, type=PERMISSION, metavar="PERMISSION...")
@with_admin_session
def set_(session: AdminSession, name: str, permissions: tuple[str, ...]) -> None:
    """Make a role, or change what it allows to all who have it.

    PERMISSION is VIEW, MANAGE_CAMPAIGNS, MANAGE_SETTINGS or MANAGE_USERS; all of them are given.
    """
    wanted = [ServicePermission[one.upper()] for one in permissions]
    session.do(access.put_role, name, permissions=wanted)
    allowed = " ".join(one.name for one in ServicePermission if one in wanted)
    click.echo(f"Role {name} allows {allowed}.")


@role.command(short_help="Delete a role that nobody has.")
@_name
@with_admin_session
def delete(session: AdminSession, name: str) -> None:
    """Delete a role that nobody has."""
    session.do(access.delete_role, name)
    click.echo(f"Role {name} is deleted.")
