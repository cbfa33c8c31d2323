"""The entry: a state, a message and the time to a new state, events and decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from campaign_core import events as ev
from campaign_core._decision.moment import Moment
from campaign_core._decision.orders import decisions_of
from campaign_core._model.settings import Settings
from campaign_core._state.index import rebuild_lines
from campaign_core._state.service import Draft, State
from campaign_core._transition.evolve import evolve
from campaign_core._values.identifiers import ServiceId
from campaign_core._values.instants import END, Instant
from campaign_core._values.makers import maker_of
from campaign_core._values.plain import plain_text
from campaign_core._values.validators import refuse
from campaign_core.commands import ChangeSettings, Command
from campaign_core.decisions import Decision
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_core.reports import (
    ClockReport,
    HostReport,
    Report,
    StandstillReport,
    TelephonyReport,
)

__all__ = [
    "Batch",
    "Message",
    "Refusal",
    "Transition",
    "begin_moment",
    "finish_moment",
    "handle",
    "handle_batch",
    "open_service",
    "take_messages",
]

Message = Command | Report | HostReport
"""What comes in: what a person wants, what the telephony saw, what the host says of its time and of
its telephony."""

_HEX = frozenset("0123456789abcdef")


@attrs.frozen
class Transition:
    """What came of one moment."""

    state: State
    """The state after it."""
    events: tuple[ev.Event, ...]
    """What happened, in order; to be made durable first."""
    decisions: tuple[Decision, ...]
    """What the telephony is to do, in order; ``PlaceCall`` only once its event is durable."""


_new_transition = maker_of(Transition)


@attrs.frozen
class Refusal:
    """A message of a batch that was not taken."""

    message: Message
    error: CommandRefusedError | SettingsError


@attrs.frozen
class Batch(Transition):
    """What came of many messages at one moment."""

    refusals: tuple[Refusal, ...]
    """Those not taken; the others stand (R6.6)."""


def open_service(
    service_id: str,
    settings: Settings,
    now: Instant,
    *,
    actor: str = ev.SCHEDULER,
    telephony: str | None = None,
) -> Transition:
    """Return a new service's first state and its first event (R8.3).

    Args:
        service_id: eight lower-case hex digits, different for each service on an exchange.
        settings: the general settings.
        now: the time.
        actor: who opens it.
        telephony: the kind that calls go to, as a ``TelephonyReport`` names it; ``None``: it is
            not known yet.

    Raises:
        SettingsError: the id is not eight hex digits, the time is negative, the settings are none,
            the actor's name cannot be kept, or the telephony's word is none.
    """
    rule = "eight lower-case hex digits"
    plain_id = plain_text("service_id", service_id, rule)
    if len(plain_id) != 8 or not _HEX.issuperset(plain_id):  # noqa: PLR2004
        raise refuse("service_id", service_id, rule)
    _check_time(now)
    # Who opens a service gives the first settings: they are checked as those of a command are.
    given = ChangeSettings(settings=settings, actor=actor)
    opened = ev.ServiceOpened(
        seq=1,
        at=now,
        actor=given.actor,
        service_id=ServiceId(plain_id),
        settings=given.settings,
        telephony=None if telephony is None else TelephonyReport(telephony).telephony,
    )
    return Transition(evolve(None, opened), (opened,), ())


def handle(state: State, message: Message, now: Instant) -> Transition:
    """Return what comes of one message (R6.6).

    Args:
        state: the state before; not changed.
        message: a command, a report or a tick.
        now: the time; an earlier one than the last event's is taken as that (R6.13).

    Raises:
        CommandRefusedError: the state does not allow the command.
        SettingsError: a value of the command is bad in this state.
        TypeError: the message is neither a command nor a report nor a tick.
    """
    moment = Moment(Draft(state._row), now)
    begin_moment(moment, now, (message,))
    moment.take(message)
    events, decisions = finish_moment(moment)
    return _new_transition(moment.draft.sealed(), events, decisions)


def handle_batch(state: State, messages: Sequence[Message], now: Instant) -> Batch:
    """Return what comes of many messages at one moment, with a single pass at the end (R6.6).

    A message that is refused is returned beside its refusal; the others stand.

    Args:
        state: the state before; not changed.
        messages: in the order in which they are taken.
        now: the time; an earlier one than the last event's is taken as that (R6.13).
    """
    moment = Moment(Draft(state._row), now)
    begin_moment(moment, now, messages)
    refusals = take_messages(moment, messages)
    events, decisions = finish_moment(moment)
    return Batch(moment.draft.sealed(), events, decisions, refusals)


def begin_moment(moment: Moment, now: Instant, messages: Sequence[Message]) -> None:
    """Begin the moment at which messages come: what is due by then is taken, they are not yet."""
    _check_time(now)
    draft = moment.draft
    at = max(draft.now, now)
    if at < draft.indexed_at:
        rebuild_lines(draft, at)
    kinds = set(map(type, messages))
    moment.begin_next(at, is_deaf=StandstillReport in kinds)
    if ClockReport in kinds:
        # What the clock shows is known before anything is due by it.
        for message in messages:
            if isinstance(message, ClockReport):
                moment.look_at(message)
    moment.take_due()


def take_messages(moment: Moment, messages: Iterable[Message]) -> tuple[Refusal, ...]:
    """Take each message; return those that are refused, the others stand."""
    refusals = []
    for message in messages:
        try:
            moment.take(message)
        except (CommandRefusedError, SettingsError) as error:
            refusals.append(Refusal(message, error))
    return tuple(refusals)


def finish_moment(moment: Moment) -> tuple[tuple[ev.Event, ...], tuple[Decision, ...]]:
    """Conclude a moment; return what happened in it and what the telephony is to do."""
    moment.conclude()
    return tuple(moment.events), decisions_of(moment.draft, moment.events)


def _check_time(now: Instant) -> None:
    if type(now) is not int or not 0 <= now <= END:
        raise refuse("now", now, "whole milliseconds since 1970 UTC")
