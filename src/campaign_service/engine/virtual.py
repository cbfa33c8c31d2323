"""The engine on virtual time: from instant to instant, as fast as the machine allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from campaign_core import Instant, Message, Session, State, StepResult, Transition
from campaign_core import events as ev
from campaign_core.commands import Command
from campaign_core.reports import DriverDownReport, Tick
from campaign_drivers import LinkLostError
from campaign_drivers.simulated import Exchange
from campaign_service.collector import paused_collector
from campaign_service.engine.errors import JournalFailedError
from campaign_service.engine.observers import Observer
from campaign_service.engine.service_time import is_quiet
from campaign_service.journal import Journal

__all__ = ["VirtualEngine"]

_TICK = (Tick(),)


class VirtualEngine:
    """Runs a service over a simulated exchange, without waiting for anything.

    The same state, exchange and commands give the same run, to the millisecond.

    Args:
        opened: what ``open_service`` returned, or a state to go on from.
        exchange: the telephony; it must not have been used before.
        now: the first instant.
        journal: keeps every event before what follows from it is done; ``None``: nothing does.
        observers: are told the events of each moment.
        grain_ms: what happens within this many milliseconds is taken as one moment, at their end.
            1 is exact; a campaign of a million is simulated much faster with 100.
    """

    def __init__(
        self,
        opened: Transition,
        *,
        exchange: Exchange,
        now: Instant,
        journal: Journal | None = None,
        observers: Sequence[Observer] = (),
        grain_ms: int = 1,
    ) -> None:
        self._session = Session(opened.state)
        self._exchange = exchange
        self._now = now
        self._journal = journal
        self._observers = tuple(observers)
        self._grain_ms = grain_ms
        self._tell(opened.events)
        try:
            exchange.connect(now)
        except LinkLostError:
            self.give(DriverDownReport())

    @property
    def state(self) -> State:
        """The current state."""
        return self._session.state

    @property
    def now(self) -> Instant:
        """The instant that the run has come to."""
        return self._now

    @property
    def is_quiet(self) -> bool:
        """Whether nothing more happens unless somebody commands it."""
        return self._next_at() is None or is_quiet(self.state, self._now)

    def give(self, message: Command | DriverDownReport) -> None:
        """Give a message now.

        Raises:
            CommandRefusedError: the state does not allow the command.
            SettingsError: a value of the command is bad in this state.
            JournalFailedError: its events could not be kept.
        """
        self._do(self._session.take(message, self._now))

    def run(self, *, until: Callable[[], bool] | None = None) -> None:
        """Go on until nothing more happens by itself.

        Python's collector of cyclic garbage is paused meanwhile, in the whole process.

        Args:
            until: asked after each moment; ends the run when it says so.

        Raises:
            JournalFailedError: events could not be kept.
        """
        with paused_collector():
            self._run(until)

    def _run(self, until: Callable[[], bool] | None) -> None:
        # Looked up once: this loop turns some ten times for each call of a campaign.
        exchange, grain_ms = self._exchange, self._grain_ms
        while until is None or not until():
            at = self._next_at()
            if at is None:
                return
            now = self._now = Instant(-(-at // grain_ms) * grain_ms)
            reports: Sequence[Message] = [report for _, report in exchange.reports_until(now)]
            self._do(self._session.take_all(reports or _TICK, now))

    def _next_at(self) -> Instant | None:
        """Return the next instant at which anything may happen."""
        due_at = self._session.next_wakeup(self._now)
        reported_at = self._exchange.next_at()
        if reported_at is None or due_at is None:
            at = reported_at if due_at is None else due_at
        else:
            at = min(reported_at, due_at)
        return None if at is None else max(at, self._now)

    def _do(self, taken: StepResult) -> None:
        self._tell(taken.events)
        for decision in taken.decisions:
            self._exchange.carry_out(decision, self._now)

    def _tell(self, events: Sequence[ev.Event]) -> None:
        if not events:
            return
        if self._journal is not None:
            try:
                self._journal.append(events, expected=events[0].seq - 1)
            except OSError as error:
                raise JournalFailedError(error) from error
        for observe in self._observers:
            observe(events)
