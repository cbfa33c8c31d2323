"""Events: what happened. The state is a fold over them and nothing else (R9.1).

Each carries its sequence number (from 1, without gaps), the time at which it is taken to have
happened and the actor behind it. Events of a call name the *call*, so that a late hang-up of one
attempt cannot end the next. Closed: the union :data:`Event` names every kind.

Made several times on every call, these keep their fields in a dict: attrs fills one in half the
time that slots take.
"""

from __future__ import annotations

from enum import Enum

import attrs

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.recipients import Line, RecipientList
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import FailureReason, PauseReason, Purpose, Status
from campaign_core._values.identifiers import CallId, CampaignId, ModelId, Position, ServiceId
from campaign_core._values.instants import Instant
from campaign_core.reports import PlaybackEnd

__all__ = [
    "DRIVER",
    "SCHEDULER",
    "AnswerConfirmed",
    "AttemptsAdded",
    "AttemptsStopped",
    "CallAnswered",
    "CallEnded",
    "CallEvent",
    "CallGivenBack",
    "CallPlaced",
    "CallTakenOver",
    "CallTransferred",
    "CallsUpReported",
    "CampaignDeleted",
    "CampaignEnded",
    "CampaignEvent",
    "CampaignExpired",
    "CampaignPaused",
    "CampaignResumed",
    "CampaignScheduled",
    "CampaignStarted",
    "CampaignStopped",
    "DeadlinePassed",
    "DigitDialled",
    "DigitTimedOut",
    "DriverCameUp",
    "DriverDeferred",
    "DriverWentDown",
    "Event",
    "GiveBackReason",
    "HangUpOrdered",
    "ListeningConfirmed",
    "ModelAdded",
    "ModelDisabled",
    "ModelEdited",
    "ModelEnabled",
    "ModelsDeleted",
    "NumbersBarred",
    "NumbersUnbarred",
    "OptedOut",
    "PlaybackEnded",
    "PlaybackStarted",
    "RecipientsAppended",
    "RecipientsFailed",
    "ServiceOpened",
    "SettingsChanged",
    "SilenceStarted",
]

SCHEDULER = "scheduler"
"""The actor of what the rules themselves bring about."""
DRIVER = "driver"
"""The actor of what the telephony reported."""


@attrs.frozen(kw_only=True, slots=False)
class _Event:
    seq: int
    """Counted from 1 within the service, without gaps."""
    at: Instant
    """When it is taken to have happened; never before the event before it (R6.13)."""
    actor: str


@attrs.frozen(kw_only=True, slots=False)
class CampaignEvent(_Event):
    """An event of one campaign."""

    campaign_id: CampaignId


@attrs.frozen(kw_only=True, slots=False)
class CallEvent(_Event):
    """An event of one call."""

    call_id: CallId


# The service -------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
class ServiceOpened(_Event):
    """The first event of every journal (R8.3)."""

    service_id: ServiceId
    settings: Settings


@attrs.frozen(kw_only=True, slots=False)
class SettingsChanged(_Event):
    """The general settings were replaced."""

    settings: Settings


@attrs.frozen(kw_only=True, slots=False)
class NumbersBarred(_Event):
    """Numbers were put on the do-not-call list."""

    numbers: tuple[str, ...]


@attrs.frozen(kw_only=True, slots=False)
class NumbersUnbarred(_Event):
    """Numbers were taken off the do-not-call list."""

    numbers: tuple[str, ...]


@attrs.frozen(kw_only=True, slots=False)
class DriverWentDown(_Event):
    """The driver lost its telephony, or the service started without it."""


@attrs.frozen(kw_only=True, slots=False)
class DriverCameUp(_Event):
    """The driver takes calls again."""


@attrs.frozen(kw_only=True, slots=False)
class CallsUpReported(_Event):
    """The telephony told which calls are up, after a reconnection."""


@attrs.frozen(kw_only=True, slots=False)
class DriverDeferred(_Event):
    """The telephony has no capacity: nothing is placed until then."""

    until: Instant


# Models ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
class ModelAdded(_Event):
    """A model was added, or cloned from another."""

    model_id: ModelId
    model: CampaignModel


@attrs.frozen(kw_only=True, slots=False)
class ModelEdited(_Event):
    """A model's parameters were replaced."""

    model_id: ModelId
    model: CampaignModel


@attrs.frozen(kw_only=True, slots=False)
class ModelsDeleted(_Event):
    """Models were deleted; campaigns keep their copies."""

    model_ids: tuple[ModelId, ...]


@attrs.frozen(kw_only=True, slots=False)
class ModelEnabled(_Event):
    """Campaigns may be started from the model."""

    model_id: ModelId


@attrs.frozen(kw_only=True, slots=False)
class ModelDisabled(_Event):
    """No campaign may be started from the model."""

    model_id: ModelId


# Campaigns ---------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
class CampaignScheduled(CampaignEvent):
    """A campaign was created with its own copy of everything (R4.1, R4.2)."""

    model_id: ModelId
    model_name: str
    parameters: CampaignModel
    """The copy, with this run's name, sound and recipients."""
    starts_at: Instant
    expires_at: Instant | None


