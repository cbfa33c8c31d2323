"""Kinds of simulated callees by the names that a campaign's file gives them."""

from __future__ import annotations

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

__all__ = ["CALLEES", "KINDS", "Callees"]

KINDS = (
    "follows_prompts",
    "voicemail",
    "dials_wrong_once",
    "never_dials_right",
    "hangs_up_in_prompt",
    "hangs_up_in_message",
    "hangs_up_in_silence",
    "opts_out",
    "asks_for_transfer",
)
"""Who may answer a simulated call."""


@attrs.frozen(kw_only=True)
class Callees:
    """Those who answer: how long they take, and the digits that they may dial."""

    ring: Delay | float | None = None
    """From placing to the answer; ``None``: as each kind has it."""
    think: Delay | float | None = None
    """From understanding what to do to doing it."""
    talk: Delay | float | None = None
    """After a transfer."""
    opt_out_digit: str | None = None
    transfer_digit: str | None = None

    def of(self, script: CallScript) -> Callees:
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
        weights = {
            "follows_prompts": 70,
            "voicemail": 12,
            "dials_wrong_once": 5,
            "never_dials_right": 1,
            "hangs_up_in_prompt": 6,
            "hangs_up_in_message": 4,
            "hangs_up_in_silence": 2,
        }
        kinds = ((weight, self.behaviour(kind)) for kind, weight in weights.items())
        return tuple(Share(weight=weight, behaviour=kind) for weight, kind in kinds if kind)

    def behaviour(self, kind: str) -> Answers | None:
        """Return what one of a kind does; ``None`` where the script lacks the digit for it."""
        ring = {} if self.ring is None else {"ring": self.ring}
        think = {} if self.think is None else {"think": self.think}
        talk = {} if self.talk is None else {"talk": self.talk}
        match kind:
            case "follows_prompts":
                return follows_prompts(**ring, **think)
            case "voicemail":
                # A box answers after its own time, not after a person's.
                return voicemail()
            case "dials_wrong_once":
                return dials_wrong(times=1, right_then=True, **ring, **think)
            case "never_dials_right":
                return dials_wrong(times=20, right_then=False, **ring, **think)
            case "hangs_up_in_prompt":
                return hangs_up_in_prompt(**ring)
            case "hangs_up_in_message":
                return hangs_up_in_message(**ring, **think)
            case "hangs_up_in_silence":
                return hangs_up_in_silence(**ring, **think)
            case "opts_out" if self.opt_out_digit is not None:
                return opts_out(digit=self.opt_out_digit, **ring, **think)
            case "asks_for_transfer" if self.transfer_digit is not None:
                return asks_for_transfer(digit=self.transfer_digit, **ring, **think, **talk)
        return None


CALLEES = Callees()
"""Those of a campaign without digits of its own."""
