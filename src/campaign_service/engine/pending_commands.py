"""Commands in progress: one future each, resolved when its events are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from campaign_core import Instant, State, Transition
from campaign_core.commands import Command
from campaign_core.events import Event
from campaign_service.engine.parts import CommandTaken, EngineStoppedError
from campaign_service.journal import Receipt

__all__ = ["PendingCommand", "PendingCommands"]

_STOPPED = "the service was stopped before the command was durable"


def _anything_goes(_: State) -> None:
    """Accept the command in any state."""


class PendingCommand:
    """A command in progress, and the future of its result."""

    def __init__(
        self,
        command: Command,
        receipt: tuple[str, str] | None,
        provided: Callable[[State], None] | None,
    ) -> None:
        """Make the future; needs a running loop."""
        self.command = command
        self.provided = provided or _anything_goes
        self.done: asyncio.Future[CommandTaken] = asyncio.get_running_loop().create_future()
        self._receipt = receipt
        self._taken: CommandTaken | None = None

    def taken(self, transition: Transition) -> Sequence[Receipt]:
        """Note the result; return the receipt that is to be written with the events, if any."""
        events = self._own(transition.events)
        state = transition.state
        last_seq = state.sequence if not events else events[-1].seq
        at = events[-1].at if events else Instant(state.now)
        self._taken = CommandTaken(seq=last_seq, at=at, events=events)
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

    def tell_durable(self) -> None:
        """Resolve the future: the events are durable."""
        if not self.done.done():
            assert self._taken is not None
            self.done.set_result(self._taken)

    def fail(self, error: BaseException) -> None:
        """End the future with an error, unless it is resolved."""
        if not self.done.done():
            self.done.set_exception(error)

    def _own(self, events: Sequence[Event]) -> tuple[Event, ...]:
        """Return the command's own events: the rules' come before and behind (R6.6)."""
        return tuple(event for event in events if event.actor == self.command.actor)


class PendingCommands:
    """All commands in progress."""

    def __init__(self) -> None:
        """Start with no waiting command."""
        self._waiting: set[PendingCommand] = set()
        self._is_stopped = False

    def new(
        self,
        command: Command,
        receipt: tuple[str, str] | None,
        provided: Callable[[State], None] | None,
    ) -> PendingCommand:
        """Return a new command in progress.

        Raises:
            EngineStoppedError: the engine was stopped.
        """
        if self._is_stopped:
            raise EngineStoppedError(_STOPPED)
        given = PendingCommand(command, receipt, provided)
        self._waiting.add(given)
        given.done.add_done_callback(lambda _: self._waiting.discard(given))
        return given

    def fail(self, error: BaseException) -> None:
        """End all of them with an error."""
        for given in tuple(self._waiting):
            given.fail(error)

    def stop(self) -> None:
        """End all of them, since the engine was stopped; refuse new ones."""
        self._is_stopped = True
        self.fail(EngineStoppedError(_STOPPED))
