"""All of the driver but its socket; what becomes of calls over a lost connection: ``_census``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from typing_extensions import override

from campaign_core import CallId
from campaign_core.decisions import PlaceCall, Transfer
from campaign_core.reports import (
    CallsAdriftReport,
    CallsUpReport,
    DeferralReport,
    EndReport,
    RefusalReport,
)
from campaign_drivers._telephony import fate
from campaign_drivers._telephony import switchboard as shared
from campaign_drivers._telephony.call import CallTimer, Channel, Placing
from campaign_drivers._telephony.protocol import Reply
from campaign_drivers._telephony.switchboard import FIRST, SECOND
from campaign_drivers.freeswitch import _calls as calls
from campaign_drivers.freeswitch import _census as census
from campaign_drivers.freeswitch import _playback as playback
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._call import Call, Legs
from campaign_drivers.freeswitch._server import Server
from campaign_drivers.freeswitch._session import EVENTS, Ready, Session
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._wire import Command, Event, Frame

__all__ = ["Switchboard"]

_CONGESTED_MS = 2_000
_STOPPING_MS = 5_000

_BETWEEN = "between"
_LOOK_MS = 1_000
"""Between looks at the list, while a call that was taken over may not take applications yet."""

_HANGUP_COMPLETE = "CHANNEL_HANGUP_COMPLETE"
"""The last event of a channel."""


_REPLIES: Mapping[str, Callable[[Call, Reply[Frame], Server], None]] = MappingProxyType(
    {
        "place": calls.place_replied,
        "contacts": calls.contacts_replied,
        "guard": calls.guard_replied,
        "hang_up": calls.hang_up_replied,
        "exists": calls.existence_replied,
        "execute": playback.execute_replied,
        "start": playback.start_missed,
        "break": playback.break_replied,
    }
)
"""What the reply to a command does to its call, by what the command was for."""


class Switchboard(shared.Switchboard[Call, Server]):
    """A driver without its socket."""

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Start without a connection."""
        super().__init__(
            settings, Server(settings), make_call=Call, open_session=Session, replies=_REPLIES
        )
        self.settings = settings
        self.admission = self._server.admission
        self._core_uuid = ""
        self._lost_at = 0
        self._claimed: frozenset[CallId] = frozenset()
        """What was in the first report though the server may not have it."""

    @override
    def _lose_sight(self, now: int) -> tuple[CallId, ...]:
        session = self._server.session
        self._server.held.clear()
        self._lost_at = now
        unsent = [call for call in self.calls.values() if not call.is_sent]
        for call in unsent:
            self._forget(call)
        for call in self.calls.values():
            census.unheard(call, now if session is None else session.heard_at)
        return tuple(call.call_id for call in unsent)

    @override
    def _forgotten(self, call: Call) -> None:
        self.admission.ended(call.route)

    @override
    def _place(self, order: PlaceCall, server: Server) -> Call | int:
        session, closed_until = server.session, None
        if session is not None and session.is_stopping:
            closed_until = server.now + _STOPPING_MS
        elif self.is_congested or (session is not None and session.is_paused):
            closed_until = server.now + _CONGESTED_MS
        return calls.place(order, server, closed_until=closed_until)

    @override
    def _transfer(self, call: Call, order: Transfer, server: Server) -> None:
        playback.order_transfer(call, order, server)

    @override
    def _timer_passed(self, call: Call, timer: CallTimer, server: Server) -> None:
        match timer:
            case CallTimer.GRACE if call.placing is Placing.FAILED:
                fate.end(call, server)
            case CallTimer.START:
                playback.start_due(call, server)
            case CallTimer.STOP:
                playback.stop_due(call, server)
            case _:
                if self.is_up and call.here and call.is_sent:
                    # Its end should have been told by now; if it is there still, ask again.
                    calls.ask_existence(call, server)
                server.set_timer(call, timer, server.grace_ms * 2)

    # What the server says -----------------------------------------------------------------

    @override
    def _ready(self, ready: Ready, server: Server) -> None:
        self.admission.told(sessions_per_s=ready.sessions_per_s, sessions_max=ready.sessions_max)
        self._know_core(ready.core_uuid, server)
        if ready.is_paused:
            server.note("FreeSWITCH is paused: no calls are placed until fsctl resume")
        super()._ready(ready, server)

    def _know_core(self, core_uuid: str, server: Server) -> None:
        """Take the id of the server's run: with another one, all calls of the last are gone."""
        if not core_uuid or core_uuid == self._core_uuid:
            return
        if self._core_uuid:
            server.note("FreeSWITCH was restarted: its calls are gone")
            for call in self._missing():
                self._forget(call)
        self._core_uuid = core_uuid

    @override
    def _event(self, event: Event, server: Server) -> None:
        self._know_core(event["core-uuid"], server)
        match event.name:
            case "HEARTBEAT":
                self.admission.told(
                    sessions_per_s=event.number("session-per-sec"),
                    sessions_max=event.number("max-sessions"),
                )
            case "SHUTDOWN":
                if server.session is not None:
                    server.session.is_stopping = True
                server.note("FreeSWITCH is shutting down")
            case "BACKGROUND_JOB":
                call = self.calls.get(CallId(event["job-uuid"]))
                if call is not None:
                    calls.job_ended(call, event, server)
                    self._forget_if_over(call)
            case _ if event.name in EVENTS:
                # Not by what we did not ask for: of a gateway that is not there a channel is
                # destroyed, which there never was.
                self._channel_event(event, server)
            case _:
                pass

    def _channel_event(self, event: Event, server: Server) -> None:
        # By this id alone: a loopback's other end carries our variables too.
        channel_id = event["unique-id"]
        # The server's list is behind: of a call of an earlier run the end may be the first news.
        call = self._call_of(channel_id, server)
        if call is None:
            if event["answer-state"] != "hangup":
                self._end_if_lost(channel_id, server)
            return
        if event.name == "CHANNEL_CREATE":
            self.admission.took()
        call.is_there()
        if not call.is_answered:
            call.legs.add(channel_id)
        elif channel_id != call.channel_id:
            # Another telephone of the number, which rings no more.
            return
        if event.name == _HANGUP_COMPLETE:
            calls.hung_up(call, event, server)
        else:
            calls.seen(call, event, server)
            step = playback.PLAYBACK_EVENTS.get(event.name)
            if step is not None:
                step(call, event, server)
        self._forget_if_over(call)

    def _call_of(self, channel_id: str, server: Server) -> Call | None:
        """Return the call that a channel is, be it of an earlier run of ours."""
        call_id = CallId(translate.call_of(channel_id))
        call = self.calls.get(call_id)
        if call is None and (call := self._adopt_if_ours(call_id)) is not None:
            call.legs, call.is_heard_of = Legs(channel_id=channel_id), True
            # Whoever ended before we subscribed may be listed too; nothing will be told of it.
            server.set_timer(call, CallTimer.DEAD_MAN, server.grace_ms)
        return call

    def _end_if_lost(self, channel_id: str, server: Server) -> None:
        """End a call that turns up after it was taken for gone: another was placed since."""
        if self._is_lost(translate.call_of(channel_id)):
            server.hang_up_channel(channel_id)

    # Taking over --------------------------------------------------------------------------

    @override
    def _ask_census(self, which: str, server: Server) -> None:
        if which != _BETWEEN:
            self._census_due.pop(_BETWEEN, None)
            # By its id: that never lags.
            for call in self._missing():
                calls.ask_existence(call, server)
        # Any column may match; the id of our service is in that of each of our calls.
        command = Command(f"api show channels like {self.settings.service_id} as json")
        server.ask(command, "census", which)

    @override
    def _census(self, reply: Reply[Frame], server: Server) -> None:
        which = reply.purpose[1]
        rows = census.rows_in(reply.message.text)
        listed = set(self.calls)
        if rows is None:
            self._not_told(reply.message.text[:80], server)
        else:
            listed = self._noted(rows, server)
        if which == FIRST:
            self._tell_first(server)
        elif which == SECOND:
            self._tell_second(server)
        self._tell_answers(server)
        server.out.reports += server.held
        server.held.clear()
        if which != FIRST:
            self._ask_for_unlisted(listed, server)
        if which != SECOND and census.is_settling(self.calls.values()):
            self._census_due[_BETWEEN] = server.now + _LOOK_MS
        self._go_on(which, server)

    def _noted(self, rows: list[census.Row], server: Server) -> set[CallId]:
        """Add what a list of channels says; return which of our calls are in it."""
        listed = set()
        for row in rows:
            channel_id = str(row.setdefault("uuid", ""))
            self._end_if_lost(channel_id, server)
            call = self._call_of(channel_id, server)
            if call is not None:
                census.note(call, row)
                listed.add(call.call_id)
        return listed

    def _tell_first(self, server: Server) -> None:
        missing = self._missing()
        waited_for = {call.call_id for call in missing if census.is_waited_for(call, self._lost_at)}
        in_transit = {call.call_id for call in missing if call.in_transit}
        self._claimed = frozenset(in_transit - waited_for)
        known = waited_for | in_transit
        self._give_up(call for call in missing if call.call_id not in known)
        # Those that ended since we subscribed were up then, and what became of them is told next.
        ends = (EndReport, RefusalReport, DeferralReport)
        ended = {report.call_id for report in server.held if isinstance(report, ends)}
        self._go_up(server)
        server.out.reports.append(CallsUpReport(self._here() | self._claimed | ended))

    def _tell_second(self, server: Server) -> None:
        lost = self._missing()
        # What was taken over by the first report is lost by the second only if adrift again.
        adrift = [call.call_id for call in lost if call.call_id in self._claimed]
        self._give_up(lost)
        self._claimed = frozenset()
        if adrift:
            server.out.reports.append(CallsAdriftReport(adrift))
        server.out.reports.append(CallsUpReport(self._here()))

    def _ask_for_unlisted(self, listed: set[CallId], server: Server) -> None:
        """Ask for the calls that should be in a list and are not: their end was not told."""
        for call_id, call in self.calls.items():
            if call.here and call.channel is Channel.UP and call_id not in listed:
                calls.ask_existence(call, server)

    @override
    def _resume(self, which: str, server: Server) -> None:
        for call in list(self.calls.values()):
            if call.here:
                playback.resume(call, server)
