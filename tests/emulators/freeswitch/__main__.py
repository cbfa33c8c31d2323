"""An emulated FreeSWITCH in a process of its own, until it is killed.

``python -m tests.emulators.freeswitch --port 8021 --speed 10 --plan
tests.emulators.freeswitch.people:numbering_plan`` prints the port on a line of its own once it
takes connections.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path

from tests.emulators.freeswitch.record import Record
from tests.emulators.freeswitch.serving import Serving
from tests.emulators.freeswitch.switch import Config, Switch


async def _serve(arguments: argparse.Namespace) -> None:
    module, _, name = arguments.plan.partition(":")
    config = Config(
        password=arguments.password,
        plan=getattr(import_module(module), name),
        sessions_per_s=arguments.sessions_per_s,
        sessions_max=arguments.sessions_max,
        sounds={path: float(ms) for path, _, ms in map(_parted, arguments.sound)},
        default_sound_ms=arguments.sound_ms,
        latency_ms=arguments.latency_ms,
        list_lag_ms=arguments.list_lag_ms,
        seed=arguments.seed,
    )
    with ExitStack() as stack:
        record = None
        if arguments.record is not None:
            record = Record(stack.enter_context(arguments.record.open("a", encoding="utf-8")))
        serving = Serving(Switch(config, record), speed=arguments.speed)
        serving.port = arguments.port
        async with serving:
            print(serving.port, flush=True)  # noqa: T201
            await asyncio.Event().wait()


def _parted(sound: str) -> tuple[str, str, str]:
    return sound.rpartition("=")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.freeswitch")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--password", default="throwaway1")
    parser.add_argument("--speed", type=float, default=1.0, help="its time in one of ours")
    parser.add_argument("--plan", default="tests.emulators.freeswitch.people:numbering_plan")
    parser.add_argument("--sessions-per-s", type=int, default=2_000)
    parser.add_argument("--sessions-max", type=int, default=5_000)
    parser.add_argument("--sound-ms", type=float, default=1_000.0)
    parser.add_argument("--latency-ms", type=float, default=5, help="from order to channel")
    parser.add_argument("--list-lag-ms", type=float, default=0, help="of the list of channels")
    parser.add_argument("--sound", action="append", default=[], help="PATH=MILLISECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, help="where it keeps its own record, as JSON lines")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
