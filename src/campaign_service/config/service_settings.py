"""What ``campaign serve`` is told: one table for its file, its variables and its flags.

Each option is a key of the file, ``drain_s``; a variable, ``CAMPAIGN_DRAIN_S``; and a flag,
``--drain-s``. A secret one may also be given by a file that holds it, ``driver_file``: so do
systemd's credentials and the secrets of containers come.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import attrs
from typing_extensions import override

from campaign_core.errors import Problem
from campaign_service.config.option_types import (
    FILE,
    FOLDER,
    LISTEN,
    PROXIES,
    PUBLIC_URL,
    SWITCH,
    UNIX_SOCKET,
    ListenAddress,
    OptionType,
    one_of,
    some_text,
    whole_number,
)
from campaign_service.config.problems import LocatedProblem
from campaign_service.sounds import LANGUAGES

__all__ = [
    "FILE_SUFFIX",
    "MAIN",
    "OPTIONS",
    "UNIX_SOCKET",
    "ListenAddress",
    "Option",
    "ServiceSettings",
    "TenantSettings",
    "ValueOrigin",
]

FILE_SUFFIX = "_file"
"""Behind the name of a secret option: the file that holds the secret."""
MAIN = "main"
"""The tenant of a service that has one."""
_OPTION = "option"
_Value = TypeVar("_Value")
_LOOPBACK = ListenAddress(host="127.0.0.1", port=8080)
_DRIVER_RULE = "simulated, or the URL of a telephony such as asterisk://user:secret@host/"


@attrs.frozen(kw_only=True)
class _OptionProblem(Problem):
    """A bad value of an option or a variable; a secret one is not shown."""

    @override
    def __str__(self) -> str:
        return f"{self.field}: {self.rule}" if self.value is None else super().__str__()


@attrs.frozen(kw_only=True)
class ValueOrigin:
    """Where a value came from, for whoever has to change it."""

    name: str
    """The option, the variable, or the key of the file."""
    file: Path | None = None
    line: int | None = None

    def problem(self, value: object, rule: str) -> Problem:
        """Return what is wrong with the value; ``None`` keeps it unsaid."""
        if self.file is None:
            return _OptionProblem(field=self.name, value=value, rule=rule)
        return LocatedProblem(
            file=self.file, line=self.line, field=self.name, value=value, rule=rule
        )


@attrs.frozen(kw_only=True)
class TenantSettings:
    """One PBX's service: its name, and the telephony that places its calls."""

    name: str
    driver: str = attrs.field(repr=False)
    """``simulated`` or a URL; it may hold a secret."""
    origin: ValueOrigin


@attrs.frozen(kw_only=True)
class Option:
    """One thing that ``campaign serve`` may be told."""

    kind: OptionType
    default: object
    help: str
    """In a few words, for ``--help``."""
    is_secret: bool = False
    """Whether it may hold a password: it is never shown, and may come from a file of its own."""
    may_be_file: bool = False
    """Whether a text without :// is the name of a file."""


def _option(kind: OptionType, default: _Value, text: str, **traits: bool) -> _Value:
    """Return a field of the settings, as its class takes it: of the type of its default."""
    option = Option(kind=kind, default=default, help=text, **traits)
    field: Any = attrs.field(repr=not option.is_secret, metadata={_OPTION: option})
    return cast("_Value", field)


def _switch(text: str) -> bool:
    return _option(SWITCH, False, text)  # noqa: FBT003 -- off, where nothing is said


@attrs.frozen(kw_only=True)
class ServiceSettings:
    """Everything that ``campaign serve`` is told; options in the order in which they are listed.

    The address of the database and those of the drivers may hold passwords: they are in no
    ``repr``, and no error shows them.
    """

    db: str = _option(
        some_text("URL", "the name of a file, or postgresql://user:password@host/name"),
        "campaigns.db",
        "The database: a file, or postgresql://user:password@host/name.",
        is_secret=True,
        may_be_file=True,
    )
    driver: str = _option(
        some_text("simulated|URL", _DRIVER_RULE),
        "simulated",
        "Who places the calls: simulated, or a URL such as asterisk://user:secret@host/.",
        is_secret=True,
    )
    """Of the one tenant, where no tables name tenants, each with its own."""
    other_telephony: bool = _switch(
        "Go on with real calls where they were simulated before, or the other way."
    )
    hold: bool = _switch("Start with every campaign paused, until campaign resume lets it go on.")
    restored: bool = _switch(
        "Go on, with --hold, from a journal that ends earlier than it did: a backup."
    )
    marks_dir: Path | None = _option(
        FOLDER, None, "Where it is noted how far the journal on a PostgreSQL server has come."
    )
    sounds_dir: Path | None = _option(
        FOLDER,
        None,
        "The folder that the telephony plays from: our prompts are put there at the start.",
    )
    language: str = _option(
        one_of("en|it", *LANGUAGES), LANGUAGES[0], "Of the prompts that are put there: en or it."
    )
    listen: ListenAddress = _option(
        LISTEN, _LOOPBACK, "Where HTTP is answered: HOST:PORT, or unix:/PATH."
    )
    public_url: str | None = _option(
        PUBLIC_URL, None, "How others reach this process, for them to be sent here."
    )
    """``None``: as it listens."""
    tls_certificate: Path | None = _option(FILE, None, "Speak HTTPS with this certificate, PEM.")
    tls_key: Path | None = _option(FILE, None, "The certificate's key, PEM.")
    trusted_proxies: tuple[str, ...] = _option(
        PROXIES,
        (),
        "Reverse proxies whose word on a client's address is taken, with commas between.",
    )
    """Whose ``X-Forwarded-For`` is believed; :data:`UNIX_SOCKET`: who comes by the Unix socket."""
    drain_s: int = _option(
        whole_number("SECONDS", 0, 86_400),
        30,
        "When stopped, calls in progress may take so long to end.",
    )
    log_level: str = _option(
        one_of("LEVEL", "debug", "info", "warning", "error"),
        "info",
        "debug, info, warning or error.",
    )
    log_format: str = _option(
        one_of("FORMAT", "text", "json"), "text", "text, or json: one object a line."
    )
    access_log: bool = _switch("Log each request too.")
    open_metrics: bool = _switch("Let /metrics be read without a token.")
    body_max_mib: int = _option(
        whole_number("MIB", 1, 4_096),
        256,
        "The largest body with a list of recipients; a million need some 120.",
    )
    snapshot_events: int = _option(
        whole_number("N", 100, 100_000_000),
        20_000,
        "Keep a snapshot once so many events, or more, came since the last.",
    )
    tenants: tuple[TenantSettings, ...]
    """At least one."""
    passed_over: tuple[str, ...] = ()
    """Variables that begin as those of the service do, and mean nothing to it."""
    origins: Mapping[str, ValueOrigin] = attrs.field(repr=False, eq=False)
    """Where each value came from that is not a default."""

    def problem(self, name: str, rule: str) -> Problem:
        """Return what turned out to be wrong with a value that looked right; it is not shown."""
        origin = self.origins.get(name)
        if origin is None:
            return _OptionProblem(field=name, value=None, rule=f"{rule} (the default)")
        return origin.problem(None, rule)


OPTIONS: Mapping[str, Option] = {
    field.name: field.metadata[_OPTION]
    for field in attrs.fields(ServiceSettings)
    if _OPTION in field.metadata
}
"""Every option by its name, in the order in which they are listed."""
