"""What the state machine drives: a host, which keeps a state and a journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from campaign_core import codec
from campaign_core import events as ev
from campaign_core._decision.handle import Message, handle, open_service
from campaign_core._model.settings import Settings
from campaign_core._state.service import State
from campaign_core._transition.evolve import replay
from campaign_core._values.instants import Instant
from campaign_core.decisions import Decision

__all__ = ["CoreHost", "Host"]


class Host(Protocol):
    """Whatever embeds the core: it keeps the state, and a journal that outlives it."""

    @property
    def state(self) -> State:
        """The state now."""
        ...

    @property
    def journal(self) -> Sequence[ev.Event]:
        """Every event so far that is durable, from ``ServiceOpened`` on."""
        ...

    def take(self, message: Message, now: Instant) -> Sequence[Decision]:
        """Take a message, make its events durable, and return what the telephony is to do.

        Raises:
            CommandRefusedError: the core refuses the command.
            SettingsError: likewise, for a bad value.
        """
        ...

    def restart(self) -> None:
        """Begin again from what is durable, as after a crash (R9.3)."""
        ...


class CoreHost:
    """A host that keeps all in memory: its journal is plain data, as on a disk."""

    def __init__(
        self, settings: Settings, now: Instant | int, service_id: str = "a1b2c3d4"
    ) -> None:
        """Open a service."""
        opened = open_service(service_id, settings, Instant(now))
        self.state: State = opened.state
        self.journal: list[ev.Event] = list(opened.events)
        self._lines = [json.dumps(codec.to_data(event)) for event in opened.events]

    def take(self, message: Message, now: Instant) -> Sequence[Decision]:
        """Take a message and return what the telephony is to do."""
        transition = handle(self.state, message, now)
        self._lines += [json.dumps(codec.to_data(event)) for event in transition.events]
        self.journal += transition.events
        self.state = transition.state
        return transition.decisions

    def restart(self) -> None:
        """Read the journal from its lines, and fold it into a state (R8.3)."""
        self.journal = [codec.from_data(json.loads(line)) for line in self._lines]
        self.state = replay(self.journal)
