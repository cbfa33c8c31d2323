"""A connection between driver and server that can be cut, held up and made deaf."""

from __future__ import annotations

import asyncio
from typing import Self


class Breakable:
    """Listens on loopback and passes bytes on, for as long as it is told to."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._pairs: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_closed = False
        """Refuse new connections."""
        self.is_deaf = False
        """Swallow what the server says."""
        self.is_mute = False
        """Swallow what the driver says."""
        self._flows = asyncio.Event()
        self._flows.set()
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._flows.set()
        self.cut()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """End every connection at once."""
        for writer in self._pairs:
            writer.transport.abort()
        self._pairs.clear()

    def block(self) -> None:
        """Read nothing from the driver from now on."""
        self._flows.clear()

    def unblock(self) -> None:
        """Read from the driver again."""
        self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        if self.is_closed:
            writer.transport.abort()
            return
        self.connections += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._pairs += [writer, far_writer]
        await asyncio.gather(
            self._pass(reader, far_writer, to_server=True),
            self._pass(far_reader, writer, to_server=False),
        )

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool
    ) -> None:
        try:
            while data := await reader.read(4_096):
                if to_server:
                    await self._flows.wait()
                if not (self.is_mute if to_server else self.is_deaf):
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()
