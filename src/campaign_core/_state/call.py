"""A call in progress, and the step of the call script it is in (R7).

One class a step, with exactly what matters in it. ``_transition.call`` has the table of which
event leads from which step to which.
"""

from __future__ import annotations

import attrs

from campaign_core._model.outcomes import Outcome
from campaign_core._model.recipients import Line
from campaign_core._model.statuses import Purpose
from campaign_core._values.identifiers import CallId, CallKey, CampaignId, Position
from campaign_core._values.instants import Instant

__all__ = [
    "RINGING",
    "SPEAKING",
    "TRANSFERRED",
    "Call",
    "Ending",
    "Placement",
    "Playing",
    "Ringing",
    "Silent",
    "Speaking",
    "Step",
    "Transferred",
]


@attrs.frozen
class Ringing:
    """Placed, not answered yet."""


@attrs.frozen
class Speaking:
    """Answered; nothing was ordered yet, or what was ordered has ended."""


@attrs.frozen(kw_only=True)
class Playing:
    """A sound plays."""

    purpose: Purpose
    round: int
    """The how-manieth prompt or message this is."""
    play: int
    """The playback's number within the call."""


@attrs.frozen(kw_only=True)
class Silent:
    """A digit is awaited in silence."""

    purpose: Purpose
    round: int
    until: Instant


@attrs.frozen
class Transferred:
    """Connected to an extension."""


@attrs.frozen(kw_only=True)
class Ending:
    """We ordered the hang-up: the outcome is fixed."""

    outcome: Outcome
    by_deadline: bool
    """Ordered because the call lasted too long: with no end reported it is lost (R7.9)."""


Step = Ringing | Speaking | Playing | Silent | Transferred | Ending
"""Where in the call script a call is."""

RINGING = Ringing()
SPEAKING = Speaking()
TRANSFERRED = Transferred()


@attrs.frozen(kw_only=True)
class Placement:
    """What stays the same while a call lasts."""

    call_id: CallId
    key: CallKey
    """Campaign and position."""
    campaign_id: CampaignId
    position: Position
    attempt: int
    number: str
    number_index: int
    """Which of the recipient's numbers this is, from 0."""
    line: Line
    placed_at: Instant
    record_before: int
    """The recipient's record before the call was placed, for a call given back."""


@attrs.frozen(kw_only=True)
class Call:
    """A call in progress."""

    placement: Placement
    deadline_at: Instant
    """Past it we hang up (R7.9)."""
    is_answered: bool = False
    is_reached: bool = False
    """Whether all required confirmations were given: the outcome is fixed (R7.5)."""
    is_heard: bool = False
    """Whether a message was played, at least in part."""
    is_adrift: bool = False
    """The connection was lost since the call was last known to be up (R5.5)."""
    is_overdue: bool = False
    """Past its deadline: it is freed when the grace is over, too (R7.9)."""
    is_uncounted: bool = False
    """Its attempt is none of those that the frequency cap counts: it was placed before (R6.15)."""
    plays: int = 0
    """Playbacks ordered so far."""
    step: Step = RINGING
