"""What is measured on: recipients, models, services in some state."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from campaign_core import (
    CallId,
    CallLimits,
    CampaignModel,
    Instant,
    Line,
    ModelId,
    Recipient,
    RecipientList,
    Settings,
    State,
    handle,
    open_service,
)
from campaign_core.commands import AddModel, StartAfter, StartCampaign, StartImmediately
from campaign_core.decisions import Decision, PlaceCall

__all__ = [
    "CALLS",
    "LIMITS",
    "NOW",
    "SERVICE_ID",
    "model_of",
    "opened",
    "placed",
    "recipients_of",
    "started",
]

NOW = Instant(1_767_600_000_000)
"""A Monday morning in January 2026."""
SERVICE_ID = "0badcafe"
CALLS = 100
"""In progress at a time."""
LIMITS = CallLimits(total=CALLS, internal=40, external=80)
"""The two lines together could exceed the total (R2.2)."""


@cache
def recipients_of(count: int, first: int = 0) -> RecipientList:
    """Return recipients with numbers of their own, one in four on the internal line."""
    return RecipientList(
        Recipient(
            number=f"+39{first + place:09d}",
            line=Line.EXTERNAL if place % 4 else Line.INTERNAL,
        )
        for place in range(count)
    )


def model_of(recipients: RecipientList, name: str = "Benchmark", **others: object) -> CampaignModel:
    """Return a model by the default rules, but for what is given."""
    return CampaignModel(
        name=name,
        caller_number="100",
        sound="message",
        recipients=recipients,
        **others,  # type: ignore[arg-type]
    )


def opened(settings: Settings | None = None) -> State:
    """Return the state of a service that has just been opened."""
    return open_service(SERVICE_ID, settings or Settings(call_limits=LIMITS), NOW).state


def started(
    state: State, model: CampaignModel, now: Instant = NOW, *, in_minutes: int | None = None
) -> tuple[State, list[CallId]]:
    """Return the state with a campaign of this model, and the calls it placed."""
    added = handle(state, AddModel(model=model), now)
    when = StartImmediately() if in_minutes is None else StartAfter(in_minutes)
    model_id = ModelId(added.events[-1].model_id)  # type: ignore[union-attr]
    begun = handle(added.state, StartCampaign(model_id=model_id, when=when), now)
    return begun.state, placed(begun.decisions)


def placed(decisions: Iterable[Decision]) -> list[CallId]:
    """Return the ids of the calls that decisions place."""
    return [decision.call_id for decision in decisions if type(decision) is PlaceCall]
