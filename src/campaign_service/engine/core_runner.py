"""One moment after the other, each taken by the core, then written, then acted on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from campaign_core import (
    CallId,
    CampaignId,
    Instant,
    Status,
    Transition,
    campaign_ids,
    campaigns,
    handle,
    handle_batch,
    strays,
)
from campaign_core.decisions import HangUp
from campaign_core.events import CampaignDeleted, CampaignStarted, CampaignStopped
from campaign_core.reports import (
    DeferralReport,
    DriverDownReport,
    HoldReport,
    HostReport,
    Report,
    StandstillReport,
    Tick,
)
from campaign_drivers.clock import Clock
from campaign_service.engine.call_gate import CallGate, without_calls
from campaign_service.engine.journal_writer import JournalWriter, PendingWrite
from campaign_service.engine.observers import Observer
from campaign_service.engine.offloading import RESIZING_EVENTS, is_command_long, is_due_work_long
from campaign_service.engine.pending_commands import PendingCommand
from campaign_service.engine.stall_detector import DEAF_S
from campaign_service.journal import check_numbers

__all__ = ["CoreRunner"]

T = TypeVar("T")

_NO_LONGER_HELD = (CampaignStarted, CampaignStopped, CampaignDeleted)
"""Whoever starts a campaign by hand wants it to call; one that its time starts is paused then."""


class CoreRunner:
    """The state, and what takes it from one moment to the next.

    Args:
        opened: the state to go on from, and those of its last events that are still to be written.
        clock: the time.
        gate: what the core decides goes there.
        writer: writes what happened.
        observers: are told what happened.
        deferral_ms: for how long a call is deferred that may not be placed just now.
        on_durable: is told the events of each moment once they are durable.
        acted: is called whenever something was done that had to wait for the disk.
    """

    def __init__(
        self,
        opened: Transition,
        *,
        clock: Clock,
        gate: CallGate,
        writer: JournalWriter,
        observers: Sequence[Observer],
        deferral_ms: Callable[[], int],
        on_durable: Observer,
        acted: Callable[[], None],
    ) -> None:
        self.state = opened.state
        self._clock = clock
        self._gate = gate
        self._writer = writer
        self._observers = tuple(observers)
        self._deferral_ms = deferral_ms
        self._on_durable = on_durable
        self._acted = acted
        self._written_seq = opened.state.sequence - len(opened.events)
        self._is_offloaded = False
        """Whether a long step is worked: its state follows this one, and no other may."""
        self._is_due_long: bool | None = None
        """Whether what is due may concern many; ``None``: to be counted anew."""
        self._was_deaf = False
        """Whether it took so long that nobody could hear (R7.12)."""
        self._postponed: list[CallId] = []
        """Calls that were given back meanwhile, of which the core is still to hear."""
        self._held: set[CampaignId] = set()
        """Campaigns that are to be held when their start comes."""

    async def take_all(
        self, messages: Sequence[Report | PendingCommand], *, is_due: bool = False
    ) -> None:
        """Take what came: each command is a moment of its own, reports between them share one.

        Args:
            messages: in their order; none: time has passed.
            is_due: whether something is due by time too.
        """
        reports: list[Report] = []
        for message in messages:
            if not isinstance(message, PendingCommand):
                reports.append(message)
                continue
            if reports:
                self.take(reports)
                reports = []
            # Nobody waits for it any more, who was told that it was not taken.
            if not message.done.done():
                await self._take_command(message)
        if not reports and messages:
            return
        taken: Sequence[Report | HostReport] = reports or [Tick()]
        if is_due and self._is_due_work_long():
            # A start or an expiry of many may be among what is due.
            work = partial(handle_batch, self.state, self._with_held(taken), self._clock.now())
            self._take(taken, await self._offload(work))
            self._catch_up()
        else:
            self.take(taken)

    def take(self, messages: Sequence[Report | HostReport]) -> None:
        """Take some messages as one moment."""
        now = self._clock.now()
        self._take(messages, handle_batch(self.state, self._with_held(messages), now))

    def _take(self, messages: Sequence[Report | HostReport], transition: Transition) -> None:
        self._adopt(transition)
        # R7.11: of these the state knows nothing, and somebody may hear silence in them.
        self._gate.pass_on([HangUp(call_id) for call_id in strays(self.state, messages)])

    def _with_held(self, messages: Sequence[Report | HostReport]) -> list[Report | HostReport]:
        return [HoldReport(sorted(self._held)), *messages] if self._held else list(messages)

    def _is_due_work_long(self) -> bool:
        if self._is_due_long is None:
            self._is_due_long = is_due_work_long(self.state)
        return self._is_due_long

    async def _offload(self, work: Callable[[], T]) -> T:
        """Return what a long step comes to; the state stays as it is meanwhile."""
        self._is_offloaded, began = True, time.monotonic()
        try:
            return await asyncio.to_thread(work)
        finally:
            self._is_offloaded = False
            self._was_deaf = time.monotonic() - began > DEAF_S

    def _catch_up(self) -> None:
        """After a long step: what was dialled meanwhile is no later than a silence (R7.12).

        The calls that were given back meanwhile are reported then.
        """
        was_deaf, self._was_deaf = self._was_deaf, False
        if was_deaf:
            self.take([StandstillReport()])
        call_ids, self._postponed = self._postponed, []
        self.defer(call_ids)

    def hold(self) -> None:
        """Pause every campaign that is active, and each that is scheduled once its start comes."""
        self._held = set(campaign_ids(self.state))
        self.take([Tick()])
        self._held = {
            one.campaign_id
            for one in campaigns(self.state, self._clock.now())
            if one.status is Status.SCHEDULED
        }

    def report_driver_down(self) -> None:
        """Say that the telephony is not connected, and has not been since the last event (R7.12).

        Nobody could hear what was dialled since then, so no silence is over. What else has become
        due meanwhile is taken with the next moment.
        """
        self._adopt(handle(self.state, DriverDownReport(), self.state.now))

    def defer(self, call_ids: Sequence[CallId]) -> None:
        """Report calls as deferred to the core; the scheduler does not run in their place."""
        if self._is_offloaded:
            self._postponed += call_ids
        elif call_ids:
            now = self._clock.now()
            until = Instant(now + self._deferral_ms())
            reports = [DeferralReport(call_id=call_id, until=until) for call_id in call_ids]
            self._adopt(handle_batch(self.state, reports, now))

    def write(self, transition: Transition, given: PendingCommand | None = None) -> None:
        """Have a moment's events written; what need not wait for that is done at once.

        Raises:
            JournalError: the events do not follow those before: a fault of ours, of which nothing
                must come.
        """
        check_numbers(transition.events, expected=self._written_seq)
        self._written_seq += len(transition.events)
        held = self._gate.pass_on(transition.decisions)
        for observe in self._observers:
            observe(transition.events)
        if not transition.events and given is None:
            return

        def go_on() -> None:
            self._gate.let_through(held)
            self._on_durable(transition.events)
            if given is not None:
                given.resolve()
            self._acted()

        receipts = () if given is None else given.note_result(transition)
        self._writer.enqueue(
            PendingWrite(
                events=transition.events, state=transition.state, then=go_on, receipts=receipts
            )
        )

    async def _take_command(self, given: PendingCommand) -> None:
        if self._held:
            # What a command does must not come before what is held, in one moment with it.
            self.take([Tick()])
        now = self._clock.now()
        try:
            given.provided(self.state)
            work = partial(handle, self.state, given.command, now)
            is_offloaded = is_command_long(self.state, given.command)
            transition = await self._offload(work) if is_offloaded else work()
        except Exception as error:  # noqa: BLE001
            # Whatever is wrong with it is for its giver to hear, and changed nothing: not even
            # what is due by now was taken (R6.6).
            given.fail(error)
        else:
            self._adopt(transition, given)
        self._catch_up()

    def _adopt(self, transition: Transition, given: PendingCommand | None = None) -> None:
        """Make a transition's state the current one, and write its events."""
        placed: CallId | None = None
        if self._gate.is_closed:
            transition, placed = without_calls(self.state, transition)
        self.state = transition.state
        if not RESIZING_EVENTS.isdisjoint(map(type, transition.events)):
            self._is_due_long = None
        if self._held:
            self._held -= {
                event.campaign_id
                for event in transition.events
                if isinstance(event, _NO_LONGER_HELD)
            }
        self.write(transition, given)
        if placed is not None:
            self.defer([placed])
