"""FreeSWITCH as one step sees it: how each order is sent, and what the end of a call means."""

from __future__ import annotations

from typing_extensions import override

from campaign_core import Outcome
from campaign_core.decisions import Play, Transfer
from campaign_core.reports import EndReport, Report
from campaign_drivers._telephony import server as shared
from campaign_drivers._telephony.call import CallTimer, Channel
from campaign_drivers._telephony.fate import await_end, defer, end, refuse
from campaign_drivers.freeswitch import _causes as causes
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._admission import Admission
from campaign_drivers.freeswitch._call import Call
from campaign_drivers.freeswitch._session import Session
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._translate import ABSENT, TURNED_AWAY, TurnedAway
from campaign_drivers.freeswitch._wire import Command

__all__ = ["Server"]


class Server(shared.Server[Call]):
    """A FreeSWITCH at one moment."""

    grace_ms = 3_000
    session: Session | None

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Start before the first step, without a connection."""
        super().__init__()
        self.settings = settings
        self.admission = Admission(settings)
        self.held: list[Report] = []
        """While nobody knows that we are up, what happens waits for that."""

    def ask(self, command: Command, *purpose: str) -> None:
        """Send a command; its reply comes back with the purpose."""
        if self.session is not None:
            self.session.ask(command, purpose, self.now)

    @override
    def tell(self, report: Report) -> None:
        (self.out.reports if self.is_up else self.held).append(report)

    @override
    def hang_up(self, call: Call) -> None:
        call.next_order = None
        if not call.is_sent and call.order is not None:
            # Nobody was called: FreeSWITCH was only asked for the telephones.
            end(call, self)
            return
        is_ringing = call.channel is Channel.UP and not call.is_answered
        for leg in call.legs.left or (call.channel_id,):
            self.ask(translate.hang_up(leg, while_ringing=is_ringing), "hang_up", call.call_id)

    @override
    def hang_up_channel(self, channel_id: str) -> None:
        self.ask(translate.hang_up(channel_id), "hang_up", channel_id)

    @override
    def takes_orders(self, call: Call) -> bool:
        return call.playing is None and call.is_parked and call.is_answered

    @override
    def play(self, call: Call, order: Play, playback_id: str, offset: int) -> None:
        path = translate.sound_path(self.settings, order.sound)
        command = translate.playback(call.channel_id, path, playback_id)
        self.ask(command, "execute", call.call_id, playback_id)
        call.breaks, call.playback_status = 0, ""

    @override
    def stop(self, call: Call) -> None:
        """A playback can be told to stop once it has started; before, that might hit nothing."""
        playing = call.playing
        if playing is None:
            # Whatever plays ends by this; and if nothing does, ours may.
            call.stray_break = True
        elif playing.is_started:
            call.breaks += 1
        else:
            return
        playback_id = "" if playing is None else playing.playback_id
        self.ask(translate.stop_playback(call.channel_id), "break", call.call_id, playback_id)

    @override
    def transfer(self, call: Call, order: Transfer) -> None:
        """By ``bridge`` through the internal route: it needs no dialplan."""
        if call.unknown_playback:
            call.unknown_playback = False
            self.stop(call)
        bridge_id = f"{call.call_id}.bridge.{self.serial()}"
        set_id = f"{call.call_id}.set.{self.serial()}"
        command = translate.bridge(self.settings, call.channel_id, order.extension, bridge_id)
        call.transfer_sent = True
        left_ms = max(1_000, call.transfer_until - self.now)
        self.ask(translate.delete_guards(call.channel_id), "guard", call.call_id)
        self.ask(translate.guard(call.channel_id, -(-left_ms // 1_000)), "guard", call.call_id)
        for variable in translate.before_bridge(call.channel_id, call.number, set_id):
            self.ask(variable, "set", call.call_id)
        self.ask(command, "execute", call.call_id, bridge_id)
        self.set_timer(call, CallTimer.DEAD_MAN, left_ms + self.grace_ms)

    @override
    def turned_away(self, call: Call) -> None:
        says = call.job_says
        if says.startswith("-USAGE") or not says.replace("_", "").isalnum():
            why = f"FreeSWITCH did not understand the order: {says[:80]}"
            self.note(f"call {call.call_id}: {why}")
            refuse(call, why, self)
            return
        where = "" if call.route is None else f" for {call.route.dial_string}"
        match TURNED_AWAY.get(says):
            case TurnedAway.DEFERRED:
                defer(call, self.admission.turned_away(self.now), self)
            case TurnedAway.NO_ROUTE:
                refuse(call, f"FreeSWITCH has no such route{where}: {says}", self)
            case TurnedAway.DOWN:
                refuse(call, f"the gateway{where} is down: {says}", self)
            case None if says in ABSENT:
                end(call, self)
            case None:
                # Its channel's events may only be late.
                await_end(call, self)

    @override
    def end_report(self, call: Call) -> EndReport:
        cause = call.cause or call.job_says
        meaning = causes.outcome_of(cause, call.sip_status)
        return EndReport(
            call_id=call.call_id,
            unanswered_as=Outcome.FAILED if call.is_answered else meaning,
            hangup_cause=causes.q850_of(call.q850, cause),
            took_commands=not call.is_answered or call.took_command or not call.is_cut,
        )
