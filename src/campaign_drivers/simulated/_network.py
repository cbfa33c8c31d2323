"""The network: what a simulated exchange is, as one immutable value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from campaign_drivers._driver import Capacity
from campaign_drivers.simulated._behaviour import Population
from campaign_drivers.simulated._callee_kinds import population
from campaign_drivers.simulated._checks import number_between, refuse
from campaign_drivers.simulated._faults import Faults

__all__ = ["Network", "Sounds"]

_LONGEST_S = 86_400


def _durations(
    given: Mapping[str, float] | Iterable[tuple[str, float]],
) -> tuple[tuple[str, float], ...]:
    return tuple(given.items() if isinstance(given, Mapping) else given)


def _names(given: Iterable[str]) -> frozenset[str]:
    return frozenset(given)


@attrs.frozen(kw_only=True)
class Sounds:
    """What an exchange can play, and how long it takes."""

    default_s: float = attrs.field(default=10, validator=number_between(0, _LONGEST_S))
    """How long a sound lasts that is not named here."""
    durations_s: tuple[tuple[str, float], ...] = attrs.field(
        default=(("press-1", 3),), converter=_durations
    )
    """By name; may be given as a mapping."""
    missing: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    """Sounds that the exchange does not have: playing one fails."""
    _ms: dict[str, int] = attrs.field(
        init=False,
        eq=False,
        repr=False,
        default=attrs.Factory(
            lambda self: {name: round(s * 1_000) for name, s in self.durations_s},
            takes_self=True,
        ),
    )

    @durations_s.validator
    def _each(self, attribute: attrs.Attribute[Any], value: object) -> None:
        for name, duration_s in self.durations_s:
            if not 0 <= duration_s <= _LONGEST_S:
                rule = f"a number 0 to {_LONGEST_S}"
                raise refuse(f"{attribute.name}[{name}]", duration_s, rule)

    def lasts_ms(self, name: str) -> int:
        """Return how long a sound lasts, in milliseconds."""
        found = self._ms.get(name)
        return round(self.default_s * 1_000) if found is None else found


def _classes(given: Iterable[str | None]) -> frozenset[str | None]:
    return frozenset(given)


def _capacity(_: object, attribute: attrs.Attribute[Any], value: Capacity) -> None:
    for name, most in (("calls_max", value.calls_max), ("calls_per_s", value.calls_per_s)):
        if most is not None and not most >= 0:
            raise refuse(f"{attribute.name}.{name}", most, "a number >= 0, or none")
    if value.calls_per_s is not None and value.calls_per_s != int(value.calls_per_s):
        raise refuse(f"{attribute.name}.calls_per_s", value.calls_per_s, "a whole number")


@attrs.frozen(kw_only=True)
class Network:
    """An exchange and the people it reaches."""

    population: Population = attrs.field(factory=population)
    sounds: Sounds = attrs.field(factory=Sounds)
    routing_classes: frozenset[str | None] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_classes)
    )
    """Classes with a route for external calls, ``None`` among them for calls without a class;
    a call of another class is refused. ``None`` instead of a set: every class has a route."""
    reaches_extensions: bool = True
    """Whether internal calls have a route."""
    capacity: Capacity = attrs.field(factory=Capacity, validator=_capacity)
    """A call beyond it is deferred."""
    deferral_s: float = attrs.field(default=1, validator=number_between(1, 86_400))
    """How long a deferral for want of a channel holds; at least 1 s (R5.5)."""
    refuses_when_full: bool = False
    """A call beyond the capacity is refused instead, as by exchanges that cannot say when."""
    faults: Faults = attrs.field(factory=Faults)

    def has_route(self, routing_class: str | None) -> bool:
        """Return whether external calls of a class have a route."""
        return self.routing_classes is None or routing_class in self.routing_classes
