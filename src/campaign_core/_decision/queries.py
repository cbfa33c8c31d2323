"""Reading a state: campaigns, recipients, calls, models, as frozen values (R4.8, R5.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import attrs

from campaign_core import events as ev
from campaign_core._decision.moment import Moment
from campaign_core._model.calling_hours import is_known_zone
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.recipients import Line
from campaign_core._model.settings import Settings
from campaign_core._model.sounds import in_force
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._schedule.plan import has_candidate, place_calls
from campaign_core._state import record as rec
from campaign_core._state.call import Call
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.link import Link
from campaign_core._state.record import RecipientState
from campaign_core._state.service import Draft, State
from campaign_core._transition.evolve import open_draft
from campaign_core._values.identifiers import CampaignId, ModelId, Position
from campaign_core._values.instants import Instant
from campaign_core.errors import UnknownCampaignError, UnknownRecipientError

__all__ = [
    "Campaign",
    "UnknownTimeZone",
    "calls",
    "campaign",
    "campaign_ids",
    "campaigns",
    "changed_positions",
    "do_not_call",
    "link",
    "models",
    "recipient",
    "recipient_count",
    "recipients",
    "sounds_of",
    "status",
    "unknown_time_zones",
]


_GOING_ON = frozenset({Status.SCHEDULED, Status.ACTIVE, Status.PAUSED})


@attrs.frozen(kw_only=True)
class Campaign:
    """A campaign as the list of campaigns shows it (R4.8)."""

    campaign_id: CampaignId
    model_id: ModelId
    model_name: str
    parameters: CampaignModel
    """The campaign's own copy."""
    recipients: RecipientList
    """In list order, those appended included."""
    starts_at: Instant
    expires_at: Instant | None
    is_expired: bool
    status: Status
    pause_reason: PauseReason | None
    """Who or what paused it; ``None`` unless paused."""
    contacted: int
    """Recipients reached."""
    failed: int
    idle: int
    internal_calls: int
    """Calls in progress on internal lines."""
    external_calls: int
    """Calls in progress on external lines."""
    is_simulated: bool = False
    """Whether nobody is really called: the telephony was a simulated one when it started, or is one
    now, before it has ended."""

    @property
    def name(self) -> str:
        """The campaign's name, which is the calls' display name."""
        return self.parameters.name


@attrs.frozen(kw_only=True)
class UnknownTimeZone:
    """A time zone with somebody to call in it that this machine does not know (R3.6)."""

    campaign_id: CampaignId
    time_zone: str
    recipients: int
    """How many are not called for that."""


def row_of(state: State | Draft, campaign_id: CampaignId) -> CampaignRow:
    """Return a campaign to be read.

    Raises:
        UnknownCampaignError: there is none such.
    """
    row = state._row if isinstance(state, State) else state
    found = row.campaigns.get(campaign_id)
    if found is None:
        why = f"campaign_id = {campaign_id}: there is no such campaign"
        raise UnknownCampaignError(None, why)
    return found


def campaign_ids(state: State) -> tuple[CampaignId, ...]:
    """Return the campaigns of the list, in the order of their creation."""
    return tuple(state._row.campaigns)


def campaigns(state: State, now: Instant) -> tuple[Campaign, ...]:
    """Return the list of campaigns at a time, in the order of their creation (R4.8)."""
    passed = _Passed(state, now)
    return tuple(passed.view(row) for row in state._row.campaigns.values())


def campaign(state: State, campaign_id: CampaignId, now: Instant) -> Campaign:
    """Return a campaign as it is at a time; its status may be ``BLOCKED`` (R4.4).

    Raises:
        UnknownCampaignError: there is none such.
    """
    row = row_of(state, campaign_id)
    return _Passed(state, now).view(row)


def status(state: State, campaign_id: CampaignId, now: Instant) -> Status:
    """Return a campaign's status at a time (R4.3).

    ``BLOCKED`` is derived here (R4.4): somebody could be called by all rules of time and person,
    and a pass of the scheduler at this moment would call nobody of the campaign.

    Raises:
        UnknownCampaignError: there is none such.
    """
    row = row_of(state, campaign_id)
    if row.status is not Status.ACTIVE:
        return row.status
    return _Passed(state, now).status(row)


