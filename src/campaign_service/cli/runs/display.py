"""How a run goes, while it goes: a live view in a terminal, lines of a log elsewhere."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import attrs
import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from campaign_core import CallLimits, Campaign, Instant, State, Status, campaign, link
from campaign_service.report import StatusPanel

__all__ = ["Display", "LiveDisplay", "LogDisplay", "Progress", "duration_text", "progress_of"]

_LIVE_EVERY_S, _LOG_EVERY_S = 0.2, 5.0
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


class Display(Protocol):
    """Shows a run."""

    def is_due(self) -> bool:
        """Return whether it is time to show again how far the run is."""

    def show(self, progress: Progress) -> None:
        """Show how far the run is."""

    def note(self, text: str) -> None:
        """Say something once."""

    def close(self) -> None:
        """Show no more."""


class LogDisplay:
    """A line every few seconds, for files and pipes.

    Args:
        zone: on whose clock times are shown.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._next = time.monotonic() + _LOG_EVERY_S

    def is_due(self) -> bool:
        """Return whether a line is due."""
        return time.monotonic() >= self._next

    def show(self, progress: Progress) -> None:
        """Write a line."""
        self._next = time.monotonic() + _LOG_EVERY_S
        found = progress.found
        left = "" if progress.left_s is None else f", about {duration_text(progress.left_s)} left"
        click.echo(
            f"{_clock(progress.now, self._zone)} {found.status.name.lower()}:"
            f" {found.contacted} of {len(found.recipients)} reached, {found.failed} failed,"
            f" in progress {found.internal_calls} internal and {found.external_calls} external,"
            f" {progress.attempts} attempts, {progress.placed_per_min} a minute{left}"
            f"{'' if progress.is_connected else '; the telephony is not connected'}"
        )

    def note(self, text: str) -> None:
        """Write a line."""
        click.echo(text)

    def close(self) -> None:
        """Nothing is held back."""


class LiveDisplay:
    """A view that is drawn anew in place.

    Args:
        zone: on whose clock times are shown.
        limits: those in force.
    """

    def __init__(self, zone: ZoneInfo, limits: CallLimits) -> None:
        self._zone = zone
        self._limits = limits
        self._live = Live(console=Console(), auto_refresh=False, transient=True)
        self._next = 0.0
        self._live.start()

    def is_due(self) -> bool:
        """Return whether the view is old."""
        return time.monotonic() >= self._next

    def show(self, progress: Progress) -> None:
        """Draw the view."""
        self._next = time.monotonic() + _LIVE_EVERY_S
        self._live.update(_view(progress, self._limits, self._zone), refresh=True)

    def note(self, text: str) -> None:
        """Write a line above the view."""
        self._live.console.print(Text(text))

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
    figures.add_row(
        "reached", f"[green]{found.contacted}[/] of {count}", "failed", f"[red]{found.failed}[/]"
    )
    figures.add_row(
        "internal calls",
        _against(found.internal_calls, limits.internal),
        "external calls",
        _against(found.external_calls, limits.external),
    )
    figures.add_row(
        "attempts", str(progress.attempts), "calls a minute", str(progress.placed_per_min)
    )
    left = "" if progress.left_s is None else f"about {duration_text(progress.left_s)}"
    figures.add_row("time left", left, "", "")
    line = Table.grid()
    line.add_row(bar)
    return Group(head, line, figures)


def _against(calls: int, limit: int | None) -> str:
    return str(calls) if limit is None else f"{calls} of {limit}"


def _clock(at: Instant, zone: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at / 1_000, zone):%Y-%m-%d %H:%M:%S}"