@attrs.frozen(kw_only=True, slots=False)
class CampaignStarted(CampaignEvent):
    """The campaign became active: its time came, or a user started it now."""

    starts_at: Instant
    """The due instant, or the moment of the start now: set once (R4.2)."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignPaused(CampaignEvent):
    """No new calls until it is resumed."""

    reason: PauseReason


@attrs.frozen(kw_only=True, slots=False)
class CampaignResumed(CampaignEvent):
    """Calls are placed again."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignStopped(CampaignEvent):
    """A user closed the campaign."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignExpired(CampaignEvent):
    """Its time is over: no new call from now on (R4.11)."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignEnded(CampaignEvent):
    """Nobody is left to call (R4.5)."""

    status: Status
    """``COMPLETED`` or ``INCOMPLETE``."""
    contacted: int
    """How many were reached."""


@attrs.frozen(kw_only=True, slots=False)
class CampaignDeleted(CampaignEvent):
    """The campaign was taken off the list."""


@attrs.frozen(kw_only=True, slots=False)
class RecipientsAppended(CampaignEvent):
    """Recipients were added behind the others."""

    recipients: RecipientList


@attrs.frozen(kw_only=True, slots=False)
class AttemptsAdded(CampaignEvent):
    """More attempts were allowed (R5.2)."""

    positions: tuple[Position, ...]
    attempts: int


@attrs.frozen(kw_only=True, slots=False)
class AttemptsStopped(CampaignEvent):
    """These recipients are tried no more (R5.3)."""

    positions: tuple[Position, ...]


@attrs.frozen(kw_only=True, slots=False)
class RecipientsFailed(CampaignEvent):
    """Idle recipients were settled by a rule (R6.12, R4.11, R5.6)."""

    positions: tuple[Position, ...]
    reason: FailureReason


# Calls -------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True, slots=False)
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


@attrs.frozen(kw_only=True, slots=False)
class CallGivenBack(CallEvent):
    """The call did not come about and does not count."""

    reason: GiveBackReason


@attrs.frozen(kw_only=True, slots=False)
class CallAnswered(CallEvent):
    """The recipient, or a machine, answered."""


@attrs.frozen(kw_only=True, slots=False)
class PlaybackStarted(CallEvent):
    """A sound was ordered to be played."""

    play: int
    """Numbered from 1 within the call."""
    purpose: Purpose
    round: int
    """The how-manieth prompt or message this is, from 1; listening prompts carry the message's."""
    sound: str


@attrs.frozen(kw_only=True, slots=False)
class PlaybackEnded(CallEvent):
    """A playback ended."""

    play: int
    end: PlaybackEnd


@attrs.frozen(kw_only=True, slots=False)
class SilenceStarted(CallEvent):
    """A digit is awaited in silence."""

    purpose: Purpose
    """``ANSWER_PROMPT`` or ``LISTENING_PROMPT``: which confirmation is awaited."""
    round: int
    until: Instant


@attrs.frozen(kw_only=True, slots=False)
class DigitDialled(CallEvent):
    """The recipient dialled a digit."""

    digit: str


@attrs.frozen(kw_only=True, slots=False)
class DigitTimedOut(CallEvent):
    """The silence ended without a digit."""


@attrs.frozen(kw_only=True, slots=False)
class AnswerConfirmed(CallEvent):
    """1 was dialled (R7.2)."""


@attrs.frozen(kw_only=True, slots=False)
class ListeningConfirmed(CallEvent):
    """9 was dialled (R7.4)."""


@attrs.frozen(kw_only=True, slots=False)
class OptedOut(CallEvent):
    """The opt-out digit was dialled: the number is on the do-not-call list now (R7.7)."""

    number: str


@attrs.frozen(kw_only=True, slots=False)
class CallTransferred(CallEvent):
    """The transfer digit was dialled: the recipient is connected to an extension (R7.7)."""

    extension: str
    deadline_at: Instant


@attrs.frozen(kw_only=True, slots=False)
class DeadlinePassed(CallEvent):
    """The call lasts longer than any may; it is hung up (R7.9)."""


@attrs.frozen(kw_only=True, slots=False)
class HangUpOrdered(CallEvent):
    """We end the call; its outcome is fixed now (R7)."""

    outcome: Outcome
    by_deadline: bool = False
    """Ordered because the call lasted too long (R7.9)."""


@attrs.frozen(kw_only=True, slots=False)
class CallTakenOver(CallEvent):
    """A call outlived the connection; its step starts again (R9.3)."""


@attrs.frozen(kw_only=True, slots=False)
class CallEnded(CallEvent):
    """The call is over (R7.10)."""

    outcome: Outcome
    hangup_cause: int | None
    """The telephony's Q.850 cause, where it gave one."""
    detail: str = ""
    """What the telephony said of a refusal, for the operator."""


Event = (
    ServiceOpened
    | SettingsChanged
    | NumbersBarred
    | NumbersUnbarred
    | DriverWentDown
    | DriverCameUp
    | CallsUpReported
    | DriverDeferred
    | ModelAdded
    | ModelEdited
    | ModelsDeleted
    | ModelEnabled
    | ModelDisabled
    | CampaignScheduled
    | CampaignStarted
    | CampaignPaused
    | CampaignResumed
    | CampaignStopped
    | CampaignExpired
    | CampaignEnded
    | CampaignDeleted
    | RecipientsAppended
    | AttemptsAdded
    | AttemptsStopped
    | RecipientsFailed
    | CallPlaced
    | CallGivenBack
    | CallAnswered
    | PlaybackStarted
    | PlaybackEnded
    | SilenceStarted
    | DigitDialled
    | DigitTimedOut
    | AnswerConfirmed
    | ListeningConfirmed
    | OptedOut
    | CallTransferred
    | DeadlinePassed
    | HangUpOrdered
    | CallTakenOver
    | CallEnded
)
"""Everything that can happen."""
