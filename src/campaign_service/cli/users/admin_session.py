"""What all of ``campaign user`` needs: the database, who sits at the console, and the time."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable
from contextlib import closing
from functools import update_wrapper
from typing import TypeVar

import attrs
import click

from campaign_core import Instant
from campaign_core.errors import Problem, SettingsError
from campaign_drivers.clock import present
from campaign_service.access import (
    ALL_TENANTS,
    Actor,
    OneTimePassword,
    RoleGrant,
    ServicePermission,
)
from campaign_service.cli.databases import DatabaseFinder, with_finder
from campaign_service.cli.options import Command
from campaign_service.database import Database
from campaign_service.instants import iso_text, zone_of

__all__ = [
    "GRANT_HELP",
    "PERMISSION",
    "AdminSession",
    "grants_of",
    "name_argument",
    "password_options",
    "show_one_time",
    "text_of",
    "typed_password",
    "with_admin_session",
]

GRANT_HELP = "ROLE for all tenants, or ROLE:TENANT for one of them."
PERMISSION = click.Choice([one.name for one in ServicePermission], case_sensitive=False)
_UTC = zone_of("UTC")
_T = TypeVar("_T")

name_argument = click.argument("name", metavar="NAME")


@attrs.frozen(kw_only=True)
class AdminSession:
    """Somebody with access to the machine, who administers users at its console."""

    database: Database
    by: Actor
    now: Instant

    def do(self, operation: Callable[..., _T], *given: object, **options: object) -> _T:
        """Carry out what changes the database; it is told who does it, and when."""
        return operation(self.database, *given, by=self.by, now=self.now, **options)


def with_admin_session(command: Command) -> Command:
    """Give a command the options that name a database, and hand it what is opened by them."""

    def opened(*, finder: DatabaseFinder, **options: object) -> int | None:
        with closing(finder.open(must_exist=True)) as database:
            session = AdminSession(database=database, by=_by(), now=present())
            return command(session, **options)

    return with_finder(update_wrapper(opened, command))


def password_options(command: Command) -> Command:
    """Give a command the two ways to be told a password; no argument ever holds one."""
    ask = click.option("--ask", is_flag=True, help="Ask for a password, which then stays.")
    stdin = click.option("--stdin", is_flag=True, help="Read it from the first line of input.")
    return ask(stdin(command))


def typed_password(*, ask: bool, stdin: bool) -> str | None:
    """Return the password that a person or a program gives; ``None``: neither is asked."""
    if ask and stdin:
        raise click.UsageError("--ask and --stdin exclude each other")
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not ask:
        return None
    if not sys.stdin.isatty():
        raise click.UsageError("--ask needs a terminal to ask on; --stdin reads the password")
    return str(click.prompt("New password", hide_input=True, confirmation_prompt=True))


def show_one_time(shown: OneTimePassword | None) -> None:
    """Tell a one-time password, once."""
    if shown is not None:
        click.echo(f"One-time password of {shown.name}: {shown.text}")
        click.echo(f"It must be changed at the first log-in, by {text_of(shown.expires_at)}.")


def grants_of(texts: tuple[str, ...]) -> frozenset[RoleGrant]:
    """Return what ``ROLE`` and ``ROLE:TENANT`` stand for."""
    parts = [text.partition(":") for text in texts]
    bad = [
        Problem(field="role", value=text, rule="ROLE, or ROLE:TENANT")
        for text, (role, colon, tenant) in zip(texts, parts, strict=True)
        if not role or (colon and not tenant)
    ]
    if bad:
        raise SettingsError(bad)
    return frozenset(
        RoleGrant(role=role, tenant=tenant or ALL_TENANTS) for role, _, tenant in parts
    )


def text_of(at: Instant | None) -> str:
    """Return an instant on the clock of UTC; none is a dash."""
    return "–" if at is None else f"{iso_text(at, _UTC)[:16].replace('T', ' ')} UTC"


def _by() -> Actor:
    """Return who sits at the console; the environment, which anybody may set, is not asked."""
    try:
        login = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        login = str(os.getuid())
    return Actor(name=f"console:{login}", address="console")
