"""The general settings: limits over all campaigns (R2)."""

from __future__ import annotations

import attrs

from campaign_core._model.limits import CallLimits, CallRate, FrequencyCap
from campaign_core._model.number_plan import NumberPlan
from campaign_core._model.sounds import sound
from campaign_core._values.at_once import all_at_once
from campaign_core._values.validators import flag, one_of, optional, whole_number

__all__ = ["Settings"]


@all_at_once
@attrs.frozen(kw_only=True)
class Settings:
    """What holds for the whole service; a change takes effect at once (R2.3)."""

    active_campaigns_max: int | None = attrs.field(
        default=None, validator=optional(whole_number(0))
    )
    """How many competing campaigns may place calls (R6.2); ``None`` is unlimited."""
    call_limits: CallLimits = attrs.field(factory=CallLimits, validator=one_of(CallLimits))
    call_rate: CallRate | None = attrs.field(default=None, validator=optional(one_of(CallRate)))
    """Counts the calls placed since a rate was last absent."""
    answer_prompt: str | None = attrs.field(default="press-1", validator=optional(sound))
    """Asks to dial 1 (R7.2); ``None``: silence to dial in."""
    listening_prompt: str | None = attrs.field(default=None, validator=optional(sound))
    """Asks to dial 9 (R7.4); ``None``: silence to dial in."""
    one_call_per_number: bool = attrs.field(default=True, validator=flag)
    """While a number is in a call of any campaign it is not called again (R6.14)."""
    frequency_cap: FrequencyCap | None = attrs.field(
        default=None, validator=optional(one_of(FrequencyCap))
    )
    """Counts the attempts placed since a cap was last absent (R6.15)."""
    number_plan: NumberPlan | None = attrs.field(
        default=None, validator=optional(one_of(NumberPlan))
    )
    """By which numbers are compared (R3.7); ``None``: as they are written."""
