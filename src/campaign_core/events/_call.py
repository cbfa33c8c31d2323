"""Events of a call."""

from __future__ import annotations

from enum import Enum

import attrs

from campaign_core._model.outcomes import Outcome
from campaign_core._model.recipients import Line
from campaign_core._model.statuses import Purpose
from campaign_core._values.identifiers import CampaignId, Position
from campaign_core._values.instants import Instant
from campaign_core.events._base import CallEvent
from campaign_core.reports import PlaybackEnd

__all__ = [
    "AnswerConfirmed",
    "CallAnswered",
    "CallEnded",
    "CallGivenBack",
    "CallPlaced",
    "CallTakenOver",
    "CallTransferred",
    "CallWentAdrift",
    "DeadlinePassed",
    "DigitDialled",
    "DigitTimedOut",
    "GiveBackReason",
    "HangUpOrdered",
    "ListeningConfirmed",
    "OptedOut",
    "PlaybackEnded",
    "PlaybackStarted",
    "SilenceStarted",
]


@attrs.frozen(kw_only=True)
class CallPlaced(CallEvent):
    """An attempt was made, and why this one at this moment (R8.4)."""

    campaign_id: CampaignId
    position: Position
    attempt: int
    """Counted from 1 for the recipient; it only rises, also past attempts given back."""
    number: str
    line: Line
    is_retry: bool
    """Whether an attempt that counted was made before."""
    rank: int
    """The campaign's place among those that compete (R6.2): 1 is the first."""
    in_use: tuple[int, int, int, int]
    """Calls in progress just before: internal and external of the service, then of the
    campaign."""


class GiveBackReason(Enum):
    """Why an attempt does not count (R5.5)."""

    DRIVER_DOWN = "DRIVER_DOWN"
    DEFERRED = "DEFERRED"


@attrs.frozen(kw_only=True)
class CallGivenBack(CallEvent):
    """The call did not come about and does not count."""

    reason: GiveBackReason


@attrs.frozen(kw_only=True)
class CallAnswered(CallEvent):
    """The recipient, or a machine, answered."""


@attrs.frozen(kw_only=True)
class PlaybackStarted(CallEvent):
    """A sound was ordered to be played."""

    play: int
    """Numbered from 1 within the call."""
    purpose: Purpose
    round: int
    """The how-manieth prompt or message this is, from 1; listening prompts carry the message's."""
    sound: str


@attrs.frozen(kw_only=True)
class PlaybackEnded(CallEvent):
    """A playback ended."""

    play: int
    end: PlaybackEnd


@attrs.frozen(kw_only=True)
class SilenceStarted(CallEvent):
    """A digit is awaited in silence."""

    purpose: Purpose
    """``ANSWER_PROMPT`` or ``LISTENING_PROMPT``: which confirmation is awaited."""
    round: int
    until: Instant


@attrs.frozen(kw_only=True)
class DigitDialled(CallEvent):
    """The recipient dialled a digit."""

    digit: str


@attrs.frozen(kw_only=True)
class DigitTimedOut(CallEvent):
    """The silence ended without a digit."""


@attrs.frozen(kw_only=True)
class AnswerConfirmed(CallEvent):
    """1 was dialled (R7.2)."""


@attrs.frozen(kw_only=True)
class ListeningConfirmed(CallEvent):
    """9 was dialled (R7.4)."""


@attrs.frozen(kw_only=True)
class OptedOut(CallEvent):
    """The opt-out digit was dialled: the number is on the do-not-call list now (R7.7)."""

    number: str


@attrs.frozen(kw_only=True)
class CallTransferred(CallEvent):
    """The transfer digit was dialled: the recipient is connected to an extension (R7.7)."""

    extension: str
    deadline_at: Instant


@attrs.frozen(kw_only=True)
class DeadlinePassed(CallEvent):
    """The call lasts longer than any may; it is hung up (R7.9)."""


@attrs.frozen(kw_only=True)
class HangUpOrdered(CallEvent):
    """We end the call; its outcome is fixed now (R7)."""

    outcome: Outcome
    by_deadline: bool = False
    """Ordered because the call lasted too long (R7.9)."""


@attrs.frozen(kw_only=True)
class CallWentAdrift(CallEvent):
    """The part of the telephony that has the call is out of reach: its fate is unknown (R5.5)."""


@attrs.frozen(kw_only=True)
class CallTakenOver(CallEvent):
    """A call outlived the connection; its step starts again (R9.3)."""


@attrs.frozen(kw_only=True)
class CallEnded(CallEvent):
    """The call is over (R7.10)."""

    outcome: Outcome
    hangup_cause: int | None
    """The telephony's Q.850 cause, where it gave one."""
    detail: str = ""
    """Why, for the operator: what the telephony said of a refusal, or that an answered call was
    over before it took a command (R7.5)."""
    sounds_missing: int = 0
    """How many calls of the campaign, this one the last, ended ``SOUND_MISSING`` one after the
    other since it was started or resumed (R6.18); 0 where this one did not."""
