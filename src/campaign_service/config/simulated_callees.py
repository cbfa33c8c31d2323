"""Kinds of simulated callees by the names that a campaign's file gives them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

from campaign_core import CallScript
from campaign_drivers.simulated import (
    PEOPLE,
    Answers,
    Delay,
    Share,
    asks_for_transfer,
    dials_wrong,
    follows_prompts,
    hangs_up_in_message,
    hangs_up_in_prompt,
    hangs_up_in_silence,
    opts_out,
    voicemail,
)

__all__ = ["CALLEES", "KINDS", "SimulatedCallees"]

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

    def typical(self) -> tuple[Share, ...]:
        """Return who answers where a file says nothing about it."""
        if self.ring is None and self.think is None:
            return PEOPLE
        weights = {kind: weight for kind, (weight, _, _) in _BEHAVIOURS.items() if weight}
        kinds = ((weight, self.behaviour(kind)) for kind, weight in weights.items())
        return tuple(Share(weight=weight, behaviour=kind) for weight, kind in kinds if kind)

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


CALLEES = SimulatedCallees()
"""Those of a campaign without digits of its own."""
