"""What the HTTP API bears: requests a second, and how late a hundred listeners hear of an event.

``campaign serve`` in a process of its own, on SQLite, over an emulated FreeSWITCH in another; the
clients in this one, over plain sockets, so that the least of what is measured is theirs. First at
rest; then with a campaign that calls as fast as it can (100 calls in flight, everybody answers at
once) and listeners on the live stream. How late an event is counts from the moment it happened,
so its way to the disk is in it: nobody is told of what is not durable.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from statistics import median, quantiles

import attrs
from tests.kill.service import open_books
from tests.ports import held_port

from benchmarks.durable import ROOT, emulated_pbx
from benchmarks.tables import Row, Table

__all__ = ["under_load"]

_CLIENTS = 8
"""Connections over which requests are made, one at a time on each."""
_IN_FLIGHT = 100
_FULLY_HEARD = 5
"""Of the listeners: those whose every event is looked at; of the others bytes are taken."""
_SERVE = "import sys; from campaign_service.cli import main; sys.exit(main())"
_AT = re.compile(rb'"at":"([^"]+)"')
_keys = count(1)


@contextmanager
def _served(folder: Path, pbx_port: int) -> Iterator[tuple[int, str]]:
    """Run the service; give its port and a token."""
    port = held_port()
    database = f"sqlite:///{folder}/campaigns.db"
    driver = (
        f"freeswitch://:throwaway1@127.0.0.1:{pbx_port}/"
        "?external=sofia/gateway/trunk/{number}&calls_per_s=10000"
    )
    token = open_books(database)
    others = {name: text for name, text in os.environ.items() if not name.startswith("CAMPAIGN_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, "serve", f"--listen=127.0.0.1:{port}", "--drain-s=0"],
            env={**others, "CAMPAIGN_DB": database, "CAMPAIGN_DRIVER": driver},
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
    try:
        yield port, token
    finally:
        process.kill()
        process.wait()


@attrs.define
class _Client:
    """One connection that is kept."""

    port: int
    token: str
    reader: asyncio.StreamReader = attrs.field(init=False)
    writer: asyncio.StreamWriter = attrs.field(init=False)

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()

    def send(self, method: str, path: str, body: object = None, **headers: str) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        given = {
            "Host": "127.0.0.1",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        if method != "GET":
            given["Idempotency-Key"] = f"k{next(_keys)}"
        lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        head = f"{method} /api/v1/tenants/main/{path} HTTP/1.1\r\n{lines}\r\n"
        self.writer.write(head.encode() + data)

    async def head(self) -> tuple[int, dict[str, str]]:
        block = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = block.strip().split("\r\n")
        pairs = (line.partition(": ") for line in lines)
        return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}

    async def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        self.send(method, path, body, **headers)
        status, given = await self.head()
        return status, given, await self.reader.readexactly(int(given.get("content-length", "0")))

    async def must(self, method: str, path: str, body: object = None, **headers: str) -> bytes:
        status, _, data = await self.ask(method, path, body, **headers)
        assert status < 300, data
        return data


@attrs.frozen(kw_only=True)
class _Load:
    """How much is measured."""

    recipients: int
    listeners: int
    seconds: float


async def _prepare(port: int, token: str, load: _Load) -> _Client:
    """Wait for the service, and start two campaigns that call nobody yet."""
    client = _Client(port, token)
    give_up = time.monotonic() + 60
    while True:
        try:
            await client.open()
            break
        except OSError:
            assert time.monotonic() < give_up, "the service does not answer"
            await asyncio.sleep(0.05)
    await _limit(client, 0)
    for name, recipients in (("Large", load.recipients), ("Small", 10)):
        people = [{"number": str(100_000 + place)} for place in range(recipients)]
        # The small one is only paused and resumed.
        total = None if name == "Large" else 0
        model = {
            "name": name,
            "caller_number": "15550001",
            "sound": "message",
            "call_limits": {"total": total},
            "recipients": people,
        }
        made = json.loads(await client.must("POST", "models", model))
        await client.must("POST", "campaigns", {"model_id": made["model_id"]})
    return client


async def _limit(client: _Client, total: int) -> None:
    _, headers, data = await client.ask("GET", "settings")
    settings = json.loads(data)
    settings["call_limits"]["total"] = total
    await client.must("PUT", "settings", settings, If_Match=headers["etag"])


# Requests ----------------------------------------------------------------------------------

_REQUESTS: Mapping[str, Sequence[tuple[str, str]]] = {
    "GET campaigns": [("GET", "campaigns")],
    "GET 100 recipients": [("GET", "campaigns/1/recipients?limit=100")],
    "POST pause, resume": [("POST", "campaigns/2/pause"), ("POST", "campaigns/2/resume")],
}


async def _requests(port: int, token: str, name: str, seconds: float) -> tuple[float, list[float]]:
    """Make requests of a kind for a while; return how many a second, and each one's seconds."""
    took: list[float] = []
    began = time.perf_counter()

    async def one() -> None:
        client = _Client(port, token)
        await client.open()
        while time.perf_counter() - began < seconds:
            for method, path in _REQUESTS[name]:
                asked = time.perf_counter()
                status, _, data = await client.ask(method, path)
                # Of several who pause one campaign at once one is first; the others are refused.
                assert status < 300 or status == 409, data
                took.append(time.perf_counter() - asked)
        await client.close()

    clients = 1 if name.startswith("POST") else _CLIENTS
    await asyncio.gather(*[one() for _ in range(clients)])
    return len(took) / (time.perf_counter() - began), took


