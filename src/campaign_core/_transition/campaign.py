"""The campaign's state machine: R4.3 as a table.

A row reads: in this status, by this event, to one of these statuses. The function makes the new
status from the campaign and the event. ``BLOCKED`` is no source and no target: it is derived
(R4.4). What is not a row cannot happen: ``_decision`` refuses the command, or never records the
event; ``tests/core`` walks the whole product and lists those as impossible.
"""

from __future__ import annotations

from campaign_core import events as ev
from campaign_core._model.statuses import Status
from campaign_core._state.campaign import CampaignRow
from campaign_core._transition.arrows import table

__all__ = ["CAMPAIGN_ARROWS", "next_status"]

_SCHEDULED, _ACTIVE, _PAUSED = Status.SCHEDULED, Status.ACTIVE, Status.PAUSED
_INCOMPLETE, _TERMINATED, _COMPLETED = Status.INCOMPLETE, Status.TERMINATED, Status.COMPLETED


def _stays(campaign: CampaignRow, _: ev.CampaignEvent) -> Status:
    return campaign.status


def _active(_: CampaignRow, __: ev.CampaignEvent) -> Status:
    return _ACTIVE


def _paused(_: CampaignRow, __: ev.CampaignPaused) -> Status:
    return _PAUSED


def _terminated(_: CampaignRow, __: ev.CampaignStopped) -> Status:
    return _TERMINATED


def _ended(_: CampaignRow, event: ev.CampaignEnded) -> Status:
    return event.status


CAMPAIGN_ARROWS = table(
    # A campaign's life.
    (_SCHEDULED, ev.CampaignStarted, {_ACTIVE}, _active),
    (_ACTIVE, ev.CampaignPaused, {_PAUSED}, _paused),
    (_PAUSED, ev.CampaignResumed, {_ACTIVE}, _active),
    (_ACTIVE, ev.CampaignEnded, {_COMPLETED, _INCOMPLETE}, _ended),
    (_PAUSED, ev.CampaignEnded, {_COMPLETED, _INCOMPLETE}, _ended),
    # A stop closes it from wherever it is; of a terminated one it ends the calls in progress.
    (_SCHEDULED, ev.CampaignStopped, {_TERMINATED}, _terminated),
    (_ACTIVE, ev.CampaignStopped, {_TERMINATED}, _terminated),
    (_PAUSED, ev.CampaignStopped, {_TERMINATED}, _terminated),
    (_INCOMPLETE, ev.CampaignStopped, {_TERMINATED}, _terminated),
    (_TERMINATED, ev.CampaignStopped, {_TERMINATED}, _terminated),
    # More to do brings an incomplete campaign back; the others go on as they are.
    (_SCHEDULED, ev.AttemptsAdded, {_SCHEDULED}, _stays),
    (_ACTIVE, ev.AttemptsAdded, {_ACTIVE}, _stays),
    (_PAUSED, ev.AttemptsAdded, {_PAUSED}, _stays),
    (_INCOMPLETE, ev.AttemptsAdded, {_ACTIVE}, _active),
    (_SCHEDULED, ev.RecipientsAppended, {_SCHEDULED}, _stays),
    (_ACTIVE, ev.RecipientsAppended, {_ACTIVE}, _stays),
    (_PAUSED, ev.RecipientsAppended, {_PAUSED}, _stays),
    (_INCOMPLETE, ev.RecipientsAppended, {_ACTIVE}, _active),
    # Less to do may end it, which is an event of its own.
    (_SCHEDULED, ev.AttemptsStopped, {_SCHEDULED}, _stays),
    (_ACTIVE, ev.AttemptsStopped, {_ACTIVE}, _stays),
    (_PAUSED, ev.AttemptsStopped, {_PAUSED}, _stays),
    (_SCHEDULED, ev.RecipientsFailed, {_SCHEDULED}, _stays),
    (_ACTIVE, ev.RecipientsFailed, {_ACTIVE}, _stays),
    (_PAUSED, ev.RecipientsFailed, {_PAUSED}, _stays),
    (_ACTIVE, ev.CampaignExpired, {_ACTIVE}, _stays),
    (_PAUSED, ev.CampaignExpired, {_PAUSED}, _stays),
    (_INCOMPLETE, ev.CampaignExpired, {_INCOMPLETE}, _stays),
)


def next_status(campaign: CampaignRow, event: ev.CampaignEvent) -> Status:
    """Return the status to which an event leads.

    Raises:
        KeyError: the table has no such arrow.
    """
    status: Status = CAMPAIGN_ARROWS[campaign.status, type(event)].make(campaign, event)
    return status
