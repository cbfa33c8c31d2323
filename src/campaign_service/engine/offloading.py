"""Which steps of the core take so long that they are worked in a thread.

A step is a function of an immutable state, so it may be worked anywhere, as long as one follows the
other. With a million recipients some take a second or two; the event loop has the sockets of calls
and people to serve meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from campaign_core import State, campaign_ids, models, recipient_count
from campaign_core.commands import (
    AddAttempts,
    AddModel,
    AddToDoNotCall,
    AllFailed,
    AppendRecipients,
    ChangeSettings,
    CloneModel,
    Command,
    EditModel,
    RemoveFromDoNotCall,
    ResumeCampaign,
    StartCampaign,
    StartNow,
    StopAttempts,
    StopCampaign,
)
from campaign_core.errors import UnknownCampaignError
from campaign_core.events import CampaignDeleted, CampaignScheduled, RecipientsAppended

__all__ = ["RESIZING_EVENTS", "is_command_long", "is_due_work_long"]

RESIZING_EVENTS: frozenset[type[Any]] = frozenset(
    {CampaignDeleted, CampaignScheduled, RecipientsAppended}
)
"""Events after which :func:`is_due_work_long` may answer otherwise."""
_MANY = 10_000
"""Of so many recipients no step takes longer than some ten milliseconds."""


def is_due_work_long(state: State) -> bool:
    """Return whether what is due in a state may concern so many that it takes long."""
    return _all(state, None) >= _MANY


def is_command_long(state: State, command: Command) -> bool:
    """Return whether a command may concern so many recipients that it takes long."""
    count = _CONCERNS.get(type(command))
    if count is None:
        return False
    try:
        return count(state, command) >= _MANY
    except UnknownCampaignError:
        return False


def _all(state: State, _: Command | None) -> int:
    return sum(recipient_count(state, campaign_id) for campaign_id in campaign_ids(state))


def _of_campaign(state: State, command: StartNow | ResumeCampaign | StopCampaign) -> int:
    return recipient_count(state, command.campaign_id)


def _started(state: State, command: StartCampaign) -> int:
    if command.recipients is not None:
        return len(command.recipients)
    model = models(state).get(command.model_id)
    return 0 if model is None else len(model.recipients)


def _selected(state: State, command: AddAttempts | StopAttempts) -> int:
    if isinstance(command.positions, AllFailed):
        return recipient_count(state, command.campaign_id)
    return len(command.positions)


def _cloned(state: State, command: CloneModel) -> int:
    model = models(state).get(command.model_id)
    return 0 if model is None else len(model.recipients)


_CONCERNS: Mapping[type[Any], Callable[[State, Any], int]] = {
    AddModel: lambda _, command: len(command.model.recipients),
    EditModel: lambda _, command: len(command.model.recipients),
    CloneModel: _cloned,
    StartCampaign: _started,
    StartNow: _of_campaign,
    ResumeCampaign: _of_campaign,
    StopCampaign: _of_campaign,
    AppendRecipients: lambda _, command: len(command.recipients),
    AddAttempts: _selected,
    StopAttempts: _selected,
    AddToDoNotCall: _all,
    RemoveFromDoNotCall: _all,
    ChangeSettings: _all,
}
"""How many recipients a command may concern; the others concern none, or one."""
