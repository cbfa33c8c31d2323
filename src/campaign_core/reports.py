"""Reports: what the telephony saw and what the clock says.

Closed: the union :data:`Report` names every kind. A driver sends them in the order in which
things happened on one call; a late, doubled or unknown one is recorded or ignored, and none ever
raises (R9.1). What cannot be kept and read again is refused where a report is made, with a
:class:`~campaign_core.errors.SettingsError`: a number that is none, a cause given as text, an
instant beyond the calendar. Numbers and texts are kept as plain ones, whatever class of them was
given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, ClassVar

import attrs

from campaign_core._model.limits import CallLimits
from campaign_core._model.outcomes import UNANSWERED, Outcome
from campaign_core._values.identifiers import CallId, CampaignId
from campaign_core._values.instants import END, Instant
from campaign_core._values.plain import plain_number, plain_text
from campaign_core._values.validators import flag, one_of, refuse

__all__ = [
    "AnswerReport",
    "CallsAdriftReport",
    "CallsUpReport",
    "CapacityReport",
    "ClockReport",
    "DeferralReport",
    "DigitReport",
    "DriverDownReport",
    "DriverUpReport",
    "EndReport",
    "HoldReport",
    "HostReport",
    "PlaybackEnd",
    "PlaybackReport",
    "RefusalReport",
    "Report",
    "StandstillReport",
    "TelephonyReport",
    "Tick",
    "telling",
]

_CALL_ID_MAX = 255
"""Characters: a report may name a channel that is none of ours, by whatever id that has."""
WHY_MAX = 1_000
"""Characters of a sentence for the operator."""
_CAUSE_MAX = (1 << 31) - 1
_DIGITS = {digit: digit for digit in "0123456789*#ABCD"}
_NOT_TOLD = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Control characters, separators of lines, and halves of a character."""


def telling(text: str) -> str:
    r"""Return what a telephony said as it may stand in a report, for whoever makes one.

    Control characters and broken ones become a replacement character, and what is longer than
    a report takes is cut.

    >>> telling("503\tno trunk")
    '503\ufffdno trunk'
    """
    clean = _NOT_TOLD.sub("\ufffd", text)
    return clean if len(clean) <= WHY_MAX else f"{clean[: WHY_MAX - 3]}..."


def _call_id(given: CallId) -> CallId:
    """Take the id of any channel: of one that is none of ours nothing comes (R9.1)."""
    rule = f"a call's id: up to {_CALL_ID_MAX} printable characters"
    text = given if type(given) is str else plain_text("call_id", given, rule)
    if len(text) > _CALL_ID_MAX or not text.isprintable():
        raise refuse("call_id", given, rule)
    return CallId(text)


def _digit(given: str) -> str:
    rule = "one of 0-9 * # A-D"
    digit = _DIGITS.get(plain_text("digit", given, rule))
    if digit is None:
        raise refuse("digit", given, rule)
    return digit


def _play(given: int) -> int:
    # Any number: one that no playback of the call has is late, and ignored (R7).
    return plain_number("play", given)


def _cause(given: int | None) -> int | None:
    return None if given is None else plain_number("hangup_cause", given, 0, _CAUSE_MAX)


def _silence(given: int) -> int:
    # Beyond the calendar is as good as its end.
    return min(plain_number("silent_ms", given, 0), END)


def _until(given: Instant) -> Instant:
    # Beyond the calendar is as good as its end.
    return Instant(min(plain_number("until", given, 0), END))


def _why(given: str) -> str:
    rule = f"a sentence of up to {WHY_MAX} characters, without control characters"
    text = plain_text("why", given, rule)
    if len(text) > WHY_MAX or _NOT_TOLD.search(text):
        raise refuse("why", given, rule)
    return text


def _call_ids(given: Iterable[CallId]) -> frozenset[CallId]:
    return frozenset(_listed("call_ids", given))


def _among(given: Iterable[CallId] | None) -> frozenset[CallId] | None:
    return None if given is None else frozenset(_listed("among", given))


def _returned(given: Iterable[CallId]) -> tuple[CallId, ...]:
    return tuple(_listed("returned", given))


def _listed(field: str, given: Iterable[CallId]) -> list[CallId]:
    # A text is a list of its letters to Python; here it is a mistake.
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise refuse(field, given, "a list of call ids")
    return [_call_id(call_id) for call_id in given]


_TELEPHONY = re.compile(r"[a-z][a-z0-9+.-]{0,31}")


def _telephony(given: str) -> str:
    rule = "1 to 32 of a-z, 0-9, + . and -, beginning with a letter"
    text = plain_text("telephony", given, rule)
    if _TELEPHONY.fullmatch(text) is None:
        raise refuse("telephony", given, rule)
    return text


class PlaybackEnd(Enum):
    """How a playback ended."""

    FINISHED = "FINISHED"
    """Played to its end."""
    STOPPED = "STOPPED"
    """Stopped by one of its stop digits."""
    FAILED = "FAILED"
    """The telephony could not play the sound."""

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


