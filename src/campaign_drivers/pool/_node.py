"""A node: one telephony of a pool, what it may carry and what is so of it now."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import attrs

from campaign_core import CallId, CallLimits, Instant, Line
from campaign_core.errors import Problem, SettingsError
from campaign_drivers._driver import Driver
from campaign_drivers.pool._call import PoolCall
from campaign_drivers.pool._limits import strictest_limits

__all__ = ["Node", "NodeState", "NodeStatus", "checked", "ever_takes"]

_NAME_MAX = 64
_WEIGHT_MAX = 1_000
_PER_S_MAX = 10_000
_WINDOW_MS = 1_000


def _refuse(name: str, value: object, rule: str) -> SettingsError:
    """Return the error for a bad value."""
    return SettingsError([Problem(field=name, value=value, rule=rule)])


def _whole(least: int, most: int) -> Any:  # noqa: ANN401 -- attrs' own type
    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise _refuse(attribute.name, value, f"a whole number {least} to {most}")

    return check


def ever_takes(limits: CallLimits, line: Line) -> bool:
    """Return whether limits leave room for a call of a line at all."""
    return limits.total != 0 and limits.on(line) != 0


def _name(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    # A node has an address in the API, where a slash would end its name.
    is_plain = value.isprintable() and "/" not in value
    if not value.strip() or len(value) > _NAME_MAX or not is_plain:
        rule = f"1 to {_NAME_MAX} printable characters without /, not blank"
        raise _refuse(attribute.name, value, rule)


@attrs.frozen(kw_only=True)
class Node:
    """One telephony of a pool."""

    name: str = attrs.field(validator=_name)
    """For people: in the status, in findings, in the log."""
    driver: Driver = attrs.field(repr=False)
    """Not started; the pool starts and closes it."""
    weight: int = attrs.field(default=1, validator=_whole(1, _WEIGHT_MAX))
    """Its share of the calls, in proportion to the other weights."""
    call_limits: CallLimits = attrs.field(factory=CallLimits)
    """How many of this service's calls it may carry at one time; 0 of a line: none."""
    calls_per_s: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(_whole(1, _PER_S_MAX))
    )
    """Calls placed on it in any second; ``None``: no limit."""
    drained: bool = False
    """Whether it begins as :meth:`PoolDriver.drain` makes it."""


def checked(given: Iterable[Node]) -> tuple[Node, ...]:
    """Return nodes that make a pool.

    Raises:
        SettingsError: there is none, or two have the same name.
    """
    nodes = tuple(given)
    names = [node.name for node in nodes]
    if not names:
        raise _refuse("node", None, "at least one")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise _refuse("name", twice[0], "names that differ")
    return nodes


@attrs.frozen(kw_only=True)
class NodeStatus:
    """What is so of a node, for a panel."""

    name: str
    is_up: bool
    is_drained: bool
    """It takes no new calls, by order."""
    calls: int
    """Calls that it has, those whose fate is unknown included."""
    calls_adrift: int
    """Of these, those whose fate is unknown since the connection went."""
    weight: int
    call_limits: CallLimits
    calls_per_s: int | None
    deferred_until: Instant | None
    """It said that it takes no calls before then; ``None``: it did not, or that is over."""
    last_error: str | None
    """Why it was out of reach last; ``None``: it never was."""


@attrs.define(eq=False, kw_only=True)
class NodeState:
    """What is so of a node now; changed by the switchboard and its registry of calls alone."""

    name: str
    weight: int
    call_limits: CallLimits
    calls_per_s: int | None
    is_drained: bool
    is_up: bool = False
    is_told_of: bool = False
    """Whether its driver itself ever said that it is up, or down."""
    surveys: int = 0
    """Reports of all its calls that are up, since it is."""
    deferred_until: int = 0
    credit: int = 0
    """Of the choice among nodes by weight."""
    last_error: str | None = None
    calls: dict[CallId, PoolCall] = attrs.field(factory=dict)
    _in_use: dict[Line | None, int] = attrs.field(
        factory=lambda: {None: 0, Line.INTERNAL: 0, Line.EXTERNAL: 0}
    )
    _limits: CallLimits = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: strictest_limits(self.call_limits), takes_self=True),
    )
    """What it takes: its own limits, and what its telephony takes."""
    _recent: deque[int] = attrs.field(
        init=False,
        default=attrs.Factory(lambda self: deque(maxlen=self.calls_per_s or 0), takes_self=True),
    )
    """When the last calls were placed, as many as the rate allows in a second."""

    def limit_to(self, told: CallLimits) -> None:
        """Take no more calls than its telephony takes, as its driver says."""
        self._limits = strictest_limits(self.call_limits, told)

    def add(self, call: PoolCall) -> None:
        """Have a call."""
        self.calls[call.call_id] = call
        self._in_use[call.line] += 1

    def remove(self, call: PoolCall) -> None:
        """Have a call no more."""
        del self.calls[call.call_id]
        self._in_use[call.line] -= 1

    def note_placed(self, now: int) -> None:
        """Count a call for the rate."""
        self._recent.append(now)

    def takes(self, line: Line, now: int) -> bool:
        """Return whether a call of a line may go here now."""
        return (
            self.is_up
            and not self.is_drained
            and self.deferred_until <= now
            and self._has_room(line)
            and self._paced_until() <= now
        )

    def may_take(self, line: Line) -> bool:
        """Return whether the node is there for calls of a line, be it full just now."""
        return self.is_up and not self.is_drained and ever_takes(self.call_limits, line)

    def capacity(self) -> CallLimits:
        """Return how many calls it adds to those of the pool.

        The calls that it has, where it takes no new ones: they count among those in progress, and
        take no room from the other nodes.
        """
        if self.is_up and not self.is_drained:
            return self._limits
        unknown = self._in_use[None]
        return CallLimits(
            total=len(self.calls),
            internal=self._in_use[Line.INTERNAL] + unknown,
            external=self._in_use[Line.EXTERNAL] + unknown,
        )

    def free_from(self) -> int:
        """Return when it may take a call again, as far as it is known; past: at once."""
        return max(self.deferred_until, self._paced_until())

    def status(self, now: int) -> NodeStatus:
        """Return what a panel shows; may be asked in another thread."""
        calls = list(self.calls.values())
        return NodeStatus(
            name=self.name,
            is_up=self.is_up,
            is_drained=self.is_drained,
            calls=len(calls),
            calls_adrift=sum(call.adrift_since is not None for call in calls),
            weight=self.weight,
            call_limits=self.call_limits,
            calls_per_s=self.calls_per_s,
            deferred_until=Instant(self.deferred_until) if self.deferred_until > now else None,
            last_error=self.last_error,
        )

    def _has_room(self, line: Line) -> bool:
        total, most = self._limits.total, self._limits.on(line)
        # Whether a call taken over is internal is not known: it counts as either.
        on_line = self._in_use[line] + self._in_use[None]
        return (total is None or len(self.calls) < total) and (most is None or on_line < most)

    def _paced_until(self) -> int:
        recent, per_s = self._recent, self.calls_per_s
        if per_s is None or len(recent) < per_s:
            return 0
        return recent[0] + _WINDOW_MS
