"""``campaign user token``: what a program shows instead of a password."""

from __future__ import annotations

import click

from campaign_core import Instant
from campaign_service import access
from campaign_service.access import ServicePermission, TokenRecord
from campaign_service.cli.users.admin_session import (
    PERMISSION,
    AdminSession,
    name_argument,
    text_of,
    with_admin_session,
)

__all__ = ["echo_tokens", "token"]

_DAY_MS = 86_400_000


@click.group(short_help="Show, make and revoke tokens of a user.")
def token() -> None:
    """Show, make and revoke tokens: what a program shows instead of a password."""


@token.command("list", short_help="Show a user's log-ins and tokens.")
@name_argument
@with_admin_session
def list_(session: AdminSession, name: str) -> None:
    """Show a user's log-ins and tokens that are good now."""
    echo_tokens(session, name)


@token.command(short_help="Make a token for a program, and show it once.")
@name_argument
@click.argument("label", metavar="LABEL")
@click.option("--days", type=click.IntRange(1, 36_500), metavar="N", help="Good so long alone.")
@click.option(
    "--only",
    "permissions",
    multiple=True,
    type=PERMISSION,
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
@with_admin_session
def add(
    session: AdminSession,
    name: str,
    label: str,
    *,
    days: int | None,
    permissions: tuple[str, ...],
    tenants: tuple[str, ...],
) -> None:
    """Make a token for a program that acts for a user, and show it once.

    LABEL says what it is for. The program may do what the user may, or less.
    """
    made = session.do(
        access.make_token,
        name,
        label=label,
        expires_at=None if days is None else Instant(session.now + days * _DAY_MS),
        permissions=[ServicePermission[one.upper()] for one in permissions] or None,
        tenants=tenants or None,
    )
    # The token alone goes to the output, for a script to take; a person sees both.
    click.echo(f"Token {made.token.id} of {name}; it is not shown again:", err=True)
    click.echo(made.secret)


@token.command(short_help="End a log-in or a token.")
@name_argument
@click.argument("token_id", metavar="ID")
@with_admin_session
def revoke(session: AdminSession, name: str, token_id: str) -> None:
    """End a log-in or a token: ID is what `token list` shows."""
    session.do(access.revoke_token, name, token_id)
    click.echo(f"Token {token_id} of {name} has ended.")


def echo_tokens(session: AdminSession, name: str) -> None:
    """Show the tokens of a user that are good now, a line each."""
    for one in access.tokens(session.database, name, now=session.now):
        click.echo(_line(one))


def _line(one: TokenRecord) -> str:
    parts = [one.id, one.label, f"used {text_of(one.last_used_at)}"]
    if one.expires_at is not None:
        parts.append(f"ends {text_of(one.expires_at)}")
    if one.permissions is not None:
        parts.append(f"only {' '.join(sorted(each.name for each in one.permissions))}")
    if one.tenants is not None:
        parts.append(f"tenants {' '.join(sorted(one.tenants))}")
    return ", ".join(parts)
