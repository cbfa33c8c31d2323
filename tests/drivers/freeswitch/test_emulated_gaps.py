"""The emulated server stands still, is paused and loses connections as the recorded one did.

The recordings were made between driver and server; what our side sent is sent again at the same
moments, on as many connections.
"""

from __future__ import annotations

import json

import attrs
import pytest
from tests.drivers.freeswitch.recordings import Connection, connections, frames
from tests.drivers.freeswitch.test_emulator import by_channel
from tests.emulators.freeswitch.client import Client
from tests.emulators.freeswitch.people import Callee, RingsForEver, Scripted
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_drivers.freeswitch._wire import Frame

PEOPLE: dict[str, Callee] = {
    "1101": Scripted(ring_ms=170),
    "1102": Scripted(ring_ms=170),
    "1401": Scripted(ring_ms=170),
    "1900": Scripted(ring_ms=170, after_answer=((650, "0"),)),
    "3001": RingsForEver(),
    "3501": Scripted(ring_ms=2_990),
    "8000": Callee(),
}


@attrs.frozen(kw_only=True)
class Scene:
    """What was so of the server, in milliseconds since the first connection."""

    stood_still: tuple[float, float] | None = None
    is_paused: bool = False


SCENES = {
    "101_placed_in_a_standstill": Scene(stood_still=(300, 14_293)),
    "102_parked_in_the_gap": Scene(stood_still=(3_028, 17_018)),
    "103_playback_in_a_standstill": Scene(stood_still=(255.5, 12_258)),
    "104_ended_in_the_gap": Scene(),
    "105_paused": Scene(is_paused=True),
    "106_bridge_lost": Scene(),
}


def replay(recording: tuple[Connection, ...], scene: Scene) -> list[list[Frame]]:
    """Return what each connection heard from the emulated server."""
    config = Config(
        password="a-long-random-word",
        plan=PEOPLE.get,
        gateways=frozenset({"trunk"}),
        sounds={"SCRATCH": 2_000.0},
        default_sound_ms=None,
        heartbeat_ms=10**9,
        sessions_per_s=500,
        sessions_max=2_000,
        latency_ms=1,
        list_lag_ms=80,
    )
    switch = Switch(config)
    switch.is_paused = scene.is_paused
    zero = recording[0].begins_ms
    clients: dict[int, Client] = {}
    heard: dict[int, bytes] = {}

    def connect(number: int) -> None:
        clients[number], heard[number] = switch.connect(), b""

    def collect() -> None:
        for number, client in clients.items():
            heard[number] += client.take()

    def cut(number: int) -> None:
        collect()
        clients.pop(number).cut()

    steps = []
    for number, connection in enumerate(recording):
        steps.append((connection.begins_ms - zero, lambda number=number: connect(number)))
        steps += [
            (part.at_ms - zero, lambda number=number, part=part: clients[number].feed(part.data))
            for part in connection.parts
            if part.is_ours
        ]
        steps.append((connection.ends_ms - zero, lambda number=number: cut(number)))
    if scene.stood_still is not None:
        steps += [(scene.stood_still[0], switch.stop), (scene.stood_still[1], switch.go_on)]
    for at, step in sorted(steps, key=lambda step: step[0]):
        switch.advance(at)
        step()
        collect()
    return [frames(data) for data in heard.values()]


def replies(heard: list[Frame]) -> list[str]:
    texts = [frame for frame in heard if frame.kind != "text/event-plain"]
    return [f"{frame.kind} {_readable(frame.text)}" for frame in texts]


def _readable(text: str) -> str:
    if not text.startswith("{"):
        # Each run of the server has an id of its own.
        return "UUID" if text.count("-") == 4 else text.strip()
    shown = ("uuid", "state", "callstate", "application", "accountcode")
    rows = sorted(json.loads(text).get("rows", []), key=lambda row: row["uuid"])
    return str([tuple(row[name] for name in shown) for row in rows])


def ours(heard: list[Frame], service_id: str) -> dict[str, list[tuple[str, ...]]]:
    stories = by_channel(heard)
    return {key: story for key, story in stories.items() if key[:8] in {service_id, "jobs"}}


def service_of(recording: tuple[Connection, ...]) -> str:
    lists = [part.data for part in recording[0].parts if b"show channels like" in part.data]
    return lists[0].split()[4].decode() if lists else "none"


@pytest.mark.parametrize("name", SCENES)
def test_the_emulated_server_answers_on_each_connection_as_the_recorded_one(name: str) -> None:
    recording = connections(name)
    for emulated, connection in zip(replay(recording, SCENES[name]), recording, strict=True):
        said = frames(b"".join(part.data for part in connection.parts if not part.is_ours))

        assert replies(said) == replies(emulated)


@pytest.mark.parametrize("name", SCENES)
def test_the_emulated_server_tells_each_connection_of_calls_as_the_recorded_one(name: str) -> None:
    recording = connections(name)
    service_id = service_of(recording)
    for emulated, connection in zip(replay(recording, SCENES[name]), recording, strict=True):
        said = frames(b"".join(part.data for part in connection.parts if not part.is_ours))

        assert ours(said, service_id) == ours(emulated, service_id)
