"""``python -m benchmarks.asterisk``: the whole stack beside a bare client, on one Asterisk.

A call is placed, answered at once by a Local channel, plays a sound of a tenth of a second and is
ended. The bare client does only that: it writes the actions and looks for the four events it
needs, and keeps nothing. The stack is the core, the engine and the driver, with a campaign of so
many recipients and a limit of so many calls at once. Both are the same user, with the same event
filters, on the same server, in turn.

The server, its channels and the client share the machine: where they fill it, the stack's own
computing is taken from Asterisk. Needs root on Debian, as the integration tests do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from statistics import median

import attrs
from tests.integration.asterisk import servers

from benchmarks.tables import Row, Table
from benchmarks.timing import machine, undisturbed
from campaign_core import (
    CallLimits,
    CampaignModel,
    Line,
    ModelId,
    Recipient,
    ServiceId,
    Settings,
    events,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_drivers.asterisk import AsteriskDriver, AsteriskSettings, Route
from campaign_drivers.simulated import RealClock
from campaign_service.engine import RealTimeEngine

__all__ = ["by_in_flight", "main"]

_CALLS_OF = {5: 100, 50: 900, 200: 2_000}
"""Calls of one run, by how many are in flight: some four seconds each."""

_SOUND = "tick"
_services = count(0xBE000000)


@attrs.frozen(kw_only=True)
class _Run:
    """One run's figures."""

    calls_per_s: float
    cpu_ms: float
    """Of this process, per call."""


class _Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._at, self._cpu = time.perf_counter(), time.process_time()

    def run_of(self, calls: int) -> _Run:
        cpu_s = time.process_time() - self._cpu
        took_s = time.perf_counter() - self._at
        return _Run(calls_per_s=calls / took_s, cpu_ms=cpu_s / calls * 1_000)


def _bare_originate(call_id: str) -> bytes:
    return (
        f"Action: Originate\r\nActionID: {call_id}\r\nChannel: Local/607@callees/n\r\n"
        "Context: call-campaign\r\nExten: agi\r\nPriority: 1\r\nAsync: true\r\n"
        f'ChannelId: {call_id}\r\nTimeout: 30000\r\nCallerID: "bench" <100>\r\n'
        "Variable: TIMEOUT(absolute)=655\r\n\r\n"
    ).encode()


class _BareClient(asyncio.Protocol):
    """Does the same calls with as little as will do."""

    def __init__(self, server: servers.Server, calls: int, in_flight: int) -> None:
        self._sound = server.sound_path.replace("{sound}", _SOUND)
        self._prefix = f"{next(_services):08x}"
        self._to_place, self._to_end = calls, calls
        self._in_flight = in_flight
        self._serial = count(1)
        self._rest = b""
        self.began: _Stopwatch | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        login = f"Action: Login\r\nUsername: campaign\r\nSecret: {servers.SECRET}\r\n\r\n"
        transport.write(login.encode())

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or EOFError())

    def data_received(self, data: bytes) -> None:
        *blocks, self._rest = (self._rest + data).split(b"\r\n\r\n")
        out = bytearray()
        for block in blocks:
            out += self._take(block.decode())
        if out:
            self._transport.write(out)

    def _take(self, block: str) -> bytes:
        if "Event: FullyBooted" in block:
            self.began = _Stopwatch()
            return b"".join(self._place() for _ in range(self._in_flight))
        event = block[: block.find("\r\n")]
        if event not in {"Event: AsyncAGIStart", "Event: AsyncAGIExec", "Event: Hangup"}:
            return b""
        at = block.find("\r\nUniqueid: ") + 12
        call_id = block[at : at + 32]
        if not call_id.startswith(self._prefix) or block[at + 32 : at + 33] == ";":
            return b""
        if event == "Event: AsyncAGIStart":
            return (
                f"Action: AGI\r\nActionID: p{call_id}\r\nChannel: {call_id}\r\n"
                f'Command: STREAM FILE "{self._sound}" ""\r\nCommandID: {call_id}.1\r\n\r\n'
            ).encode()
        if event == "Event: AsyncAGIExec":
            return (
                f"Action: Hangup\r\nActionID: h{call_id}\r\nChannel: {call_id}\r\nCause: 16\r\n\r\n"
            ).encode()
        self._to_end -= 1
        if self._to_end == 0:
            self.done.set_result(None)
        return self._place()

    def _place(self) -> bytes:
        if self._to_place == 0:
            return b""
        self._to_place -= 1
        return _bare_originate(f"{self._prefix}{next(self._serial):024x}")


