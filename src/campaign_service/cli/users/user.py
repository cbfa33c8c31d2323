"""``campaign user``: users of a service, administered from the machine that has the database."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from campaign_core.errors import CommandRefusedError
from campaign_service import access
from campaign_service.access import ALL_TENANTS, Passwords, RoleGrant, UserRecord
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.users.local_administration import (
    GRANT_HELP,
    LocalAdministration,
    administered,
    grants_of,
    password_options,
    show_one_time,
    text_of,
    typed_password,
)
from campaign_service.cli.users.roles import role
from campaign_service.cli.users.tokens import token, token_line

__all__ = ["user"]

_name = click.argument("name", metavar="NAME")
_grants = click.argument("grants", nargs=-1, required=True, metavar="ROLE[:TENANT]...")


@click.group(short_help="Say who may do what in a service.")
def user() -> None:
    """Say who may do what in a service: users, their roles, and tokens for programs.

    It works on the service's database, whether or not the service runs; so it is for whoever
    administers the machine, and is best run as the account that the service runs as. No password
    is ever given as an argument. What is done is on record under `console:` and the account's name.
    """


@user.command("list", short_help="Show all users.")
@click.option("--json", "is_json", is_flag=True, help="As JSON, for a program to read.")
@administered
def list_(administration: LocalAdministration, *, is_json: bool) -> int:
    """Show all users, whether they may come in, and their roles."""
    found = access.users(administration.database)
    if is_json:
        click.echo(json.dumps([_data(one) for one in found], ensure_ascii=False, indent=1))
        return ExitStatus.COMPLETED
    width = max([len("name"), *(len(one.name) for one in found)])
    rows = [(one.name, _state(one), _roles(one.grants)) for one in found]
    for name, state, roles in [("name", "state", "roles"), *rows] if rows else []:
        click.echo(f"{name:{width}}  {state:9}  {roles}".rstrip())
    return ExitStatus.COMPLETED


@user.command(short_help="Show a user, with log-ins and tokens.")
@_name
@administered
def show(administration: LocalAdministration, name: str) -> int:
    """Show a user, with the log-ins and tokens that are good now."""
    found = access.user(administration.database, name)
    click.echo(f"{found.name}: {_state(found)}, since {text_of(found.created_at)}")
    click.echo(f"roles: {_roles(found.grants) or 'none'}")
    if found.must_change_password:
        click.echo(f"must change the password by {text_of(found.password_expires_at)}")
    for one in access.tokens(administration.database, name, now=administration.now):
        click.echo(token_line(one))
    return ExitStatus.COMPLETED


@user.command(short_help="Make a user.")
@_name
@click.option("--role", "grants", multiple=True, metavar="ROLE[:TENANT]", help=GRANT_HELP)
@password_options
@administered
def add(
    administration: LocalAdministration,
    name: str,
    *,
    grants: tuple[str, ...],
    ask: bool,
    stdin: bool,
) -> int:
    """Make a user, with a one-time password unless one is given."""
    wanted = grants_of(grants)
    made = access.add_user(
        administration.database,
        Passwords(),
        name,
        by=administration.by,
        now=administration.now,
        password=typed_password(ask=ask, stdin=stdin),
        must_change=False,
        grants=wanted,
    )
    click.echo(f"{name} is added, with {_roles(wanted) or 'no role'}.")
    show_one_time(made.one_time_password)
    return ExitStatus.COMPLETED


@user.command(short_help="Set a new password.")
@_name
@password_options
@administered
def password(administration: LocalAdministration, name: str, *, ask: bool, stdin: bool) -> int:
    """Set a new password: a one-time password, unless one is given.

    The user's log-ins end; tokens of programs go on. Whoever had to wait after too many failures
    can log in at once.
    """
    made = access.reset_password(
        administration.database,
        Passwords(),
        name,
        by=administration.by,
        now=administration.now,
        password=typed_password(ask=ask, stdin=stdin),
        must_change=False,
    )
    click.echo(f"The password of {name} is set.")
    show_one_time(made)
    return ExitStatus.COMPLETED


@user.command(short_help="Let a user in again.")
@_name
@administered
def enable(administration: LocalAdministration, name: str) -> int:
    """Let a user in again; log-ins and tokens of before stay ended."""
    access.change_user(
        administration.database, name, by=administration.by, now=administration.now, enabled=True
    )
    click.echo(f"{name} may log in.")
    return ExitStatus.COMPLETED


@user.command(short_help="Keep a user out, and end all log-ins and tokens.")
@_name
@administered
def disable(administration: LocalAdministration, name: str) -> int:
    """Keep a user out; all log-ins and tokens end."""
    access.change_user(
        administration.database, name, by=administration.by, now=administration.now, enabled=False
    )
    click.echo(f"{name} is kept out; all log-ins and tokens have ended.")
    return ExitStatus.COMPLETED


@user.command(short_help="Delete a user.")
@_name
@click.option("--yes", is_flag=True, help="Do not ask.")
@administered
def delete(administration: LocalAdministration, name: str, *, yes: bool) -> int:
    """Delete a user, with all tokens; what was done under the name stays on record."""
    found = access.user(administration.database, name)
    if not yes:
        click.confirm(f"Delete {name}, with all tokens?", abort=True)
    access.delete_user(
        administration.database,
        name,
        by=administration.by,
        now=administration.now,
        expected=found.version,
    )
    click.echo(f"{name} is deleted.")
    return ExitStatus.COMPLETED


@user.command(short_help="Give a user roles.")
@_name
@_grants
@administered
def grant(administration: LocalAdministration, name: str, grants: tuple[str, ...]) -> int:
    """Give a user roles beside those of now: ROLE for all tenants, ROLE:TENANT for one of them."""
    before = access.user(administration.database, name)
    return _set_grants(administration, before, before.grants | grants_of(grants))


@user.command(short_help="Take roles from a user.")
@_name
@_grants
@administered
def revoke(administration: LocalAdministration, name: str, grants: tuple[str, ...]) -> int:
    """Take roles from a user: ROLE as it was given for all tenants, ROLE:TENANT for one of them."""
    before = access.user(administration.database, name)
    unwanted = grants_of(grants)
    if missing := unwanted - before.grants:
        has = _roles(before.grants) or "no role"
        raise CommandRefusedError("revoke", f"{name} does not have {_roles(missing)}, but {has}")
    return _set_grants(administration, before, before.grants - unwanted)


def _set_grants(
    administration: LocalAdministration, before: UserRecord, grants: frozenset[RoleGrant]
) -> int:
    changed = access.change_user(
        administration.database,
        before.name,
        by=administration.by,
        now=administration.now,
        grants=grants,
        expected=before.version,
    )
    click.echo(f"{before.name} has {_roles(changed.grants) or 'no role'}.")
    return ExitStatus.COMPLETED


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


user.add_command(role)
user.add_command(token)
