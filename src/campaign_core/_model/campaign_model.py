"""The campaign model: the template from which campaigns are started (R3)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any
from unicodedata import category

import attrs

from campaign_core._model.call_script import CallScript
from campaign_core._model.calling_hours import CallingHours, known_zone
from campaign_core._model.limits import CallLimits, CallRate
from campaign_core._model.recipient_list import RecipientList, with_repeats
from campaign_core._model.recipients import NUMBER_PATTERN, NUMBER_RULE, Duplicates
from campaign_core._model.retry import Breaker, RetryPolicy
from campaign_core._model.sounds import sound
from campaign_core._values.at_once import all_at_once
from campaign_core._values.validators import (
    as_tuple,
    flag,
    matches,
    one_of,
    optional,
    refuse,
    whole_number,
    with_changes,
)

__all__ = ["CampaignModel", "Order", "valid_name"]

_NAME_RULE = "1 to 64 letters, digits, spaces, dashes and underscores, not blank"


class Order(Enum):
    """Who is called first within a campaign (R6.4, R6.16)."""

    FRESH_FIRST = "FRESH_FIRST"
    """Those never called, then those called before."""
    RETRIES_FIRST = "RETRIES_FIRST"
    """Those called before, then those never called."""


def valid_name(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take names of models and campaigns: letters of any script (R3.2)."""
    fits = (
        isinstance(value, str)
        and 1 <= len(value) <= 64  # noqa: PLR2004 -- R3.2
        and all(letter in " -_" or _is_letter(letter) for letter in value)
        and not value.isspace()
    )
    if not fits:
        raise refuse(attribute.name, value, _NAME_RULE)


def _is_letter(letter: str) -> bool:
    # Vowel signs of many scripts are marks, not letters, to Unicode; a name needs them.
    return letter.isalnum() or category(letter) in {"Mn", "Mc"}


def _stretches(given: Iterable[CallingHours]) -> tuple[CallingHours, ...]:
    return as_tuple(given)  # type: ignore[no-any-return]


def _hours(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple):
        raise refuse(attribute.name, value, "a list of calling hours")
    for stretch in value:
        if not isinstance(stretch, CallingHours):
            raise refuse(attribute.name, stretch, "calling hours")


@all_at_once
@attrs.frozen(kw_only=True)
class CampaignModel:
    """The parameters of a campaign (R3.1, R3.2); a campaign keeps its own copy."""

    name: str = attrs.field(validator=valid_name)
    """1 to 64 letters of any script, digits, spaces, dashes, underscores: the calls' display
    name."""
    caller_number: str = attrs.field(validator=matches(NUMBER_PATTERN, NUMBER_RULE))
    """Shown to the recipient; for external calls the route may rewrite it (R7.8)."""
    enabled: bool = attrs.field(default=True, validator=flag)
    """A disabled model starts nothing."""
    routing_class: str | None = attrs.field(
        default=None,
        validator=optional(
            matches(r"[A-Za-z0-9_.-]{1,64}", "1 to 64 ASCII letters, digits, _ . and -")
        ),
    )
    """Selects the driver's route for external calls."""
    priority: int = attrs.field(default=0, validator=whole_number(0, 1_000))
    """0 to 1000; a higher number goes first (R6.1)."""
    sound: str | None = attrs.field(default=None, validator=optional(sound))
    """The message; needed at the start of a campaign (R4.1)."""
    threshold: int | None = attrs.field(default=None, validator=optional(whole_number(1)))
    """How many must be reached for the campaign to be complete; ``None`` is all (R4.5)."""
    stop_at_threshold: bool = attrs.field(default=False, validator=flag)
    """Place no new call once the threshold is reached (R4.5)."""
    attempts_max: int = attrs.field(default=5, validator=whole_number(1, 100))
    """Call attempts per recipient."""
    ring_timeout_s: int = attrs.field(default=30, validator=whole_number(1, 600))
    script: CallScript = attrs.field(factory=CallScript, validator=one_of(CallScript))
    call_limits: CallLimits = attrs.field(factory=CallLimits, validator=one_of(CallLimits))
    call_rate: CallRate | None = attrs.field(default=None, validator=optional(one_of(CallRate)))
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=one_of(RetryPolicy))
    calling_hours: tuple[CallingHours, ...] = attrs.field(
        default=(), converter=_stretches, validator=_hours
    )
    """When recipients may be called; empty: always (R6.11)."""
    time_zone: str = attrs.field(default="UTC", validator=known_zone)
    """The zone of the calling hours for recipients without one of their own."""
    order: Order = attrs.field(default=Order.FRESH_FIRST, validator=one_of(Order))
    breaker: Breaker | None = attrs.field(default=None, validator=optional(one_of(Breaker)))
    duplicates: Duplicates = attrs.field(default=Duplicates.REFUSE, validator=one_of(Duplicates))
    """What becomes of a number that stands twice on one line of the list (R3.2)."""
    recipients: RecipientList = attrs.field(
        default=RecipientList(),
        converter=with_repeats,
        validator=one_of(RecipientList),
    )
    """In list order; given as any iterable of recipients."""

    @recipients.validator
    def _each_number_once(self, _: object, value: RecipientList) -> None:
        if isinstance(self.duplicates, Duplicates):
            RecipientList.refuse(value.repeats(duplicates=self.duplicates))

    def changed(self, **changes: object) -> CampaignModel:
        """Return this model with some values changed: they are checked, and no other (R3.6).

        What was accepted before may be unknown to this machine; :func:`attrs.evolve` would ask.

        Args:
            changes: by the name of the field.

        Raises:
            SettingsError: a value given here is bad.
        """
        return with_changes(self, **changes)
