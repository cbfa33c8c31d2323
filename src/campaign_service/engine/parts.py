"""What the engines share, and what they say of themselves."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import attrs

from campaign_core import CampaignId, Instant, ModelId, ServiceId, State, calls, link, next_wakeup
from campaign_core.errors import PortableError
from campaign_core.events import CampaignScheduled, Event, ModelAdded
from campaign_service.engine.stall_detector import Confirm
from campaign_service.journal import JournalEntry

__all__ = [
    "CommandTaken",
    "EngineStoppedError",
    "JournalFailedError",
    "Observer",
    "ServicePolicy",
    "is_quiet",
    "new_service_id",
]

Observer = Callable[[Sequence[Event]], None]
"""Is told the events of each moment, in order; must neither block nor raise."""


class JournalFailedError(PortableError):
    """Events could not be made durable: no further call is placed."""

    def __init__(self, error: OSError) -> None:
        """Take what the storage said."""
        self.error = error
        where = f": {error.filename}" if error.filename and error.strerror else ""
        super().__init__(f"the journal cannot be written: {error.strerror or error}{where}")


class EngineStoppedError(Exception):
    """The engine was stopped before it was known whether a command is durable."""


@attrs.frozen(kw_only=True)
class CommandTaken:
    """What came of a command, once it is durable."""

    seq: int
    """The number of its last event; where it changed nothing, of the last event before."""
    at: Instant
    events: tuple[Event, ...]
    """Its own, without those of the scheduler in the same moment."""

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


def _nobody_listens(_: Sequence[JournalEntry]) -> None:
    """Do nothing."""


@attrs.frozen(kw_only=True)
class ServicePolicy:
    """How the engine of a service differs from that of a single run: it is to go on for good."""

    is_recovered: bool = False
    """Whether the state is one to go on from: its driver was lost with the process before, and is
    connected only once that is durable (R9.3). The telephony is waited for, however long."""
    is_durable: Callable[[Sequence[JournalEntry]], None] = _nobody_listens
    """Is told all events in order, once they are durable; must neither block nor raise."""
    confirm: Confirm | None = None
    """Asked after a standstill, before the process acts again; ``None``: no other can lead. While
    it raises ``LeaderUncertainError``, no call is placed."""
    is_held: bool = False
    """Whether every campaign of a recovered state is paused at first, for a user to resume."""
    waiting_max: int = 100_000
    """How many events may wait for a journal that is away; then calls in progress wait too."""


def new_service_id() -> ServiceId:
    """Return an id for a service: eight hex digits that no other has, as good as certainly."""
    return ServiceId(secrets.token_hex(4))


def is_quiet(state: State, now: Instant) -> bool:
    """Return whether nothing more happens unless somebody commands it or the telephony reports.

    While the driver is down this is not so: it may come up by itself.
    """
    return not calls(state) and link(state).is_up and next_wakeup(state, now) is None
