"""A whole driver for a server that does not exist: what the author of a third one writes.

Its protocol is one JSON object a line. The server greets; each request has an id, which its reply
repeats; all else that comes is an event of some call. See docs/drivers.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any

import attrs
from typing_extensions import override

from campaign_core import CallId, Outcome
from campaign_core.decisions import PlaceCall, Play, Transfer
from campaign_core.reports import EndReport, PlaybackEnd
from campaign_drivers import Capacity, Missing, Need
from campaign_drivers._telephony import call as shared_call
from campaign_drivers._telephony import fate, playing
from campaign_drivers._telephony import server as shared_server
from campaign_drivers._telephony import session as shared_session
from campaign_drivers._telephony import switchboard as shared_switchboard
from campaign_drivers._telephony.call import CallTimer, Channel, Placing
from campaign_drivers._telephony.probe import Probe
from campaign_drivers._telephony.protocol import EventCame, Happening, Purpose, Reply, SessionOver
from campaign_drivers._telephony.session import Stage
from campaign_drivers._telephony.settings import ServerSettings, checked_number, fit
from campaign_drivers._telephony.socket_driver import SocketDriver, monotonic_ms
from campaign_drivers.errors import MalformedMessageError

# The protocol ------------------------------------------------------------------------------

Message = dict[str, Any]

SILENCE_MS = 15_000
LINE_BYTES_MAX = 65_536
SOUND = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@attrs.frozen(kw_only=True)
class ToySettings(ServerSettings):
    password: str = attrs.field(repr=False)


@attrs.frozen
class Ready:
    """The server takes requests."""


class ToySession(shared_session.Session[Message, Message, Ready]):
    def __init__(self, settings: ToySettings, now: int) -> None:
        super().__init__(settings, now)
        self._password = settings.password
        self._rest = b""
        self._serial = count(1)

    def ask(self, purpose: Purpose, now: int, **request: object) -> None:
        key = str(next(self._serial))
        self._send(json.dumps({"id": key, **request}).encode() + b"\n", key, purpose, now)

    @override
    def _read(self, data: bytes, now: int) -> list[Message]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LINE_BYTES_MAX:
            raise MalformedMessageError("a line without an end")
        try:
            messages = [json.loads(line) for line in lines]
        except ValueError:
            raise MalformedMessageError("no line of JSON") from None
        if not all(isinstance(message, dict) for message in messages):
            raise MalformedMessageError("no object of JSON")
        return messages

    @override
    def _take(self, message: Message, now: int) -> Happening[Message, Message, Ready] | None:
        if "hello" in message:
            self.stage = Stage.LOGIN
            self.ask(("login",), now, do="login", password=self._password)
            return None
        if "event" in message:
            return EventCame(message)
        pending = self._pending.pop(str(message.get("id")), None)
        if pending is None:
            return self._over("a reply to nothing")
        match pending.purpose[0]:
            case "login" if not message["ok"]:
                return self._over("the password is wrong", refused=True)
            case "login":
                self._be_ready()
                return Ready()
            case "ping":
                return None
            case _:
                return Reply(purpose=pending.purpose, message=message)

    @override
    def _not_ready(self) -> SessionOver:
        return self._over("no log-in in time")

    @override
    def _moments(self) -> list[int]:
        return [self.heard_at + SILENCE_MS] if self.stage is Stage.READY else []

    @override
    def _be_patient(self, now: int) -> None:
        if self.stage is Stage.READY and now >= self.heard_at + SILENCE_MS:
            self.heard_at = now
            self.ask(("ping",), now, do="ping")

    @override
    def _catch_up(self, until: int, now: int) -> None:
        self.heard_at = max(self.heard_at, now)


# What is sent, and what the server's words mean --------------------------------------------

OUTCOMES: Mapping[str, tuple[int | None, Outcome]] = MappingProxyType(
    {
        "busy": (17, Outcome.BUSY),
        "rejected": (21, Outcome.REJECTED),
        "unknown number": (1, Outcome.INVALID_NUMBER),
        "no line": (34, Outcome.CONGESTION),
        "no answer": (19, Outcome.NO_ANSWER),
    }
)
"""Why calls end: Q.850 and what it means unanswered; any other word is ``FAILED``."""

ENDS: Mapping[str, PlaybackEnd] = MappingProxyType(
    {
        "finished": PlaybackEnd.FINISHED,
        "stopped": PlaybackEnd.STOPPED,
        "failed": PlaybackEnd.FAILED,
    }
)

FULL_MS = 2_000


@attrs.define(kw_only=True)
class ToyCall(shared_call.Call):
    why: str = ""


class ToyServer(shared_server.Server[ToyCall]):
    session: ToySession | None

    def ask(self, call_id: str, *purpose: str, **request: object) -> None:
        if self.session is not None:
            self.session.ask((purpose[0], call_id, *purpose[1:]), self.now, **request)

    @override
    def hang_up(self, call: ToyCall) -> None:
        self.hang_up_channel(call.call_id)

    @override
    def hang_up_channel(self, channel_id: str) -> None:
        self.ask(channel_id, "hang_up", do="hang_up", call=channel_id)

    @override
    def takes_orders(self, call: ToyCall) -> bool:
        return call.is_answered and call.playing is None

    @override
    def play(self, call: ToyCall, order: Play, playback_id: str, offset: int) -> None:
        sound = fit(SOUND, order.sound, "the sound", server="the toy")
        request = {"sound": sound, "stop_digits": order.stop_digits, "play": playback_id}
        self.ask(call.call_id, "play", do="play", call=call.call_id, **request)

    @override
    def stop(self, call: ToyCall) -> None:
        self.ask(call.call_id, "stop", do="stop", call=call.call_id)

    @override
    def transfer(self, call: ToyCall, order: Transfer) -> None:
        extension = checked_number(order.extension, "the extension", server="the toy")
        request = {"extension": extension, "limit_s": order.dead_man_s}
        self.ask(call.call_id, "transfer", do="transfer", call=call.call_id, **request)

    @override
    def turned_away(self, call: ToyCall) -> None:
        if call.why == "full":
            fate.defer(call, self.now + FULL_MS, self)
        else:
            fate.refuse(call, f"the toy refused the call: {call.why}", self)

    @override
    def end_report(self, call: ToyCall) -> EndReport | None:
        if call.was_out_of_reach and not call.why:
            return None
        q850, outcome = OUTCOMES.get(call.why, (None, Outcome.FAILED))
        return EndReport(
            call_id=call.call_id,
            unanswered_as=Outcome.FAILED if call.is_answered else outcome,
            hangup_cause=q850,
        )


# Events and replies ------------------------------------------------------------------------


def ringing(call: ToyCall, _message: Message, server: ToyServer) -> None:
    call.channel = Channel.UP


def answered(call: ToyCall, _message: Message, server: ToyServer) -> None:
    call.placing, call.channel = Placing.DONE, Channel.UP
    fate.answer(call, server)
    playing.next_order(call, server)


def ended(call: ToyCall, message: Message, server: ToyServer) -> None:
    call.why, call.channel = str(message["why"]), Channel.GONE
    fate.conclude(call, server)


def dialled(call: ToyCall, message: Message, server: ToyServer) -> None:
    # The server ends a playback by itself where the digit is one of its stop digits.
    playing.tell_digit(call, str(message["digit"]), server)


def played(call: ToyCall, message: Message, server: ToyServer) -> None:
    playback = call.playing
    if playback is None or playback.playback_id != message["play"]:
        return
    playing.ended(call, ENDS[str(message["how"])], server)


EVENTS: Mapping[str, Callable[[ToyCall, Message, ToyServer], None]] = MappingProxyType(
    {
        "ringing": ringing,
        "answered": answered,
        "ended": ended,
        "digit": dialled,
        "played": played,
    }
)


def place_replied(call: ToyCall, reply: Reply[Message], server: ToyServer) -> None:
    if not reply.message["ok"]:
        call.placing, call.why = Placing.FAILED, str(reply.message["why"])
        fate.conclude(call, server)


def is_up_replied(call: ToyCall, reply: Reply[Message], server: ToyServer) -> None:
    if not reply.message["ok"]:
        fate.end(call, server)


REPLIES: Mapping[str, Callable[[ToyCall, Reply[Message], ToyServer], None]] = MappingProxyType(
    {"place": place_replied, "is_up": is_up_replied}
)


class ToySwitchboard(shared_switchboard.Switchboard[ToyCall, ToyServer]):
    def __init__(self, settings: ToySettings) -> None:
        super().__init__(
            settings,
            ToyServer(),
            make_call=ToyCall,
            open_session=ToySession,
            replies=REPLIES,
        )

    @override
    def _place(self, order: PlaceCall, server: ToyServer) -> ToyCall | int:
        if self.is_congested:
            return server.now + FULL_MS
        request = {
            "number": checked_number(order.number, "the number", server="the toy"),
            "from": checked_number(order.caller_number, "the caller number", server="the toy"),
            "ring_s": order.ring_timeout_s,
            "limit_s": order.dead_man_s,
        }
        server.ask(order.call_id, "place", do="call", call=order.call_id, **request)
        call = ToyCall(call_id=order.call_id)
        server.set_timer(call, CallTimer.DEAD_MAN, order.dead_man_s * 1_000 + server.grace_ms)
        return call

    @override
    def _timer_passed(self, call: ToyCall, timer: CallTimer, server: ToyServer) -> None:
        if timer is CallTimer.DEAD_MAN:
            server.ask(call.call_id, "is_up", do="is_up", call=call.call_id)
            server.set_timer(call, CallTimer.DEAD_MAN, server.grace_ms)
        else:
            fate.end(call, server)

    @override
    def _event(self, event: Message, server: ToyServer) -> None:
        call = self._call_of(str(event["call"]))
        if call is not None:
            call.here = True
            EVENTS[event["event"]](call, event, server)
            self._forget_if_over(call)
        elif self._is_lost(event["call"]) and event["event"] != "ended":
            server.hang_up_channel(event["call"])

    def _call_of(self, name: str) -> ToyCall | None:
        return self.calls.get(CallId(name)) or self._adopt_if_ours(CallId(name))

    @override
    def _ask_census(self, which: str, server: ToyServer) -> None:
        server.ask(which, "census", do="list")

    @override
    def _census(self, reply: Reply[Message], server: ToyServer) -> None:
        for name, is_answered in reply.message["calls"].items():
            call = self._call_of(name)
            if call is not None:
                call.here, call.channel = True, Channel.UP
                call.is_answered = call.is_answered or is_answered
        self._listed(reply.purpose[1], server)


# The driver --------------------------------------------------------------------------------


class ToyProbe(Probe[Message, Message, Ready]):
    def __init__(self, settings: ToySettings) -> None:
        self._session = ToySession(settings, monotonic_ms())
        super().__init__(self._session, address=settings.address, answer_within_s=5)

    async def has_sound(self, sound: str) -> bool:
        def send(key: str) -> None:
            self._session.ask(("probe", key), monotonic_ms(), do="has", sound=sound)

        reply = await self._ask(send, "has")
        return bool(reply.message["ok"])


class ToyDriver(SocketDriver):
    def __init__(self, settings: ToySettings) -> None:
        self._settings = settings
        super().__init__(board=ToySwitchboard(settings), address=settings.address, name="Toy")

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        async with ToyProbe(self._settings) as asker:
            absent = [sound for sound in sorted(sounds) if not await asker.has_sound(sound)]
        advice = "Give the toy this sound."
        return tuple(Missing(need=Need.SOUND, name=name, advice=advice) for name in absent)

    @override
    def capacity(self) -> Capacity:
        return Capacity(calls_max=self._settings.calls_max)
