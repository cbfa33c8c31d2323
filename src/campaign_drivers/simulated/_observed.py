"""What was seen of callees so far: each call's course, as a behaviour that can be played again.

A callee's digits and hang-up are put down by the moment they belong to, so that what was seen
under one call script can be played under another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from campaign_core import UNANSWERED, CallId, Instant, Outcome, Purpose
from campaign_core import events as ev
from campaign_core.reports import PlaybackEnd
from campaign_drivers.simulated._behaviour import (
    Act,
    Answers,
    Behaviour,
    Dials,
    HangsUp,
    IsRefused,
    Moment,
    NotAnswered,
    Waits,
)
from campaign_drivers.simulated._delays import Constant

__all__ = ["Observed", "Observer", "SeenCall", "observed"]


@attrs.frozen(kw_only=True)
class SeenCall:
    """One call that is over."""

    behaviour: Behaviour
    is_retry: bool
    """Whether the recipient had been called before: those who are called again answer less."""
    placed_at: Instant
    ended_at: Instant


@attrs.frozen(kw_only=True)
class Observed:
    """What a forecast is made from."""

    calls: tuple[SeenCall, ...] = ()
    """The last calls that ended, oldest first."""
    sounds_s: tuple[tuple[str, float], ...] = ()
    """How long each sound last took to play to its end."""
    missing: frozenset[str] = frozenset()
    """Sounds that could not be played and never were."""


def observed(events: Iterable[ev.Event]) -> Observed:
    """Return what a journal tells."""
    observer = Observer()
    for event in events:
        observer.see(event)
    return observer.observed()


_NEVER = Instant(0)


@attrs.define(eq=False)
class _ObservedCall:
    """A call in progress, as far as it was seen."""

    placed_at: Instant
    is_retry: bool
    answered_at: Instant | None = None
    moment: Moment = Moment.SILENCE
    since: Instant = _NEVER
    """When the present moment came."""
    has_acted: bool = True
    """Whether the callee did something at this moment. The silence right after the answer does
    not ask for anything yet."""
    last_digit_at: Instant = _NEVER
    acts: list[Act] = attrs.field(factory=list)
    message: int = 0
    """The number of the playback that is the message; 0: there was none."""
    plays: dict[int, tuple[str, Instant]] = attrs.field(factory=dict)
    is_hung_up: bool = False
    """Whether we ordered the end."""

    def begin(self, moment: Moment, at: Instant) -> None:
        """Put down that a moment came."""
        self.settle()
        self.moment, self.since, self.has_acted = moment, at, False

    def settle(self) -> None:
        """Put down that the callee did nothing, if so."""
        if not self.has_acted:
            self.acts.append(Waits(when=self.moment))
            self.has_acted = True

    def dial(self, digit: str, at: Instant) -> None:
        """Put down a digit: an act of its own, or one more of the moment's act."""
        last = self.acts[-1] if self.acts else None
        if self.has_acted and isinstance(last, Dials) and last.when is self.moment:
            apart = Constant((at - self.last_digit_at) / 1_000)
            self.acts[-1] = attrs.evolve(last, digits=last.digits + digit, apart=apart)
        else:
            self.acts.append(Dials(when=self.moment, digits=digit, after=self._after(at)))
        self.has_acted = True
        self.last_digit_at = at

    def leave(self, at: Instant) -> None:
        """Put down that the callee hung up."""
        last = self.acts[-1] if self.acts else None
        if self.has_acted and last is not None and last.when is self.moment:
            # One act a moment: whoever dialled and then hung up is hung up on the next one.
            self.acts.append(HangsUp(when=Moment.ANSWER, after=self._since_answer(at)))
        else:
            self.acts.append(HangsUp(when=self.moment, after=self._after(at)))
        self.has_acted = True

    def _after(self, at: Instant) -> Constant:
        return Constant((at - self.since) / 1_000)

    def _since_answer(self, at: Instant) -> Constant:
        return Constant((at - (self.answered_at or at)) / 1_000)


