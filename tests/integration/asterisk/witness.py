"""A witness of a real Asterisk's calls: a connection of its own to the manager, which only listens.

It writes down what the server says in the words of the emulated FreeSWITCH's record, so that the
same laws can be asked of both.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self

from .servers import SECRET

_CALL = re.compile(r"[0-9a-f]{32}")
_LOCAL = re.compile(r"Local/(?P<number>[^@]+)@(?P<context>[a-z-]+)-")
_KINDS = {"callees": "user", "from-sip": "sofia"}
"""Context to kind of endpoint: internal calls go by the one, external ones by the other."""
_UP = "6"


class Witness:
    """Listens for the time of a block."""

    def __init__(self, port: int) -> None:
        self.lines: list[dict[str, Any]] = []
        self._port = port
        self._up: dict[str, str] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._reader.readline()
        login = f"Action: Login\r\nUsername: free\r\nSecret: {SECRET}\r\n\r\n"
        self._writer.write(login.encode())
        answer = await self._message()
        assert answer["Response"] == "Success", answer
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.transport.abort()

    @property
    def is_idle(self) -> bool:
        """Whether no call is up."""
        assert self._task is not None
        assert not self._task.done(), "the witness is deaf"
        return not self._up

    def seen(self) -> int:
        """Return how many lines there are."""
        return len(self.lines)

    def has_seen(self, what: Mapping[str, str], since: int) -> bool:
        """Return whether something was seen since there were so many lines."""
        return any(what.items() <= line.items() for line in self.lines[since:])

    async def _message(self) -> dict[str, str]:
        block = await self._reader.readuntil(b"\r\n\r\n")
        lines = block.decode("utf-8", "replace").split("\r\n")
        return {name: value for name, _, value in (line.partition(": ") for line in lines)}

    async def _listen(self) -> None:
        while True:
            self._take(await self._message())

    def _take(self, message: Mapping[str, str]) -> None:
        uid = message.get("Uniqueid", "")
        # The other end of a local channel has an id of its own.
        if not _CALL.fullmatch(uid):
            return
        match message.get("Event"):
            case "Newchannel":
                local = _LOCAL.match(message["Channel"])
                assert local is not None, message
                kind, number = _KINDS[local["context"]], local["number"]
                leg = f"{kind}/{number}"
                self._write("originate", id=uid, leg=leg)
                self._up[uid] = kind
                kinds = list(self._up.values())
                up = {"total": len(kinds), kind: kinds.count(kind)}
                self._write("call", id=uid, leg=leg, number=number, up=up)
            case "Newstate" if message["ChannelState"] == _UP:
                self._write("answer", id=uid)
            case "DTMFEnd" if message["Direction"] == "Received":
                self._write("digit", id=uid, digit=message["Digit"])
            case "Hangup":
                del self._up[uid]
                self._write("end", id=uid, cause=message["Cause"])
            case _:
                pass

    def _write(self, what: str, **fields: object) -> None:
        self.lines.append({"wall": time.time_ns() // 1_000_000, "what": what, **fields})
