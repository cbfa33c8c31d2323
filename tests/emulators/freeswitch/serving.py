"""The emulated server on a socket, its time running as fast as one likes."""

from __future__ import annotations

import asyncio
from typing import Self

from tests.emulators.freeswitch.client import Client
from tests.emulators.freeswitch.switch import Switch


class Serving:
    """A switch behind a port of the loopback interface.

    Args:
        switch: what is served.
        speed: milliseconds of its time in one of ours.
    """

    def __init__(self, switch: Switch, *, speed: float = 1.0) -> None:
        self.switch = switch
        self.port = 0
        self._speed = speed
        self._zero = 0.0
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._zero = loop.time() - self.switch.now / 1_000 / self._speed
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.vanish()
        if self._timer is not None:
            self._timer.cancel()

    async def listen(self) -> None:
        """Take connections, on the same port as before."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self.tick()

    async def vanish(self) -> None:
        """Take no connections any more and cut those there are; the switch goes on or not."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.switch.drop_clients()
        await asyncio.sleep(0)

    def now(self) -> float:
        return (asyncio.get_running_loop().time() - self._zero) * 1_000 * self._speed

    def tick(self) -> None:
        """Let the switch come up to now, and be woken when something happens next."""
        self.switch.advance(self.now())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        at = self.switch.next_at()
        if at is not None:
            delay = max(0.0, (at - self.now()) / 1_000 / self._speed)
            self._timer = asyncio.get_running_loop().call_later(delay, self.tick)


class _Connection(asyncio.Protocol):
    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._client: Client | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._serving.switch.advance(self._serving.now())
        self._client = self._serving.switch.connect()
        self._client.on_output = self._flush
        self._flush()
        self._serving.tick()

    def data_received(self, data: bytes) -> None:
        assert self._client is not None
        self._serving.switch.advance(self._serving.now())
        self._client.feed(data)
        self._serving.tick()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._client is not None and not self._client.is_closed:
            self._client.cut()

    def _flush(self) -> None:
        if self._client is None or self._transport is None or self._transport.is_closing():
            return
        self._transport.write(self._client.take())
        if self._client.is_closed:
            self._transport.close()