# Listeners ---------------------------------------------------------------------------------


@attrs.define
class _Heard:
    """What the listeners heard."""

    lateness_ms: list[float] = attrs.field(factory=list)
    events: int = 0
    """Of one listener."""
    has_some: asyncio.Event = attrs.field(factory=asyncio.Event)

    def take(self, texts: Sequence[bytes], *, is_counted: bool) -> None:
        now = time.time()
        for text in texts:
            found = _AT.search(text)
            if found is not None:
                at = datetime.fromisoformat(found[1].decode()).timestamp()
                self.lateness_ms.append((now - at) * 1_000)
                self.events += is_counted
                self.has_some.set()


async def _listen(port: int, token: str, heard: _Heard, number: int) -> None:
    client = _Client(port, token)
    await client.open()
    try:
        client.send("GET", "events", Accept="text/event-stream")
        status, _ = await client.head()
        assert status == 200
        rest = b""
        while data := await client.reader.read(1 << 16):
            if number < _FULLY_HEARD:
                *events, rest = (rest + data).split(b"\n\n")
                heard.take(events, is_counted=number == 0)
    finally:
        await client.close()


async def _measured(port: int, token: str, load: _Load) -> list[Row]:
    client = await _prepare(port, token, load)
    rows: list[Row] = []
    for name in _REQUESTS:
        per_s, took = await _requests(port, token, name, load.seconds)
        rows.append((f"{name}, at rest", per_s, *_ms([one * 1_000 for one in took])))
    heard = _Heard()
    listening = [
        asyncio.create_task(_listen(port, token, heard, number)) for number in range(load.listeners)
    ]
    # A connection that is not used is closed after a while.
    await client.close()
    await client.open()
    await _limit(client, _IN_FLIGHT)
    # Whoever joins is told what is recent; that is not late.
    await asyncio.sleep(min(1.0, load.seconds))
    heard.lateness_ms.clear()
    heard.has_some.clear()
    heard.events, began = 0, time.perf_counter()
    await asyncio.sleep(load.seconds)
    # On a busy machine the first event may take longer than a quick measurement.
    await asyncio.wait_for(heard.has_some.wait(), timeout=20)
    per_s = heard.events / (time.perf_counter() - began)
    rows.append((f"event, {load.listeners} listeners", per_s, *_ms(heard.lateness_ms)))
    for name in _REQUESTS:
        per_s, took = await _requests(port, token, name, load.seconds)
        rows.append((f"{name}, calling", per_s, *_ms([one * 1_000 for one in took])))
    failed = [task.exception() for task in listening if task.done()]
    assert failed == [], failed
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    await client.close()
    return rows


def _ms(values: Sequence[float]) -> tuple[float, float]:
    return median(values), quantiles(values, n=100)[-1]


def under_load(*, recipients: int, listeners: int, seconds: float) -> Table:
    """Measure requests at rest, then events and requests while a campaign calls.

    Args:
        recipients: of the campaign; it must not end before all is measured.
        listeners: on the live stream.
        seconds: for each figure.
    """
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    load = _Load(recipients=recipients, listeners=listeners, seconds=seconds)
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        emulated_pbx() as (pbx_port, _),
        _served(Path(place), pbx_port) as (port, token),
    ):
        rows = asyncio.run(_measured(port, token, load))
    return Table(
        name="api",
        title="What the HTTP API bears",
        columns=("what", "a second", "median ms", "99 % ms"),
        rows=rows,
        notes=(
            f"Each for {seconds:g} s; requests over {_CLIENTS} connections, commands over one. An "
            "event is counted once however many listen; its milliseconds are from when it "
            "happened to when a listener has it, the disk included. Service, telephony and all "
            "clients share the machine."
        ),
    )
