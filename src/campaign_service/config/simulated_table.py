"""The table ``[simulated]``: the telephone network of a run without a telephony."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import attrs

from campaign_core import CallScript, CampaignModel, Instant, Outcome
from campaign_core.commands import AddToDoNotCall
from campaign_core.errors import SettingsError
from campaign_drivers import Capacity
from campaign_drivers.simulated import (
    PEOPLE,
    Answers,
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
    Sounds,
    Uniform,
    WeightedBehaviour,
    asks_for_transfer,
    dials_wrong,
    follows_prompts,
    hangs_up_in_message,
    hangs_up_in_prompt,
    hangs_up_in_silence,
    opts_out,
    population,
    voicemail,
)
from campaign_service.config.table import Reader, Table, table_reader

__all__ = ["KINDS", "SimulatedCallees", "Simulation", "read_simulation"]

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


_THINKS = ("ring", "think")
_BEHAVIOURS: dict[str, tuple[int, Callable[..., Answers], tuple[str, ...]]] = {
    "follows_prompts": (70, follows_prompts, _THINKS),
    # A box answers after its own time, not after a person's.
    "voicemail": (12, voicemail, ()),
    "dials_wrong_once": (5, partial(dials_wrong, times=1, right_then=True), _THINKS),
    "never_dials_right": (1, partial(dials_wrong, times=20, right_then=False), _THINKS),
    "hangs_up_in_prompt": (6, hangs_up_in_prompt, ("ring",)),
    "hangs_up_in_message": (4, hangs_up_in_message, _THINKS),
    "hangs_up_in_silence": (2, hangs_up_in_silence, _THINKS),
    "opts_out": (0, opts_out, _THINKS),
    "asks_for_transfer": (0, asks_for_transfer, (*_THINKS, "talk")),
}
"""Of each kind: its share where a file says nothing of it, what it does, with which delays."""
KINDS = tuple(_BEHAVIOURS)
"""Who may answer a simulated call."""


@attrs.frozen(kw_only=True)
class SimulatedCallees:
    """Those who answer: how long they take, and the digits that they may dial."""

    ring: Delay | float | None = None
    """From placing to the answer; ``None``: as each kind has it."""
    think: Delay | float | None = None
    """From understanding what to do to doing it."""
    talk: Delay | float | None = None
    """After a transfer."""
    opt_out_digit: str | None = None
    transfer_digit: str | None = None

    def of(self, script: CallScript) -> SimulatedCallees:
        """Return those who know the digits of a campaign's script."""
        transfer = script.transfer
        return attrs.evolve(
            self,
            opt_out_digit=script.opt_out_digit,
            transfer_digit=None if transfer is None else transfer.digit,
        )

    def typical(self) -> tuple[WeightedBehaviour, ...]:
        """Return who answers where a file says nothing about it."""
        if self.ring is None and self.think is None:
            return PEOPLE
        weights = {kind: weight for kind, (weight, _, _) in _BEHAVIOURS.items() if weight}
        kinds = ((weight, self.behaviour(kind)) for kind, weight in weights.items())
        return tuple(
            WeightedBehaviour(weight=weight, behaviour=kind) for weight, kind in kinds if kind
        )

    def behaviour(self, kind: str) -> Answers | None:
        """Return what one of a kind does; ``None`` where the script lacks the digit for it."""
        if kind not in _BEHAVIOURS:
            return None
        _, make, names = _BEHAVIOURS[kind]
        options = {name: getattr(self, name) for name in names}
        if kind in ("opts_out", "asks_for_transfer"):
            digit = self.opt_out_digit if kind == "opts_out" else self.transfer_digit
            if digit is None:
                return None
            options["digit"] = digit
        return make(**{name: value for name, value in options.items() if value is not None})


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
    rule = "a date and time with its offset: 2026-01-12T06:30:00+01:00"
    starts_at = table.instant("starts_at", rule)
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


# Whom it reaches ---------------------------------------------------------------------------


def _population(table: Table, model: CampaignModel | None) -> Population:
    within = table.table("rates")
    rates = None if within is None else within.build(Rates)
    callees = SimulatedCallees()
    if model is not None:
        callees = callees.of(model.script)
    delays = table.table("delays")
    if delays is not None:
        delays.refuse_others(["ring", "think", "talk"])
        ring, think, talk = (read_delay(delays, name) for name in ("ring", "think", "talk"))
        callees = attrs.evolve(callees, ring=ring, think=think, talk=talk)
    shares = _people(table, callees)
    scripts = _scripts(table, callees)
    given = {} if rates is None else {"rates": rates}
    return population(people=shares, scripts=scripts, **given)


def _people(table: Table, callees: SimulatedCallees) -> tuple[WeightedBehaviour, ...]:
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
            within.refuse(kind, weight, "needs the campaign's script to have that digit")
            continue
        try:
            shares.append(WeightedBehaviour(weight=weight, behaviour=behaviour))  # type: ignore[arg-type]
        except SettingsError as error:
            within.refuse(kind, weight, error.rule)
    if not sum(share.weight for share in shares) > 0:
        within.refuse(None, None, "at least one kind of callee with a weight above 0")
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
            within.refuse(number, None, f"not a number to call: {error.rule}")
            continue
        calls = []
        for kind in within.texts(number):
            behaviour = _UNANSWERED.get(kind) or callees.behaviour(kind)
            if behaviour is None:
                known = ", ".join([*_UNANSWERED, *KINDS])
                within.refuse(number, kind, f"calls out of {known}")
            else:
                calls.append(behaviour)
        if calls:
            scripts[number] = calls
        elif not within.texts(number):
            within.refuse(number, within.raw(number), "a list of what its calls come to")
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
            return within.build(Uniform, placeholders={"least_s": 0, "most_s": 1_000_000})
        if "median_s" in value:
            return within.build(LogNormal, placeholders={"median_s": 0, "sigma": 0})
        if "mean_s" in value:
            return within.build(Exponential, placeholders={"mean_s": 0})
    if value is not None:
        rule = "seconds, or a table with least_s and most_s, median_s and sigma, or mean_s"
        table.refuse(key, value, rule)
    return None


def _durations(table: Table, key: str) -> tuple[tuple[str, object], ...]:
    within = table.table(key)
    if within is None:
        return ()
    for name, duration_s in within.data.items():
        if not isinstance(duration_s, int | float) or isinstance(duration_s, bool):
            within.refuse(name, duration_s, "a number of seconds")
    return tuple(within.data.items())


def _routing_classes(table: Table, key: str) -> frozenset[str | None]:
    """Return the classes with a route; an empty text stands for calls without a class."""
    return frozenset(name or None for name in table.texts(key))


def _count(table: Table, key: str) -> int | None:
    return table.whole_number(key, 0, 1_000_000)


def _outages(table: Table, key: str) -> tuple[Outage, ...]:
    made = [
        entry.build(
            Outage, readers={"restarts": Table.flag}, placeholders={"after_s": 0, "lasts_s": 0}
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
