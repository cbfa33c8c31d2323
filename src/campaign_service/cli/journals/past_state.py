"""What was so at a time, from a journal: the state, and the panels of its campaigns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import click

from campaign_core import (
    CampaignId,
    Instant,
    NumberPlan,
    Position,
    RecipientList,
    State,
    campaign_ids,
    replay,
)
from campaign_core.errors import JournalError
from campaign_core.events import (
    CampaignScheduled,
    Event,
    RecipientsAppended,
    ServiceOpened,
    SettingsChanged,
)
from campaign_service.instants import TIMES, instant_of, is_within_times, iso_text, zone_of
from campaign_service.journal import JsonLinesJournal
from campaign_service.report import Attempt, StatusPanel

__all__ = ["AT_HELP", "PastState", "positions_of", "read_past"]

AT_HELP = (
    "The time: 2026-01-12T08:30:00, with an offset or on the campaign's own clock; 08:30:00, on the"
    " day of its start; +90 or +1:30, so long after its start. [default: the journal's end]"
)

_SINCE = re.compile(
    r"\+(?:(?P<alone>[0-9]+(?:\.[0-9]{1,3})?)"
    r"|(?:(?P<hours>[0-9]+):(?=[0-5]?[0-9]:))?(?P<minutes>[0-9]+):"
    r"(?P<seconds>[0-5]?[0-9](?:\.[0-9]{1,3})?))"
)
_SINCE_MAX = 16
"""Characters: in so few there is no time that a number cannot hold."""
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?")


@attrs.frozen(kw_only=True)
class PastState:
    """A service as it was."""

    at: Instant
    """The time that was asked for."""
    state: State
    panels: dict[CampaignId, StatusPanel]
    attempts: list[Attempt]
    """Those of the recipient that was asked for, in order; empty where none was."""
    zone: ZoneInfo
    """Of the first campaign: on its clock times are shown."""

    def text(self, at: Instant | None) -> str:
        """Return an instant for a person; none is a dash."""
        return "–" if at is None else iso_text(at, self.zone)[:19].replace("T", " ")


@attrs.frozen(kw_only=True)
class _TimeBase:
    """Where the times that a person gives are counted from."""

    zone: ZoneInfo
    opened_at: Instant
    starts_at: Instant


def read_past(path: Path, at: str | None, *, wanted: str | None = None) -> PastState:
    """Return what was so at a time.

    Args:
        at: the time, as typed; ``None``: the end of the journal.
        wanted: a recipient whose attempts are kept: its number, name or position.
    """
    journal = JsonLinesJournal.open(path)
    base = _time_base(journal)
    until = None if at is None else _instant(at, base)
    if until is not None and not is_within_times(until):
        raise click.BadParameter(f"{at}: not within {TIMES}", param_hint="--at")
    follower = _PanelFollower(wanted)
    if until is not None and until < base.opened_at:
        raise click.BadParameter(f"{at}: the journal begins later", param_hint="--at")
    state = _replayed(journal, follower.following(journal.read(until=until)))
    for panel in follower.panels.values():
        for attempt in panel.attempts_open():
            follower.keep(attempt)
    if journal.torn_tail is not None:
        click.echo(f"{path}: {journal.torn_tail}", err=True)
    return PastState(
        at=state.now if until is None else until,
        state=state,
        panels={key: panel for key, panel in follower.panels.items() if key in campaign_ids(state)},
        attempts=follower.attempts,
        zone=base.zone,
    )


def _replayed(journal: JsonLinesJournal, events: Iterator[Event]) -> State:
    """Return what events make, or say with the line which of them does not follow."""
    try:
        return replay(events)
    except JournalError as error:
        if str(error).startswith(f"{journal.path}:"):
            raise
        # The header is line 1.
        raise JournalError(f"{journal.path}:{journal.last_seq + 1}: {error}") from None


def positions_of(
    wanted: str, listed: RecipientList, plan: NumberPlan | None = None
) -> list[Position]:
    """Return the positions that a person may mean by a number, a name or a position.

    Args:
        plan: by which numbers are compared (R3.7).
    """
    found = listed.positions_of(wanted, None, plan)
    if not found and wanted:
        name = wanted.casefold()
        found = [at for at, recipient in enumerate(listed, 1) if recipient.name.casefold() == name]
    # In more digits than the list's length has there is no position of it.
    if not found and wanted.isdecimal() and len(wanted) <= len(str(len(listed))):
        found = [int(wanted)] if 1 <= int(wanted) <= len(listed) else []
    return [Position(position) for position in found]


class _PanelFollower:
    """Keeps panels up while events pass by on their way into a state."""

    def __init__(self, wanted: str | None) -> None:
        self.panels: dict[CampaignId, StatusPanel] = {}
        self.attempts: list[Attempt] = []
        self._wanted = wanted
        self._plan: NumberPlan | None = None
        self._lists: dict[CampaignId, RecipientList] = {}
        self._positions: set[tuple[CampaignId, Position]] = set()

    def following(self, events: Iterator[Event]) -> Iterator[Event]:
        for event in events:
            if isinstance(event, ServiceOpened | SettingsChanged):
                self._plan = event.settings.number_plan
            if isinstance(event, CampaignScheduled):
                self.panels[event.campaign_id] = StatusPanel(
                    event.campaign_id, on_attempt=self.keep
                )
                self._look(event.campaign_id, event.parameters.recipients)
            elif isinstance(event, RecipientsAppended) and self._wanted is not None:
                longer = self._lists[event.campaign_id].appended(event.recipients, may_repeat=True)
                self._look(event.campaign_id, longer)
            for panel in self.panels.values():
                panel.take((event,))
            yield event

    def _look(self, campaign_id: CampaignId, listed: RecipientList) -> None:
        if self._wanted is not None:
            self._lists[campaign_id] = listed
            positions = positions_of(self._wanted, listed, self._plan)
            self._positions |= {(campaign_id, position) for position in positions}

    def keep(self, attempt: Attempt) -> None:
        if (attempt.campaign_id, attempt.position) in self._positions:
            self.attempts.append(attempt)


def _time_base(journal: JsonLinesJournal) -> _TimeBase:
    opened_at = Instant(0)
    for event in journal.read():
        opened_at = opened_at or event.at
        if isinstance(event, CampaignScheduled):
            zone = zone_of(event.parameters.time_zone)
            return _TimeBase(zone=zone, opened_at=opened_at, starts_at=event.starts_at)
    return _TimeBase(zone=zone_of("UTC"), opened_at=opened_at, starts_at=opened_at)


def _instant(text: str, base: _TimeBase) -> Instant:
    since = _SINCE.fullmatch(text)
    if since is not None:
        if len(text) > _SINCE_MAX:
            raise click.BadParameter(f"{text}: not within {TIMES}", param_hint="--at")
        parts = since.groupdict(default="0")
        hours, minutes = int(parts["hours"]), int(parts["minutes"])
        seconds = float(parts["alone"]) + float(parts["seconds"])
        passed_s = hours * 3_600 + minutes * 60 + seconds
        return Instant(base.starts_at + round(passed_s * 1_000))
    if _TIME_OF_DAY.fullmatch(text) is not None:
        day = datetime.fromtimestamp(base.starts_at / 1_000, base.zone)
        text = f"{day:%Y-%m-%d}T{text:0>5}" if text[1] != ":" else f"{day:%Y-%m-%d}T0{text}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time. {AT_HELP}", param_hint="--at") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=base.zone)
    return instant_of(moment)
