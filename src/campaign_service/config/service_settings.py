"""What ``campaign serve`` is told: values, checked and complete, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
from typing_extensions import override

from campaign_core.errors import Problem
from campaign_service.config.problems import LocatedProblem

__all__ = ["UNIX_SOCKET", "Listen", "Origin", "ServiceSettings", "TenantSettings"]

MAIN = "main"
"""The tenant of a service that has one."""
UNIX_SOCKET = "unix"
"""Stands for the address of whoever comes by a Unix socket."""


@attrs.frozen(kw_only=True)
class _Complaint(Problem):
    """A bad value of an option or a variable; a secret one is not shown."""

    @override
    def __str__(self) -> str:
        return f"{self.field}: {self.rule}" if self.value is None else super().__str__()


@attrs.frozen(kw_only=True)
class Origin:
    """Where a value came from, for whoever has to change it."""

    name: str
    """The option, the variable, or the key of the file."""
    file: Path | None = None
    line: int | None = None

    def problem(self, value: object, rule: str) -> Problem:
        """Return what is wrong with the value; ``None`` keeps it unsaid."""
        if self.file is None:
            return _Complaint(field=self.name, value=value, rule=rule)
        return LocatedProblem(
            file=self.file, line=self.line, field=self.name, value=value, rule=rule
        )


@attrs.frozen(kw_only=True)
class Listen:
    """Where HTTP is answered: a host and a port, or a socket in the file system."""

    host: str = ""
    port: int = 0
    """0: any that is free."""
    path: Path | None = None
    """Of a Unix socket; host and port mean nothing then."""

    @override
    def __str__(self) -> str:
        """Return it as it is written in the configuration."""
        if self.path is not None:
            return f"unix:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@attrs.frozen(kw_only=True)
class TenantSettings:
    """One PBX's service: its name, and the telephony that places its calls."""

    name: str
    driver: str = attrs.field(repr=False)
    """``simulated`` or a URL; it may hold a secret."""
    origin: Origin


@attrs.frozen(kw_only=True)
class ServiceSettings:
    """Everything that ``campaign serve`` is told.

    The address of the database and those of the drivers may hold passwords: they are in no
    ``repr``, and no error shows them.
    """

    db: str = attrs.field(repr=False)
    """A file's name, or the URL of a database."""
    tenants: tuple[TenantSettings, ...]
    """At least one."""
    other_telephony: bool
    """Whether calls may be real where they were simulated before, and the other way."""
    hold: bool
    """Whether every campaign is paused at the start."""
    restored: bool
    """Whether a journal that ends earlier than it did may be gone on from."""
    marks_dir: Path | None
    """Where it is noted how far the journal of a server's database has come."""
    sounds_dir: Path | None
    """The folder that the telephony plays from; ``None``: nothing is put anywhere."""
    language: str
    """Of the prompts that are put there."""
    listen: Listen
    public_url: str | None
    """How others reach this process; ``None``: as it listens."""
    tls_certificate: Path | None
    tls_key: Path | None
    trusted_proxies: tuple[str, ...]
    """Addresses of reverse proxies whose ``X-Forwarded-For`` is believed; :data:`UNIX_SOCKET`:
    whoever comes by the Unix socket."""
    drain_s: int
    """How long calls in progress may take to end when the service is stopped."""
    log_level: str
    log_format: str
    access_log: bool
    open_metrics: bool
    """Whether ``/metrics`` answers without a token."""
    body_max_mib: int
    """The largest body of a request with a list of recipients."""
    snapshot_events: int
    """A snapshot is kept once so many events came since the last."""
    passed_over: tuple[str, ...] = ()
    """Variables that begin as those of the service do, and mean nothing to it."""
    origins: Mapping[str, Origin] = attrs.field(repr=False, eq=False)
    """Where each value came from that is not a default."""

    def problem(self, name: str, rule: str) -> Problem:
        """Return what turned out to be wrong with a value that looked right; it is not shown."""
        origin = self.origins.get(name)
        if origin is None:
            return _Complaint(field=name, value=None, rule=f"{rule} (the default)")
        return origin.problem(None, rule)
