"""What an examination of a telephony found, in words that any driver's doctor uses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from enum import Enum
from ipaddress import ip_address
from typing import TypeVar

import attrs

from campaign_drivers.errors import DriverError, LoginRefusedError

__all__ = ["Finding", "Severity", "clocks", "examined", "fine", "is_this_machine", "note", "wrong"]

ProbeT = TypeVar("ProbeT")

_CLOCK_S = 2
"""By which two clocks may differ before it is worth a word."""


class Severity(Enum):
    """What a finding means for whoever starts a campaign."""

    FINE = "FINE"
    NOTE = "NOTE"
    """Works, and could be better."""
    WRONG = "WRONG"
    """Calls will fail, or be reported wrongly."""


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    severity: Severity
    says: str
    """What was found, as a sentence."""
    advice: str = ""
    """What to write, and into which file."""


def fine(what: str, says: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(what=what, severity=Severity.FINE, says=says)


def note(what: str, says: str, advice: str = "") -> Finding:
    """Return a finding that works and could be better."""
    return Finding(what=what, severity=Severity.NOTE, says=says, advice=advice)


def wrong(what: str, says: str, advice: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(what=what, severity=Severity.WRONG, says=says, advice=advice)


def clocks(telephony: str, apart_s: float | None) -> Finding:
    """Return what is to be said of a telephony's clock beside ours.

    Args:
        telephony: its name.
        apart_s: by how much they differ; ``None``: it does not tell its time.
    """
    if apart_s is None:
        return note("clock", f"{telephony} does not tell its time")
    if abs(apart_s) > _CLOCK_S:
        return note(
            "clock",
            f"{telephony}'s clock and ours are {abs(apart_s):.0f} s apart: its records will not "
            "match ours",
            "Run a time service (NTP) on both machines.",
        )
    return fine("clock", f"{telephony}'s clock and ours agree")


def is_this_machine(host: str) -> bool:
    """Return whether nobody on a network can listen on the way to a host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


async def examined(
    probe: AbstractAsyncContextManager[ProbeT],
    findings: Callable[[ProbeT], AsyncIterator[Finding]],
    *,
    refused: Callable[[LoginRefusedError], Finding],
    unreachable: str | Callable[[DriverError], Awaitable[Finding]],
) -> tuple[Finding, ...]:
    """Return all findings; where the connection is lost, what is not fine until then, and why.

    Args:
        probe: the connection on which the questions are asked.
        findings: gives what it finds there, until a driver's error ends it.
        refused: makes the finding for a refused log-in.
        unreachable: the advice where there is no connection, or none any more; or what finds
            out why there is none.
    """
    found: list[Finding] = []
    try:
        async with probe as asker:
            async for finding in findings(asker):
                found.append(finding)  # noqa: PERF401 -- they are kept where an error ends them
            return tuple(found)
    except LoginRefusedError as error:
        lost = refused(error)
    except DriverError as error:
        if isinstance(unreachable, str):
            lost = wrong("connection", str(error), unreachable)
        else:
            lost = await unreachable(error)
    return (*(finding for finding in found if finding.severity is not Severity.FINE), lost)
