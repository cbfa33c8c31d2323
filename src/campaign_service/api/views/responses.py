"""What answers show, made from what the core and the journal tell. Tables, and no rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from campaign_core import Call, Campaign, Explanation, RecipientState, Waiting, WhatIf
from campaign_service.journal import JournalEntry
from campaign_service.report import RecipientRow
from campaign_service.report.attempts import Attempt
from campaign_service.schemas import explanations, responses
from campaign_service.schemas.conversion import schema_of
from campaign_service.schemas.fields import verbatim

__all__ = [
    "attempt_detail",
    "call_schema",
    "campaign_schema",
    "explanation_schema",
    "recipient_schema",
    "waiting_schema",
    "what_if_schema",
]

_CALLS_SHOWN_MAX = 1_000

C = TypeVar("C", bound=responses.Campaign)
R = TypeVar("R", bound=responses.RecipientRow)


def campaign_schema(found: Campaign, kind: type[C]) -> C:
    """Return a campaign as the list shows it (R4.8), or with all its parameters."""
    parameters = found.parameters
    count = len(found.recipients)
    return schema_of(found, kind, parameters, parameters.script, recipient_count=count)


# Recipients ----------------------------------------------------------------------------------


def recipient_schema(row: RecipientRow, kind: type[R], state: RecipientState, **more: object) -> R:
    """Return a recipient as the status panel shows it (R5.4)."""
    allowed = state.allowed
    return schema_of(row, kind, row.recipient, state=row.status, attempts_allowed=allowed, **more)


def attempt_detail(attempt: Attempt, events: Iterable[JournalEntry]) -> responses.AttemptDetail:
    """Return an attempt with everything that happened in it, from its being placed on."""
    entries = list(events)
    shown = [verbatim(entry.data) for entry in entries]
    return schema_of(attempt, responses.AttemptDetail, events=shown, chosen=_chosen(entries[0]))


class _CallPlaced(msgspec.Struct):
    """What the event of a call's placing tells of why it was placed."""

    rank: int
    in_use: tuple[int, int, int, int]


def _chosen(placed: JournalEntry) -> responses.Chosen:
    found = msgspec.json.decode(placed.data, type=_CallPlaced)
    internal, external, own_internal, own_external = found.in_use
    return responses.Chosen(
        rank=found.rank,
        internal_calls=internal,
        external_calls=external,
        campaign_internal_calls=own_internal,
        campaign_external_calls=own_external,
    )


# Answers of the state (R8) -------------------------------------------------------------------


def explanation_schema(found: Explanation) -> explanations.Explanation:
    """Return why a recipient is not called, for a program and for a person."""
    return schema_of(found, explanations.Explanation, sentence=str(found))


def waiting_schema(found: Waiting) -> explanations.Waiting:
    """Return who waits, and behind what."""
    return schema_of(found, explanations.Waiting, why=explanation_schema(found.why))


def what_if_schema(found: WhatIf) -> explanations.WhatIfAnswer:
    """Return what a command would do."""
    shown, count = found.calls[:_CALLS_SHOWN_MAX], len(found.calls)
    return schema_of(found, explanations.WhatIfAnswer, calls=shown, call_count=count)


def call_schema(call: Call) -> responses.Call:
    """Return a call in progress."""
    return schema_of(call, responses.Call, call.placement, step=type(call.step).__name__)
