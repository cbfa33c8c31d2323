"""All of a driver but its socket: calls, one session after another, and taking calls over.

Decisions, bytes and time go in; bytes and reports come out. While a connection is lost nothing is
placed, and what is known of the calls is kept. Upon the next one the server is asked which channels
are up (a *census*), at once and again after five seconds: calls known before go on, calls of ours
that we did not know (of an earlier run) are taken over, and calls that are not there are forgotten,
and ended should they turn up. Orders to hang up or to transfer that came while the connection was
lost are carried out then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

from campaign_core import CallId, Instant
from campaign_core.decisions import Decision, HangUp, PlaceCall, Play, Transfer
from campaign_core.reports import (
    CallsUpReport,
    DeferralReport,
    DriverDownReport,
    RefusalReport,
    telling,
)
from campaign_drivers._telephony import fate, playing
from campaign_drivers._telephony.call import CallTimer
from campaign_drivers._telephony.protocol import (
    EventCame,
    ProtocolOutput,
    Reply,
    SessionOver,
    first_reports,
    is_call_of,
)
from campaign_drivers._telephony.server import CallT, Server
from campaign_drivers._telephony.session import Session
from campaign_drivers._telephony.settings import ServerSettings, UnfitError
from campaign_drivers.errors import MalformedMessageError

__all__ = ["CENSUS_MS", "FIRST", "SECOND", "Switchboard"]

ServerT = TypeVar("ServerT", bound=Server[Any])

CENSUS_MS = 5_000
"""Between the first census of a connection and the second (R5.5)."""

FIRST, SECOND = "first", "second"
"""The two of each connection."""

_ENDED_MAX = 10_000
"""Calls that are over and remembered as such: a server's list is seconds behind at most."""


