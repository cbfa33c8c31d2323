"""``campaign user role``: named sets of permissions."""

from __future__ import annotations

import click

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.users.local_administration import LocalAdministration, administered

__all__ = ["role"]

_PERMISSION = click.Choice([one.name for one in ServicePermission], case_sensitive=False)
_name = click.argument("name", metavar="ROLE")


@click.group(short_help="Show, make, change and delete roles.")
def role() -> None:
    """Show, make, change and delete roles: named sets of permissions."""


@role.command("list", short_help="Show all roles.")
@administered
def list_(administration: LocalAdministration) -> int:
    """Show all roles, and what they allow."""
    found = access.roles(administration.database)
    width = max(len(one.name) for one in found)
    for one in found:
        allowed = " ".join(each.name for each in ServicePermission if each in one.permissions)
        built_in = "  (built in)" if one.is_built_in else ""
        click.echo(f"{one.name:{width}}  {allowed}{built_in}")
    return ExitStatus.COMPLETED


@role.command("set", short_help="Make a role, or change what it allows.")
@_name
@click.argument("permissions", nargs=-1, required=True, type=_PERMISSION, metavar="PERMISSION...")
@administered
def set_(administration: LocalAdministration, name: str, permissions: tuple[str, ...]) -> int:
    """Make a role, or change what it allows to all who have it.

    PERMISSION is VIEW, MANAGE_CAMPAIGNS, MANAGE_SETTINGS or MANAGE_USERS; all of them are given.
    """
    wanted = [ServicePermission[one.upper()] for one in permissions]
    access.put_role(
        administration.database,
        name,
        permissions=wanted,
        by=administration.by,
        now=administration.now,
    )
    allowed = " ".join(one.name for one in ServicePermission if one in wanted)
    click.echo(f"Role {name} allows {allowed}.")
    return ExitStatus.COMPLETED


@role.command(short_help="Delete a role that nobody has.")
@_name
@administered
def delete(administration: LocalAdministration, name: str) -> int:
    """Delete a role that nobody has."""
    access.delete_role(administration.database, name, by=administration.by, now=administration.now)
    click.echo(f"Role {name} is deleted.")
    return ExitStatus.COMPLETED
