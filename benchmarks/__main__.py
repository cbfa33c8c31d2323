"""``python -m benchmarks``: measure, print Markdown tables, write JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    against_plain,
    api,
    durable,
    memory,
    opening,
    per_call,
    simulated_run,
    snapshot,
)
from benchmarks.profile import SIDES, profile
from benchmarks.tables import Table
from benchmarks.timing import machine

ROOT = Path(__file__).parents[1]

FULL: dict[str, Callable[[], Table]] = {
    "recipients": lambda: per_call.by_recipients(
        (1_000, 10_000, 100_000, 1_000_000), rounds=15, ends=400
    ),
    "campaigns": lambda: per_call.by_campaigns((1, 10, 100, 1_000), rounds=15, ends=200),
    "memory": lambda: memory.by_recipients((1_000, 100_000, 1_000_000), traced_max=100_000),
    "snapshot": lambda: snapshot.by_recipients((10_000, 100_000, 1_000_000), rounds=3),
    "opening": lambda: opening.by_recipients((10_000, 100_000, 1_000_000), rounds=3),
    "plain": lambda: against_plain.by_recipients(
        {1_000: 9, 10_000: 5, 100_000: 3, 1_000_000: 1}, busy_rounds_of={10_000: 5}
    ),
    "simulated": lambda: simulated_run.by_recipients((1_000, 20_000)),
    "durable": lambda: durable.by_journal({100: 3_000, 500: 5_000}, rounds=5),
    "api": lambda: api.under_load(recipients=30_000, listeners=100, seconds=5),
}
"""By name; a few minutes for all, the most of them for the campaigns of a million."""

QUICK: dict[str, Callable[[], Table]] = {
    "recipients": lambda: per_call.by_recipients((200, 1_000), rounds=3, ends=20),
    "campaigns": lambda: per_call.by_campaigns((1, 5), rounds=3, ends=20),
    "memory": lambda: memory.by_recipients((1_000,), traced_max=1_000),
    "snapshot": lambda: snapshot.by_recipients((1_000,), rounds=2),
    "opening": lambda: opening.by_recipients((500,), rounds=1),
    "plain": lambda: against_plain.by_recipients({500: 2}, busy_rounds_of={500: 2}),
    "simulated": lambda: simulated_run.by_recipients((100,)),
    "durable": lambda: durable.by_journal({20: 60}, rounds=1),
    "api": lambda: api.under_load(recipients=2_000, listeners=3, seconds=0.2),
}
"""The same in seconds: whether it runs, not what it costs."""


def main(arguments: Sequence[str]) -> int:
    """Measure what is asked for."""
    options = _parser().parse_args(arguments)
    if options.profile:
        print(profile(options.profile, options.recipients).as_markdown())
        return 0
    on = machine()
    head = ", ".join([str(on["processor"]), f"{on['cores']} cores", str(on["python"])])
    print(f"On {head}, {on['system']}. Seconds are of computing, whatever else the machine did.\n")
    tables = []
    for name, measure in (QUICK if options.quick else FULL).items():
        if options.only and name not in options.only:
            continue
        if name == "simulated" and options.simulated:
            table = simulated_run.by_recipients((options.simulated,))
        else:
            table = measure()
        tables.append(table)
        print(table.as_markdown(), flush=True)
    results = {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": on,
        "quick": options.quick,
        "tables": {table.name: table.as_json() for table in tables},
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    print(f"Also written to {options.json}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smallest sizes: does it run at all")
    parser.add_argument("--only", nargs="+", choices=FULL, metavar="NAME", help=", ".join(FULL))
    parser.add_argument(
        "--simulated", type=int, metavar="N", help="recipients of the simulated run"
    )
    parser.add_argument(
        "--json", type=Path, default=ROOT / "build" / "benchmarks.json", metavar="PATH"
    )
    parser.add_argument(
        "--profile",
        choices=SIDES,
        metavar="SIDE",
        help=f"count the instructions of one side instead: {', '.join(SIDES)}",
    )
    parser.add_argument(
        "--recipients", type=int, default=2_000, metavar="N", help="recipients of the profile"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
