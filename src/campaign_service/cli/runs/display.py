"""How a run goes, while it goes: a live view in a terminal, lines of a log elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import attrs
import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from campaign_core import CallLimits, Campaign, Instant, State, Status, campaign, link
from campaign_service.cli.value_text import SIMULATED_TEXT, counted, paused_by
from campaign_service.report import StatusPanel, Summary

__all__ = [
    "Display",
    "LiveDisplay",
    "LogDisplay",
    "Progress",
    "duration_text",
    "progress_of",
    "summary_text",
    "why_not_completed",
]

_SETTLED_MIN = 10
"""So many must be settled before a guess at the time left is worth showing."""


@attrs.frozen(kw_only=True)
class Progress:
    """How far a campaign is."""

    now: Instant
    found: Campaign
    attempts: int
    placed_per_min: int
    is_connected: bool
    """Whether the telephony is."""
    left_s: int | None
    """Seconds to the end, at the rate so far; ``None``: too early to say, or not calling."""

    @property
    def settled(self) -> int:
        """Recipients who are reached or failed."""
        return self.found.contacted + self.found.failed


def progress_of(state: State, panel: StatusPanel, now: Instant) -> Progress:
    """Return how far a panel's campaign is."""
    found = campaign(state, panel.campaign_id, now)
    settled = found.contacted + found.failed
    left_s = None
    is_calling = found.status in {Status.ACTIVE, Status.BLOCKED}
    if is_calling and settled >= _SETTLED_MIN and panel.started_at is not None:
        rest = len(found.recipients) - settled
        left_s = (now - panel.started_at) * rest // settled // 1_000
    return Progress(
        now=now,
        found=found,
        attempts=panel.attempts,
        placed_per_min=panel.placed_per_min(now),
        is_connected=link(state).is_up,
        left_s=left_s,
    )


def duration_text(seconds: int) -> str:
    """Return a duration as hours, minutes and seconds."""
    return str(timedelta(seconds=seconds))


class Display:
    """Shows a run, every so often."""

    every_s: float

    def __init__(self, first_s: float) -> None:
        """Be due first in so many seconds."""
        self._next = time.monotonic() + first_s

    def is_due(self) -> bool:
        """Return whether it is time to show again how far the run is."""
        return time.monotonic() >= self._next

    def show(self, progress: Progress) -> None:
        """Show how far the run is."""
        self._next = time.monotonic() + self.every_s
        self._draw(progress)

    def _draw(self, progress: Progress) -> None:
        raise NotImplementedError

    def note(self, text: str) -> None:
        """Say something once."""
        click.echo(text)

    def close(self) -> None:
        """Show no more."""


class LogDisplay(Display):
    """A line every few seconds, for files and pipes, with times on the clock of a zone."""

    every_s = 5.0

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(first_s=self.every_s)
        self._zone = zone

    @override
    def _draw(self, progress: Progress) -> None:
        found = progress.found
        left = "" if progress.left_s is None else f", about {duration_text(progress.left_s)} left"
        click.echo(
            f"{_clock(progress.now, self._zone)} {found.status.name.lower()}:"
            f" {found.contacted} of {len(found.recipients)} reached, {found.failed} failed,"
            f" in progress {found.internal_calls} internal and {found.external_calls} external,"
            f" {progress.attempts} attempts, {progress.placed_per_min} a minute{left}"
            f"{'' if progress.is_connected else '; the telephony is not connected'}"
        )


class LiveDisplay(Display):
    """A view that is drawn anew in place, with the limits in force."""

    every_s = 0.2

    def __init__(self, zone: ZoneInfo, limits: CallLimits) -> None:
        super().__init__(first_s=0)
        self._zone = zone
        self._limits = limits
        self._live = Live(console=Console(), auto_refresh=False, transient=True)
        self._live.start()

    @override
    def _draw(self, progress: Progress) -> None:
        self._live.update(_view(progress, self._limits, self._zone), refresh=True)

    @override
    def note(self, text: str) -> None:
        self._live.console.print(Text(text))

    @override
    def close(self) -> None:
        """Take the view away; what follows tells how it ended."""
        self._live.stop()