@attrs.frozen
class Tick:
    """Time has passed; what is due by now happens."""


def _shows(given: object) -> Instant:
    return Instant(plain_number("shows", given, 0, END))


@attrs.frozen
class ClockReport:
    """What the calendar's clock shows now, which may be set while the host runs (R7.12).

    The time that is given with each message is the service's own: it goes on by a clock that
    nobody sets. Starts, expiries and calling hours follow the calendar. May be given at any time;
    a difference of less than a second to what is known changes nothing.
    """

    shows: Instant = attrs.field(converter=_shows)


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

    call_id: CallId = attrs.field(converter=_call_id)


@attrs.frozen(kw_only=True)
class DigitReport:
    """The recipient dialled a digit, during a playback or in silence."""

    call_id: CallId = attrs.field(converter=_call_id)
    digit: str = attrs.field(converter=_digit)


@attrs.frozen(kw_only=True)
class PlaybackReport:
    """A playback ended; ``play`` is the number that its ``Play`` (a decision) carried."""

    call_id: CallId = attrs.field(converter=_call_id)
    play: int = attrs.field(converter=_play)
    end: PlaybackEnd = attrs.field(default=PlaybackEnd.FINISHED, validator=one_of(PlaybackEnd))


def _unanswered(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if type(value) is not Outcome or value not in UNANSWERED:
        names = ", ".join(sorted(outcome.name for outcome in UNANSWERED))
        raise refuse(attribute.name, value, f"one of {names}")


@attrs.frozen(kw_only=True)
class EndReport:
    """The call is over. The core decides what that means; the driver says what it was told."""

    call_id: CallId = attrs.field(converter=_call_id)
    unanswered_as: Outcome = attrs.field(default=Outcome.FAILED, validator=_unanswered)
    """What the hangup cause means if nobody had answered (the driver's table, R7.1)."""
    hangup_cause: int | None = attrs.field(default=None, converter=_cause)
    """The telephony's Q.850 cause, unknown numbers kept; ``None`` where it gave none."""
    took_commands: bool = attrs.field(default=True, validator=flag)
    """Whether the telephony took at least one order of ours on this call, once it was answered
    (R7.5). ``False`` is said where it is known that it took none: an answered call to which one
    was given is then ``FAILED``, whoever ended it. A driver that did not see the whole call, as
    one taken over after a restart, leaves it ``True``; so does one that was given no order."""


@attrs.frozen(kw_only=True)
class RefusalReport:
    """The telephony does not take this call: route, class or number (R5.5)."""

    call_id: CallId = attrs.field(converter=_call_id)
    why: str = attrs.field(converter=_why)
    """A sentence for the operator, of up to 1,000 characters; :func:`telling` makes one of what a
    telephony said."""


@attrs.frozen(kw_only=True)
class DeferralReport:
    """The telephony has no capacity for this call now; nothing is placed until then (R5.5)."""

    call_id: CallId = attrs.field(converter=_call_id)
    until: Instant = attrs.field(converter=_until)


@attrs.frozen
class CapacityReport:
    """How many calls the telephony takes at one time, from now on and until it says otherwise.

    Calls in progress count, also those on a part that takes no new ones. When the driver comes up
    it takes any number, until it says so again.
    """

    call_limits: CallLimits = attrs.field(validator=one_of(CallLimits))


@attrs.frozen
class TelephonyReport:
    """Which kind of telephony takes the calls from now on: said by who joined core and driver.

    Said again, it changes nothing. What was placed before went to the kind that was named before.
    """

    telephony: str = attrs.field(converter=_telephony)
    """``simulated``: nobody is really called. Any other word is a real telephony's."""


def _campaign_ids(given: Iterable[CampaignId]) -> tuple[CampaignId, ...]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise refuse("campaign_ids", given, "a list of campaigns' numbers")
    return tuple(CampaignId(plain_number("campaign_ids", one, 1)) for one in given)


@attrs.frozen
class HoldReport:
    """These campaigns are not to call anybody before a user resumes them: said by the host.

    Those that are active are paused; of others nothing comes.
    """

    campaign_ids: tuple[CampaignId, ...] = attrs.field(converter=_campaign_ids)


@attrs.frozen
class DriverDownReport:
    """The driver has no connection to its telephony (R5.5)."""

    returned: tuple[CallId, ...] = attrs.field(default=(), converter=_returned)
    """Calls that were never handed over: given back. Calls whose fate is unknown are not here."""
    silent_ms: int = attrs.field(default=0, kw_only=True, converter=_silence)
    """For how long the telephony had not been heard by then, where its loss was noticed late. What
    it was ordered since, or shortly before, it may carry out yet."""


@attrs.frozen
class DriverUpReport:
    """The driver is connected again and takes calls."""


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
    among: frozenset[CallId] | None = attrs.field(default=None, converter=_among, kw_only=True)
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

HostReport = Tick | ClockReport | StandstillReport | TelephonyReport | HoldReport
"""Everything that the host says of itself."""
