"""Commands in progress: one future each, resolved when its events are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import attrs

from campaign_core import CampaignId, Instant, ModelId, State, Transition
from campaign_core.commands import Command
from campaign_core.events import CampaignScheduled, Event, ModelAdded
from campaign_service.engine.errors import EngineStoppedError
from campaign_service.journal import Receipt

__all__ = ["CommandResult", "PendingCommand", "PendingCommands"]

_STOPPED = "the service was stopped before the command was durable"


@attrs.frozen(kw_only=True)
class CommandResult:
    """What came of a command, once it is durable."""

    seq: int
    """The number of its last event; where it changed nothing, of the last event before."""
    at: Instant
    """When it was taken."""
    events: tuple[Event, ...]
    """Its own, without those of the scheduler in the same moment."""
    repeated: bool = False
    """Whether this is the answer to an earlier request with the same idempotency key."""

    @property
    def model_id(self) -> ModelId | None:
        """Of the model that it made; ``None``: it made none."""
        made = (event.model_id for event in self.events if isinstance(event, ModelAdded))
        return next(made, None)

    @property
    def campaign_id(self) -> CampaignId | None:
        """Of the campaign that it made; ``None``: it made none."""
        made = (event.campaign_id for event in self.events if isinstance(event, CampaignScheduled))
        return next(made, None)


def _anything_goes(_: State) -> None:
    """Accept the command in any state."""


class PendingCommand:
    """A command in progress, and the future of its result; made in a running loop."""

    def __init__(
        self,
        command: Command,
        receipt: tuple[str, str] | None,
        provided: Callable[[State], None] | None,
    ) -> None:
        self.command = command
        self.provided = provided or _anything_goes
        self.done: asyncio.Future[CommandResult] = asyncio.get_running_loop().create_future()
        self._receipt = receipt
        self._result: CommandResult | None = None

    def note_result(self, transition: Transition) -> Sequence[Receipt]:
        """Note the result; return the receipt that is to be written with the events, if any."""
        # The rules' own come before and behind (R6.6).
        events = tuple(one for one in transition.events if one.actor == self.command.actor)
        state = transition.state
        last_seq = state.sequence if not events else events[-1].seq
        at = events[-1].at if events else Instant(state.now)
        self._result = CommandResult(seq=last_seq, at=at, events=events)
        if self._receipt is None:
            return ()
        key, digest = self._receipt
        first_seq = events[0].seq if events else last_seq + 1
        receipt = Receipt(
            actor=self.command.actor,
            key=key,
            request_digest=digest,
            first_seq=first_seq,
            last_seq=last_seq,
        )
        return (receipt,)

    def resolve(self) -> None:
        """Resolve the future: the events are durable."""
        if not self.done.done():
            assert self._result is not None
            self.done.set_result(self._result)

    def fail(self, error: BaseException) -> None:
        """End the future with an error, unless it is resolved."""
        if not self.done.done():
            self.done.set_exception(error)


class PendingCommands:
    """All commands in progress."""

    def __init__(self) -> None:
        self._waiting: set[PendingCommand] = set()
        self._is_stopped = False

    def add(self, given: PendingCommand) -> None:
        """Take one more.

        Raises:
            EngineStoppedError: the engine was stopped.
        """
        if self._is_stopped:
            raise EngineStoppedError(_STOPPED)
        self._waiting.add(given)
        given.done.add_done_callback(lambda _: self._waiting.discard(given))

    def fail(self, error: BaseException) -> None:
        """End all of them with an error."""
        for given in tuple(self._waiting):
            given.fail(error)

    def stop(self) -> None:
        """End all of them, since the engine was stopped; refuse new ones."""
        self._is_stopped = True
        self.fail(EngineStoppedError(_STOPPED))