class Switchboard(ABC, Generic[CallT, ServerT]):
    """A driver without its socket."""

    def __init__(
        self,
        settings: ServerSettings,
        server: ServerT,
        *,
        make_call: Callable[..., CallT],
        open_session: Callable[[Any, int], Session[Any, Any, Any]],
        replies: Mapping[str, Callable[[CallT, Any, ServerT], None]],
    ) -> None:
        """Start without a connection.

        Args:
            settings: the driver's own.
            server: to be handed to each step.
            make_call: the class of calls.
            open_session: the class of sessions.
            replies: what the reply to a request does to its call, by what the request was for.
        """
        self.is_up = False
        """Whether calls are taken."""
        self.is_congested = False
        """Set from outside: the server does not take what we send."""
        self.calls: dict[CallId, CallT] = {}
        self._limits = settings
        self._server = server
        self._make_call = make_call
        self._open_session = open_session
        self._replies = replies
        self._census_due: dict[str, int] = {}
        """When the next of each kind is."""
        self._wishes: dict[CallId, HangUp | Transfer] = {}
        self._ended: dict[CallId, bool] = {}
        """The last calls that are over, and whether nobody was told of their end."""

    # What a driver says -------------------------------------------------------------------

    @abstractmethod
    def _event(self, event: Any, server: ServerT) -> None:
        """Take an event, for its call."""

    @abstractmethod
    def _place(self, order: PlaceCall, server: ServerT) -> CallT | int:
        """Send the order to place a call, or return until when there is no room for it.

        Raises:
            UnfitError: it has a value that may not be sent.
        """

    @abstractmethod
    def _timer_passed(self, call: CallT, timer: CallTimer, server: ServerT) -> None:
        """Do what a moment was set for."""

    @abstractmethod
    def _ask_census(self, which: str, server: ServerT) -> None:
        """Ask which channels are up, for the purpose ``census`` and which of them this is."""

    @abstractmethod
    def _census(self, reply: Any, server: ServerT) -> None:
        """Note the channels that are up; then :meth:`_listed` goes on."""

    def _ready(self, ready: Any, server: ServerT) -> None:
        """Take it that the server is ready, and what it said of itself."""
        self._ask_census(FIRST, server)

    def _lose_sight(self, now: int) -> tuple[CallId, ...]:
        """Take it that the connection is lost; return calls of which nothing was ordered yet."""
        return ()

    def _transfer(self, call: CallT, order: Transfer, server: ServerT) -> None:
        playing.order_transfer(call, order, server)

    def _resume(self, which: str, server: ServerT) -> None:
        """Go on with the calls that were taken over by a census."""

    def _forgotten(self, call: CallT) -> None:
        """Let go of what is kept for a call that is over."""

    # The connection -----------------------------------------------------------------------

    def connected(self, now: int, run: str) -> None:
        """Take a new connection; ``run`` is a word that no earlier one had."""
        self._server.session, self._server.run = self._open_session(self._limits, now), run

    def receive(self, data: bytes, now: int) -> None:
        """Take bytes from the connection."""
        if self._server.session is not None:
            for happening in self._server.session.receive(data, now):
                self._happen(happening, self._at(now))

    def _happen(self, happening: Any, server: ServerT) -> None:
        match happening:
            case EventCame(event):
                self._event(event, server)
            case Reply():
                self._replied(happening, server)
            case SessionOver():
                server.out.over = happening
            case _:
                self._ready(happening, server)

    def _replied(self, reply: Reply[Any], server: ServerT) -> None:
        kind, name, *_ = reply.purpose
        if kind == "census":
            self._census(reply, server)
            return
        call, step = self.calls.get(CallId(name)), self._replies.get(kind)
        if call is not None and step is not None:
            step(call, reply, server)
            self._forget_if_over(call)

    def lost(self, why: str, now: int) -> None:
        """Take it that the connection is gone."""
        returned = self._lose_sight(now)
        for call in self.calls.values():
            call.out_of_reach()
        self._server.session = None
        self._census_due.clear()
        self._down(f"connection lost: {why}", returned)

    def _down(self, why: str, returned: tuple[CallId, ...] = ()) -> None:
        if self.is_up:
            self.is_up = self._server.is_up = False
            self._server.note(why)
            self._server.out.reports.append(DriverDownReport(returned))

    def outgoing(self) -> bytes:
        """Return the bytes to be written, once."""
        return b"" if self._server.session is None else self._server.session.outgoing()

    def take(self) -> ProtocolOutput:
        """Return what came of the steps since the last time."""
        out, self._server.out = self._server.out, ProtocolOutput()
        return out

    # Time ---------------------------------------------------------------------------------

    def wake(self, now: int) -> None:
        """Do what is due."""
        if self._server.session is not None:
            for happening in self._server.session.wake(now):
                self._happen(happening, self._at(now))
        for which in [which for which, at in self._census_due.items() if now >= at]:
            # The one may have done away with the other.
            if self._census_due.pop(which, None) is not None:
                self._ask_census(which, self._at(now))
        for call, timer in self._server.timers.passed(now):
            self._timer_passed(call, timer, self._at(now))
            self._forget_if_over(call)

    def wakeup(self) -> int | None:
        """Return when :meth:`wake` is due."""
        due = [*self._census_due.values(), self._server.timers.next_due()]
        if self._server.session is not None:
            due.append(self._server.session.wakeup())
        return min((at for at in due if at is not None), default=None)

    def _at(self, now: int) -> ServerT:
        """Return the server as this step sees it."""
        self._server.now, self._server.is_up = now, self.is_up
        return self._server

    # Orders -------------------------------------------------------------------------------

    def carry_out(self, decision: Decision, now: int) -> None:
        """Carry out one decision."""
        if isinstance(decision, PlaceCall):
            self._place_or_tell(decision, self._at(now))
        elif self.is_up:
            self._within_call(decision, self._at(now))
        elif not isinstance(decision, Play):
            # A sound is ordered anew once the call is taken over; these are not.
            self._wishes[decision.call_id] = decision

    def _within_call(self, order: Play | HangUp | Transfer, server: ServerT) -> None:
        call = self.calls.get(order.call_id)
        if call is None:
            if isinstance(order, HangUp) and is_call_of(self._limits.service_id, order.call_id):
                # One we lost sight of, perhaps; for one that is over it is harmless.
                server.hang_up_channel(order.call_id)
            return
        match order:
            case HangUp():
                fate.order_hang_up(call, server)
            case Play():
                playing.order_play(call, order, server)
            case Transfer():
                self._transfer(call, order, server)
        self._forget_if_over(call)

    def _place_or_tell(self, order: PlaceCall, server: ServerT) -> None:
        call_id = order.call_id
        if not call_id.isprintable():
            server.note(f"{call_id!r} is no id of a call: nothing was placed")
            return
        if call_id in self.calls:
            server.note(f"call {call_id} was ordered twice: placed once")
            return
        if not self.is_up:
            server.out.reports.append(DriverDownReport((call_id,)))
            return
        try:
            self._check_ours(call_id)
            call = self._place(order, server)
        except (UnfitError, MalformedMessageError) as error:
            server.tell(RefusalReport(call_id=call_id, why=telling(str(error))))
            return
        if isinstance(call, int):
            server.tell(DeferralReport(call_id=call_id, until=Instant(call)))
        else:
            self.calls[call_id] = call

    def _check_ours(self, call_id: CallId) -> None:
        if not is_call_of(self._limits.service_id, call_id):
            raise UnfitError(f"the id {call_id!r} is none of this service")

    # Calls that come and go ---------------------------------------------------------------

    def _adopt(self, call_id: CallId) -> CallT:
        """Return a call of an earlier run of ours, which is known from now on."""
        call = self.calls[call_id] = self._make_call(call_id=call_id)
        call.unknown_playback = call.took_command = call.was_out_of_reach = True
        return call

    def _adopt_if_ours(self, call_id: CallId) -> CallT | None:
        """Adopt a call; ``None``: it is none of ours, or its end was told and it shows yet."""
        if call_id in self._ended or not is_call_of(self._limits.service_id, call_id):
            return None
        return self._adopt(call_id)

    def _is_lost(self, call_id: str) -> bool:
        """Return whether a call was taken for gone: it must not go on (R7.11)."""
        return self._ended.get(CallId(call_id), False)

    def _forget_if_over(self, call: CallT) -> None:
        if call.is_over:
            self._forget(call)
            self._ended[call.call_id] = call.is_lost
            if len(self._ended) > _ENDED_MAX:
                del self._ended[next(iter(self._ended))]

    def _forget(self, call: CallT) -> None:
        if self.calls.pop(call.call_id, None) is not None:
            call.timers.clear()
            self._forgotten(call)

    def _give_up(self, calls: Iterable[CallT]) -> None:
        """Take calls for gone."""
        for call in calls:
            call.is_over = call.is_lost = True
            self._forget_if_over(call)

    # Taking over --------------------------------------------------------------------------

    def _missing(self) -> list[CallT]:
        """Return the calls that the present connection knows nothing of."""
        return [call for call in self.calls.values() if not call.here]

    def _here(self) -> frozenset[CallId]:
        return frozenset(call_id for call_id, call in self.calls.items() if call.here)

    def _not_told(self, why: str, server: ServerT) -> None:
        """Take it that the server does not give a list: what is known is taken for up."""
        server.note(f"cannot tell which calls are up: {why}")
        for call in self.calls.values():
            call.here = True

    def _listed(self, which: str, server: ServerT) -> None:
        """Take it that the server's list was noted: tell which calls are up, and go on."""
        if which == FIRST:
            self._go_up(server)
        else:
            self._give_up(self._missing())
        server.out.reports.append(CallsUpReport(self._here()))
        self._tell_answers(server)
        self._go_on(which, server)

    def _go_up(self, server: ServerT) -> None:
        self.is_up = server.is_up = True
        server.out.reports += first_reports(self._limits.calls_max)
        self._census_due[SECOND] = server.now + CENSUS_MS

    def _tell_answers(self, server: ServerT) -> None:
        """Tell the answers of calls that are up, as far as they were not told yet."""
        for call in self.calls.values():
            if call.here and call.is_answered:
                fate.tell_answer(call, server)

    def _go_on(self, which: str, server: ServerT) -> None:
        """Do what waited for the calls to be known."""
        self._resume(which, server)
        wishes, self._wishes = self._wishes, {}
        for order in wishes.values():
            self._within_call(order, server)
