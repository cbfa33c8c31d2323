"""A server that speaks the toy's protocol, and whom it calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from itertools import count
from typing import Any, Self

import attrs
from typing_extensions import override

Message = dict[str, Any]

ANSWERS_AFTER_S = 0.2
SOUNDS = {"short": 2.0, "long": 10.0}


@attrs.frozen
class Person:
    """Who is called."""

    answers_after_s: float | None = ANSWERS_AFTER_S
    why: str = "no answer"
    """Of a call that is not answered, and that ends at once."""
    rings_for_ever: bool = False
    dials: tuple[tuple[float, str], ...] = ()
    """Seconds from the answer, and a digit each."""
    hangs_up_after_s: float | None = None


@attrs.define
class LiveCall:
    """A call in progress."""

    person: Person
    is_answered: bool = False
    playing: str = ""
    stop_digits: str = ""
    sound_ends: asyncio.TimerHandle | None = None
    limit: asyncio.TimerHandle | None = None


class ToyServing:
    """The toy on a port of the loopback interface; calls outlive connections."""

    def __init__(self, calls_max: int) -> None:
        self.people: dict[str, Person] = {}
        self.port = 0
        self._calls_max = calls_max
        self._numbers = count(200)
        self._calls: dict[str, LiveCall] = {}
        self.listeners: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None

    def number_of(self, person: Person) -> str:
        number = str(next(self._numbers))
        self.people[number] = person
        return number

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.vanish()
        for call_id in list(self._calls):
            self._end(call_id, "shutdown")

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def vanish(self) -> None:
        assert self._server is not None
        self._server.close()
        for transport in self.listeners:
            transport.abort()
        await asyncio.sleep(0)

    def take(self, line: bytes, transport: asyncio.Transport) -> None:
        """Take one request."""
        request = json.loads(line)
        reply = getattr(self, f"_{request['do']}")(request)
        transport.write(json.dumps({"id": request["id"], **reply}).encode() + b"\n")
        if request["do"] == "login" and reply["ok"]:
            self.listeners.add(transport)

    def _tell(self, event: str, call_id: str, **more: object) -> None:
        line = json.dumps({"event": event, "call": call_id, **more}).encode() + b"\n"
        for transport in self.listeners:
            transport.write(line)

    # Requests ------------------------------------------------------------------------------

    def _login(self, request: Message) -> Message:
        return {"ok": request["password"] == "secret"}

    def _ping(self, _: Message) -> Message:
        return {"ok": True}

    def _list(self, _: Message) -> Message:
        return {"ok": True, "calls": {name: it.is_answered for name, it in self._calls.items()}}

    def _has(self, request: Message) -> Message:
        return {"ok": request["sound"] in SOUNDS}

    def _is_up(self, request: Message) -> Message:
        return {"ok": request["call"] in self._calls}

    def _call(self, request: Message) -> Message:
        call_id, person = request["call"], self.people.get(request["number"])
        if person is None:
            return {"ok": False, "why": "no route"}
        if len(self._calls) >= self._calls_max:
            return {"ok": False, "why": "full"}
        call = self._calls[call_id] = LiveCall(person)
        call.limit = _later(request["limit_s"], self._end, call_id, "limit")
        _later(0, self._tell, "ringing", call_id)
        if person.answers_after_s is not None:
            _later(person.answers_after_s, self._answer, call_id)
        elif not person.rings_for_ever:
            _later(ANSWERS_AFTER_S, self._end, call_id, person.why)
        _later(request["ring_s"], self._stop_ringing, call_id)
        return {"ok": True}

    def _hang_up(self, request: Message) -> Message:
        return {"ok": self._end(request["call"], "hung up")}

    def _play(self, request: Message) -> Message:
        call, call_id = self._calls.get(request["call"]), request["call"]
        if call is None:
            return {"ok": False}
        lasts_s = SOUNDS.get(request["sound"])
        call.playing, call.stop_digits = request["play"], request["stop_digits"]
        how = "finished" if lasts_s is not None else "failed"
        call.sound_ends = _later(lasts_s or 0, self._played, call_id, how)
        return {"ok": True}

    def _stop(self, request: Message) -> Message:
        self._played(request["call"], "stopped")
        return {"ok": True}

    def _transfer(self, request: Message) -> Message:
        call = self._calls.get(request["call"])
        if call is None or call.limit is None:
            return {"ok": False}
        self._played(request["call"], "stopped")
        call.limit.cancel()
        call.limit = _later(request["limit_s"], self._end, request["call"], "limit")
        return {"ok": True}

    # What happens in a call ----------------------------------------------------------------

    def _answer(self, call_id: str) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        call.is_answered = True
        self._tell("answered", call_id)
        for after_s, digit in call.person.dials:
            _later(after_s, self._dial, call_id, digit)
        if call.person.hangs_up_after_s is not None:
            _later(call.person.hangs_up_after_s, self._end, call_id, "hung up")

    def _dial(self, call_id: str, digit: str) -> None:
        call = self._calls.get(call_id)
        if call is not None:
            self._tell("digit", call_id, digit=digit)
            if digit in call.stop_digits:
                self._played(call_id, "stopped")

    def _played(self, call_id: str, how: str) -> None:
        call = self._calls.get(call_id)
        if call is not None and call.sound_ends is not None:
            call.sound_ends.cancel()
            play, call.playing, call.stop_digits, call.sound_ends = call.playing, "", "", None
            self._tell("played", call_id, play=play, how=how)

    def _stop_ringing(self, call_id: str) -> None:
        call = self._calls.get(call_id)
        if call is not None and not call.is_answered:
            self._end(call_id, "no answer")

    def _end(self, call_id: str, why: str) -> bool:
        call = self._calls.pop(call_id, None)
        if call is None:
            return False
        for timer in (call.limit, call.sound_ends):
            if timer is not None:
                timer.cancel()
        self._tell("ended", call_id, why=why)
        return True


class _Connection(asyncio.Protocol):
    def __init__(self, serving: ToyServing) -> None:
        self._serving = serving
        self._rest = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b'{"hello": "toy"}\n')

    @override
    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._serving.take(line, self._transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._serving.listeners.discard(self._transport)


def _later(after_s: float, does: Callable[..., object], *given: object) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(after_s, does, *given)