async def _bare(server: servers.Server, calls: int, in_flight: int) -> _Run:
    loop = asyncio.get_running_loop()
    transport, client = await loop.create_connection(
        lambda: _BareClient(server, calls, in_flight), "127.0.0.1", server.ami
    )
    await client.done
    assert client.began is not None
    run = client.began.run_of(calls)
    transport.abort()
    return run


async def _stack(server: servers.Server, calls: int, in_flight: int) -> _Run:
    service_id = ServiceId(f"{next(_services):08x}")
    settings = AsteriskSettings(
        service_id=service_id,
        host="127.0.0.1",
        port=server.ami,
        user="campaign",
        secret=servers.SECRET,
        internal=Route(channel="Local/{number}@callees/n"),
        sound_path=server.sound_path,
    )
    model = CampaignModel(
        name="bench",
        caller_number="100",
        sound=_SOUND,
        call_limits=CallLimits(total=in_flight),
        recipients=[
            Recipient(number=f"607{n}", line=Line.INTERNAL) for n in range(10_000, 10_000 + calls)
        ],
    )
    clock = RealClock()
    ended: list[events.CampaignEnded] = []
    engine = RealTimeEngine(
        open_service(service_id, Settings(), clock.now()),
        driver=AsteriskDriver(settings),
        clock=clock,
        observers=[
            lambda seen: ended.extend(
                event for event in seen if isinstance(event, events.CampaignEnded)
            )
        ],
    )
    async with engine:
        await engine.give(AddModel(model=model))
        began = _Stopwatch()
        await engine.give(StartCampaign(model_id=ModelId(1)))
        await engine.until(lambda: bool(ended))
        run = began.run_of(calls)
    assert ended[0].contacted == calls, f"{ended[0].contacted} of {calls} reached"
    return run


_SIDES = {"bare": _bare, "stack": _stack}


def _run(side: str, server: servers.Server, in_flight: int, calls: int) -> _Run:
    with undisturbed():
        return asyncio.run(_SIDES[side](server, calls, in_flight))


def by_in_flight(server: servers.Server, calls_of: dict[int, int], *, rounds: int) -> Table:
    """Measure pairs of runs, each side first in every other one."""
    rows: list[Row] = []
    for in_flight, calls in calls_of.items():
        seen: dict[str, list[_Run]] = {"bare": [], "stack": []}
        _run("bare", server, in_flight, calls // 4)
        for number in range(rounds):
            order = ["bare", "stack"] if number % 2 else ["stack", "bare"]
            for side in order:
                seen[side].append(_run(side, server, in_flight, calls))
                time.sleep(0.3)
        pairs = zip(seen["bare"], seen["stack"], strict=True)
        ratios = [stack.calls_per_s / bare.calls_per_s for bare, stack in pairs]
        rows.append(
            (
                str(in_flight),
                median(run.calls_per_s for run in seen["bare"]),
                median(run.calls_per_s for run in seen["stack"]),
                median(ratios),
                min(ratios),
                median(run.cpu_ms for run in seen["bare"]),
                median(run.cpu_ms for run in seen["stack"]),
            )
        )
    return Table(
        name=f"asterisk-{server.release.version}",
        title=f"Asterisk {server.release.version}: the whole stack beside a bare client",
        columns=(
            "in flight",
            "bare, calls/s",
            "stack, calls/s",
            "ratio",
            "least ratio",
            "bare, CPU ms/call",
            "stack, CPU ms/call",
        ),
        rows=rows,
        notes=(
            f"Medians of {rounds} pairs of runs; the ratio is the median of the pairs' ratios. CPU "
            "is the client's alone, the start of the campaign included."
        ),
    )


def main(arguments: Sequence[str]) -> int:
    """Measure on the versions asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.asterisk", description=__doc__)
    parser.add_argument("versions", nargs="*", default=["16", "22"], help="of Asterisk")
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls")
    parser.add_argument("--json", type=Path, help="write the figures into this file, too")
    options = parser.parse_args(arguments)
    reason = servers.why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 3
    on = machine()
    print(f"On {on['processor']}, {on['cores']} cores, {on['python']}, {on['system']}.\n")
    calls_of = {n: calls // (10 if options.quick else 1) for n, calls in _CALLS_OF.items()}
    tables = []
    for version in options.versions:
        server = servers.Server(servers.RELEASES[version])
        with servers.running(server):
            tables.append(by_in_flight(server, calls_of, rounds=options.rounds))
        print(tables[-1].as_markdown(), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([table.as_json() for table in tables], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
