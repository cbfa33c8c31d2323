"""The call script: what happens in an answered call (R7)."""

from __future__ import annotations

from typing import Any

import attrs

from campaign_core._model.recipients import NUMBER_PATTERN, NUMBER_RULE
from campaign_core._model.sounds import FROM_SETTINGS, Prompt, sound_or_inherited
from campaign_core._values.at_once import all_at_once
from campaign_core._values.validators import flag, matches, one_of, optional, refuse, whole_number

__all__ = ["ANSWER_DIGIT", "LISTENING_DIGIT", "CallScript", "TransferOption"]

ANSWER_DIGIT = "1"
"""Dialled by the recipient to confirm the answer (R7.2)."""
LISTENING_DIGIT = "9"
"""Dialled by the recipient to confirm having listened (R7.4)."""

_option_digit = matches(r"[02-8*#]", "one of 0 2 3 4 5 6 7 8 * #; 1 and 9 confirm")


@all_at_once
@attrs.frozen(kw_only=True)
class TransferOption:
    """A digit that connects the recipient to an extension (R7.7)."""

    digit: str = attrs.field(validator=_option_digit)
    extension: str = attrs.field(validator=matches(NUMBER_PATTERN, NUMBER_RULE))


@all_at_once
@attrs.frozen(kw_only=True)
class CallScript:
    """Confirmations, prompts and how long each step may take."""

    confirm_answer: bool = attrs.field(default=False, validator=flag)
    """Ask to dial 1 before the message (R7.2)."""
    confirm_listening: bool = attrs.field(default=False, validator=flag)
    """Ask to dial 9 after the message (R7.4)."""
    answer_prompt: Prompt = attrs.field(default=FROM_SETTINGS, validator=sound_or_inherited)
    listening_prompt: Prompt = attrs.field(default=FROM_SETTINGS, validator=sound_or_inherited)
    digit_timeout_s: int = attrs.field(default=5, validator=whole_number(1, 60))
    """Silence after a prompt or the message in which a digit is awaited."""
    answer_prompts_max: int = attrs.field(default=3, validator=whole_number(1, 20))
    """Prompts before the call is given up; each silence without a prompt counts as one."""
    message_plays_max: int = attrs.field(default=5, validator=whole_number(1, 20))
    call_duration_max_s: int = attrs.field(default=600, validator=whole_number(10, 7_200))
    """Part of every call's deadline (R7.9)."""
    opt_out_digit: str | None = attrs.field(default=None, validator=optional(_option_digit))
    """Puts the number on the do-not-call list (R7.7); ``None``: off."""
    transfer: TransferOption | None = attrs.field(
        default=None, validator=optional(one_of(TransferOption))
    )

    @transfer.validator
    def _differs(self, attribute: attrs.Attribute[Any], value: TransferOption | None) -> None:
        if value is not None and value.digit == self.opt_out_digit:
            raise refuse(attribute.name, value.digit, "a digit other than opt_out_digit")
