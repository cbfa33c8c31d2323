"""The status panel (R5.4): per recipient what became of it, per attempt what happened.

A fold over the journal. Of ended calls it keeps four numbers a recipient; the attempts themselves
are handed on as they end, so that a campaign of a million needs no room for them.
"""

from __future__ import annotations

from array import array
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence

import attrs

from campaign_core import (
    CallId,
    CampaignId,
    Failed,
    FailureReason,
    Instant,
    Outcome,
    Position,
    Recipient,
    RecipientState,
    RecipientStatus,
    State,
    campaign,
    recipients,
)
from campaign_core.events import (
    AttemptsAdded,
    CallEnded,
    CallEvent,
    CallGivenBack,
    CallPlaced,
    CampaignEnded,
    CampaignPaused,
    CampaignResumed,
    CampaignScheduled,
    CampaignStarted,
    Event,
    RecipientsAppended,
)
from campaign_service.report.attempts import Attempt, attempt_of
from campaign_service.report.load import AcceptedCalls, LoadCurve

__all__ = ["RecipientRow", "StatusPanel", "row_from_attempts"]

_LAST_EVENTS = (CallEnded, CallGivenBack)
_OUTCOMES = tuple(Outcome)
_RATE_WINDOW_MS = 60_000


@attrs.frozen(kw_only=True)
class RecipientRow:
    """A recipient as the status panel shows it."""

    position: Position
    recipient: Recipient
    status: RecipientStatus
    reason: FailureReason | None
    """Why it failed; ``None`` unless it did."""
    attempts: int
    """Those that count."""
    last_call_at: Instant | None
    """When the last call was placed, one in progress included, those given back not."""
    last_outcome: Outcome | None
    """Of that call; ``None``: never called, or the call is in progress."""
    answer_confirmed_at: Instant | None
    """The last time that 1 was dialled to confirm the answer."""
    listening_confirmed_at: Instant | None
    """The last time that 9 was dialled to confirm having listened."""


def row_from_attempts(
    position: Position, recipient: Recipient, now: RecipientState, attempts: Sequence[Attempt]
) -> RecipientRow:
    """Return the row of a recipient whose attempts are known, in order."""
    counted = [one for one in attempts if one.given_back is None]
    answers = [one.answer_confirmed_at for one in counted if one.answer_confirmed_at is not None]
    heard = [
        one.listening_confirmed_at for one in counted if one.listening_confirmed_at is not None
    ]
    last = counted[-1] if counted else None
    return RecipientRow(
        position=position,
        recipient=recipient,
        status=now.status,
        reason=now.reason if isinstance(now, Failed) else None,
        attempts=now.counted,
        last_call_at=None if last is None else last.placed_at,
        last_outcome=None if last is None else last.outcome,
        answer_confirmed_at=answers[-1] if answers else None,
        listening_confirmed_at=heard[-1] if heard else None,
    )


