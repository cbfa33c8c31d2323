"""Telephonies that outlive the service, and write down themselves what they see."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import attrs

__all__ = ["Emulated", "Pbx", "emulated"]

ROOT = Path(__file__).parents[2]
SOUNDS = {"press-1": 120, "message-1": 250, "message-2": 700, "message-3": 400, "message-4": 1_200}
"""Name to milliseconds."""


class Pbx(Protocol):
    """A telephony in a process of its own, with a record."""

    lines: list[dict[str, Any]]
    """The record so far."""

    def seen(self) -> int:
        """Look what it has seen so far, and return how many lines there are."""

    def has_seen(self, what: Mapping[str, str], since: int) -> bool:
        """Return whether it has seen something since there were so many lines."""

    @property
    def is_idle(self) -> bool:
        """Whether no call is up."""


@attrs.define
class Emulated:
    """An emulated FreeSWITCH, and its record as it grows."""

    port: int
    path: Path
    lines: list[dict[str, Any]] = attrs.field(factory=list)
    _read: int = 0

    @property
    def driver_url(self) -> str:
        return (
            f"freeswitch://:throwaway1@127.0.0.1:{self.port}/"
            "?internal=user/{number}&external=sofia/gateway/trunk/{number}&sound_path=/snd/{sound}"
        )

    def seen(self) -> int:
        with self.path.open("rb") as file:
            file.seek(self._read)
            data = file.read()
        # The last line may still be being written.
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        self.lines += [json.loads(line) for line in whole.splitlines()]
        return len(self.lines)

    def has_seen(self, what: Mapping[str, str], since: int) -> bool:
        self.seen()
        return any(what.items() <= line.items() for line in self.lines[since:])

    @property
    def is_idle(self) -> bool:
        self.seen()
        kinds = [line["what"] for line in self.lines]
        return kinds.count("call") == kinds.count("end")


@asynccontextmanager
async def emulated(folder: Path, seed: int) -> AsyncIterator[Emulated]:
    """Run an emulated FreeSWITCH for the time of a block.

    With an even seed it is slow: an order has made no channel yet when the service asks which
    calls are up, and the list that it is shown is of a moment ago.
    """
    slow = ("--latency-ms=2500", "--list-lag-ms=300") if seed % 2 == 0 else ()
    record = folder / "pbx.jsonl"
    sounds = [f"--sound=/snd/{name}.wav={ms}" for name, ms in SOUNDS.items()]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.emulators.freeswitch", f"--record={record}",
        "--plan=tests.kill.people:numbering_plan", f"--seed={seed}", *sounds, *slow,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Emulated(int(await process.stdout.readline()), record)
    finally:
        process.kill()
        await process.wait()
