"""Whole states and plain data: facts alone, the index is made anew on reading.

One description of the facts for two ways of keeping what is large among them: in place, as plain
JSON data, or apart, in the parts of a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.index import rebuild
from campaign_core._state.link import Link
from campaign_core._state.pacing import Placements
from campaign_core._state.service import Draft, ServiceRow, State
from campaign_core._values.hash_map import HashMap
from campaign_core._values.sorted_map import SortedMap
from campaign_core._values.validators import with_accepted, with_changes
from campaign_core._values.vector import Vector
from campaign_core.codec._values import Data, coder

__all__ = ["ColumnReader", "LargeWriter", "state_from_data", "state_to_data"]

_PLAIN = {
    "service_id": str,
    "now": int,
    "sequence": int,
    "next_model_id": int,
    "next_campaign_id": int,
}
_LATER = {"calendar_ahead_ms": 0, "rate_kept_until": 0, "cap_kept_until": 0}
"""Facts that came after the format began, left out where they have these values."""
_LATER_OF_CAMPAIGN = {"sounds_missing": 0}
"""Likewise, of a campaign."""
_NO_RECIPIENTS = RecipientList()


class LargeWriter(Protocol):
    """Writes what is large in a state; what it returns is plain data."""

    def rows(self, rows: Iterable[Any]) -> Any: ...
    def texts(self, texts: Iterable[str]) -> Any: ...
    def numbers(self, numbers: Iterable[int]) -> Any: ...
    def attempt_times(self, items: Iterable[tuple[str, tuple[int, ...]]]) -> Any: ...
    def recipients(self, listed: RecipientList) -> Any: ...
    def records(self, records: Iterable[int]) -> Any: ...


class ColumnReader(Protocol):
    """Reads what a writer wrote."""

    def rows(self, data: Any) -> Iterable[Any]: ...
    def texts(self, data: Any) -> Iterable[str]: ...
    def numbers(self, data: Any) -> list[int]: ...
    def attempt_times(self, data: Any) -> Iterable[tuple[str, tuple[int, ...]]]: ...
    def recipients(self, data: Any) -> RecipientList: ...
    def records(self, data: Any, count: int) -> Iterable[int]: ...


def state_to_data(state: State, large: LargeWriter) -> Data:
    """Return the facts of a state as plain data."""
    row = state._row
    models = ([key, _model_to_data(model, large)] for key, model in row.models.items())
    campaigns = (_campaign_to_data(campaign, large) for campaign in row.campaigns.values())
    return {
        **{name: getattr(row, name) for name in _PLAIN},
        **{
            name: fact
            for name, without in _LATER.items()
            if (fact := getattr(row, name)) != without
        },
        "settings": _written(Settings, row.settings),
        "models": large.rows(models),
        "campaigns": large.rows(campaigns),
        "do_not_call": large.texts(row.do_not_call),
        "link": _written(Link, row.link),
        "calls": large.rows(_written(Call, call) for call in row.calls.in_order()),
        "placements": _placements_to_data(row.placements, large),
        "attempt_times": large.attempt_times(row.attempt_times.items()),
    }


def state_from_data(data: Data, large: ColumnReader) -> State:
    """Return the state of some data."""
    plain = {name: _read(kind, data[name]) for name, kind in _PLAIN.items()}
    row = ServiceRow(
        service_id=plain["service_id"],
        settings=_read(Settings, data["settings"]),
        now=plain["now"],
    )
    later = {name: _read(int, data.get(name, without)) for name, without in _LATER.items()}
    for name, value in (plain | later).items():
        setattr(row, name, value)
    models = large.rows(data["models"])
    row.models = SortedMap((key, _model_from_data(model, large)) for key, model in models)
    campaigns = [_campaign_from_data(campaign, large) for campaign in large.rows(data["campaigns"])]
    row.campaigns = SortedMap((campaign.campaign_id, campaign) for campaign in campaigns)
    row.do_not_call = SortedMap.of_keys(large.texts(data["do_not_call"]))
    row.link = _read(Link, data["link"])
    calls = [_read(Call, call) for call in large.rows(data["calls"])]
    row.calls = HashMap((call.placement.call_id, call) for call in calls)
    row.placements = _placements_from_data(data["placements"], large)
    row.attempt_times = SortedMap(large.attempt_times(data["attempt_times"]))
    draft = Draft(row)
    rebuild(draft, row.now)
    return draft.sealed()


def _written(kind: Any, value: Any) -> Any:
    return coder(kind)[0](value)


def _read(kind: Any, data: Any) -> Any:
    return coder(kind)[1](data)


def _placements_to_data(placements: Placements, large: LargeWriter) -> Any:
    return large.numbers([placements.count, *placements.times.values()])


def _placements_from_data(data: Any, large: ColumnReader) -> Placements:
    count, *times = large.numbers(data)
    first = count - len(times)
    return Placements(count, SortedMap(enumerate(times, first)))


def _model_to_data(model: CampaignModel, large: LargeWriter) -> Data:
    data: Data = _written(CampaignModel, with_changes(model, recipients=_NO_RECIPIENTS))
    data["recipients"] = large.recipients(model.recipients)
    return data


def _model_from_data(data: Data, large: ColumnReader) -> CampaignModel:
    model: CampaignModel = _read(CampaignModel, {**data, "recipients": []})
    if "recipients" not in data:
        return model
    return with_accepted(model, recipients=large.recipients(data["recipients"]))


def _campaign_to_data(campaign: CampaignRow, large: LargeWriter) -> Data:
    # The campaign's own list begins with the one it was started with: written once.
    parameters = _written(
        CampaignModel, with_changes(campaign.parameters, recipients=_NO_RECIPIENTS)
    )
    del parameters["recipients"]
    reason = campaign.pause_reason
    data = {
        "campaign_id": campaign.campaign_id,
        "model_id": campaign.model_id,
        "model_name": campaign.model_name,
        "parameters": parameters,
        "started_with": len(campaign.parameters.recipients),
        "recipients": large.recipients(campaign.recipients),
        "status": campaign.status.name,
        "pause_reason": None if reason is None else reason.name,
        "starts_at": campaign.starts_at,
        "expires_at": campaign.expires_at,
        "is_expired": campaign.is_expired,
        "records": large.records(campaign.records),
        "placements": _placements_to_data(campaign.placements, large),
        "breaker_bits": f"{campaign.breaker_bits:x}",
        "breaker_calls": campaign.breaker_calls,
    }
    for name, told_without in _LATER_OF_CAMPAIGN.items():
        if (value := getattr(campaign, name)) != told_without:
            data[name] = value
    return data


def _campaign_from_data(data: Data, large: ColumnReader) -> CampaignRow:
    parameters = _read(CampaignModel, {**data["parameters"], "recipients": []})
    recipients = large.recipients(data["recipients"])
    own = recipients.first(data["started_with"])
    status, reason = Status[data["status"]], data["pause_reason"]
    # An older release left the reason where the pause had ended otherwise than by a resume.
    is_paused = status is Status.PAUSED and reason is not None
    return CampaignRow(
        campaign_id=data["campaign_id"],
        model_id=data["model_id"],
        model_name=data["model_name"],
        parameters=with_accepted(parameters, recipients=own),
        status=status,
        pause_reason=PauseReason[reason] if is_paused else None,
        starts_at=data["starts_at"],
        expires_at=data["expires_at"],
        is_expired=data["is_expired"],
        recipients=recipients,
        records=Vector(large.records(data["records"], len(recipients))),
        placements=_placements_from_data(data["placements"], large),
        breaker_bits=int(data["breaker_bits"], 16),
        breaker_calls=data["breaker_calls"],
        **{name: data.get(name, without) for name, without in _LATER_OF_CAMPAIGN.items()},
    )
