"""Reports: what the telephony saw and what the clock says.

Closed: the union :data:`Report` names every kind. A driver sends them in the order in which
things happened on one call; a late, doubled or unknown one is recorded or ignored, and none ever
raises (R9.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import attrs

from campaign_core._model.limits import CallLimits
from campaign_core._model.outcomes import UNANSWERED, Outcome
from campaign_core._values.identifiers import CallId
from campaign_core._values.instants import Instant
from campaign_core._values.validators import matches, refuse

__all__ = [
    "AnswerReport",
    "CallsAdriftReport",
    "CallsUpReport",
    "CapacityReport",
    "DeferralReport",
    "DigitReport",
    "DriverDownReport",
    "DriverUpReport",
    "EndReport",
    "PlaybackEnd",
    "PlaybackReport",
    "RefusalReport",
    "Report",
    "StandstillReport",
    "Tick",
]


class PlaybackEnd(Enum):
    """How a playback ended."""

    FINISHED = "FINISHED"
    """Played to its end."""
    STOPPED = "STOPPED"
    """Stopped by one of its stop digits."""
    FAILED = "FAILED"
    """The telephony could not play the sound."""

    __hash__ = object.__hash__


@attrs.frozen
class Tick:
    """Time has passed; what is due by now happens."""


@attrs.frozen
class StandstillReport:
    """The host itself stood still until now, as when its process was stopped (R7.12).

    What was dialled meanwhile is yet to be read. So no silence is over, whatever the time: each
    starts again. For a host that was away with its driver, :class:`DriverDownReport` says as much,
    given at the time of the last event.
    """


@attrs.frozen
class AnswerReport:
    """The call was answered (never on early media)."""

    call_id: CallId


@attrs.frozen(kw_only=True)
class DigitReport:
    """The recipient dialled a digit, during a playback or in silence."""

    call_id: CallId
    digit: str = attrs.field(validator=matches(r"[0-9*#A-D]", "one of 0-9 * # A-D"))


@attrs.frozen(kw_only=True)
class PlaybackReport:
    """A playback ended; ``play`` is the number that its :class:`~campaign_core.Play` carried."""

    call_id: CallId
    play: int
    end: PlaybackEnd = PlaybackEnd.FINISHED


def _unanswered(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value not in UNANSWERED:
        names = ", ".join(sorted(outcome.name for outcome in UNANSWERED))
        raise refuse(attribute.name, value, f"one of {names}")


@attrs.frozen(kw_only=True)
class EndReport:
    """The call is over. The core decides what that means; the driver says what it was told."""

    call_id: CallId
    unanswered_as: Outcome = attrs.field(default=Outcome.FAILED, validator=_unanswered)
    """What the hangup cause means if nobody had answered (the driver's table, R7.1)."""
    hangup_cause: int | None = None
    """The telephony's Q.850 cause, unknown numbers kept; ``None`` where it gave none."""
    took_commands: bool = True
    """Whether the telephony took at least one order of ours on this call, once it was answered
    (R7.5). ``False`` is said where it is known that it took none: an answered call to which one
    was given is then ``FAILED``, whoever ended it. A driver that did not see the whole call, as
    one taken over after a restart, leaves it ``True``; so does one that was given no order."""


@attrs.frozen(kw_only=True)
class RefusalReport:
    """The telephony does not take this call: route, class or number (R5.5)."""

    call_id: CallId
    why: str
    """A sentence for the operator."""


@attrs.frozen(kw_only=True)
class DeferralReport:
    """The telephony has no capacity for this call now; nothing is placed until then (R5.5)."""

    call_id: CallId
    until: Instant


@attrs.frozen
class CapacityReport:
    """How many calls the telephony takes at one time, from now on and until it says otherwise.

    Calls in progress count, also those on a part that takes no new ones. When the driver comes up
    it takes any number, until it says so again.
    """

    call_limits: CallLimits


@attrs.frozen
class DriverDownReport:
    """The driver has no connection to its telephony (R5.5)."""

    returned: tuple[CallId, ...] = ()
    """Calls that were never handed over: given back. Calls whose fate is unknown are not here."""


@attrs.frozen
class DriverUpReport:
    """The driver is connected again and takes calls."""


def _call_ids(given: Iterable[CallId]) -> frozenset[CallId]:
    return frozenset(given)


@attrs.frozen
class CallsAdriftReport:
    """Part of the telephony is out of reach, and these calls with it: their fate is unknown (R5.5).

    The driver stays up over the other parts. A :class:`CallsUpReport` settles what became of them,
    or their deadline does.
    """

    call_ids: frozenset[CallId] = attrs.field(converter=_call_ids)


@attrs.frozen
class CallsUpReport:
    """Which of our calls the telephony says are up: sent upon reconnection and 5 s later."""

    call_ids: frozenset[CallId] = attrs.field(default=frozenset(), converter=_call_ids)
    among: frozenset[CallId] | None = attrs.field(
        default=None, converter=attrs.converters.optional(_call_ids), kw_only=True
    )
    """Of which calls it tells: one among them that is not up is lost, and of others nothing is
    said, since part of the telephony could not be asked. ``None``: of all of ours."""


Report = (
    AnswerReport
    | DigitReport
    | PlaybackReport
    | EndReport
    | RefusalReport
    | DeferralReport
    | CapacityReport
    | DriverDownReport
    | DriverUpReport
    | CallsAdriftReport
    | CallsUpReport
)
"""Everything a driver can report."""
