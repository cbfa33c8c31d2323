"""``campaign user token``: what a program shows instead of a password."""

from __future__ import annotations

import click

from campaign_core import Instant
from campaign_service import access
from campaign_service.access import ServicePermission, TokenRecord
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.users.local_administration import (
    LocalAdministration,
    administered,
    text_of,
)

__all__ = ["token", "token_line"]

_DAY_MS = 86_400_000
_PERMISSION = click.Choice([one.name for one in ServicePermission], case_sensitive=False)
_name = click.argument("name", metavar="NAME")


@click.group(short_help="Show, make and revoke tokens of a user.")
def token() -> None:
    """Show, make and revoke tokens: what a program shows instead of a password."""


@token.command("list", short_help="Show a user's log-ins and tokens.")
@_name
@administered
def list_(administration: LocalAdministration, name: str) -> int:
    """Show a user's log-ins and tokens that are good now."""
    for one in access.tokens(administration.database, name, now=administration.now):
        click.echo(token_line(one))
    return ExitStatus.COMPLETED


@token.command(short_help="Make a token for a program, and show it once.")
@_name
@click.argument("label", metavar="LABEL")
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Good so long alone.")
@click.option(
    "--only",
    "permissions",
    multiple=True,
    type=_PERMISSION,
    metavar="PERMISSION",
    help="No more than this, of what the user may do; may be given several times.",
)
@click.option(
    "--tenant",
    "tenants",
    multiple=True,
    metavar="TENANT",
    help="For this tenant alone; may be given several times.",
)
@administered
def add(
    administration: LocalAdministration,
    name: str,
    label: str,
    *,
    days: int | None,
    permissions: tuple[str, ...],
    tenants: tuple[str, ...],
) -> int:
    """Make a token for a program that acts for a user, and show it once.

    LABEL says what it is for. The program may do what the user may, or less.
    """
    made = access.make_token(
        administration.database,
        name,
        label=label,
        by=administration.by,
        now=administration.now,
        expires_at=None if days is None else Instant(administration.now + days * _DAY_MS),
        permissions=[ServicePermission[one.upper()] for one in permissions] or None,
        tenants=tenants or None,
    )
    # The token alone goes to the output, for a script to take; a person sees both.
    click.echo(f"Token {made.token.id} of {name}; it is not shown again:", err=True)
    click.echo(made.secret)
    return ExitStatus.COMPLETED


@token.command(short_help="End a log-in or a token.")
@_name
@click.argument("token_id", metavar="ID")
@administered
def revoke(administration: LocalAdministration, name: str, token_id: str) -> int:
    """End a log-in or a token: ID is what `token list` shows."""
    access.revoke_token(
        administration.database, name, token_id, by=administration.by, now=administration.now
    )
    click.echo(f"Token {token_id} of {name} has ended.")
    return ExitStatus.COMPLETED


def token_line(one: TokenRecord) -> str:
    """Return a token as one line."""
    parts = [one.id, one.label, f"used {text_of(one.last_used_at)}"]
    if one.expires_at is not None:
        parts.append(f"ends {text_of(one.expires_at)}")
    if one.permissions is not None:
        parts.append(f"only {' '.join(sorted(each.name for each in one.permissions))}")
    if one.tenants is not None:
        parts.append(f"tenants {' '.join(sorted(one.tenants))}")
    return ", ".join(parts)
