"""What the commands share that speak to a running service: where it is, who asks, errors."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

import attrs
import click

from campaign_core.errors import Problem, SettingsError
from campaign_service.cli.failures import CommandFailedError
from campaign_service.cli.remote.tokens import TokenStore
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import (
    AnswerError,
    CampaignRow,
    Client,
    ClientError,
    Connection,
    NotLoggedInError,
    ProblemError,
    UnreachableError,
)

__all__ = [
    "Where",
    "error_text",
    "find_campaign",
    "look_up",
    "remote",
    "status_of",
    "where_options",
]

DEFAULT_URL = "http://127.0.0.1:8080"
PATIENCE_S = 10.0
"""For so long a service that is away is asked again."""
FOLLOWS_WITHIN_S = 5.0
"""By when a process that follows has read what the leader wrote, or leads itself."""
_LOOKS_EVERY_S = 0.25
_URL_RULE = "http://HOST:PORT, https://HOST, or unix:/PATH"
_SERVER_ERROR = 500

P = ParamSpec("P")
_Row = TypeVar("_Row")


@attrs.frozen(kw_only=True)
class Where:
    """Which service is meant, and who asks."""

    url: str
    token_file: Path | None
    tenant: str

    def connection(self, token: str | None) -> Connection:
        """Return a connection with a token; a wait for the service is told."""
        return Connection(
            url=self.url,
            token=token,
            patience_s=PATIENCE_S,
            follows_leader=True,
            on_wait=_Teller(),
        )

    def client(self) -> Client:
        """Return a client with the token that was given or kept.

        Raises:
            SettingsError: the token cannot be read.
        """
        return Client(self.connection(self.token()), tenant=self.tenant)

    def token(self) -> str | None:
        """Return the token of ``--token-file``, ``CAMPAIGN_TOKEN`` or ``campaign login``."""
        if self.token_file is not None:
            try:
                token = self.token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
                raise _refused("--token-file", str(self.token_file), f"readable: {why}") from None
            return token
        given = os.environ.get("CAMPAIGN_TOKEN")
        if given:
            return given.strip()
        kept = TokenStore(os.environ).find(self.url)
        return None if kept is None else kept.token


class _Teller:
    """Says once why it takes longer."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, why: str) -> None:
        if why != self._said:
            click.echo(f"campaign: {why}; trying again", err=True)
        self._said = why


def where_options(command: Callable[Concatenate[Where, P], int]) -> Callable[P, int]:
    """Give a command the options that say which service is meant."""

    @functools.wraps(command)
    def carry_out(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return begin(*args, **kwargs)
        except ClientError as error:
            raise CommandFailedError(error_text(error), status_of(error)) from error

    def begin(*args: P.args, **kwargs: P.kwargs) -> int:
        url, token_file, tenant = (kwargs.pop(name) for name in ("url", "token_file", "tenant"))
        where = Where(url=_valid_url(str(url)), token_file=token_file, tenant=str(tenant))  # type: ignore[arg-type]
        return command(where, *args, **kwargs)

    for option in reversed(_OPTIONS):
        carry_out = option(carry_out)
    return carry_out


def remote(command: Callable[Concatenate[Client, P], int]) -> Callable[P, int]:
    """Give a command a client of the service that is meant."""

    @where_options
    @functools.wraps(command)
    def carry_out(where: Where, /, *args: P.args, **kwargs: P.kwargs) -> int:
        with where.client() as client:
            return command(client, *args, **kwargs)

    return carry_out


_OPTIONS = (
    click.option(
        "--url",
        default=DEFAULT_URL,
        show_default=True,
        envvar="CAMPAIGN_URL",
        show_envvar=True,
        help="Of the running service; unix:/PATH for its socket.",
    ),
    click.option(
        "--token-file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="CAMPAIGN_TOKEN_FILE",
        metavar="F",
        help="A file with a token. [default: CAMPAIGN_TOKEN, or what campaign login keeps]",
    ),
    click.option(
        "--tenant",
        default="main",
        show_default=True,
        envvar="CAMPAIGN_TENANT",
        help="Which PBX's campaigns, where the service has several.",
    ),
)


def _valid_url(url: str) -> str:
    url = url.rstrip("/")
    if url.startswith("unix:/"):
        return url
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_open = not parts.username and not parts.password
    except ValueError:
        is_good = is_open = False
    if not is_good or not is_open:
        # It may hold a password, where somebody thought that it belongs there.
        raise _refused("--url", "(not shown)" if "@" in url else url, _URL_RULE)
    return url


def _refused(field: str, value: object, rule: str) -> SettingsError:
    return SettingsError([Problem(field=field, value=value, rule=rule)])


# Campaigns by name ---------------------------------------------------------------------------


def find_campaign(client: Client, wanted: str) -> CampaignRow:
    """Return the campaign that a person means by its id, or by a name that only one has.

    Raises:
        click.BadParameter: there is none, or more than one.
        ClientError: the service does not answer, or says no.
    """
    found = look_up(client, lambda: _named(list(client.campaigns()), wanted))
    if len(found) == 1:
        return client.campaign(found[0].campaign_id)
    if found:
        ids = ", ".join(f"{row.campaign_id} ({row.status})" for row in found)
        rule = f"several campaigns have this name: give the id of one, {ids}"
    else:
        rule = "no campaign on the list has this id or name"
    raise click.BadParameter(f"{wanted!r}: {rule}", param_hint="CAMPAIGN")


def look_up(client: Client, look: Callable[[], list[_Row]]) -> list[_Row]:
    """Return what is found, looked for again where a process may not have read of it yet.

    One that follows another is behind by a moment: what the leader has done just now, the same
    person's next command must find.
    """
    found = look()
    deadline = time.monotonic() + FOLLOWS_WITHIN_S
    while not found and time.monotonic() < deadline:
        is_leading = client.status().role == "LEADING"
        found = look()
        if is_leading:
            break
        time.sleep(_LOOKS_EVERY_S)
    return found


def _named(rows: list[CampaignRow], wanted: str) -> list[CampaignRow]:
    found = [row for row in rows if row.name == wanted]
    if not found:
        found = [row for row in rows if row.name.casefold() == wanted.casefold()]
    if wanted.isascii() and wanted.isdecimal():
        found = [row for row in rows if row.campaign_id == int(wanted)] or found
    return found


# Errors --------------------------------------------------------------------------------------


def status_of(error: ClientError) -> ExitStatus:
    """Return the exit status for an error of the client."""
    if isinstance(error, UnreachableError | AnswerError):
        return ExitStatus.FAILED
    if isinstance(error, ProblemError) and error.status >= _SERVER_ERROR:
        return ExitStatus.FAILED
    return ExitStatus.BAD_INPUT


def error_text(error: ClientError) -> str:
    """Return an error of the client for a person, with what to do about it."""
    if isinstance(error, ProblemError) and error.fields:
        return "\n".join([*map(str, error.fields), str(error)])
    if isinstance(error, NotLoggedInError):
        return f"{error}; log in with: campaign login"
    if isinstance(error, UnreachableError):
        return f"{error}; is it running? campaign serve starts it, --url says where it is"
    return str(error)
