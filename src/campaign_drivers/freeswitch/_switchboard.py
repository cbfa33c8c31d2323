"""All of the driver but its socket: calls, one session after another, and taking calls over.

Decisions, bytes and time go in; bytes and reports come out. While a connection is lost nothing is
placed, and what is known of the calls is kept; what becomes of them then is in ``_taking_over``.
"""

from __future__ import annotations

from itertools import count

from campaign_core import CallId, Instant
from campaign_core.decisions import Decision, HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import (
    CallsAdriftReport,
    CallsUpReport,
    DeferralReport,
    DriverDownReport,
    EndReport,
    RefusalReport,
    Report,
)
from campaign_drivers._board import Out, Over, first_reports, is_call_of
from campaign_drivers.freeswitch import _calls as calls
from campaign_drivers.freeswitch import _dispatch as dispatch
from campaign_drivers.freeswitch import _playback as playback
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._admission import Admission
from campaign_drivers.freeswitch._call import Call, Work
from campaign_drivers.freeswitch._happenings import Happening, Ready, Reply, Seen
from campaign_drivers.freeswitch._placing import place
from campaign_drivers.freeswitch._register import Register, rows_in
from campaign_drivers.freeswitch._session import EVENTS, Session
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._taking_over import TakingOver
from campaign_drivers.freeswitch._wire import Command, Event

__all__ = ["Switchboard"]

_CONGESTED_MS = 2_000
_STOPPING_MS = 5_000