class StatusPanel:
    """The panel of one campaign, kept up event by event.

    Args:
        on_attempt: is told each attempt as it ends.
    """

    def __init__(
        self, campaign_id: CampaignId, *, on_attempt: Callable[[Attempt], None] | None = None
    ) -> None:
        self.campaign_id = campaign_id
        self._taken = AcceptedCalls()
        self.outcomes: Counter[Outcome] = Counter()
        """How calls ended."""
        self.attempts = 0
        """Calls placed, those given back not counted."""
        self.given_back = 0
        self.started_at: Instant | None = None
        self.ended_at: Instant | None = None
        """When nobody was left to call; ``None`` while somebody is."""
        self.is_paused = False
        self._on_attempt = on_attempt
        self._open: dict[CallId, list[CallEvent]] = {}
        self._placed_at: deque[Instant] = deque()
        self._last_call_at = array("q")
        self._last_outcome = array("b")
        self._answer_at = array("q")
        self._listening_at = array("q")

    def take(self, events: Sequence[Event]) -> None:
        """Take events, in order; those of other campaigns are passed over."""
        for event in events:
            if isinstance(event, CallEvent):
                self._take_call(event)
            elif getattr(event, "campaign_id", None) == self.campaign_id:
                self._take_campaign(event)

    @property
    def load(self) -> LoadCurve:
        """Calls in progress over time; those given back are none."""
        return self._taken.curve

    @property
    def in_progress(self) -> int:
        """Calls in progress now."""
        return len(self._open)

    def attempts_open(self) -> Iterator[Attempt]:
        """Yield the attempts whose calls are in progress."""
        for events in self._open.values():
            yield attempt_of(events)

    def placed_per_min(self, now: Instant) -> int:
        """Return how many calls were placed in the minute before an instant."""
        while self._placed_at and self._placed_at[0] <= now - _RATE_WINDOW_MS:
            self._placed_at.popleft()
        return len(self._placed_at)

    def rows(self, state: State) -> Iterator[RecipientRow]:
        """Yield the rows of all recipients, in list order.

        Args:
            state: the state after the events that were taken.
        """
        listed = campaign(state, self.campaign_id, state.now).recipients
        states = recipients(state, self.campaign_id)
        calling = {attempt.position: attempt.placed_at for attempt in self.attempts_open()}
        for index, (recipient, now) in enumerate(zip(listed, states, strict=True)):
            outcome = self._last_outcome[index]
            open_since = calling.get(Position(index + 1))
            yield RecipientRow(
                position=Position(index + 1),
                recipient=recipient,
                status=now.status,
                reason=now.reason if isinstance(now, Failed) else None,
                attempts=now.counted,
                last_call_at=open_since or Instant(self._last_call_at[index]) or None,
                last_outcome=None if open_since or outcome < 0 else _OUTCOMES[outcome],
                answer_confirmed_at=Instant(self._answer_at[index]) or None,
                listening_confirmed_at=Instant(self._listening_at[index]) or None,
            )

    # The fold ------------------------------------------------------------------------------

    def _take_call(self, event: CallEvent) -> None:
        if isinstance(event, CallPlaced):
            if event.campaign_id == self.campaign_id:
                self._begin(event)
            return
        events = self._open.get(event.call_id)
        if events is None:
            return
        events.append(event)
        if isinstance(event, _LAST_EVENTS):
            del self._open[event.call_id]
            self._end(attempt_of(events))
        elif len(events) == 2:  # noqa: PLR2004 -- the first word of it since it was placed
            self._taken.taken(event.call_id)

    def _begin(self, placed: CallPlaced) -> None:
        self._open[placed.call_id] = [placed]
        self.attempts += 1
        self._taken.placed(placed.call_id, placed.line, placed.at)
        self._placed_at.append(placed.at)
        self.placed_per_min(placed.at)

    def _end(self, attempt: Attempt) -> None:
        assert attempt.ended_at is not None
        is_given_back = attempt.outcome is None
        call_id, line = attempt.call_id, attempt.line
        self._taken.ended(call_id, line, attempt.ended_at, is_given_back=is_given_back)
        index = attempt.position - 1
        if attempt.outcome is None:
            self.attempts -= 1
            self.given_back += 1
        else:
            self.outcomes[attempt.outcome] += 1
            self._last_call_at[index] = attempt.placed_at
            self._last_outcome[index] = _OUTCOMES.index(attempt.outcome)
            self._answer_at[index] = attempt.answer_confirmed_at or self._answer_at[index]
            self._listening_at[index] = attempt.listening_confirmed_at or self._listening_at[index]
        if self._on_attempt is not None:
            self._on_attempt(attempt)

    def _take_campaign(self, event: Event) -> None:
        match event:
            case CampaignScheduled():
                self._grow(len(event.parameters.recipients))
            case RecipientsAppended():
                self._grow(len(event.recipients))
                self.ended_at = None
            case CampaignStarted():
                self.started_at = event.at
            case AttemptsAdded():
                self.ended_at = None
            case CampaignEnded():
                self.ended_at = event.at
            case CampaignPaused():
                self.is_paused = True
            case CampaignResumed():
                self.is_paused = False
            case _:
                pass

    def _grow(self, count: int) -> None:
        for column in (self._last_call_at, self._answer_at, self._listening_at):
            column.extend([0] * count)
        self._last_outcome.extend([-1] * count)
