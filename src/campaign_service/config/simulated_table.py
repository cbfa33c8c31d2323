"""The table ``[simulated]``: the telephone network of a run without a telephony."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from campaign_core import CampaignModel, Instant, Outcome
from campaign_core.commands import AddToDoNotCall
from campaign_core.errors import SettingsError
from campaign_drivers import Capacity
from campaign_drivers.simulated import (
    Behaviour,
    Delay,
    Exponential,
    Faults,
    IsRefused,
    LogNormal,
    Network,
    NotAnswered,
    Outage,
    Population,
    Rates,
    Share,
    Sounds,
    Uniform,
    population,
)
from campaign_service.config.simulated_callees import CALLEES, KINDS, SimulatedCallees
from campaign_service.config.table import Reader, Table, table_reader
from campaign_service.instants import TIMES, instant_of, is_within_times

__all__ = ["Simulation", "read_simulation"]

_SEED_MAX = (1 << 32) - 1
_UNANSWERED: dict[str, Behaviour] = {
    "busy": NotAnswered(outcome=Outcome.BUSY, after=2),
    "no_answer": NotAnswered(),
    "rejected": NotAnswered(outcome=Outcome.REJECTED, after=6),
    "congestion": NotAnswered(outcome=Outcome.CONGESTION, after=1),
    "failed": NotAnswered(outcome=Outcome.FAILED, after=1),
    "invalid": NotAnswered(outcome=Outcome.INVALID_NUMBER, after=1),
    "refused": IsRefused(),
}
"""What a scripted call can come to beside being answered."""


@attrs.frozen(kw_only=True)
class Simulation:
    """A simulated network, and where its chance and its time begin."""

    network: Network = attrs.field(factory=Network)
    seed: int = 0
    """Another seed, another course of every call."""
    starts_at: Instant | None = None
    """The first instant; ``None``: the time on the wall."""
    grain_ms: int = 1
    """What happens within so many milliseconds is taken as one moment: a coarser grain makes a
    large simulation faster and its times less exact."""


def read_simulation(table: Table, model: CampaignModel | None) -> Simulation | None:
    """Return the simulation, ``None`` if something was put down as wrong.

    Args:
        table: ``[simulated]``.
        model: the campaign, whose opt-out and transfer digits some callees dial; ``None`` where
            it could not be read.
    """
    seed = table.whole_number("seed", 0, _SEED_MAX)
    grain_ms = table.whole_number("grain_ms", 1, 1_000)
    starts_at = _starts_at(table)
    people = _population(table, model)
    network = table.build(
        Network,
        readers=_READERS,
        given={"population": people},
        known=["seed", "starts_at", "grain_ms", "rates", "people", "delays", "numbers"],
    )
    if network is None:
        return None
    return Simulation(network=network, seed=seed or 0, starts_at=starts_at, grain_ms=grain_ms or 1)


def _starts_at(table: Table) -> Instant | None:
    value = table.raw("starts_at")
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        at = instant_of(value)
        if is_within_times(at):
            return at
        table.complain("starts_at", value, f"a time within {TIMES}")
        return None
    table.complain("starts_at", value, "a date and time with its offset: 2026-01-12T06:30:00+01:00")
    return None


# Whom it reaches ---------------------------------------------------------------------------


def _population(table: Table, model: CampaignModel | None) -> Population:
    within = table.table("rates")
    rates = None if within is None else within.build(Rates)
    callees = CALLEES if model is None else CALLEES.of(model.script)
    delays = table.table("delays")
    if delays is not None:
        delays.refuse_others(["ring", "think", "talk"])
        ring, think, talk = (read_delay(delays, name) for name in ("ring", "think", "talk"))
        callees = attrs.evolve(callees, ring=ring, think=think, talk=talk)
    shares = _people(table, callees)
    scripts = _scripts(table, callees)
    given = {} if rates is None else {"rates": rates}
    return population(people=shares, scripts=scripts, **given)


def _people(table: Table, callees: SimulatedCallees) -> tuple[Share, ...]:
    within = table.table("people")
    if within is None:
        return callees.typical()
    within.refuse_others(KINDS)
    shares = []
    for kind, weight in within.data.items():
        if kind not in KINDS:
            continue
        behaviour = callees.behaviour(kind)
        if behaviour is None:
            within.complain(kind, weight, "needs the campaign's script to have that digit")
            continue
        try:
            shares.append(Share(weight=weight, behaviour=behaviour))  # type: ignore[arg-type]
        except SettingsError as error:
            within.complain(kind, weight, error.rule)
    if not sum(share.weight for share in shares) > 0:
        within.complain(None, None, "at least one kind of callee with a weight above 0")
        return callees.typical()
    return tuple(shares)


def _scripts(table: Table, callees: SimulatedCallees) -> dict[str, list[Behaviour]]:
    within = table.table("numbers")
    if within is None:
        return {}
    scripts = {}
    for number in within.data:
        try:
            AddToDoNotCall(numbers=(number,))
        except SettingsError as error:
            within.complain(number, None, f"not a number to call: {error.rule}")
            continue
        calls = []
        for kind in within.texts(number):
            behaviour = _UNANSWERED.get(kind) or callees.behaviour(kind)
            if behaviour is None:
                known = ", ".join([*_UNANSWERED, *KINDS])
                within.complain(number, kind, f"calls out of {known}")
            else:
                calls.append(behaviour)
        if calls:
            scripts[number] = calls
        elif not within.texts(number):
            within.complain(number, within.raw(number), "a list of what its calls come to")
    return scripts


# What it can do, and what goes wrong -------------------------------------------------------


def read_delay(table: Table, key: str) -> Delay | float | None:
    """Return a delay: a number of seconds, or a table with the fields of a distribution."""
    value = table.raw(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, dict):
        within = table.table(key)
        assert within is not None
        if "least_s" in value:
            return within.build(Uniform, stand_ins={"least_s": 0, "most_s": 1_000_000})
        if "median_s" in value:
            return within.build(LogNormal, stand_ins={"median_s": 0, "sigma": 0})
        if "mean_s" in value:
            return within.build(Exponential, stand_ins={"mean_s": 0})
    if value is not None:
        rule = "seconds, or a table with least_s and most_s, median_s and sigma, or mean_s"
        table.complain(key, value, rule)
    return None


def _durations(table: Table, key: str) -> tuple[tuple[str, object], ...]:
    within = table.table(key)
    if within is None:
        return ()
    for name, duration_s in within.data.items():
        if not isinstance(duration_s, int | float) or isinstance(duration_s, bool):
            within.complain(name, duration_s, "a number of seconds")
    return tuple(within.data.items())


def _routing_classes(table: Table, key: str) -> frozenset[str | None]:
    """Return the classes with a route; an empty text stands for calls without a class."""
    return frozenset(name or None for name in table.texts(key))


def _count(table: Table, key: str) -> int | None:
    return table.whole_number(key, 0, 1_000_000)


def _outages(table: Table, key: str) -> tuple[Outage, ...]:
    made = [
        entry.build(
            Outage, readers={"restarts": Table.flag}, stand_ins={"after_s": 0, "lasts_s": 0}
        )
        for entry in table.tables(key)
    ]
    return tuple(outage for outage in made if outage is not None)


_READERS: Mapping[str, Reader] = {
    "sounds": table_reader(
        Sounds,
        readers={
            "durations_s": _durations,
            "missing": lambda table, key: frozenset(table.texts(key)),
        },
    ),
    "routing_classes": _routing_classes,
    "reaches_extensions": Table.flag,
    "capacity": table_reader(Capacity, readers={"calls_max": _count, "calls_per_s": _count}),
    "refuses_when_full": Table.flag,
    "faults": table_reader(
        Faults,
        readers={
            "delay": read_delay,
            "outages": _outages,
            "outage_every": read_delay,
            "outage_lasts": read_delay,
        },
        # Mishaps to single reports belong to tests, which are written in Python.
        given={"spoiled": ()},
    ),
}
"""How to take what is more than a number, a text or a flag."""
