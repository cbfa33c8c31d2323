"""Events: what happened. The state is a fold over them and nothing else (R9.1).

Each carries its sequence number (from 1, without gaps), the time at which it is taken to have
happened and the actor behind it. Events of a call name the *call*, so that a late hang-up of one
attempt cannot end the next. Closed: the union :data:`Event` names every kind.
"""

from __future__ import annotations

from campaign_core.events._base import (
    DRIVER,
    SCHEDULER,
    CallEvent,
    CampaignEvent,
)
from campaign_core.events._call import (
    AnswerConfirmed,
    CallAnswered,
    CallEnded,
    CallGivenBack,
    CallPlaced,
    CallTakenOver,
    CallTransferred,
    CallWentAdrift,
    DeadlinePassed,
    DigitDialled,
    DigitTimedOut,
    GiveBackReason,
    HangUpOrdered,
    ListeningConfirmed,
    OptedOut,
    PlaybackEnded,
    PlaybackStarted,
    SilenceStarted,
)
from campaign_core.events._campaign import (
    AttemptsAdded,
    AttemptsStopped,
    CampaignDeleted,
    CampaignEnded,
    CampaignExpired,
    CampaignPaused,
    CampaignResumed,
    CampaignScheduled,
    CampaignStarted,
    CampaignStopped,
    RecipientsAppended,
    RecipientsFailed,
)
from campaign_core.events._service import (
    CalendarShifted,
    CallsUpReported,
    DriverCameUp,
    DriverCapacityChanged,
    DriverDeferred,
    DriverWentDown,
    ModelAdded,
    ModelDisabled,
    ModelEdited,
    ModelEnabled,
    ModelsDeleted,
    NumbersBarred,
    NumbersUnbarred,
    ServiceOpened,
    SettingsChanged,
    TelephonyNamed,
)

__all__ = [
    "DRIVER",
    "SCHEDULER",
    "AnswerConfirmed",
    "AttemptsAdded",
    "AttemptsStopped",
    "CalendarShifted",
    "CallAnswered",
    "CallEnded",
    "CallEvent",
    "CallGivenBack",
    "CallPlaced",
    "CallTakenOver",
    "CallTransferred",
    "CallWentAdrift",
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
    "DriverCapacityChanged",
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
    "TelephonyNamed",
]

Event = (
    ServiceOpened
    | SettingsChanged
    | NumbersBarred
    | NumbersUnbarred
    | CalendarShifted
    | DriverWentDown
    | TelephonyNamed
    | DriverCameUp
    | CallsUpReported
    | DriverDeferred
    | DriverCapacityChanged
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
    | CallWentAdrift
    | CallTakenOver
    | CallEnded
)
"""Everything that can happen."""
