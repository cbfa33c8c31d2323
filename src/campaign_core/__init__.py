"""Scheduling of call campaigns as pure functions over immutable state.

The face: what a user may import, nothing else. ``handle`` is the one entry for whatever happens;
the word lists are the modules :mod:`~campaign_core.commands`, :mod:`~campaign_core.reports`,
:mod:`~campaign_core.events` and :mod:`~campaign_core.decisions`.
"""

from campaign_core._decision.explain import explain
from campaign_core._decision.handle import (
    Batch,
    Message,
    Refusal,
    Transition,
    handle,
    handle_batch,
    open_service,
)
from campaign_core._decision.permissions import Permission, permission_for
from campaign_core._decision.queries import (
    Campaign,
    UnknownTimeZone,
    calls,
    campaign,
    campaign_ids,
    campaigns,
    changed_positions,
    do_not_call,
    link,
    models,
    recipient,
    recipient_count,
    recipients,
    sounds_of,
    status,
    unknown_time_zones,
)
from campaign_core._decision.reasons import Explanation, Reason, ReasonKind
from campaign_core._decision.session import Session, StepResult
from campaign_core._decision.strays import strays
from campaign_core._decision.what_if import PlannedCall, Waiting, WhatIf, starvation, what_if
from campaign_core._model.call_script import CallScript, TransferOption
from campaign_core._model.calling_hours import CallingHours, Weekday, instant_of, is_known_zone
from campaign_core._model.campaign_model import CampaignModel, Order
from campaign_core._model.limits import CallLimits, CallRate, FrequencyCap
from campaign_core._model.number_plan import NumberPlan, canonical_form
from campaign_core._model.outcomes import TECHNICAL, UNANSWERED, Outcome
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.recipients import Duplicates, Line, Number, Recipient
from campaign_core._model.retry import Breaker, RetryPolicy
from campaign_core._model.settings import Settings
from campaign_core._model.sounds import FROM_SETTINGS, Prompt
from campaign_core._model.statuses import (
    FailureReason,
    PauseReason,
    Purpose,
    RecipientStatus,
    Status,
)
from campaign_core._schedule.wakeup import next_wakeup
from campaign_core._state.call import Call
from campaign_core._state.invariants import check
from campaign_core._state.link import SIMULATED, Link
from campaign_core._state.record import Active, Contacted, Failed, Idle, RecipientState
from campaign_core._state.service import State
from campaign_core._transition.evolve import evolve, replay
from campaign_core._values.identifiers import CallId, CampaignId, ModelId, Position, ServiceId
from campaign_core._values.instants import Instant
from campaign_core._version import __version__

__all__ = [
    "FROM_SETTINGS",
    "SIMULATED",
    "TECHNICAL",
    "UNANSWERED",
    "Active",
    "Batch",
    "Breaker",
    "Call",
    "CallId",
    "CallLimits",
    "CallRate",
    "CallScript",
    "CallingHours",
    "Campaign",
    "CampaignId",
    "CampaignModel",
    "Contacted",
    "Duplicates",
    "Explanation",
    "Failed",
    "FailureReason",
    "FrequencyCap",
    "Idle",
    "Instant",
    "Line",
    "Link",
    "Message",
    "ModelId",
    "Number",
    "NumberPlan",
    "Order",
    "Outcome",
    "PauseReason",
    "Permission",
    "PlannedCall",
    "Position",
    "Prompt",
    "Purpose",
    "Reason",
    "ReasonKind",
    "Recipient",
    "RecipientList",
    "RecipientState",
    "RecipientStatus",
    "Refusal",
    "RetryPolicy",
    "ServiceId",
    "Session",
    "Settings",
    "State",
    "Status",
    "StepResult",
    "TransferOption",
    "Transition",
    "UnknownTimeZone",
    "Waiting",
    "Weekday",
    "WhatIf",
    "__version__",
    "calls",
    "campaign",
    "campaign_ids",
    "campaigns",
    "canonical_form",
    "changed_positions",
    "check",
    "do_not_call",
    "evolve",
    "explain",
    "handle",
    "handle_batch",
    "instant_of",
    "is_known_zone",
    "link",
    "models",
    "next_wakeup",
    "open_service",
    "permission_for",
    "recipient",
    "recipient_count",
    "recipients",
    "replay",
    "sounds_of",
    "starvation",
    "status",
    "strays",
    "unknown_time_zones",
    "what_if",
]
