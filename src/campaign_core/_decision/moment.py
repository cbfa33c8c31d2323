"""One moment: what is due, the messages, what follows by rule, and one pass (R6.6)."""

from __future__ import annotations

from typing import Any

from campaign_core import events as ev
from campaign_core._decision.call_context import CallContext
from campaign_core._decision.call_flow import (
    FLOW,
    deadline_passed,
    digit_timed_out,
    freed,
)
from campaign_core._decision.commands import COMMANDS
from campaign_core._decision.recorder import Recorder
from campaign_core._decision.reports import OF_CALL, REPORTS, held, stood_still
from campaign_core._model.recipients import LINES, Recipient
from campaign_core._model.statuses import FailureReason, Status
from campaign_core._schedule.plan import place_calls
from campaign_core._state import record as rec
from campaign_core._state import timers
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.lines import idle_positions, stranded_because
from campaign_core._state.service import Draft
from campaign_core._state.timers import TimerKind
from campaign_core._transition.evolve import apply
from campaign_core._values.identifiers import (
    CampaignId,
    Position,
    call_id_of,
)
from campaign_core._values.instants import SECOND_MS, Instant
from campaign_core._values.makers import maker_of
from campaign_core.commands import Command
from campaign_core.reports import (
    ClockReport,
    HoldReport,
    HostReport,
    Report,
    StandstillReport,
    Tick,
)

__all__ = ["Moment"]

_new_call_placed = maker_of(ev.CallPlaced)

_INTERNAL, _EXTERNAL = LINES

# On Python 3.11 an enumeration is asked for a member at each look.
_ACTIVE = Status.ACTIVE
_PAUSED = Status.PAUSED


