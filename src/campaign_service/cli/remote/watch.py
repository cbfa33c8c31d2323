"""A campaign of a running service, shown anew as things happen."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

import click
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.text import Text

from campaign_service.cli.remote.tables import clock, lines_of
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import SIMULATED_TEXT, echo_lines
from campaign_service.client import Campaign, CampaignDetail, Client
from campaign_service.instants import zone_of

__all__ = ["watch_campaign"]

_LIVE_EVERY_S, _LOG_EVERY_S = 0.2, 5.0
_ENDED = ("COMPLETED", "INCOMPLETE", "TERMINATED")


def watch_campaign(client: Client, found: CampaignDetail) -> int:
    """Show a campaign until it has ended and none of its calls is in progress."""
    after = client.status().last_seq
    now = client.campaign(found.campaign_id)
    zone = zone_of(now.parameters.time_zone)
    if sys.stdout.isatty():
        with Live(console=Console(), auto_refresh=False, transient=True) as live:

            def draw(row: Campaign) -> None:
                live.update(_view(row, zone), refresh=True)

            now = _until_ended(client, now, after, draw, _LIVE_EVERY_S)
    else:
        now = _until_ended(client, now, after, lambda row: _log(row, zone), _LOG_EVERY_S)
    echo_lines(lines_of(now, zone))
    return ExitStatus.COMPLETED if now.status == "COMPLETED" else ExitStatus.INCOMPLETE


def _until_ended(
    client: Client,
    now: CampaignDetail,
    after: int,
    draw: Callable[[Campaign], None],
    every_s: float,
) -> CampaignDetail:
    draw(now)
    if _has_ended(now):
        return now
    changes = _ChangeListener(client, now.campaign_id, after)
    drawn_at = time.monotonic()
    while not _has_ended(now):
        changes.wait()
        now = client.campaign(now.campaign_id)
        if time.monotonic() - drawn_at >= every_s:
            draw(now)
            drawn_at = time.monotonic()
        # What happens meanwhile shares the next question.
        time.sleep(_LIVE_EVERY_S)
    return now


class _ChangeListener:
    """Hears when something happened to a campaign; listens in a thread of its own."""

    def __init__(self, client: Client, campaign_id: int, after: int) -> None:
        self._events = client.follow(after=after, campaign_id=campaign_id)
        self._has_news = threading.Event()
        self._error: Exception | None = None
        # It may be in the middle of a silence when all is over: nobody waits for it.
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(self) -> None:
        """Return when something happened."""
        self._has_news.wait()
        self._has_news.clear()
        if self._error is not None:
            raise self._error

    def _listen(self) -> None:
        try:
            for _ in self._events:
                self._has_news.set()
        except Exception as error:  # noqa: BLE001 -- told to whoever waits
            self._error = error
            self._has_news.set()


def _has_ended(now: Campaign) -> bool:
    return now.status in _ENDED and not now.internal_calls + now.external_calls


def _log(row: Campaign, zone: ZoneInfo) -> None:
    click.echo(
        f"{row.name}: {row.status.lower()}, {row.contacted} of {row.recipient_count} reached,"
        f" {row.failed} failed, in progress {row.internal_calls} internal and"
        f" {row.external_calls} external"
        + (f"; {SIMULATED_TEXT}" if row.is_simulated else "")
        + (f", starts {clock(row.starts_at, zone)}" if row.status == "SCHEDULED" else "")
    )


def _view(row: Campaign, zone: ZoneInfo) -> Group:
    settled = row.contacted + row.failed
    bar = ProgressBar(total=max(row.recipient_count, 1), completed=settled, width=60)
    return Group(Text("\n".join(lines_of(row, zone))), Text("   ", end=""), bar)
