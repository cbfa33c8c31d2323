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
from campaign_core._decision.handle import Message, Refusal, begun, concluded, taken_each
from campaign_core._schedule.wakeup import next_wakeup, wakeup_of
from campaign_core._state.service import Draft, State
from campaign_core._values.instants import Instant
from campaign_core.decisions import Decision

__all__ = ["Session", "Taken"]

_UNSEALED_MAX = 100
"""Moments that are taken again at most: a few milliseconds of work."""


@attrs.frozen
class Taken:
    """What came of one moment of a session."""

    events: tuple[ev.Event, ...]
    """What happened, in order; to be made durable first."""
    decisions: tuple[Decision, ...]
    """What the telephony is to do, in order; ``PlaceCall`` only once its event is durable."""
    refusals: tuple[Refusal, ...] = ()
    """Messages not taken, of many given at once; the others stand (R6.6)."""


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

    __slots__ = ("_draft", "_since", "_state")

    def __init__(self, state: State) -> None:
        """Go on from a state, which is not changed."""
        self._state = state
        self._draft: Draft | None = None
        self._since: list[tuple[Sequence[Message], Instant]] = []
        """What was taken since the state was sealed."""

    @property
    def state(self) -> State:
        """The state now, for anybody to keep. The first look after a moment costs its sealing."""
        if self._since:
            sealed = self._opened().sealed()
            self._state, self._draft, self._since = sealed, None, []
        return self._state

    def take(self, message: Message, now: Instant) -> Taken:
        """Take one message, as :func:`~campaign_core.handle` does.

        Raises:
            CommandRefusedError: the state does not allow the command; nothing has changed.
            SettingsError: a value of the command is bad in this state; nothing has changed.
            TypeError: the message is neither a command nor a report nor a tick.
        """
        draft, self._draft = self._opened(), None
        moment = begun(draft, now, (message,))
        moment.take(message)
        taken = Taken(*concluded(moment))
        self._keep(draft, (message,), now)
        return taken

    def take_all(self, messages: Sequence[Message], now: Instant) -> Taken:
        """Take many messages at one moment, as :func:`~campaign_core.handle_batch` does."""
        draft, self._draft = self._opened(), None
        moment = begun(draft, now, messages)
        refusals = taken_each(moment, messages)
        taken = Taken(*concluded(moment), refusals)
        self._keep(draft, tuple(messages), now)
        return taken

    def next_wakeup(self, now: Instant) -> Instant | None:
        """Return the next wake-up, as :func:`~campaign_core.next_wakeup` does."""
        draft = self._draft
        if draft is None:
            return next_wakeup(self.state, now)
        return wakeup_of(draft, now, is_touched=bool(draft.touched_now or draft.capped_now))

    def _opened(self) -> Draft:
        """Return a draft that has all that was taken."""
        draft = self._draft
        if draft is None:
            draft = Draft(self._state._row)
            for messages, now in self._since:
                moment = begun(draft, now, messages)
                taken_each(moment, messages)
                moment.conclude()
        return draft

    def _keep(self, draft: Draft, messages: Sequence[Message], now: Instant) -> None:
        self._since.append((messages, now))
        self._draft = draft
        if len(self._since) == _UNSEALED_MAX:
            self._state, self._draft, self._since = draft.sealed(), None, []