class Moment:
    """Works one moment on a draft; ``events`` holds what happened so far."""

    def __init__(self, draft: Draft, now: Instant, *, is_deaf: bool = False) -> None:
        """Take a draft whose lines are valid for ``now``, which is not before its last event.

        Args:
            draft: worked on.
            now: the time.
            is_deaf: nobody could hear until now (R7.12): no silence is over.
        """
        self.draft = draft
        self.now = now
        self._is_deaf = is_deaf
        self.events: list[ev.Event] = []
        self._by_driver = Recorder(draft, self.events, now, ev.DRIVER)

    def begin_next(self, now: Instant, *, is_deaf: bool) -> None:
        """Begin the next moment on the same draft."""
        self.now = self._by_driver.at = now
        self._is_deaf = is_deaf
        self.events = self._by_driver.events = []

    def by(self, actor: str) -> Recorder:
        """Return what records the next events of an actor."""
        return Recorder(self.draft, self.events, self.now, actor)

    def take_due(self) -> None:
        """Take everything due by now, in the order of R6.6."""
        draft = self.draft
        later = timers.after(self.now)
        while True:
            first = draft.timers.first()
            if first is None or first >= later:
                return
            for timer in draft.timers:
                kind, key = timers.read(timer)
                # R5.5: while the link is down only deadlines run, of what happens in calls.
                if kind is not TimerKind.DIGIT or (draft.link.is_up and not self._is_deaf):
                    break
            else:
                return
            if timer >= later:
                return
            self._due(kind, key)

    def _due(self, kind: TimerKind, key: int) -> None:
        record = self.by(ev.SCHEDULER)
        match kind:
            case TimerKind.START:
                starts_at = self.draft.campaigns[CampaignId(key)].starts_at
                record(ev.CampaignStarted, campaign_id=CampaignId(key), starts_at=starts_at)
            case TimerKind.EXPIRY:
                record(ev.CampaignExpired, campaign_id=CampaignId(key))
            case TimerKind.DEADLINE:
                deadline_passed(self._context_of(key, record))
            case TimerKind.GRACE:
                freed(self._context_of(key, record))
            case TimerKind.DIGIT:
                digit_timed_out(self._context_of(key, record))

    def _context_of(self, key: int, record: Recorder) -> CallContext:
        campaign_id, position = CampaignId(key >> 32), Position(key & 0xFFFFFFFF)
        attempt = rec.attempts_of(self.draft.campaigns[campaign_id].record(position))
        call_id = call_id_of(self.draft.service_id, campaign_id, position, attempt)
        return CallContext(self.draft.calls[call_id], record)

    def look_at(self, clock: ClockReport) -> None:
        """R7.12: how far the calendar stands from the service's time; to the second."""
        ahead_ms = clock.shows - self.now
        if abs(ahead_ms - self.draft.calendar_ahead_ms) >= SECOND_MS:
            self.by(ev.SCHEDULER)(ev.CalendarShifted, ahead_ms=ahead_ms)

    def take(self, message: Command | Report | HostReport) -> None:
        """Take one message.

        Raises:
            CommandRefusedError: the state does not allow the command; nothing was changed by it.
            SettingsError: a value of the command is bad in this state; likewise.
            TypeError: it is no message.
        """
        kind = type(message)
        if kind in OF_CALL:
            self._take_of_call(message)
        elif kind in REPORTS:
            REPORTS[kind](self.draft, message, self._by_driver)
        elif kind in COMMANDS:
            command: Any = message
            COMMANDS[kind](self.draft, command, self.by(command.actor))
        elif isinstance(message, ClockReport):
            self.look_at(message)
        elif kind is StandstillReport:
            stood_still(self.draft, self.by(ev.SCHEDULER))
        elif isinstance(message, HoldReport):
            held(self.draft, message, self.by(ev.SCHEDULER))
        elif kind is not Tick:
            raise TypeError(f"a command, a report or a tick is taken, not a {kind.__qualname__}")

    def _take_of_call(self, report: Any) -> None:
        """Take a report of one call; of none of ours, or a late one, nothing comes (R9.1)."""
        call = self.draft.calls.get(report.call_id)
        if call is not None:
            FLOW[type(call.step), type(report)](CallContext(call, self._by_driver), report)

    def conclude(self) -> None:
        """Settle recipients by rule, end campaigns, and let the scheduler pass (R6.6)."""
        campaigns = [self.draft.campaign(one) for one in sorted(self.draft.touched_now)]
        for campaign in campaigns:
            self._settle(campaign)
        for campaign in campaigns:
            self._end(campaign)
        place_calls(self.draft, self.now, self.place)

    def _settle(self, campaign: CampaignRow) -> None:
        """R6.12, R5.6, R4.11: idle recipients that may not be called any more have failed."""
        if campaign.status.is_final:
            return
        if campaign.stranded.size:
            by_reason: dict[FailureReason, list[int]] = {}
            for position in campaign.stranded:
                reason = stranded_because(self.draft, campaign.recipients.at(position))
                by_reason.setdefault(reason, []).append(position)
            for reason, positions in by_reason.items():
                self._fail(campaign, positions, reason)
        if campaign.is_expired and campaign.idle:
            self._fail(campaign, sorted(idle_positions(campaign)), FailureReason.EXPIRED)

    def _fail(self, campaign: CampaignRow, positions: list[int], reason: FailureReason) -> None:
        self.by(ev.SCHEDULER)(
            ev.RecipientsFailed,
            campaign_id=campaign.campaign_id,
            positions=tuple(Position(position) for position in positions),
            reason=reason,
        )

    def _end(self, campaign: CampaignRow) -> None:
        """R4.5, R4.6: nobody is left to call and nobody is in a call."""
        if campaign.idle and not campaign.is_satisfied:
            return
        if campaign.status not in (_ACTIVE, _PAUSED) or campaign.calls:
            return
        is_enough = campaign.contacted >= campaign.required
        self.by(ev.SCHEDULER)(
            ev.CampaignEnded,
            campaign_id=campaign.campaign_id,
            status=Status.COMPLETED if is_enough else Status.INCOMPLETE,
            contacted=campaign.contacted,
        )

    def place(
        self,
        campaign: CampaignRow,
        position: Position,
        recipient: Recipient,
        number_index: int,
        rank: int,
    ) -> None:
        """Place one call, and record why at this moment (R8.4)."""
        draft = self.draft
        called = recipient if number_index == 0 else recipient.further_numbers[number_index - 1]
        record = campaign.records.at(position - 1)
        attempt = rec.attempts_of(record) + 1
        campaign_id = campaign.campaign_id
        everywhere, own = draft.in_use, campaign.in_use
        event = _new_call_placed(
            seq=draft.sequence + 1,
            at=self.now,
            actor=ev.SCHEDULER,
            call_id=call_id_of(draft.service_id, campaign_id, position, attempt),
            campaign_id=campaign_id,
            position=position,
            attempt=attempt,
            number=called.number,
            line=called.line,
            is_retry=rec.counted_of(record) > 0,
            rank=rank,
            in_use=(
                everywhere[_INTERNAL],
                everywhere[_EXTERNAL],
                own[_INTERNAL],
                own[_EXTERNAL],
            ),
        )
        apply(draft, event)
        self.events.append(event)
