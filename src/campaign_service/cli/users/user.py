"""``campaign user``: users of a service, administered from the machine that has the database."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service import access
from campaign_service.access import (
    ALL_TENANTS,
    Passwords,
    RoleGrant,
    ServicePermission,
    TokenRecord,
    UserRecord,
)
from campaign_service.cli.options import json_option
from campaign_service.cli.users.admin_session import (
    GRANT_HELP,
    PERMISSION,
    AdminSession,
    grants_of,
    name_argument,
    password_options,
    show_one_time,
    text_of,
    typed_password,
    with_admin_session,
)

__all__ = ["user"]

_DAY_MS = 86_400_000
_role_argument = click.argument("name", metavar="ROLE")
_grants = click.argument("grants", nargs=-1, required=True, metavar="ROLE[:TENANT]...")


@click.group(short_help="Say who may do what in a service.")
def user() -> None:
    """Say who may do what in a service: users, their roles, and tokens for programs.

    It works on the service's database, whether or not the service runs; so it is for whoever
    administers the machine, and is best run as the account that the service runs as. No password
    is ever given as an argument. What is done is on record under `console:` and the account's name.
    """


@user.command("list", short_help="Show all users.")
@json_option
@with_admin_session
def list_(session: AdminSession, *, is_json: bool) -> None:
    """Show all users, whether they may come in, and their roles."""
    found = access.users(session.database)
    if is_json:
        click.echo(json.dumps([_data(one) for one in found], ensure_ascii=False, indent=1))
        return
    width = max([len("name"), *(len(one.name) for one in found)])
    rows = [(one.name, _state(one), _roles(one.grants)) for one in found]
    for name, state, roles in [("name", "state", "roles"), *rows] if rows else []:
        click.echo(f"{name:{width}}  {state:9}  {roles}".rstrip())


@user.command(short_help="Show a user, with log-ins and tokens.")
@name_argument
@with_admin_session
def show(session: AdminSession, name: str) -> None:
    """Show a user, with the log-ins and tokens that are good now."""
    found = access.user(session.database, name)
    click.echo(f"{found.name}: {_state(found)}, since {text_of(found.created_at)}")
    click.echo(f"roles: {_roles(found.grants) or 'none'}")
    if found.must_change_password:
        click.echo(f"must change the password by {text_of(found.password_expires_at)}")
    _echo_tokens(session, name)


@user.command(short_help="Make a user.")
@name_argument
@click.option("--role", "grants", multiple=True, metavar="ROLE[:TENANT]", help=GRANT_HELP)
@password_options
@with_admin_session
def add(
    session: AdminSession, name: str, *, grants: tuple[str, ...], ask: bool, stdin: bool
) -> None:
    """Make a user, with a one-time password unless one is given."""
    wanted, password = grants_of(grants), typed_password(ask=ask, stdin=stdin)
    made = session.do(
        access.add_user, Passwords(), name, password=password, must_change=False, grants=wanted
    )
    click.echo(f"{name} is added, with {_roles(wanted) or 'no role'}.")
    show_one_time(made.one_time_password)


@user.command("password", short_help="Set a new password.")
@name_argument
@password_options
@with_admin_session
def set_password(session: AdminSession, name: str, *, ask: bool, stdin: bool) -> None:
    """Set a new password: a one-time password, unless one is given.

    The user's log-ins end; tokens of programs go on. Whoever had to wait after too many failures
    can log in at once.
    """
    password = typed_password(ask=ask, stdin=stdin)
    made = session.do(
        access.reset_password, Passwords(), name, password=password, must_change=False
    )
    click.echo(f"The password of {name} is set.")
    show_one_time(made)


@user.command(short_help="Let a user in again.")
@name_argument
@with_admin_session
def enable(session: AdminSession, name: str) -> None:
    """Let a user in again; log-ins and tokens of before stay ended."""
    session.do(access.change_user, name, enabled=True)
    click.echo(f"{name} may log in.")


@user.command(short_help="Keep a user out, and end all log-ins and tokens.")
@name_argument
@with_admin_session
def disable(session: AdminSession, name: str) -> None:
    """Keep a user out; all log-ins and tokens end."""
    session.do(access.change_user, name, enabled=False)
    click.echo(f"{name} is kept out; all log-ins and tokens have ended.")


@user.command(short_help="Delete a user.")
@name_argument
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_admin_session
def delete(session: AdminSession, name: str, *, yes: bool) -> None:
    """Delete a user, with all tokens; what was done under the name stays on record."""
    found = access.user(session.database, name)
    if not yes:
        click.confirm(f"Delete {name}, with all tokens?", abort=True)
    session.do(access.delete_user, name, expected=found.version)
    click.echo(f"{name} is deleted.")


@user.command(short_help="Give a user roles.")
@name_argument
@_grants
@with_admin_session
def grant(session: AdminSession, name: str, grants: tuple[str, ...]) -> None:
    """Give a user roles beside those of now: ROLE for all tenants, ROLE:TENANT for one of them."""
    before = access.user(session.database, name)
    _set_grants(session, before, before.grants | grants_of(grants))


@user.command(short_help="Take roles from a user.")
@name_argument
@_grants
@with_admin_session
def revoke(session: AdminSession, name: str, grants: tuple[str, ...]) -> None:
    """Take roles from a user: ROLE as it was given for all tenants, ROLE:TENANT for one of them."""
    before = access.user(session.database, name)
    unwanted = grants_of(grants)
    if missing := unwanted - before.grants:
        has = _roles(before.grants) or "no role"
        raise CommandRefusedError("revoke", f"{name} does not have {_roles(missing)}, but {has}")
    _set_grants(session, before, before.grants - unwanted)


def _set_grants(session: AdminSession, before: UserRecord, grants: frozenset[RoleGrant]) -> None:
    changed = session.do(access.change_user, before.name, grants=grants, expected=before.version)
    click.echo(f"{before.name} has {_roles(changed.grants) or 'no role'}.")


def _data(one: UserRecord) -> dict[str, object]:
    return {
        "name": one.name,
        "enabled": one.enabled,
        "must_change_password": one.must_change_password,
        "created_at": f"{datetime.fromtimestamp(one.created_at / 1_000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "grants": [{"role": grant.role, "tenant": grant.tenant} for grant in sorted(one.grants)],
    }


def _state(one: UserRecord) -> str:
    return "enabled" if one.enabled else "disabled"


def _roles(grants: frozenset[RoleGrant]) -> str:
    return ", ".join(
        one.role if one.tenant == ALL_TENANTS else f"{one.role}:{one.tenant}"
        for one in sorted(grants)
    )


# Roles ---------------------------------------------------------------------------------------


@user.group(short_help="Show, make, change and delete roles.")
def role() -> None:
    """Show, make, change and delete roles: named sets of permissions."""


@role.command("list", short_help="Show all roles.")
@with_admin_session
def list_roles(session: AdminSession) -> None:
    """Show all roles, and what they allow."""
    found = access.roles(session.database)
    width = max(len(one.name) for one in found)
    for one in found:
        allowed = " ".join(each.name for each in ServicePermission if each in one.permissions)
        built_in = "  (built in)" if one.is_built_in else ""
        click.echo(f"{one.name:{width}}  {allowed}{built_in}")


@role.command("set", short_help="Make a role, or change what it allows.")
@_role_argument
@click.argument("permissions", nargs=-1, required=True, type=PERMISSION, metavar="PERMISSION...")
@with_admin_session
def set_role(session: AdminSession, name: str, permissions: tuple[str, ...]) -> None:
    """Make a role, or change what it allows to all who have it.

    PERMISSION is VIEW, MANAGE_CAMPAIGNS, MANAGE_SETTINGS or MANAGE_USERS; all of them are given.
    """
    wanted = [ServicePermission[one.upper()] for one in permissions]
    session.do(access.put_role, name, permissions=wanted)
    allowed = " ".join(one.name for one in ServicePermission if one in wanted)
    click.echo(f"Role {name} allows {allowed}.")


@role.command("delete", short_help="Delete a role that nobody has.")
@_role_argument
@with_admin_session
def delete_role(session: AdminSession, name: str) -> None:
    """Delete a role that nobody has."""
    session.do(access.delete_role, name)
    click.echo(f"Role {name} is deleted.")


# Tokens --------------------------------------------------------------------------------------


@user.group(short_help="Show, make and revoke tokens of a user.")
def token() -> None:
    """Show, make and revoke tokens: what a program shows instead of a password."""


@token.command("list", short_help="Show a user's log-ins and tokens.")
@name_argument
@with_admin_session
def list_tokens(session: AdminSession, name: str) -> None:
    """Show a user's log-ins and tokens that are good now."""
    _echo_tokens(session, name)


@token.command("add", short_help="Make a token for a program, and show it once.")
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
def add_token(
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


@token.command("revoke", short_help="End a log-in or a token.")
@name_argument
@click.argument("token_id", metavar="ID")
@with_admin_session
def revoke_token(session: AdminSession, name: str, token_id: str) -> None:
    """End a log-in or a token: ID is what `token list` shows."""
    session.do(access.revoke_token, name, token_id)
    click.echo(f"Token {token_id} of {name} has ended.")


def _echo_tokens(session: AdminSession, name: str) -> None:
    """Show the tokens of a user that are good now, a line each."""
    for one in access.tokens(session.database, name, now=session.now):
        click.echo(_token_line(one))


def _token_line(one: TokenRecord) -> str:
    parts = [one.id, one.label, f"used {text_of(one.last_used_at)}"]
    if one.expires_at is not None:
        parts.append(f"ends {text_of(one.expires_at)}")
    if one.permissions is not None:
        parts.append(f"only {' '.join(sorted(each.name for each in one.permissions))}")
    if one.tenants is not None:
        parts.append(f"tenants {' '.join(sorted(one.tenants))}")
    return ", ".join(parts)