class Switchboard:
    """A driver without its socket."""

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Start without a connection."""
        self.settings = settings
        self.is_up = False
        self.is_congested = False
        self.admission = Admission(settings)
        self._register = Register(settings.service_id, self.admission)
        self.calls = self._register.calls
        self._taking_over = TakingOver(self._register, settings.service_id)
        self._out = Out()
        self._session: Session | None = None
        self._held: list[Report] = []
        self._wishes: dict[CallId, HangUp | Transfer] = {}
        self._core_uuid = ""
        self._is_stopping = False
        self._serial = count(1)
        self._run = ""

    # The connection -----------------------------------------------------------------------

    def connected(self, now: int, run: str) -> None:
        """Take a new connection; ``run`` is a word that no earlier one had."""
        self._session, self._run = Session(self.settings, now), run
        self._is_stopping = False

    def receive(self, data: bytes, now: int) -> None:
        """Take bytes from the connection."""
        if self._session is not None:
            for happening in self._session.receive(data, now):
                self._happen(happening, now)

    def lost(self, why: str, now: int) -> None:
        """Take it that the connection is gone."""
        heard_at = now if self._session is None else self._session.heard_at
        self._session = None
        self._held.clear()
        unsent = self._register.unsent()
        for call in unsent:
            self._register.forget(call)
        self._register.out_of_reach(heard_at)
        self._taking_over.lost(now)
        if self.is_up:
            self.is_up = False
            self._out.notes.append(f"connection lost: {why}")
            self._out.reports.append(DriverDownReport(tuple(call.call_id for call in unsent)))

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""
        return b"" if self._session is None else self._session.outgoing()

    def take(self) -> Out:
        """Return what came of the steps since the last time."""
        out, self._out = self._out, Out()
        return out

    def _happen(self, happening: Happening, now: int) -> None:
        match happening:
            case Seen(event):
                self._event(event, now)
            case Reply():
                self._replied(happening, now)
            case Ready():
                self._ready(happening, now)
            case Over():
                self._out.over = happening

    def _ready(self, ready: Ready, now: int) -> None:
        self.admission.told(sessions_per_s=ready.sessions_per_s, sessions_max=ready.sessions_max)
        self._know_core(ready.core_uuid)
        if ready.is_paused:
            self._out.notes.append("FreeSWITCH is paused: no calls are placed until fsctl resume")
        self._taking_over.begin(self._work(now))

    def _know_core(self, core_uuid: str) -> None:
        """Take the id of the server's run: with another one, all calls of the last are gone."""
        if not core_uuid or core_uuid == self._core_uuid:
            return
        if self._core_uuid:
            self._out.notes.append("FreeSWITCH was restarted: its calls are gone")
            self._register.forget_unreached()
        self._core_uuid = core_uuid

    # Time ---------------------------------------------------------------------------------

    def wake(self, now: int) -> None:
        """Do what is due."""
        if self._session is not None:
            for happening in self._session.wake(now):
                self._happen(happening, now)
        self._taking_over.wake(self._work(now))
        for call, timer in self._register.timers.passed(now):
            dispatch.timer_passed(call, timer, self._work(now), is_up=self.is_up)
            self._forget_if_over(call)

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        due = [] if self._session is None else [self._session.wakeup()]
        due.append(self._taking_over.wakeup())
        due.append(self._register.timers.next_due())
        return min((at for at in due if at is not None), default=None)

    # Orders -------------------------------------------------------------------------------

    def carry_out(self, decision: Decision, now: int) -> None:
        """Carry out one decision."""
        if isinstance(decision, PlaceCall):
            self._place(decision, now)
        elif self.is_up:
            self._within_call(decision, now)
        elif not isinstance(decision, Play):
            # A sound is ordered anew once the call is taken over; these are not.
            self._wishes[decision.call_id] = decision

    def _within_call(self, order: Play | HangUp | Transfer, now: int) -> None:
        call = self.calls.get(order.call_id)
        work = self._work(now)
        match order:
            case HangUp() if call is not None:
                calls.order_hang_up(call, work)
                self._forget_if_over(call)
            case HangUp(call_id):
                # One we lost sight of, perhaps; for one that is over it is harmless.
                if is_call_of(self.settings.service_id, call_id):
                    work.ask(translate.hang_up(call_id), "hang_up", call_id)
            case Play() if call is not None:
                playback.order_play(call, order, work)
            case Transfer() if call is not None:
                playback.order_transfer(call, order, work)
            case _:
                pass

    def _place(self, order: PlaceCall, now: int) -> None:
        call_id = order.call_id
        if not call_id.isprintable():
            self._out.notes.append(f"{call_id!r} is no id of a call: nothing was placed")
            return
        if call_id in self.calls:
            self._out.notes.append(f"call {call_id} was ordered twice: placed once")
            return
        if not self.is_up:
            self._out.reports.append(DriverDownReport((call_id,)))
            return
        call = place(
            order,
            settings=self.settings,
            admission=self.admission,
            work=self._work(now),
            closed_until=self._closed_until(now),
        )
        if call is not None:
            self.calls[call_id] = call

    def _closed_until(self, now: int) -> int | None:
        if self._is_stopping:
            return now + _STOPPING_MS
        is_paused = self._session is not None and self._session.is_paused
        return now + _CONGESTED_MS if self.is_congested or is_paused else None

    # What the server says -----------------------------------------------------------------

    def _event(self, event: Event, now: int) -> None:
        self._know_core(event["core-uuid"])
        match event.name:
            case "HEARTBEAT":
                self.admission.told(
                    sessions_per_s=event.number("session-per-sec"),
                    sessions_max=event.number("max-sessions"),
                )
            case "SHUTDOWN":
                self._is_stopping = True
                self._out.notes.append("FreeSWITCH is shutting down")
            case "BACKGROUND_JOB":
                call = self.calls.get(CallId(event["job-uuid"]))
                if call is not None:
                    calls.job_ended(call, event, self._work(now))
                    self._forget_if_over(call)
            case _:
                self._channel_event(event, now)

    def _channel_event(self, event: Event, now: int) -> None:
        # Not by what we did not ask for: of a gateway that is not there a channel is destroyed,
        # which there never was.
        if event.name not in EVENTS:
            return
        # By this id alone: a loopback's other end carries our variables too.
        channel_id = event["unique-id"]
        call = self.calls.get(CallId(translate.call_of(channel_id)))
        # The server's list is behind: of a call of an earlier run the end may be the first news.
        call = call or self._register.adopt(channel_id, now)
        if call is None:
            if event["answer-state"] != "hangup":
                self._end_stray(channel_id, now)
            return
        if event.name == "CHANNEL_CREATE":
            self.admission.took()
        dispatch.channel_event(call, event, self._work(now))
        self._forget_if_over(call)

    def _end_stray(self, channel_id: str, now: int) -> None:
        """End a call that turns up after it was taken for gone: another was placed since."""
        if self._register.was_lost(channel_id):
            self._ask(translate.hang_up(channel_id), ("stray", channel_id), now)

    def _replied(self, reply: Reply, now: int) -> None:
        if reply.purpose[0] == "census":
            self._census(reply, now)
            return
        call = self.calls.get(CallId(reply.purpose[1]))
        if call is not None:
            dispatch.replied(call, reply, self._work(now))
            self._forget_if_over(call)

    # Taking over --------------------------------------------------------------------------

    def _census(self, reply: Reply, now: int) -> None:
        which = reply.purpose[1]
        rows = rows_in(reply.text)
        if rows is None:
            self._out.notes.append(f"cannot tell which calls are up: {reply.text[:80]}")
        for row in rows or []:
            self._end_stray(str(row.get("uuid", "")), now)
        work = self._work(now)
        told = self._taking_over.counted(which, rows, work)
        if which == "first":
            self._go_up(told)
        else:
            self._out.reports += told
        for call in list(self.calls.values()):
            if call.here:
                playback.resume(call, work)
        wishes, self._wishes = self._wishes, {}
        for order in wishes.values():
            self._within_call(order, now)

    def _go_up(self, told: list[Report]) -> None:
        self.is_up = True
        # Those that ended since we subscribed were up then, and what became of them is told next.
        ends = (EndReport, RefusalReport, DeferralReport)
        ended = {report.call_id for report in self._held if isinstance(report, ends)}
        self._out.reports += first_reports(self.settings.calls_max)
        for report in told:
            if isinstance(report, CallsUpReport):
                report = CallsUpReport(report.call_ids | ended)  # noqa: PLW2901
            self._out.reports.append(report)
        self._out.reports += self._held
        self._held.clear()

    def _forget_if_over(self, call: Call) -> None:
        if call.is_over:
            self._register.forget(call)

    # Surroundings -------------------------------------------------------------------------

    def _work(self, now: int) -> Work:
        return Work(
            settings=self.settings,
            now=now,
            serial=lambda: f"{self._run}{next(self._serial)}",
            asked=lambda command, purpose: self._ask(command, purpose, now),
            told=self._tell,
            noted=self._out.notes.append,
            timed=self._register.timers.set,
            lost=self._lost_call,
            deferred=lambda call: self._tell(
                DeferralReport(call_id=call.call_id, until=Instant(self.admission.turned_away(now)))
            ),
        )

    def _lost_call(self, call: Call) -> None:
        # Of a call that was taken over: its end is unknown, and told by what tells of such ends.
        self._tell(CallsAdriftReport([call.call_id]))
        self._tell(CallsUpReport(among=[call.call_id]))
        self._register.forget(call, is_lost=True)

    def _tell(self, report: Report) -> None:
        # While nobody knows that we are up, what happens waits for that.
        (self._out.reports if self.is_up else self._held).append(report)

    def _ask(self, command: Command, purpose: tuple[str, ...], now: int) -> None:
        if self._session is not None:
            self._session.ask(command, purpose, now)
