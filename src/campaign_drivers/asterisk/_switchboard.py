"""All of the driver but its socket.

A server that shuts down and waits for its calls refuses everything meanwhile: the same holds then
as without a connection, but that what becomes of the calls is heard, and that it is asked again and
again, since a shutdown may be called off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from typing_extensions import override

from campaign_core import CallId
from campaign_core.decisions import HangUp, PlaceCall, Transfer
from campaign_core.reports import DriverDownReport
from campaign_drivers._telephony import switchboard as shared
from campaign_drivers._telephony.call import CallTimer
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers._telephony.switchboard import CENSUS_MS, FIRST
from campaign_drivers.asterisk import _calls as calls
from campaign_drivers.asterisk import _channels as channels
from campaign_drivers.asterisk import _playback as playback
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._server import Call, Server
from campaign_drivers.asterisk._session import Ready, Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Message

__all__ = ["Switchboard"]

_BUSY_MS = 2_000
"""Until a call is placed on a server that takes what we send late, or not at all."""

_EVENTS: Mapping[str, Callable[[Call, Message, Server], None]] = MappingProxyType(
    {
        "newchannel": calls.new_channel,
        "originateresponse": calls.originated,
        "hanguprequest": calls.hang_up_requested,
        "hangup": calls.hung_up,
        **playback.PLAYBACK_EVENTS,
    }
)
"""Every event that says something of a call; all others are ignored."""

_REPLIES: Mapping[str, Callable[[Call, Reply[Message], Server], None]] = MappingProxyType(
    {
        "place": calls.place_replied,
        "hang_up": calls.hang_up_replied,
        "alive": calls.alive_replied,
        "agi": playback.agi_replied,
    }
)
"""What the reply to a request does to its call, by what the request was for."""

_LIVING = frozenset({"newchannel", "originateresponse", "asyncagistart"})
"""Events by which a call of ours that we did not know makes itself known."""


class Switchboard(shared.Switchboard[Call, Server]):
    """A driver without its socket."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Start without a connection."""
        super().__init__(
            settings, Server(settings), make_call=Call, open_session=Session, replies=_REPLIES
        )
        self.settings = settings
        self._booted_at: int | None = None

    @override
    def _lose_sight(self, now: int) -> tuple[CallId, ...]:
        for call in self.calls.values():
            if isinstance(call.next_order, Transfer):
                self._wishes[call.call_id] = call.next_order
        return ()

    @override
    def _forgotten(self, call: Call) -> None:
        self._server.places.pop(call.channel_id, None)

    @override
    def _place(self, order: PlaceCall, server: Server) -> Call | int:
        is_lagging = server.session is not None and server.session.is_lagging(server.now)
        if self.is_congested or is_lagging:
            return server.now + _BUSY_MS
        return calls.place(order, server)

    @override
    def _timer_passed(self, call: Call, timer: CallTimer, server: Server) -> None:
        if timer is CallTimer.GRACE:
            calls.grace_passed(call, server)
        elif timer is CallTimer.STOP:
            playback.stop_due(call, server)
        elif timer is CallTimer.AGAIN:
            channels.try_again(call, server)
        elif self.is_up:
            # By now Asterisk itself has ended it; if nobody told us, ask.
            server.ask(translate.status(call.channel_id), "alive", call.call_id)
        else:
            server.set_timer(call, CallTimer.DEAD_MAN, calls.DEAD_MAN_GRACE_MS)

    # What the server says -----------------------------------------------------------------

    @override
    def _ready(self, ready: Ready, server: Server) -> None:
        if ready.uptime_s is not None:
            booted_at = server.now - ready.uptime_s * 1_000
            # Whole seconds, and a slow start: what is less than three apart is the same boot.
            if self._booted_at is not None and booted_at > self._booted_at + 3_000:
                server.note("Asterisk was restarted: its calls are gone")
            self._booted_at = booted_at
        super()._ready(ready, server)

    @override
    def _event(self, event: Message, server: Server) -> None:
        step = _EVENTS.get(event.event)
        if step is None:
            return
        call = channels.call_of(event, self.calls, server) or self._news(event, server)
        if call is not None:
            call.here = True
            step(call, event, server)
            self._forget_if_over(call)

    def _news(self, message: Message, server: Server) -> Call | None:
        """Take over a call of ours that an event says is up and that we did not know."""
        if message.event not in _LIVING:
            return None
        name = "actionid" if message.event == "originateresponse" else "uniqueid"
        call_id = CallId(message[name])
        self._end_if_lost(call_id, server)
        if message["response"].lower() == "failure" or call_id in self.calls:
            return None
        return self._adopt_if_ours(call_id)

    def _end_if_lost(self, call_id: CallId, server: Server) -> bool:
        """End a call that turns up after it was taken for lost: another was placed since."""
        if not self._is_lost(call_id):
            return False
        server.note(f"call {call_id} turned up after it was lost: hung up")
        server.hang_up_channel(call_id)
        return True

    @override
    def _replied(self, reply: Reply[Message], server: Server) -> None:
        kind, *rest = reply.purpose
        if reply.message.is_of_shutdown:
            self._refused_by_shutdown(kind, rest, server)
            return
        if kind == "stranger":
            channels.identified(self.calls, rest[0], reply.items, server)
            return
        if kind == "moved":
            call_id = CallId(rest[0])
            call = self.calls.get(call_id)
            channels.found(self.calls, call_id, reply.items, server)
            if call is not None:
                self._forget_if_over(call)
            return
        super()._replied(reply, server)

    def _refused_by_shutdown(self, kind: str, rest: list[str], server: Server) -> None:
        """Take it that the server goes: what it refuses for that is nobody's fault, and waits."""
        self._down("Asterisk shuts down: nothing is placed, and nothing played, until it is back")
        self._census_due = {FIRST: server.now + CENSUS_MS}
        call = self.calls.get(CallId(rest[0])) if rest else None
        if call is None:
            return
        if kind == "place":
            call.is_over = True
            server.tell(DriverDownReport((call.call_id,)))
        elif kind == "hang_up":
            self._wishes[call.call_id] = HangUp(call.call_id)
        elif kind == "alive":
            server.set_timer(call, CallTimer.DEAD_MAN, calls.DEAD_MAN_GRACE_MS)
        elif kind == "agi":
            if call.playing is not None and call.playing.playback_id == rest[1]:
                call.playing = None
            if call.transferred:
                self._wishes[call.call_id] = HangUp(call.call_id)
        self._forget_if_over(call)

    # Taking over --------------------------------------------------------------------------

    @override
    def _ask_census(self, which: str, server: Server) -> None:
        server.ask(translate.status(), "census", which)

    @override
    def _census(self, reply: Reply[Message], server: Server) -> None:
        if reply.message.is_success:
            known = [
                channel
                for channel in reply.items
                if not self._end_if_lost(CallId(channel["uniqueid"]), server)
            ]
            channels.note_all(self.calls, known, self._adopt, server)
        else:
            self._not_told(reply.message["message"], server)
        self._listed(reply.purpose[1], server)

    @override
    def _resume(self, which: str, server: Server) -> None:
        if which == FIRST:
            for call in self.calls.values():
                playback.resume_transfer(call, server)
