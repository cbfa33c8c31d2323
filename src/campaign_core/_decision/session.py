"""A session: whoever owns the newest state goes on with it in place.

``handle`` opens a draft of the state it is given and seals it again, for somebody may keep both.
Whoever looks at the newest state alone pays for that at each message, and needs it seldom. ::

    session = Session(state)
    taken = session.take(message, now)  # as handle(state, message, now): events and decisions
    session.state  # as that of handle; sealed when it is asked for

A draft that was left halfway, by a command that is refused or by an interrupt, cannot be gone on
with. It is dropped then, and what was taken since the last sealed state is taken again before
anything else: the core gives the same for the same (R9.1), so nothing has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import attrs

from campaign_core import events as ev
from campaign_core._decision.handle import (
    Message,
    Refusal,
    begin_moment,
    finish_moment,
    take_messages,
)
from campaign_core._decision.moment import Moment
from campaign_core._schedule.wakeup import next_wakeup, wakeup_of
from campaign_core._state.service import Draft, State
from campaign_core._values.instants import Instant
from campaign_core._values.makers import maker_of
from campaign_core.decisions import Decision

__all__ = ["Session", "StepResult"]

_UNSEALED_MAX = 100
"""Moments that are taken again at most: a few milliseconds of work."""


@attrs.frozen
class StepResult:
    """What came of one moment of a session."""

    events: tuple[ev.Event, ...]
    """What happened, in order; to be made durable first."""
    decisions: tuple[Decision, ...]
    """What the telephony is to do, in order; ``PlaceCall`` only once its event is durable."""
    refusals: tuple[Refusal, ...] = ()
    """Messages not taken, of many given at once; the others stand (R6.6)."""


_new_result = maker_of(StepResult)


@final
class Session:
    """The newest state of a service, and what takes it from moment to moment.

    What it gives is what :func:`~campaign_core.handle` and :func:`~campaign_core.handle_batch`
    give, for less. A state that it handed out stays as it is. Not for two threads at once.

    >>> import campaign_core as core
    >>> from campaign_core.commands import ChangeSettings
    >>> opened = core.open_service("0badcafe", core.Settings(), core.Instant(0))
    >>> session = core.Session(opened.state)
    >>> command = ChangeSettings(settings=core.Settings(active_campaigns_max=2))
    >>> [type(event).__name__ for event in session.take(command, core.Instant(1)).events]
    ['SettingsChanged']
    >>> session.state.settings.active_campaigns_max
    2
    """

    __slots__ = ("_moment", "_since", "_state")

    def __init__(self, state: State) -> None:
        """Go on from a state, which is not changed."""
        self._state = state
        self._moment: Moment | None = None
        self._since: list[tuple[Sequence[Message], Instant]] = []
        """What was taken since the state was sealed."""

    @property
    def state(self) -> State:
        """The state now, for anybody to keep. The first look after a moment costs its sealing."""
        if self._since:
            self._seal(self._moment or self._opened())
        return self._state

    def take(self, message: Message, now: Instant) -> StepResult:
        """Take one message, as :func:`~campaign_core.handle` does.

        Raises:
            CommandRefusedError: the state does not allow the command; nothing has changed.
            SettingsError: a value of the command is bad in this state; nothing has changed.
            TypeError: the message is neither a command nor a report nor a tick.
        """
        moment, self._moment = self._moment or self._opened(), None
        begin_moment(moment, now, (message,))
        moment.take(message)
        taken = _new_result(*finish_moment(moment))
        self._keep(moment, (message,), now)
        return taken

    def take_all(self, messages: Sequence[Message], now: Instant) -> StepResult:
        """Take many messages at one moment, as :func:`~campaign_core.handle_batch` does."""
        moment, self._moment = self._moment or self._opened(), None
        begin_moment(moment, now, messages)
        refusals = take_messages(moment, messages)
        taken = StepResult(*finish_moment(moment), refusals)
        self._keep(moment, tuple(messages), now)
        return taken

    def next_wakeup(self, now: Instant) -> Instant | None:
        """Return the next wake-up, as :func:`~campaign_core.next_wakeup` does."""
        if self._moment is None:
            return next_wakeup(self.state, now)
        draft = self._moment.draft
        return wakeup_of(draft, now, is_touched=bool(draft.touched_now or draft.capped_now))

    def _opened(self) -> Moment:
        """Return a moment on a draft that has all that was taken."""
        moment = Moment(Draft(self._state._row), self._state.now)
        for messages, now in self._since:
            begin_moment(moment, now, messages)
            take_messages(moment, messages)
            moment.conclude()
        return moment

    def _keep(self, moment: Moment, messages: Sequence[Message], now: Instant) -> None:
        self._since.append((messages, now))
        self._moment = moment
        if len(self._since) == _UNSEALED_MAX:
            self._seal(moment)

    def _seal(self, moment: Moment) -> None:
        self._state, self._moment, self._since = moment.draft.sealed(), None, []
