"""``campaign login`` and ``campaign logout``: a token for the commands to come."""

from __future__ import annotations

import os
import sys

import click

from campaign_service.cli.remote.refusals import status_of
from campaign_service.cli.remote.service_access import ServiceAccess, with_service_access
from campaign_service.cli.remote.tokens import KeptToken, TokenStore
from campaign_service.cli.statuses import CommandFailedError
from campaign_service.client import (
    BadValueError,
    Client,
    ClientError,
    LoginAnswer,
    NotLoggedInError,
)

__all__ = ["login", "logout"]


@click.command(short_help="Log in to a running service.")
@click.option("--name", metavar="USER", help="Who logs in; asked for otherwise.")
@with_service_access
def login(*, access: ServiceAccess, name: str | None) -> None:
    """Ask for a name and a password, and keep a token for the commands to come.

    Where the password must be changed, a new one is asked for too. The token lies under
    $XDG_CONFIG_HOME/call-campaign, for you alone. Where no terminal is there to ask on, the
    password, and then the new one, are read from the standard input, a line each.
    """
    who = name or _ask("Name")
    password = _ask("Password", is_secret=True)
    entry = _log_in(access, who, password)
    if entry.must_change_password:
        click.echo("This password was for one log-in: choose another.", err=True)
        with Client(access.connection(entry.token)) as client:
            _change(client, password)
    TokenStore(os.environ).keep(access.url, KeptToken(token=entry.token, name=who))
    until = f"{entry.expires_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Logged in to {access.url} as {who}, until {until}.")


@click.command(short_help="Log out: the token holds no more.")
@with_service_access
def logout(*, access: ServiceAccess) -> None:
    """Have the kept token hold no more, and forget it."""
    store = TokenStore(os.environ)
    kept = store.find(access.url)
    if access.token_file is not None or os.environ.get("CAMPAIGN_TOKEN"):
        note = "campaign: a token of --token-file or CAMPAIGN_TOKEN is not ended by this"
        click.echo(note, err=True)
    if kept is None:
        click.echo(f"Nobody is logged in to {access.url}.")
        return
    try:
        with Client(access.connection(kept.token)) as client:
            client.log_out()
    except NotLoggedInError:
        # It held no more already.
        pass
    store.forget(access.url)
    click.echo(f"Logged out of {access.url}.")


def _log_in(access: ServiceAccess, name: str, password: str) -> LoginAnswer:
    try:
        with Client(access.connection(None)) as client:
            return client.log_in(name, password)
    except NotLoggedInError as error:
        # Who is doing just that needs no advice to log in.
        raise CommandFailedError(str(error), status_of(error)) from error
    except ClientError as error:
        # A log-in whose answer got lost is harmless, and may simply be given again.
        error.may_be_taken = False
        raise


def _change(client: Client, old: str) -> None:
    """Have a new password chosen; on a terminal, until it is good enough."""
    while True:
        fresh = _ask("New password", is_secret=True, confirm=True)
        try:
            client.change_password(old, fresh)
        except BadValueError as error:
            if not sys.stdin.isatty():
                used = "The password for one log-in is used: campaign user password makes another."
                click.echo(used, err=True)
                raise
            click.echo("\n".join(str(one) for one in error.fields) or str(error), err=True)
        else:
            return


def _ask(what: str, *, is_secret: bool = False, confirm: bool = False) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=is_secret, confirmation_prompt=confirm, err=True))
    text = sys.stdin.readline()
    if not text:
        raise click.UsageError(f"{what}: nothing to read from the standard input")
    return text.rstrip("\r\n")
