"""All of the driver but its socket: calls, one session after another, and taking calls over.

Decisions, bytes and time go in; bytes and reports come out. While a connection is lost nothing is
placed, and what is known of the calls is kept. Upon the next one the server is asked which channels
are up (a *census*), at once and again after five seconds: calls known before go on, calls of ours
that we did not know (of an earlier run) are taken over, and calls that are not there are forgotten,
and ended should they turn up. Orders to hang up or to transfer that came while the connection was
lost are carried out then. A server that shuts down and waits for its calls refuses everything
meanwhile: the same holds then, but that what becomes of the calls is heard, and that it is asked
again and again, since a shutdown may be called off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from types import MappingProxyType

from campaign_core import CallId
from campaign_core.decisions import Decision, HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import (
    CallsUpReport,
    DriverDownReport,
    Report,
)
from campaign_drivers._board import Out, Over, first_reports, is_call_of
from campaign_drivers._timers import Timers
from campaign_drivers.asterisk import _calls as calls
from campaign_drivers.asterisk import _census as census
from campaign_drivers.asterisk import _moved as moved
from campaign_drivers.asterisk import _placing as placing
from campaign_drivers.asterisk import _playback as playback
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._call import Call, Timer, Work
from campaign_drivers.asterisk._past import PastCalls
from campaign_drivers.asterisk._session import (
    Happening,
    Ready,
    Reply,
    Seen,
    Session,
)
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action, Message

__all__ = ["Switchboard"]

CENSUS_MS = 5_000
"""Between the first census of a connection and the second (R5.5)."""


_EVENTS: Mapping[str, Callable[[Call, Message, Work], None]] = MappingProxyType(
    {
        "newchannel": calls.new_channel,
        "originateresponse": calls.originated,
        "hanguprequest": calls.hang_up_requested,
        "hangup": calls.hung_up,
        **playback.PLAYBACK_EVENTS,
    }
)
"""Every event that says something of a call; all others are ignored."""

_REPLIES: Mapping[str, Callable[[Call, Message, Work], None]] = MappingProxyType(
    {
        "place": placing.place_replied,
        "hang_up": calls.hang_up_replied,
        "alive": placing.alive_replied,
    }
)
"""What the reply to a request does to its call, by what the request was for."""

_LIVING = frozenset({"newchannel", "originateresponse", "asyncagistart"})
"""Events by which a call of ours that we did not know makes itself known."""


class Switchboard:
    """A driver without its socket."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Start without a connection."""
        self.settings = settings
        self.is_up = False
        """Whether calls are taken."""
        self.is_congested = False
        """Set from outside: the server does not take what we send."""
        self.calls: dict[CallId, Call] = {}
        self.out = Out()
        self._session: Session | None = None
        self._timers: Timers[Call, Timer] = Timers()
        self._census_due: tuple[int, str] | None = None
        """When the next census is, and which of the two of a connection."""
        self._moved: dict[str, CallId] = {}
        self._wishes: dict[CallId, HangUp | Transfer] = {}
        self._past = PastCalls()
        self._booted_at: int | None = None
        self._serial = count(1)
        self._run = ""
        self._work = Work(
            settings=settings,
            serial=lambda: f"{self._run}{next(self._serial)}",
            asked=lambda action, purpose, key: self._ask(action, purpose, key, self._work.now),
            told=self._tell,
            noted=self._note,
            timed=self._timers.set,
            moved=self._note_move,
        )

    # The connection -----------------------------------------------------------------------

    def connected(self, now: int, run: str) -> None:
        """Take a new connection; ``run`` is a word that no earlier one had."""
        self._session, self._run = Session(self.settings, now), run

    def receive(self, data: bytes, now: int) -> None:
        """Take bytes from the connection."""
        if self._session is not None:
            for happening in self._session.receive(data, now):
                self._happen(happening, now)

    def lost(self, why: str, now: int) -> None:
        """Take it that the connection is gone."""
        self._session, self._census_due = None, None
        for call in self.calls.values():
            call.here, call.listens, call.injected = False, False, 0
            # What was not seen cannot be told: it may have taken commands.
            call.has_taken = call.was_out_of_reach = True
            if isinstance(call.next_order, Transfer):
                self._wishes[call.call_id] = call.next_order
            call.playing, call.next_order, call.unknown_playback = None, None, True
            for timer in (Timer.STOP, Timer.AGAIN):
                call.timers.pop(timer, None)
        self._down(f"connection lost: {why}")

    def _down(self, why: str) -> None:
        if self.is_up:
            self.is_up = False
            self.out.notes.append(why)
            self.out.reports.append(DriverDownReport())

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""
        return b"" if self._session is None else self._session.outgoing()

    def take(self) -> Out:
        """Return what came of the steps since the last time."""
        out, self.out = self.out, Out()
        return out

    def _happen(self, happening: Happening, now: int) -> None:
        match happening:
            case Seen(message):
                self._event(message, now)
            case Reply():
                self._replied(happening, now)
            case Ready(uptime_s):
                self._ready(uptime_s, now)
            case Over():
                self.out.over = happening

    def _ready(self, uptime_s: int | None, now: int) -> None:
        if uptime_s is not None:
            booted_at = now - uptime_s * 1_000
            # Whole seconds, and a slow start: what is less than three apart is the same boot.
            if self._booted_at is not None and booted_at > self._booted_at + 3_000:
                self.out.notes.append("Asterisk was restarted: its calls are gone")
            self._booted_at = booted_at
        self._ask(translate.status(), ("census", "first"), None, now)

    # Time ---------------------------------------------------------------------------------

    def wake(self, now: int) -> None:
        """Do what is due."""
        if self._session is not None:
            for happening in self._session.wake(now):
                self._happen(happening, now)
        if self._census_due is not None and now >= self._census_due[0]:
            which, self._census_due = self._census_due[1], None
            self._ask(translate.status(), ("census", which), None, now)
        for call, timer in self._timers.passed(now):
            self._timer_passed(call, timer, now)

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        due = [] if self._session is None else [self._session.wakeup()]
        due.append(None if self._census_due is None else self._census_due[0])
        due.append(self._timers.next_due())
        return min((at for at in due if at is not None), default=None)

    def _timer_passed(self, call: Call, timer: Timer, now: int) -> None:
        work = self._at(now)
        if timer is Timer.GRACE:
            calls.grace_passed(call, work)
        elif timer is Timer.STOP:
            playback.stop_due(call, work)
        elif timer is Timer.AGAIN:
            moved.try_again(call, work)
        elif self.is_up:
            # By now Asterisk itself has ended it; if nobody told us, ask.
            work.ask(translate.status(call.channel_id), "alive", call.call_id)
        else:
            work.timer(call, Timer.DEAD_MAN, placing.DEAD_MAN_GRACE_MS)
        self._forget_if_over(call)

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
        work = self._at(now)
        match order:
            case HangUp(call_id):
                if call is not None:
                    calls.order_hang_up(call, work)
                elif is_call_of(self.settings.service_id, call_id):
                    # One we lost sight of, perhaps; for one that is over it is harmless.
                    work.ask(translate.hang_up(call_id), "hang_up", call_id)
            case Play():
                if call is not None:
                    playback.order_play(call, order, work)
            case Transfer():
                if call is not None:
                    playback.order_transfer(call, order, work)

    def _place(self, order: PlaceCall, now: int) -> None:
        if order.call_id in self.calls:
            self.out.notes.append(f"call {order.call_id} was ordered twice: placed once")
            return
        is_lagging = self._session is not None and self._session.is_lagging(now)
        call = placing.place(order, self._at(now), is_busy=self.is_congested or is_lagging)
        if call is not None:
            self.calls[order.call_id] = call

    # What the server says -----------------------------------------------------------------

    def _event(self, message: Message, now: int) -> None:
        step = _EVENTS.get(message.event)
        if step is None:
            return
        work = self._at(now)
        call = moved.call_of(message, self.calls, self._moved, work) or self._news(message)
        if call is None:
            return
        call.here = True
        step(call, message, work)
        self._forget_if_over(call)

    def _news(self, message: Message) -> Call | None:
        """Take over a call of ours that an event says is up and that we did not know."""
        name = "actionid" if message.event == "originateresponse" else "uniqueid"
        call_id = CallId(message[name])
        if message.event in _LIVING and self._past.was_lost(call_id):
            self._end_stray(call_id)
        is_news = (
            message.event in _LIVING
            and message["response"].lower() != "failure"
            and is_call_of(self.settings.service_id, call_id)
            and call_id not in self._past
            and call_id not in self.calls
        )
        return census.adopt(self.calls, call_id) if is_news else None

    def _replied(self, reply: Reply, now: int) -> None:
        kind, *rest = reply.purpose
        if reply.is_of_shutdown:
            self._refused_by_shutdown(kind, rest, now)
            return
        if kind == "census":
            self._census(reply, now)
            return
        if kind == "stranger":
            moved.identified(self.calls, rest[0], reply.items, self._at(now))
            return
        call = self.calls.get(CallId(rest[0]))
        work = self._at(now)
        if kind == "moved":
            moved.found(self.calls, CallId(rest[0]), reply.items, work)
        if call is None:
            return
        if kind == "agi":
            playback.agi_replied(call, rest[1], reply.message, work)
        elif kind in _REPLIES:
            _REPLIES[kind](call, reply.message, work)
        self._forget_if_over(call)

    def _refused_by_shutdown(self, kind: str, rest: list[str], now: int) -> None:
        """Take it that the server goes: what it refuses for that is nobody's fault, and waits."""
        self._down("Asterisk shuts down: nothing is placed, and nothing played, until it is back")
        self._census_due = (now + CENSUS_MS, "first")
        call = self.calls.get(CallId(rest[0])) if rest else None
        if call is None:
            return
        if kind == "place":
            call.is_over = True
            self.out.reports.append(DriverDownReport((call.call_id,)))
        elif kind == "hang_up":
            self._wishes[call.call_id] = HangUp(call.call_id)
        elif kind == "alive":
            self._timers.set(now + placing.DEAD_MAN_GRACE_MS, call, Timer.DEAD_MAN)
        elif kind == "agi":
            if call.playing is not None and call.playing.command_id == rest[1]:
                call.playing = None
            if call.transferred:
                self._wishes[call.call_id] = HangUp(call.call_id)
        self._forget_if_over(call)

    # Taking over --------------------------------------------------------------------------

    def _census(self, reply: Reply, now: int) -> None:
        if reply.message.is_success:
            work = self._at(now)
            for channel in reply.items:
                if self._past.was_lost(channel["uniqueid"]):
                    self._end_stray(CallId(channel["uniqueid"]))
            known = [one for one in reply.items if not self._past.was_lost(one["uniqueid"])]
            census.count(self.calls, known, work)
        else:
            self.out.notes.append(f"cannot tell which calls are up: {reply.message['message']}")
            for call in self.calls.values():
                call.here = True
        call_ids = frozenset(call_id for call_id, call in self.calls.items() if call.here)
        if reply.purpose[1] == "first":
            self.is_up = True
            self.out.reports += first_reports(self.settings.calls_max)
            self._census_due = (now + CENSUS_MS, "second")
        else:
            for call_id in self.calls.keys() - call_ids:
                del self.calls[call_id]
                self._past.add(call_id, is_lost=True)
        self.out.reports.append(CallsUpReport(call_ids))
        self.out.reports += census.new_answers(self.calls)
        if reply.purpose[1] == "first":
            for call in self.calls.values():
                playback.resume_transfer(call, self._at(now))
        wishes, self._wishes = self._wishes, {}
        for order in wishes.values():
            self._within_call(order, now)

    def _end_stray(self, call_id: CallId) -> None:
        """End a call that turns up after it was taken for lost: another was placed since."""
        self.out.notes.append(f"call {call_id} turned up after it was lost: hung up")
        self._ask(translate.hang_up(call_id), ("hang_up", call_id), None, self._work.now)

    def _note_move(self, call: Call) -> None:
        self._moved[call.channel_id] = call.call_id
        if self._session is not None:
            self._session.hear(call.channel_id, self._work.now)

    def _forget_if_over(self, call: Call) -> None:
        if call.is_over and self.calls.pop(call.call_id, None) is not None:
            self._moved.pop(call.channel_id, None)
            self._past.add(call.call_id, is_lost=call.is_lost)

    # Surroundings -------------------------------------------------------------------------

    def _at(self, now: int) -> Work:
        """Return the surroundings of a step."""
        self._work.now, self._work.is_up = now, self.is_up
        return self._work

    def _tell(self, report: Report) -> None:
        self.out.reports.append(report)

    def _note(self, note: str) -> None:
        self.out.notes.append(note)

    def _ask(
        self, action: Action, purpose: tuple[str, ...], action_id: str | None, now: int
    ) -> None:
        if self._session is not None:
            self._session.ask(action, purpose, now, action_id=action_id)
