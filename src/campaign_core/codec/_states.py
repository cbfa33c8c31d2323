"""Whole states and plain data: facts alone, the index is made anew on reading."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.recipients import RecipientList
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import FailureReason, PauseReason, Status
from campaign_core._state import record as rec
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.index import rebuild
from campaign_core._state.link import Link
from campaign_core._state.pacing import Placements
from campaign_core._state.service import Draft, ServiceRow, State
from campaign_core._values.hashed import Hashed
from campaign_core._values.ordered import Ordered
from campaign_core._values.vector import Vector
from campaign_core.codec._values import Data, coder

__all__ = ["state_from_data", "state_to_data"]

_PLAIN = {
    "service_id": str,
    "now": int,
    "sequence": int,
    "next_model_id": int,
    "next_campaign_id": int,
}

_COLUMNS: dict[str, Callable[[int], Any]] = {
    "status": rec.status_of,
    "reason": lambda record: (
        rec.reason_of(record).name if rec.status_of(record) == rec.FAILED else None
    ),
    "stopped": rec.is_stopped,
    "used": rec.used_of,
    "never": rec.never_of,
    "counted": rec.counted_of,
    "allowed": rec.allowed_of,
    "attempts": rec.attempts_of,
    "placed_at": rec.placed_at_of,
    "due_at": rec.due_at_of,
}
"""A recipient's record by field: what the packed bits mean, not how they lie."""


def state_to_data(state: State) -> Data:
    """Return the facts of a state as plain data."""
    row = state._row
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        "settings": _written(Settings, row.settings),
        "models": [[key, _written(CampaignModel, model)] for key, model in row.models.items()],
        "campaigns": [_campaign_to_data(campaign) for campaign in row.campaigns.values()],
        "do_not_call": list(row.do_not_call),
        "link": _written(Link, row.link),
        "calls": [_written(Call, call) for call in row.calls.in_order()],
        "placements": _placements_to_data(row.placements),
        "attempt_times": [[key, list(times)] for key, times in row.attempt_times.items()],
    }


def state_from_data(data: Data) -> State:
    """Return the state of some data."""
    plain = {name: _read(kind, data[name]) for name, kind in _PLAIN.items()}
    row = ServiceRow(
        service_id=plain["service_id"],
        settings=_read(Settings, data["settings"]),
        now=plain["now"],
    )
    for name, value in plain.items():
        setattr(row, name, value)
    row.models = Ordered((key, _read(CampaignModel, model)) for key, model in data["models"])
    campaigns = [_campaign_from_data(campaign) for campaign in data["campaigns"]]
    row.campaigns = Ordered((campaign.campaign_id, campaign) for campaign in campaigns)
    row.do_not_call = Ordered.of_keys(data["do_not_call"])
    row.link = _read(Link, data["link"])
    calls = [_read(Call, call) for call in data["calls"]]
    row.calls = Hashed((call.placement.call_id, call) for call in calls)
    row.placements = _placements_from_data(data["placements"])
    row.attempt_times = Ordered((key, tuple(times)) for key, times in data["attempt_times"])
    draft = Draft(row)
    rebuild(draft, row.now)
    return draft.sealed()


def _written(kind: Any, value: Any) -> Any:
    return coder(kind)[0](value)


def _read(kind: Any, data: Any) -> Any:
    return coder(kind)[1](data)


def _placements_to_data(placements: Placements) -> list[int]:
    return [placements.count, *placements.times.values()]


def _placements_from_data(data: list[int]) -> Placements:
    count, *times = data
    first = count - len(times)
    return Placements(count, Ordered(enumerate(times, first)))


def _campaign_to_data(campaign: CampaignRow) -> Data:
    parameters = _written(CampaignModel, campaign.parameters)
    # The campaign's own list begins with the one it was started with: written once.
    del parameters["recipients"]
    reason = campaign.pause_reason
    return {
        "campaign_id": campaign.campaign_id,
        "model_id": campaign.model_id,
        "model_name": campaign.model_name,
        "parameters": parameters,
        "started_with": len(campaign.parameters.recipients),
        "recipients": _written(RecipientList, campaign.recipients),
        "status": campaign.status.name,
        "pause_reason": None if reason is None else reason.name,
        "starts_at": campaign.starts_at,
        "expires_at": campaign.expires_at,
        "is_expired": campaign.is_expired,
        "records": _columns_of(campaign.records),
        "placements": _placements_to_data(campaign.placements),
        "breaker_bits": f"{campaign.breaker_bits:x}",
        "breaker_calls": campaign.breaker_calls,
    }


def _campaign_from_data(data: Data) -> CampaignRow:
    recipients = _read(RecipientList, data["recipients"])
    count = data["started_with"]
    own = recipients if count == len(recipients) else RecipientList(recipients[:count])
    parameters = _read(CampaignModel, {**data["parameters"], "recipients": []})
    reason = data["pause_reason"]
    return CampaignRow(
        campaign_id=data["campaign_id"],
        model_id=data["model_id"],
        model_name=data["model_name"],
        parameters=attrs.evolve(parameters, recipients=own),
        status=Status[data["status"]],
        pause_reason=None if reason is None else PauseReason[reason],
        starts_at=data["starts_at"],
        expires_at=data["expires_at"],
        is_expired=data["is_expired"],
        recipients=recipients,
        records=Vector(_records_of(data["records"], len(recipients))),
        placements=_placements_from_data(data["placements"]),
        breaker_bits=int(data["breaker_bits"], 16),
        breaker_calls=data["breaker_calls"],
    )


def _columns_of(records: Vector[int]) -> Data:
    columns: Data = {}
    for name, field_of in _COLUMNS.items():
        column = [field_of(record) for record in records]
        is_constant = bool(column) and column.count(column[0]) == len(column)
        columns[name] = column[0] if is_constant else column
    return columns


def _records_of(columns: Data, count: int) -> list[int]:
    full = {
        name: column if isinstance(column, list) else [column] * count
        for name, column in columns.items()
    }
    reasons = [None if name is None else FailureReason[name] for name in full.pop("reason")]
    names = list(full)
    return [
        rec.pack(reason=reason, **dict(zip(names, row, strict=True)))
        for reason, *row in zip(reasons, *full.values(), strict=True)
    ]
