"""What is known of one call, beside what any driver knows."""

from __future__ import annotations

import attrs
from typing_extensions import override

from campaign_drivers._telephony import call as shared

__all__ = ["Call"]


@attrs.define(kw_only=True)
class Call(shared.Call):
    """What is known of one of our calls."""

    channel_id: str = attrs.field(default=attrs.Factory(lambda call: call.call_id, takes_self=True))
    """Of the channel it is by now; the call's own, unless another took its place."""
    dial_string: str = ""
    reason: int | None = None
    cause: int | None = None
    requested_cause: int | None = None
    """Of the other side's hang-up, or of its refusal."""
    listens: bool = False
    """Asterisk takes AGI commands for it."""
    has_listened: bool = False
    callee_hung_up: bool = False
    injected: int = 0
    """Stop digits of our own that will come back as events."""

    @override
    def out_of_reach(self) -> None:
        super().out_of_reach()
        # What was not seen cannot be told: it may have taken commands.
        self.listens, self.injected, self.took_command = False, 0, True
