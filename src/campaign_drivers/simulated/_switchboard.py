"""The switchboard: what happens in the calls in progress, from the ring to the end.

Knows nothing of capacity, routes, faults on the way or connections: those are the exchange's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from campaign_core import Instant, Outcome
from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers.simulated._behaviour import (
    HANGUP_CAUSES,
    Act,
    Answers,
    Dials,
    HangsUp,
    Moment,
    NotAnswered,
    Waits,
)
from campaign_drivers.simulated._call_counters import CallCounters
from campaign_drivers.simulated._event_queue import EventQueue
from campaign_drivers.simulated._live_call import DEAD_MAN, MIND, PLAYBACK, RING, LiveCall
from campaign_drivers.simulated._network import Sounds
from campaign_drivers.simulated._report_delivery import ReportDelivery

__all__ = ["Switchboard"]

_NORMAL_CLEARING = 16
"""Q.850: one of the two hung up."""


class Switchboard:
    """The calls in progress.

    Args:
        calls: where they are kept by id, in the order in which they were placed.
        queue: where what is to come is put down.
        sounds: what can be played.
        delivery: takes each report.
        counters: counts.
        playback_failed: the share of playbacks that fail though the sound is there.
    """

    def __init__(
        self,
        *,
        calls: dict[str, LiveCall],
        queue: EventQueue,
        sounds: Sounds,
        delivery: ReportDelivery,
        counters: CallCounters,
        playback_failed: float,
    ) -> None:
        self._calls = calls
        self._queue = queue
        self._sounds = sounds
        self._tell = delivery.tell
        self._counters = counters
        self._playback_failed = playback_failed

    def take(self, call: LiveCall, now: Instant) -> None:
        """Let a new call ring."""
        plan = call.plan
        self._ring(call, now)
        timeout_ms = call.order.ring_timeout_s * 1_000
        if isinstance(plan, Answers):
            rings_ms = plan.ring.draw_ms(call.chance)
            if rings_ms < timeout_ms:
                self._put(call, RING, rings_ms, now, self._answer)
                return
        elif plan.after is not None:
            rings_ms = plan.after.draw_ms(call.chance)
            if rings_ms < timeout_ms:
                ends = partial(self._end, outcome=plan.outcome, hangup_cause=plan.hangup_cause)
                self._put(call, RING, rings_ms, now, ends)
                return
        self._put(call, RING, timeout_ms, now, self._ring_out)

    def take_answered(self, call: LiveCall, now: Instant) -> None:
        """Take a call that was answered elsewhere."""
        self._ring(call, now)
        call.answer_told = True
        self._talk(call, now)

    def play(self, order: Play, now: Instant) -> None:
        """Play a sound instead of what plays; no report comes of what it replaces."""
        call = self._calls.get(order.call_id)
        if call is None or call.answered_at is None or call.transferred:
            return
        call.playing = None
        call.slots[PLAYBACK] = 0
        is_prompt = bool(order.stop_digits)
        if not (is_prompt and call.message_heard):
            call.slots[MIND] = 0
        if self._fails(order, call):
            self._playback_ended(call, order, PlaybackEnd.FAILED, now)
            return
        call.playing = order
        call.playbacks += 1
        self._put(call, PLAYBACK, self._sounds.lasts_ms(order.sound), now, self._finish)
        if not is_prompt:
            call.message_heard = True
            self._begin(call, Moment.MESSAGE, now)
        elif not call.message_heard:
            self._begin(call, Moment.PROMPT, now)

    def hang_up(self, order: HangUp, now: Instant) -> None:
        """End a call; nothing where it is over."""
        call = self._calls.get(order.call_id)
        if call is not None:
            self._end_if_idle(call, now)

    def transfer(self, order: Transfer, now: Instant) -> None:
        """Connect an answered call to an extension."""
        call = self._calls.get(order.call_id)
        if call is None or call.answered_at is None:
            return
        call.transferred = True
        call.playing = None
        call.slots[PLAYBACK] = call.slots[MIND] = 0
        self._put(call, DEAD_MAN, order.dead_man_s * 1_000, now, self._end_if_idle)
        self._begin(call, Moment.TRANSFER, now)

    def drop_all(self, now: Instant) -> None:
        """End every call without a word, as a power cut does."""
        for call in list(self._calls.values()):
            self._forget(call, now)

    # The ring ----------------------------------------------------------------------------

    def _ring(self, call: LiveCall, now: Instant) -> None:
        self._calls[call.order.call_id] = call
        self._counters.take(call)
        self._put(call, DEAD_MAN, call.order.dead_man_s * 1_000, now, self._end_if_idle)

    def _answer(self, call: LiveCall, at: Instant) -> None:
        self._tell(call, AnswerReport(call.order.call_id), at)
        self._talk(call, at)

    def _talk(self, call: LiveCall, at: Instant) -> None:
        call.answered_at = at
        self._counters.answered += 1
        assert isinstance(call.plan, Answers)
        for act in call.plan.acts_at(Moment.ANSWER):
            call.slots.append(0)
            self._schedule_act(call, act, len(call.slots) - 1, at)
        self._begin(call, Moment.SILENCE, at)

    def _ring_out(self, call: LiveCall, at: Instant) -> None:
        cause = HANGUP_CAUSES[Outcome.NO_ANSWER]
        self._end(call, at, outcome=Outcome.NO_ANSWER, hangup_cause=cause)

    # The callee --------------------------------------------------------------------------

    def _begin(self, call: LiveCall, moment: Moment, at: Instant) -> None:
        """Let the callee have in mind what it does at this occurrence of a moment."""
        assert not isinstance(call.plan, NotAnswered)
        acts = call.plan.acts_at(moment)
        if not acts:
            return
        if call.turns is None:
            call.turns = {}
        turn = call.turns.get(moment, 0)
        call.turns[moment] = turn + 1
        # Silence comes again with each digit: to repeat its last act would be to dial for ever.
        if turn < len(acts) or moment is not Moment.SILENCE:
            self._schedule_act(call, acts[min(turn, len(acts) - 1)], MIND, at)

    def _schedule_act(self, call: LiveCall, act: Act, slot: int, at: Instant) -> None:
        match act:
            case Waits():
                call.slots[slot] = 0
            case HangsUp():
                self._put(call, slot, act.after.draw_ms(call.chance), at, self._leave)
            case Dials():
                dial = partial(self._dial, act=act, index=0, slot=slot)
                self._put(call, slot, act.after.draw_ms(call.chance), at, dial)

    def _leave(self, call: LiveCall, at: Instant) -> None:
        self._end(call, at, outcome=Outcome.REJECTED, hangup_cause=_NORMAL_CLEARING)

    def _dial(self, call: LiveCall, at: Instant, *, act: Dials, index: int, slot: int) -> None:
        digit = act.digits[index]
        call.digits += digit
        self._tell(call, DigitReport(call_id=call.order.call_id, digit=digit), at)
        if index + 1 < len(act.digits):
            more = partial(self._dial, act=act, index=index + 1, slot=slot)
            self._put(call, slot, act.apart.draw_ms(call.chance), at, more)
        playing = call.playing
        if playing is not None and digit in playing.stop_digits:
            call.slots[PLAYBACK] = 0
            self._playback_ended(call, playing, PlaybackEnd.STOPPED, at)
        elif not call.playbacks and not call.slots[MIND]:
            self._begin(call, Moment.SILENCE, at)

    # The sound ---------------------------------------------------------------------------

    def _fails(self, order: Play, call: LiveCall) -> bool:
        if order.sound in self._sounds.missing:
            return True
        return bool(self._playback_failed) and call.mishaps.unit() < self._playback_failed

    def _finish(self, call: LiveCall, at: Instant) -> None:
        order = call.playing
        assert order is not None
        self._playback_ended(call, order, PlaybackEnd.FINISHED, at)
        if not order.stop_digits:
            self._begin(call, Moment.AFTER_MESSAGE, at)
        elif not call.message_heard:
            self._begin(call, Moment.AFTER_PROMPT, at)

    def _playback_ended(self, call: LiveCall, order: Play, end: PlaybackEnd, at: Instant) -> None:
        call.playing = None
        report = PlaybackReport(call_id=order.call_id, play=order.play, end=end)
        self._tell(call, report, at)

    # The end -----------------------------------------------------------------------------

    def _end_if_idle(self, call: LiveCall, at: Instant) -> None:
        """End a call from our side, by order or by the dead man's switch."""
        self._end(call, at, outcome=Outcome.NO_ANSWER, hangup_cause=_NORMAL_CLEARING)

    def _end(
        self, call: LiveCall, at: Instant, *, outcome: Outcome, hangup_cause: int | None
    ) -> None:
        """Report the end; the outcome is what it means if nobody had answered."""
        self._forget(call, at)
        end = EndReport(
            call_id=call.order.call_id, unanswered_as=outcome, hangup_cause=hangup_cause
        )
        self._tell(call, end, at)

    def _forget(self, call: LiveCall, at: Instant) -> None:
        del self._calls[call.order.call_id]
        call.ended_at = at
        call.slots[:] = [0] * len(call.slots)
        self._counters.end(call)

    def _put(
        self,
        call: LiveCall,
        slot: int,
        after_ms: int,
        at: Instant,
        do: Callable[[LiveCall, Instant], None],
    ) -> None:
        self._queue.put(Instant(at + after_ms), call, slot, do)
