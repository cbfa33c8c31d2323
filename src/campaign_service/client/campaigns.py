"""What a service answers, as values: the fields that a program needs, by the names of the API."""

from __future__ import annotations

from datetime import datetime

import attrs

__all__ = [
    "Attempt",
    "CallLimits",
    "CampaignRow",
    "Chosen",
    "Done",
    "Explanation",
    "ListedRecipient",
    "LogEntry",
    "ModelRow",
    "PastCampaign",
    "Reason",
    "RecipientDetail",
    "RecipientRow",
]


@attrs.frozen(kw_only=True)
class Done:
    """A command that was taken, and is durable."""

    seq: int
    at: datetime
    repeated: bool
    """Whether it was taken already when it came first, and the answer got lost."""
    model_id: int | None = None
    campaign_id: int | None = None
    remarks: tuple[str, ...] = ()
    """What is allowed, and perhaps not meant."""


@attrs.frozen(kw_only=True)
class CallLimits:
    """How many calls may be in progress at one time; ``None``: unlimited."""

    total: int | None = None
    internal: int | None = None
    external: int | None = None


@attrs.frozen(kw_only=True)
class ModelRow:
    """A model, without its recipients."""

    model_id: int
    name: str
    enabled: bool
    caller_number: str
    priority: int
    sound: str | None
    recipient_count: int
    time_zone: str


@attrs.frozen(kw_only=True)
class CampaignRow:
    """A campaign as the list shows it (R4.8)."""

    campaign_id: int
    name: str
    model_id: int
    model_name: str
    status: str
    pause_reason: str | None
    caller_number: str
    priority: int
    ring_timeout_s: int
    attempts_max: int
    threshold: int | None
    confirm_answer: bool
    confirm_listening: bool
    call_limits: CallLimits
    starts_at: datetime
    expires_at: datetime | None
    recipient_count: int
    contacted: int
    failed: int
    idle: int
    internal_calls: int
    external_calls: int
    is_simulated: bool = False
    """Whether nobody is really called."""
    parameters: dict[str, object] = attrs.field(factory=dict)
    """All of them; empty in a list."""

    @property
    def time_zone(self) -> str:
        """The zone on whose clock the campaign lives, where its parameters are known."""
        return str(self.parameters.get("time_zone", "UTC"))


@attrs.frozen(kw_only=True)
class RecipientRow:
    """A recipient as the status panel shows it (R5.4)."""

    position: int
    number: str
    line: str
    name: str = ""
    state: str
    reason: str | None
    attempts: int
    attempts_allowed: int
    last_call_at: datetime | None
    last_outcome: str | None
    answer_confirmed_at: datetime | None
    listening_confirmed_at: datetime | None
    further_numbers: list[dict[str, str]] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Chosen:
    """Why a call was placed at its moment (R8.4): the rank of its campaign, the calls just before.

    ``internal_calls`` and ``external_calls`` are of all campaigns.
    """

    rank: int
    internal_calls: int
    external_calls: int
    campaign_internal_calls: int
    campaign_external_calls: int


@attrs.frozen(kw_only=True)
class Attempt:
    """One try to reach a recipient, with everything that happened in it."""

    attempt: int
    call_id: str
    number: str
    line: str
    placed_at: datetime
    ended_at: datetime | None
    outcome: str | None
    given_back: str | None
    hangup_cause: int | None
    detail: str
    chosen: Chosen
    events: list[dict[str, object]]


@attrs.frozen(kw_only=True)
class RecipientDetail(RecipientRow):
    """A recipient with its attempts, oldest first."""

    history: list[Attempt]


@attrs.frozen(kw_only=True)
class ListedRecipient:
    """A recipient of a model's list, with its place."""

    position: int
    number: str
    line: str
    name: str = ""
    email: str = ""
    time_zone: str | None = None
    further_numbers: list[dict[str, str]] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class Reason:
    """One reason why a recipient is not called."""

    kind: str
    sentence: str
    change: str
    """What would change it; empty: nothing would."""
    until: datetime | None


@attrs.frozen(kw_only=True)
class Explanation:
    """Why a recipient is not being called, or that it is called next (R8.1)."""

    campaign_id: int
    position: int
    is_called_next: bool
    sentence: str
    reasons: list[Reason]


@attrs.frozen(kw_only=True)
class PastCampaign:
    """A campaign that is, or was and was deleted (R9.2)."""

    campaign_id: int
    name: str
    model_id: int
    model_name: str
    created_at: datetime
    created_seq: int
    starts_at: datetime
    expires_at: datetime | None
    recipient_count: int
    deleted_at: datetime | None
    deleted_seq: int | None
    parameters: dict[str, object] = attrs.field(factory=dict)
    """As they were when it was made; empty in a list."""
    outcomes: dict[str, int] = attrs.field(factory=dict)
    """How many attempts ended so; empty in a list."""


@attrs.frozen(kw_only=True)
class LogEntry:
    """An event of the journal."""

    seq: int
    at: datetime
    actor: str
    kind: str
    campaign_id: int | None = None
    event: dict[str, object] = attrs.field(factory=dict)
