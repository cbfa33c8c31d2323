"""What the commands share that speak to a running service: where it is, who asks, which key."""

from __future__ import annotations

import os
import re
import ssl
from functools import update_wrapper
from pathlib import Path
from urllib.parse import urlsplit

import attrs
import click
import httpx

from campaign_service.cli.options import Command, bad_value, gathered
from campaign_service.cli.remote.refusals import error_text, status_of
from campaign_service.cli.remote.tokens import TokenStore
from campaign_service.cli.statuses import CommandFailedError
from campaign_service.client import Client, ClientError, Connection

__all__ = ["ServiceAccess", "key_option", "with_client", "with_service_access"]

DEFAULT_URL = "http://127.0.0.1:8080"
PATIENCE_S = 10.0
"""For so long a service that is away is asked again."""
_URL_RULE = "http://HOST:PORT, https://HOST, or unix:/PATH"
_TOKEN = re.compile(r"[!-~]+")
"""What a header can carry; anything else would be shown in an error of the connection."""
_VISIBLE = "one token of visible ASCII characters, and nothing else"
_KEY = re.compile(r"[!-~]{1,255}")
_API = "/api/v1"


def _valid_url(url: str) -> str:
    url = url.rstrip("/")
    if url.startswith("unix:/"):
        return url
    # As the API's own pages are named.
    url = url.removesuffix(_API)
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_open = not (parts.username or parts.password or parts.query or parts.fragment)
        httpx.URL(url).host.encode("idna")
        _ = parts.port
    except (ValueError, httpx.InvalidURL):
        is_good = is_open = False
    if not is_good or not is_open:
        # It may hold a password, where somebody thought that it belongs there.
        raise bad_value("--url", "(not shown)" if "@" in url else url, _URL_RULE)
    return url


@attrs.frozen(kw_only=True)
class ServiceAccess:
    """Which service is meant, and who asks."""

    url: str = attrs.field(converter=_valid_url)
    token_file: Path | None
    ca_file: Path | None
    tenant: str

    def connection(self, token: str | None) -> Connection:
        """Return a connection with a token; a wait for the service is told."""
        return Connection(
            url=self.url,
            token=token,
            patience_s=PATIENCE_S,
            follows_leader=True,
            tls=None if self.ca_file is None else _tls_context(self.ca_file),
            on_wait=_WaitNotice(),
        )

    def client(self) -> Client:
        """Return a client with the token that was given or kept."""
        return Client(self.connection(self.token()), tenant=self.tenant)

    def token(self) -> str | None:
        """Return the token of ``--token-file``, ``CAMPAIGN_TOKEN`` or ``campaign login``."""
        if self.token_file is not None:
            try:
                token = self.token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "no UTF-8 text"
                raise bad_value("--token-file", str(self.token_file), f"readable: {why}") from None
            return _valid_token("--token-file", token)
        given = os.environ.get("CAMPAIGN_TOKEN")
        if given:
            return _valid_token("CAMPAIGN_TOKEN", given.strip())
        kept = TokenStore(os.environ).find(self.url)
        return None if kept is None else _valid_token("tokens", kept.token)


class _WaitNotice:
    """Says once why it takes longer."""

    def __init__(self) -> None:
        self._said = ""

    def __call__(self, why: str) -> None:
        if why != self._said:
            click.echo(f"campaign: {why}; trying again", err=True)
        self._said = why


_with_access = gathered(
    "access",
    ServiceAccess,
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
        "--ca-file",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="CAMPAIGN_CA_FILE",
        show_envvar=True,
        metavar="F",
        help="Trust an HTTPS service by these certificates, PEM. [default: public authorities]",
    ),
    click.option(
        "--tenant",
        default="main",
        show_default=True,
        envvar="CAMPAIGN_TENANT",
        help="Which PBX's campaigns, where the service has several.",
    ),
)


def with_service_access(command: Command) -> Command:
    """Give a command the options that say which service is meant, and what they say."""

    def carry_out(**options: object) -> int | None:
        try:
            return command(**options)
        except ClientError as error:
            raise CommandFailedError(error_text(error), status_of(error)) from error

    return _with_access(update_wrapper(carry_out, command))


def with_client(command: Command) -> Command:
    """Give a command a client of the service that is meant, first."""

    def carry_out(*, access: ServiceAccess, **options: object) -> int | None:
        with access.client() as client:
            return command(client, **options)

    return with_service_access(update_wrapper(carry_out, command))


def _valid_key(_context: click.Context, _option: click.Parameter, key: str | None) -> str | None:
    if key is not None and _KEY.fullmatch(key) is None:
        raise click.BadParameter(f"{key!r}: 1 to 255 visible ASCII characters")
    return key


key_option = click.option(
    "--key",
    metavar="KEY",
    callback=_valid_key,
    help="However often it is given with this key within a week, it is done once.",
)


def _valid_token(field: str, token: str) -> str:
    if _TOKEN.fullmatch(token) is None:
        raise bad_value(field, "(not shown)", _VISIBLE)
    return token


def _tls_context(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        rule = "certificates, PEM"
    except OSError as error:
        rule = f"readable: {error.strerror or error}"
    raise bad_value("--ca-file", str(ca_file), rule)
