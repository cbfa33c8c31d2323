"""A campaign as it is now: its facts, and the lines its idle recipients stand in.

Facts first. The index below them follows from the facts: every idle recipient stands in exactly
one place, or in none where no number of it may be called:

* ``ready``: callable by its own rules, one ordered line for each phone line and time zone;
* ``waiting``: not before an instant (retry delay, frequency cap), ordered by it;
* ``parked``: its number is in another call.

A place is taken lazily: a recipient found capped or busy at the head of its line is moved then.
"""

from __future__ import annotations

from typing import Any

from campaign_core._model.campaign_model import CampaignModel, Order
from campaign_core._model.number_plan import NumberPlan, form_on
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.recipients import Line, Recipient
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._state import record as rec
from campaign_core._state.pacing import Placements
from campaign_core._values.identifiers import CallKey, CampaignId, ModelId, Position, call_key_of
from campaign_core._values.instants import Instant
from campaign_core._values.sorted_map import SortedMap
from campaign_core._values.vector import Vector

__all__ = ["CampaignRow", "LineKey", "form_key", "number_key", "rank_of", "read_number_key"]

LineKey = tuple[Line, str]
"""A line to stand in: the phone line, and the time zone where calling hours are set."""

POSITION_BITS = 32

# On Python 3.11 an enumeration is asked for a member at each look.
_ACTIVE = Status.ACTIVE
_RETRIES_FIRST = Order.RETRIES_FIRST
_NEVER_CALLED_LAST = 1 << 44
_LETTERS = {Line.INTERNAL: "I", Line.EXTERNAL: "E"}
_LINES = {letter: line for line, letter in _LETTERS.items()}


def number_key(number: str, line: Line) -> str:
    """Return the key of a number on its line, as it was written."""
    return _LETTERS[line] + number


def read_number_key(key: str) -> tuple[str, Line]:
    """Return a number and its line from their key."""
    return key[1:], _LINES[key[0]]


def form_key(number: str, line: Line, plan: NumberPlan | None) -> str:
    """Return the key of a number on its line, the same for every way of writing it (R3.7)."""
    return _LETTERS[line] + form_on(line, number, plan)


def rank_of(priority: int, starts_at: int, campaign_id: int) -> int:
    """Return the place in the order of R6.1 as one number: the least comes first."""
    return (1_000 - priority) << 76 | starts_at << 32 | campaign_id


class CampaignRow:
    """A campaign's facts and index. Changed in place only by the owner it was copied for."""

    # What equality and the codec see; the rest is index.
    FACTS = (
        "campaign_id",
        "model_id",
        "model_name",
        "parameters",
        "status",
        "pause_reason",
        "starts_at",
        "expires_at",
        "is_expired",
        "recipients",
        "records",
        "placements",
        "breaker_bits",
        "breaker_calls",
        "sounds_missing",
    )

    def __init__(
        self,
        *,
        campaign_id: CampaignId,
        model_id: ModelId,
        model_name: str,
        parameters: CampaignModel,
        status: Status,
        pause_reason: PauseReason | None,
        starts_at: Instant,
        expires_at: Instant | None,
        is_expired: bool,
        recipients: RecipientList,
        records: Vector[int],
        placements: Placements,
        breaker_bits: int,
        breaker_calls: int,
        sounds_missing: int,
    ) -> None:
        """Take the facts; the index is empty until the recipients are lined up."""
        self.owner: object = None
        self.campaign_id = campaign_id
        self.model_id = model_id
        self.model_name = model_name
        self.parameters = parameters
        self.status = status
        self.pause_reason = pause_reason
        self.starts_at = starts_at
        self.expires_at = expires_at
        self.is_expired = is_expired
        self.recipients = recipients
        self.records = records
        self.placements = placements
        self.breaker_bits = breaker_bits
        """The last ended calls, newest in the lowest bit; 1: a technical cause (R6.17)."""
        self.breaker_calls = breaker_calls
        """Calls ended since the campaign was started or resumed."""
        self.sounds_missing = sounds_missing
        """How many of the last calls ended ``SOUND_MISSING``, one after the other (R6.18)."""

        # Counts cached; ``check`` holds them against the facts.
        self.idle = 0
        self.contacted = 0
        self.in_use = {Line.INTERNAL: 0, Line.EXTERNAL: 0}

        # The index.
        self.ready: dict[LineKey, SortedMap[int, None]] = {}
        self.waiting: SortedMap[int, None] = SortedMap()
        self.held: SortedMap[int, int | str] = SortedMap()
        """Where a recipient stands out of its own line: the instant its number is free of the
        cap, or the key of the busy number."""
        self.stranded: SortedMap[int, None] = SortedMap()
        """Idle recipients of whom no number may be called: failed with the next moment."""
        self.zones: dict[str, tuple[bool, int | None]] = {}
        """Whether a zone's hours are open, and until when that holds."""
        self.wake_at: int | None = None
        self.rank: int = rank_of(parameters.priority, starts_at, campaign_id)
        self.listed: tuple[bool, bool, bool] = (False, False, False)
        """In which of the service's indexes the campaign stands: contenders, then by line."""

    def copied_for(self, owner: object) -> CampaignRow:
        """Return a copy that this owner may change."""
        copy: CampaignRow = CampaignRow.__new__(CampaignRow)
        # A dict made at one stroke is read by the interpreter's fast path; one filled is not.
        copy.__dict__ = {**self.__dict__}
        copy.owner = owner
        copy.ready = self.ready.copy()
        copy.zones = self.zones.copy()
        copy.in_use = self.in_use.copy()
        return copy

    def facts(self) -> tuple[Any, ...]:
        """Return the facts, in the order of ``FACTS``."""
        return tuple(getattr(self, name) for name in self.FACTS)

    def record(self, position: int) -> int:
        """Return a recipient's record."""
        return self.records.at(position - 1)

    def key_of(self, position: int) -> CallKey:
        """Return the key of a recipient's call."""
        return call_key_of(self.campaign_id, Position(position))

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return sum(self.in_use.values())

    @property
    def required(self) -> int:
        """How many recipients must be reached for the campaign to be complete."""
        threshold = self.parameters.threshold
        return len(self.recipients) if threshold is None else threshold

    @property
    def is_satisfied(self) -> bool:
        """Whether no new calls are wanted any more (``stop_at_threshold``, R4.5)."""
        return self.parameters.stop_at_threshold and self.contacted >= self.required

    @property
    def may_call(self) -> bool:
        """Whether the campaign itself allows new calls (R4.3, R4.11, R4.5)."""
        return self.status is _ACTIVE and not self.is_expired and not self.is_satisfied

    def ready_key(self, position: int, record: int) -> int:
        """Return the key that orders a recipient within its line (R6.4, R6.16)."""
        placed_at = rec.placed_at_of(record)
        if placed_at == 0 and self.parameters.order is _RETRIES_FIRST:
            placed_at = _NEVER_CALLED_LAST
        return placed_at << POSITION_BITS | position

    def line_key(self, recipient: Recipient, line: Line) -> LineKey:
        """Return the line in which a recipient stands when it is to be called on a phone line."""
        if not self.parameters.calling_hours:
            return line, ""
        return line, recipient.time_zone or self.parameters.time_zone

    def room(self) -> tuple[int, int, int]:
        """Return how many more calls the campaign's own limits let in: in all, by line (R6.3)."""
        return self.parameters.call_limits.left(self.in_use)