class Observer:
    """Sees the events of a service as they happen; a fold with a bounded memory.

    Args:
        calls_max: how many of the last calls are kept.
    """

    def __init__(self, *, calls_max: int = 1_000) -> None:
        self._ended: deque[SeenCall] = deque(maxlen=calls_max)
        self._live: dict[CallId, _ObservedCall] = {}
        self._sounds_s: dict[str, float] = {}
        self._failed: set[str] = set()
        self._takes: dict[type[ev.CallEvent], Callable[[_ObservedCall, Any], None]] = {
            ev.CallAnswered: self._answer,
            ev.PlaybackStarted: self._start,
            ev.PlaybackEnded: self._finish,
            ev.SilenceStarted: self._fall_silent,
            ev.DigitDialled: self._dial,
            ev.CallTransferred: self._transfer,
            ev.HangUpOrdered: self._order_end,
            ev.CallGivenBack: self._give_back,
            ev.CallEnded: self._end,
        }

    def see(self, event: ev.Event) -> None:
        """Take note of one event."""
        if isinstance(event, ev.CallPlaced):
            self._live[event.call_id] = _ObservedCall(event.at, event.is_retry)
        elif isinstance(event, ev.CallEvent):
            course = self._live.get(event.call_id)
            take = self._takes.get(type(event))
            if course is not None and take is not None:
                take(course, event)

    def observed(self) -> Observed:
        """Return what was seen so far."""
        return Observed(
            calls=tuple(self._ended),
            sounds_s=tuple(self._sounds_s.items()),
            missing=frozenset(self._failed - self._sounds_s.keys()),
        )

    def _answer(self, course: _ObservedCall, event: ev.CallAnswered) -> None:
        course.answered_at = course.since = event.at

    def _start(self, course: _ObservedCall, event: ev.PlaybackStarted) -> None:
        course.plays[event.play] = (event.sound, event.at)
        if event.purpose is Purpose.ANSWER_PROMPT:
            course.begin(Moment.PROMPT, event.at)
        elif event.purpose is Purpose.MESSAGE:
            course.message = event.play
            course.begin(Moment.MESSAGE, event.at)

    def _finish(self, course: _ObservedCall, event: ev.PlaybackEnded) -> None:
        sound, began_at = course.plays.get(event.play, ("", event.at))
        if event.end is PlaybackEnd.FAILED:
            self._failed.add(sound)
        elif event.end is PlaybackEnd.FINISHED and sound:
            self._sounds_s[sound] = (event.at - began_at) / 1_000
            if event.play == course.message:
                course.begin(Moment.AFTER_MESSAGE, event.at)

    def _fall_silent(self, course: _ObservedCall, event: ev.SilenceStarted) -> None:
        if not course.plays:
            course.begin(Moment.SILENCE, event.at)

    def _dial(self, course: _ObservedCall, event: ev.DigitDialled) -> None:
        course.dial(event.digit, event.at)

    def _transfer(self, course: _ObservedCall, event: ev.CallTransferred) -> None:
        course.begin(Moment.TRANSFER, event.at)

    def _order_end(self, course: _ObservedCall, event: ev.HangUpOrdered) -> None:
        course.is_hung_up = True

    def _give_back(self, course: _ObservedCall, event: ev.CallGivenBack) -> None:
        del self._live[event.call_id]

    def _end(self, course: _ObservedCall, event: ev.CallEnded) -> None:
        del self._live[event.call_id]
        behaviour = _behaviour(course, event)
        if behaviour is not None:
            self._ended.append(
                SeenCall(
                    behaviour=behaviour,
                    is_retry=course.is_retry,
                    placed_at=course.placed_at,
                    ended_at=event.at,
                )
            )


def _behaviour(course: _ObservedCall, event: ev.CallEnded) -> Behaviour | None:
    """Return what the callee did; ``None`` where the end says nothing about the callee."""
    if event.outcome in {Outcome.LOST, Outcome.CANCELLED}:
        return None
    if event.outcome is Outcome.REFUSED:
        return IsRefused(why=event.detail)
    if course.answered_at is None:
        if event.outcome not in UNANSWERED:
            return None
        rang_out = event.outcome is Outcome.NO_ANSWER
        after = None if rang_out else Constant((event.at - course.placed_at) / 1_000)
        return NotAnswered(outcome=event.outcome, after=after, hangup_cause=event.hangup_cause)
    if course.is_hung_up:
        course.settle()
    else:
        course.leave(event.at)
    ring = Constant((course.answered_at - course.placed_at) / 1_000)
    return Answers(ring=ring, acts=course.acts)
