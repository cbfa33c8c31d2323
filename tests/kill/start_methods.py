"""How a life of the service begins: as a process that is started anew, or is forked."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Forked", "Spawned"]

ROOT = Path(__file__).parents[2]


class Spawned:
    """Each life is started as any program is."""

    def __init__(self, log: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = log
        self._command = [sys.executable, "-m", "tests.kill.pausable_service", *arguments]
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def begin(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    async def status(self) -> int | None:
        """Return with what it ended; ``None``: it has not."""
        assert self._process is not None
        return self._process.returncode

    def send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Forked:
    """Each life is forked from a server, which has loaded the code; see :mod:`.fork_server`."""

    def __init__(self, log: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._log = log
        self._command = [sys.executable, "-m", "tests.kill.fork_server", str(log), *arguments]
        self._environment = environment
        self._server: asyncio.subprocess.Process | None = None
        self._life = 0
        self._ended: int | None = None

    async def begin(self) -> None:
        if self._server is None:
            with self._log.open("ab") as log:
                self._server = await asyncio.create_subprocess_exec(
                    *self._command, cwd=ROOT, env=self._environment, stderr=log,
                    stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                )  # fmt: skip
            assert self._server.stdout is not None
            assert await self._server.stdout.readline() == b"loaded\n", self._log.read_text()
        self._life, self._ended = int(await self._ask("start")), None

    async def status(self) -> int | None:
        if self._ended is None:
            answer = await self._ask("look")
            self._ended = int(answer) if answer else None
        return self._ended

    def send(self, number: int) -> None:
        os.kill(self._life, number)

    async def close(self) -> None:
        if self._server is not None:
            assert self._server.stdin is not None
            # It ends what lives, and itself.
            self._server.stdin.close()
            await self._server.wait()

    async def _ask(self, what: str) -> str:
        assert self._server is not None
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(f"{what}\n".encode())
        answer = await self._server.stdout.readline()
        assert answer.endswith(b"\n"), self._log.read_text()
        return answer.decode().strip()