def _view(progress: Progress, limits: CallLimits, zone: ZoneInfo) -> Group:
    found = progress.found
    count = len(found.recipients)
    head = Text.assemble(
        (found.name, "bold"),
        "  ",
        (found.status.name, "bold green" if found.status.name == "ACTIVE" else "bold yellow"),
        ("  " + _clock(progress.now, zone), "dim"),
        ("" if progress.is_connected else "  the telephony is not connected", "bold red"),
    )
    bar = ProgressBar(total=max(count, 1), completed=progress.settled, width=60)
    figures = Table.grid(padding=(0, 2))
    reached, failed = f"[green]{found.contacted}[/] of {count}", f"[red]{found.failed}[/]"
    figures.add_row("reached", reached, "failed", failed)
    internal = _against(found.internal_calls, limits.internal)
    external = _against(found.external_calls, limits.external)
    figures.add_row("internal calls", internal, "external calls", external)
    placed = str(progress.placed_per_min)
    figures.add_row("attempts", str(progress.attempts), "calls a minute", placed)
    left = "" if progress.left_s is None else f"about {duration_text(progress.left_s)}"
    figures.add_row("time left", left, "", "")
    line = Table.grid()
    line.add_row(bar)
    return Group(head, line, figures)


def _against(calls: int, limit: int | None) -> str:
    return str(calls) if limit is None else f"{calls} of {limit}"


def _clock(at: Instant, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1_000, zone):%Y-%m-%d %H:%M:%S}"


# How it ended -----------------------------------------------------------------------------------


def summary_text(summary: Summary, *, is_simulated: bool) -> str:
    """Return the figures of a campaign, a line each."""
    return "\n".join(_lines(summary, is_simulated=is_simulated))


def _lines(summary: Summary, *, is_simulated: bool) -> Iterator[str]:
    lasted = "" if summary.lasted_s is None else f" after {duration_text(summary.lasted_s)}"
    reason = summary.pause_reason
    by = "" if reason is None else f" by {paused_by(reason.name)}"
    yield f"{summary.name}: {summary.status.name}{by}{lasted}"
    if is_simulated:
        yield f"  {SIMULATED_TEXT}"
    needed = summary.recipients if summary.threshold is None else summary.threshold
    yield f"  reached   {summary.reached} of {summary.recipients} recipients, {needed} needed"
    yield f"  failed    {summary.failed}{_others(summary)}"
    outcomes = ", ".join(f"{count} {outcome.name}" for outcome, count in summary.outcomes)
    yield f"  attempts  {summary.attempts}{': ' if outcomes else ''}{outcomes}"
    if summary.given_back:
        yield f"  given back by the telephony, not counted: {summary.given_back}"
    limits = summary.limits
    yield (
        "  at most   "
        f"{summary.most_internal} internal{_limit(limits.internal)},"
        f" {summary.most_external} external{_limit(limits.external)},"
        f" {counted(summary.most_at_once, 'call')}{_limit(limits.total)} at once"
    )


def _others(summary: Summary) -> str:
    each = {"waiting": summary.idle, "in a call": summary.in_progress}
    parts = [f"{count} {text}" for text, count in each.items() if count]
    return f", {', '.join(parts)}" if parts else ""


def _limit(limit: int | None) -> str:
    return "" if limit is None else f" (limit {limit})"


def why_not_completed(status: Status) -> str:
    """Return what can be done about a campaign that is not completed."""
    return {
        Status.INCOMPLETE: "Too few were reached; attempts can be added in a service that runs on.",
        Status.BLOCKED: "Limits keep every remaining recipient from being called.",
        Status.PAUSED: "It is paused; nobody is called.",
    }.get(status, "")
