"""An auditor of journals: knows events alone, and holds every call against the rules (R6.8)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from campaign_core import events as ev
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.limits import CallLimits, CallRate
from campaign_core._model.number_plan import form_on
from campaign_core._model.outcomes import Outcome
from campaign_core._model.recipients import Line
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import Status
from campaign_core._values.identifiers import CallId, CampaignId, Position

__all__ = ["Auditor", "audit"]

_Who = tuple[CampaignId, Position]
_Called = tuple[str, Line]


def audit(journal: Iterable[ev.Event]) -> tuple[str, ...]:
    """Return the rules that a journal breaks, one sentence each; empty for a sound one.

    Args:
        journal: from its first event, ``ServiceOpened``, on.
    """
    return Auditor().hear(journal)


class Auditor:
    """Reads a journal as it grows; in memory it keeps what the rules need, and no state."""

    def __init__(self) -> None:
        """Begin before the first event."""
        self._seq = 0
        self._at = 0
        self._settings = Settings()
        self._capacity = CallLimits()
        self._parameters: dict[CampaignId, CampaignModel] = {}
        self._statuses: dict[CampaignId, Status] = {}
        self._expired: set[CampaignId] = set()
        self._calls: dict[CallId, ev.CallPlaced] = {}
        self._ids: set[CallId] = set()
        self._counted: Counter[_Who] = Counter()
        self._added: Counter[_Who] = Counter()
        self._contacted: set[_Who] = set()
        self._placements: list[int] = []
        self._own_placements: defaultdict[CampaignId, list[int]] = defaultdict(list)
        self._attempts: defaultdict[_Called, list[int]] = defaultdict(list)

    def hear(self, events: Iterable[ev.Event]) -> tuple[str, ...]:
        """Read on, and return the rules that these events break."""
        return tuple(law for event in events for law in self._hear(event))

    def _hear(self, event: ev.Event) -> Iterator[str]:
        if event.seq != self._seq + 1:
            yield f"R9.1: event {event.seq} follows event {self._seq}"
        if event.at < self._at:
            yield f"R6.13: event {event.seq} is {self._at - event.at} ms before the one before it"
        self._seq, self._at = event.seq, event.at
        if isinstance(event, ev.CallPlaced):
            yield from self._look_at(event)
            self._placed(event)
        elif isinstance(event, ev.CallEvent):
            if event.call_id not in self._calls:
                yield f"R9.1: event {event.seq} is of a call that is not in progress"
            else:
                self._hear_of_call(event)
        elif isinstance(event, ev.CampaignEvent):
            self._hear_of_campaign(event)
        elif isinstance(event, ev.DriverCapacityChanged):
            self._capacity = event.call_limits
        elif isinstance(event, ev.DriverCameUp):
            self._capacity = CallLimits()
        elif isinstance(event, ev.ServiceOpened | ev.SettingsChanged):
            self._settings = event.settings
            if event.settings.call_rate is None:
                self._placements.clear()
            if event.settings.frequency_cap is None:
                self._attempts.clear()

    # What is so -----------------------------------------------------------------------------

    def _hear_of_campaign(self, event: ev.CampaignEvent) -> None:
        campaign_id = event.campaign_id
        match event:
            case ev.CampaignScheduled():
                self._parameters[campaign_id] = event.parameters
                self._statuses[campaign_id] = Status.SCHEDULED
            case ev.CampaignStarted() | ev.CampaignResumed():
                self._statuses[campaign_id] = Status.ACTIVE
            case ev.CampaignPaused():
                self._statuses[campaign_id] = Status.PAUSED
            case ev.CampaignStopped():
                self._statuses[campaign_id] = Status.TERMINATED
            case ev.CampaignEnded():
                self._statuses[campaign_id] = event.status
            case ev.CampaignExpired():
                self._expired.add(campaign_id)
            case ev.RecipientsAppended() | ev.AttemptsAdded():
                if self._statuses[campaign_id] is Status.INCOMPLETE:
                    self._statuses[campaign_id] = Status.ACTIVE
                if isinstance(event, ev.AttemptsAdded):
                    for position in event.positions:
                        self._added[campaign_id, position] += event.attempts
            case _:
                pass

    def _placed(self, event: ev.CallPlaced) -> None:
        self._calls[event.call_id] = event
        self._ids.add(event.call_id)
        self._counted[_who(event)] += 1
        if self._settings.call_rate is not None:
            self._placements.append(event.at)
        if self._settings.frequency_cap is not None:
            self._attempts[event.number, event.line].append(event.at)
        self._own_placements[event.campaign_id].append(event.at)

    def _hear_of_call(self, event: ev.CallEvent) -> None:
        call = self._calls[event.call_id]
        if isinstance(event, ev.CallGivenBack):
            self._counted[_who(call)] -= 1
            attempts = self._attempts[call.number, call.line]
            if call.at in attempts:
                attempts.remove(call.at)
        if isinstance(event, ev.CallEnded) and event.outcome is Outcome.REACHED:
            self._contacted.add(_who(call))
        if isinstance(event, ev.CallGivenBack | ev.CallEnded):
            del self._calls[event.call_id]

    # What must be so ------------------------------------------------------------------------

    def _look_at(self, placed: ev.CallPlaced) -> Iterator[str]:
        """Yield the rules that a call breaks, before it is among those in progress."""
        who = _who(placed)
        parameters = self._parameters.get(placed.campaign_id)
        status = self._statuses.get(placed.campaign_id)
        if parameters is None or status is not Status.ACTIVE:
            yield _says("R6.8", placed, f"its campaign is {status and status.name}")
            return
        everything = list(self._calls.values())
        own = [call for call in everything if call.campaign_id == placed.campaign_id]
        allowed = parameters.attempts_max + self._added[who]
        busy = {self._form(call.number, call.line) for call in everything}
        laws: list[tuple[str, bool, str]] = [
            ("R4.11", placed.campaign_id in self._expired, "its campaign has expired"),
            ("R9.3", placed.call_id in self._ids, "its call id was used before"),
            ("R6.8", who in map(_who, own), "its recipient is in a call"),
            ("R6.8", self._counted[who] >= allowed, f"more attempts than allowed ({allowed})"),
            ("R6.8", who in self._contacted, "its recipient was reached"),
            ("R2.2", _is_full(self._settings.call_limits, everything, placed.line), "no room"),
            ("R5.5", _is_full(self._capacity, everything, placed.line), "no room on the telephony"),
            ("R6.3", _is_full(parameters.call_limits, own, placed.line), "no room of its own"),
            (
                "R6.14",
                self._settings.one_call_per_number
                and self._form(placed.number, placed.line) in busy,
                "its number is in a call",
            ),
            ("R8.4", placed.in_use != (*_by_line(everything), *_by_line(own)), "wrong in_use"),
            ("R8.4", placed.is_retry != (self._counted[who] > 0), "wrong is_retry"),
        ]
        laws += self._pace(placed, parameters)
        yield from (_says(rule, placed, why) for rule, is_broken, why in laws if is_broken)

    def _pace(
        self, placed: ev.CallPlaced, parameters: CampaignModel
    ) -> Iterator[tuple[str, bool, str]]:
        rate, cap = self._settings.call_rate, self._settings.frequency_cap
        yield "R2.4", _is_too_soon(rate, self._placements, placed.at), "above the call rate"
        own = self._own_placements[placed.campaign_id]
        is_too_soon = _is_too_soon(parameters.call_rate, own, placed.at)
        yield "R2.4", is_too_soon, "above the call rate of its campaign"
        if cap is not None:
            form = self._form(placed.number, placed.line)
            written = [called for called in self._attempts if self._form(*called) == form]
            times = [at for called in written for at in self._attempts[called]]
            recent = [at for at in times if at + cap.window_ms > placed.at]
            yield "R6.15", len(recent) >= cap.attempts, "its number is capped"

    def _form(self, number: str, line: Line) -> _Called:
        """Return what is compared of a number (R3.7)."""
        return form_on(line, number, self._settings.number_plan), line


def _who(call: ev.CallPlaced) -> _Who:
    return call.campaign_id, call.position


def _says(rule: str, placed: ev.CallPlaced, why: str) -> str:
    return (
        f"{rule}: event {placed.seq} calls recipient {placed.position} of campaign "
        f"{placed.campaign_id}: {why}"
    )


def _by_line(calls: Iterable[ev.CallPlaced]) -> tuple[int, int]:
    lines = Counter(call.line for call in calls)
    return lines[Line.INTERNAL], lines[Line.EXTERNAL]


def _is_full(limits: CallLimits, calls: list[ev.CallPlaced], line: Line) -> bool:
    used: Callable[[Line], int] = Counter(call.line for call in calls).__getitem__
    on_line = limits.on(line)
    return (limits.total is not None and len(calls) >= limits.total) or (
        on_line is not None and used(line) >= on_line
    )


def _is_too_soon(rate: CallRate | None, placements: list[int], at: int) -> bool:
    if rate is None:
        return False
    return sum(before + rate.window_ms > at for before in placements) >= rate.calls