class _Passed:
    """A pass of the scheduler at a time, on a private draft: who calls, and who is kept from it."""

    def __init__(self, state: State, now: Instant) -> None:
        self._at = max(now, state.now)
        moment = Moment(open_draft(state, self._at), self._at)
        place_calls(moment.draft, self._at, moment.place)
        self._draft = moment.draft
        self._calling = {
            event.campaign_id for event in moment.events if isinstance(event, ev.CallPlaced)
        }

    def status(self, row: CampaignRow) -> Status:
        """Return the status of a campaign as it was before the pass."""
        if row.status is not Status.ACTIVE or row.campaign_id in self._calling:
            return row.status
        passed = self._draft.campaign(row.campaign_id)
        is_kept = has_candidate(self._draft, passed, self._at)
        return Status.BLOCKED if is_kept else Status.ACTIVE

    def view(self, row: CampaignRow) -> Campaign:
        """Return a campaign as it was before the pass."""
        return Campaign(
            campaign_id=row.campaign_id,
            model_id=row.model_id,
            model_name=row.model_name,
            parameters=row.parameters,
            recipients=row.recipients,
            starts_at=row.starts_at,
            expires_at=row.expires_at,
            is_expired=row.is_expired,
            status=self.status(row),
            pause_reason=row.pause_reason,
            contacted=row.contacted,
            failed=len(row.recipients) - row.contacted - row.idle - row.calls,
            idle=row.idle,
            internal_calls=row.in_use[Line.INTERNAL],
            external_calls=row.in_use[Line.EXTERNAL],
            is_simulated=self._is_simulated(row),
        )

    def _is_simulated(self, row: CampaignRow) -> bool:
        link = self._draft.link
        goes_on = row.status in _GOING_ON and link.is_simulated
        return goes_on or link.was_simulated(row.starts_at)


def recipient(state: State, campaign_id: CampaignId, position: Position) -> RecipientState:
    """Return the state of one recipient (R5).

    Raises:
        UnknownCampaignError: there is no such campaign.
        UnknownRecipientError: the campaign has no recipient at this position.
    """
    row = row_of(state, campaign_id)
    if not 1 <= position <= len(row.recipients):
        why = f"position = {position}: the campaign has {len(row.recipients)} recipients"
        raise UnknownRecipientError(None, why, (position,))
    return rec.view(row.record(position))


def recipient_count(state: State, campaign_id: CampaignId) -> int:
    """Return how many recipients a campaign has, at no cost.

    Raises:
        UnknownCampaignError: there is none such.
    """
    return len(row_of(state, campaign_id).recipients)


def recipients(state: State, campaign_id: CampaignId) -> Iterator[RecipientState]:
    """Yield the state of every recipient, in list order.

    Raises:
        UnknownCampaignError: there is no such campaign.
    """
    for record in row_of(state, campaign_id).records:
        yield rec.view(record)


def changed_positions(before: State, after: State, campaign_id: CampaignId) -> Iterator[Position]:
    """Yield who of a campaign has another state than in an earlier state, or is new; in order.

    Costs no more than was changed: what both states share is not looked into.

    Raises:
        UnknownCampaignError: the later state has none such.
    """
    now = row_of(after, campaign_id).records
    then = before._row.campaigns.get(campaign_id)
    changed = now.changed_since(type(now)() if then is None else then.records)
    return (Position(index + 1) for index in changed)


def calls(state: State) -> tuple[Call, ...]:
    """Return the calls in progress, by campaign and position."""
    return tuple(state._row.calls.in_order())


def models(state: State) -> Mapping[ModelId, CampaignModel]:
    """Return the models by id."""
    return MappingProxyType(dict(state._row.models.items()))


def do_not_call(state: State) -> tuple[str, ...]:
    """Return the numbers on the do-not-call list, sorted."""
    return tuple(state._row.do_not_call)


def link(state: State) -> Link:
    """Return what is known of the connection to the telephony (R5.5)."""
    return state._row.link


def unknown_time_zones(state: State) -> tuple[UnknownTimeZone, ...]:
    """Return whom no campaign calls since this machine does not know their time zone (R3.6).

    Of campaigns that are not final and have calling hours; whoever waits for something else first
    is not among them. Costs no more than the campaigns and zones there are.
    """
    found: dict[tuple[CampaignId, str], int] = {}
    for row in state._row.campaigns.values():
        for (_, zone), queue in row.ready.items():
            if zone and queue and not is_known_zone(zone):
                key = row.campaign_id, zone
                found[key] = found.get(key, 0) + len(queue)
    return tuple(
        UnknownTimeZone(campaign_id=campaign_id, time_zone=zone, recipients=count)
        for (campaign_id, zone), count in found.items()
    )


def sounds_of(parameters: CampaignModel, settings: Settings) -> frozenset[str]:
    """Return every sound that the calls of a campaign may play (R7.2 to R7.4, R6.18).

    Args:
        parameters: of the campaign, or a model.
        settings: the general settings, whose prompts hold where the campaign has none of its own.
    """
    script = parameters.script
    played = [parameters.sound]
    if script.confirm_answer:
        played.append(in_force(script.answer_prompt, settings.answer_prompt))
    if script.confirm_listening:
        played.append(in_force(script.listening_prompt, settings.listening_prompt))
    return frozenset(sound for sound in played if sound is not None)
