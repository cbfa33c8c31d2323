"""A call, and Asterisk as one step sees it: how orders are sent, and what the end of a call means.

``Newchannel``, ``OriginateResponse`` and ``Hangup`` tell of a call's fate. A failure without a
channel means that Asterisk found nothing to dial with (no such endpoint, or nobody registered
there); a channel that goes before the response is to be judged by both.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs
from typing_extensions import override

from campaign_core import CallId, Outcome
from campaign_core.decisions import Play, Transfer
from campaign_core.reports import EndReport
from campaign_drivers._telephony import server as shared
from campaign_drivers._telephony.call import CONCLUSIONS as SHARED_CONCLUSIONS
from campaign_drivers._telephony.call import Call as SharedCall
from campaign_drivers._telephony.call import CallTimer, Channel, Conclusion, Placing
from campaign_drivers._telephony.fate import await_end
from campaign_drivers._telephony.playing import stop
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._session import Session
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import Action

__all__ = ["AGAIN_MS", "CONCLUSIONS", "CUT", "FORWARDS", "STOP_MS", "Call", "Server"]

CONCLUSIONS: Mapping[tuple[Placing, Channel], Conclusion] = MappingProxyType(
    {**SHARED_CONCLUSIONS, (Placing.PENDING, Channel.GONE): Conclusion.END_SOON}
)

STOP_MS = 250
"""After which a playback that should have ended is ended; two and a half polls of the channel."""

AGAIN_MS = 100
"""Until what found no channel is tried again: while one takes the place of another, Asterisk knows
neither of them for a moment."""

CUT = (
    "answered, and cut by Asterisk before anything could be played: is maxcalls of asterisk.conf "
    "reached, or the context gone that answered calls are handed to?"
)
"""What an operator is told of a call that took none of our commands (R7.5)."""

FORWARDS = "forwards to another number, where a call by this route is not followed"
"""What an operator is told of a telephone whose call was ended for that (R7.11)."""

_CLEARED = 16
"""The cause of a call that ended in the ordinary way, or that was refused."""

_NOTED_EVERY_MS = 60_000


@attrs.define(kw_only=True)
class Call(SharedCall):
    """What is known of one of our calls."""

    channel_id: str = attrs.field(default=attrs.Factory(lambda call: call.call_id, takes_self=True))
    """Of the channel it is by now; the call's own, unless another took its place."""
    dial_string: str = ""
    reason: int | None = None
    cause: int | None = None
    requested_cause: int | None = None
    """Of the other side's hang-up, or of its refusal."""
    listens: bool = False
    """Asterisk takes AGI commands for it."""
    has_listened: bool = False
    callee_hung_up: bool = False
    injected: int = 0
    """Stop digits of our own that will come back as events."""

    @override
    def out_of_reach(self) -> None:
        super().out_of_reach()
        # What was not seen cannot be told: it may have taken commands.
        self.listens, self.injected, self.took_command = False, 0, True


class Server(shared.Server[Call]):
    """An Asterisk at one moment."""

    conclusions = CONCLUSIONS
    session: Session | None

    def __init__(self, settings: AsteriskSettings) -> None:
        """Start before the first step, without a connection."""
        super().__init__()
        self.settings = settings
        self.places: dict[str, CallId] = {}
        """By the ids of channels that took a call's place, whose that is."""
        self._noted_last: int | None = None

    def ask(self, action: Action, *purpose: str, action_id: str | None = None) -> None:
        """Send an action; its reply comes back with the purpose."""
        if self.session is not None:
            self.session.ask(action, purpose, self.now, action_id=action_id)

    def agi(self, call: Call, command: str, command_id: str) -> None:
        """Queue an AGI command behind what the call is doing."""
        headers = [("Channel", call.channel_id), ("Command", command), ("CommandID", command_id)]
        self.ask(Action("AGI", headers), "agi", call.call_id, command_id)

    def move(self, call: Call) -> None:
        """Note that the call is another channel from now on."""
        self.places[call.channel_id] = call.call_id
        if self.session is not None:
            self.session.hear(call.channel_id, self.now)

    @override
    def hang_up(self, call: Call) -> None:
        self.ask(translate.hang_up(call.channel_id), "hang_up", call.call_id)

    @override
    def hang_up_channel(self, channel_id: str) -> None:
        self.ask(translate.hang_up(channel_id), "hang_up", channel_id)

    @override
    def takes_orders(self, call: Call) -> bool:
        return call.listens

    @override
    def play(self, call: Call, order: Play, playback_id: str, offset: int) -> None:
        name = translate.sound_name(self.settings, order.sound)
        command = translate.stream_file(name, order.stop_digits, offset)
        self.agi(call, command, playback_id)

    @override
    def stop(self, call: Call) -> None:
        if call.playing is not None:
            # Sent into the gap before the command is taken, it ends nothing: then once more.
            self.set_timer(call, CallTimer.STOP, STOP_MS)
        call.injected += 1
        self.ask(translate.stop_playback(call.channel_id), "stop", call.call_id)

    @override
    def transfer(self, call: Call, order: Transfer) -> None:
        """By ``EXEC Dial`` through the internal route: it needs no dialplan and no permission more.

        ``HANGUP`` waits behind it in Asterisk itself, so that the call ends with the conversation
        also where nobody is connected by then.
        """
        command = translate.dial(self.settings, order.extension)
        if call.playing is not None or call.unknown_playback:
            stop(call, self)
        self.agi(call, translate.set_dead_man(order.dead_man_s), f"{call.call_id}.set")
        forward = translate.let_forward(self.settings)
        if forward is not None:
            self.agi(call, forward, f"{call.call_id}.forward")
        self.agi(call, command, f"{call.call_id}.dial")
        self.agi(call, "HANGUP", f"{call.call_id}.end")
        call.transfer, call.transfer_until = order, self.now + order.dead_man_s * 1_000

    @override
    def turned_away(self, call: Call) -> None:
        # Its channel's events may only be late.
        await_end(call, self)

    @override
    def end_report(self, call: Call) -> EndReport | None:
        told = translate.outcome_of(call.reason, call.cause)
        outcome = Outcome.FAILED if call.is_answered else told
        if call.was_out_of_reach and _is_untold(call, outcome):
            return None
        # Before the first command only Asterisk itself, the callee or we can have ended it.
        is_explained = call.took_command or call.callee_hung_up or call.hang_up_ordered
        is_cut = call.is_answered and not is_explained
        if call.cause == translate.FORWARDED:
            self.note(f"call {call.call_id}: {call.dial_string} {FORWARDS}")
        elif is_cut and self.is_up and not call.has_listened:
            self._note_at_times(f"call {call.call_id}: {CUT}")
        return EndReport(
            call_id=call.call_id,
            unanswered_as=outcome,
            hangup_cause=call.cause,
            took_commands=not is_cut,
        )

    def _note_at_times(self, sentence: str) -> None:
        """Write what may be so of each call from now on, but not of each."""
        if self._noted_last is None or self.now - self._noted_last >= _NOTED_EVERY_MS:
            self._noted_last = self.now
            self.note(sentence)


def _is_untold(call: Call, outcome: Outcome) -> bool:
    if call.is_answered:
        return call.channel is not Channel.GONE
    # An answered call that was hung up looks the same where its answer was not heard.
    is_telling = outcome is not Outcome.FAILED and call.cause != _CLEARED
    return call.placing is Placing.PENDING and not is_telling
