"""One channel of the emulated server: its states, what it plays, and the events it fires."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.emulators.freeswitch import bridging
from tests.emulators.freeswitch.people import Q850, Callee
from tests.emulators.freeswitch.running import POLL_MS, Running

if TYPE_CHECKING:
    from tests.emulators.freeswitch.switch import Switch


class Channel:
    """An outbound leg, with whoever is at its other end."""

    def __init__(
        self,
        switch: Switch,
        *,
        uuid: str,
        name: str,
        number: str,
        variables: dict[str, str],
        callee: Callee,
        job: str | None,
    ) -> None:
        self.switch, self.uuid, self.name, self.number = switch, uuid, name, number
        self.variables = dict(variables)
        self.callee = callee
        self.job = job
        self.created_at = switch.now
        self.answered_at: float | None = None
        self.hung_up_at: float | None = None
        self.answer_state = "ringing"
        self.state = "CS_INIT"
        self.call_state = "DOWN"
        self.cause = ""
        self.sip: int | None = None
        self.digits = ""
        self.is_gone = False
        self.is_parked = False
        self.queue: list[Running] = []
        self.stack: list[Running] = []
        self.early_messages: list[Running] = []
        self.break_pending = False
        self.peer: Channel | None = None
        """The other leg of a bridge: on either of the two."""
        self.bridge: Running | None = None
        self.application = ""
        """The last one that was executed; it stays when that has ended."""
        self.response = "_none_"
        self.park_uuid = ""
        self.order_text = ""
        self.timed_out = False
        self.was_left = False
        """Whoever was called hung up."""
        self.next_legs: tuple[str, ...] = ()
        self.rivals: list[Channel] = []
        """Legs that ring for the same order: the first to answer wins."""
        self.other_end: dict[str, str] = {}
        self.history: list[tuple[float, dict[str, str]]] = []
        """As what the list showed it, and since when."""
        self.on_answer: Callable[[], None] | None = None
        """Of a leg that was not originated for itself: what its answer brings."""
        self.on_end: Callable[[], None] = lambda: None
        self._tokens = 0

    @property
    def is_up(self) -> bool:
        return not self.cause and not self.is_gone

    # Events -------------------------------------------------------------------------------

    def fire(self, event: str, *, variables: bool = True, **extra: str) -> None:
        self.note_row()
        self.switch.fire(event, {**self._headers(variables=variables), **extra})

    def note_row(self) -> None:
        """Let the server's list know, in its own time."""
        self.history.append((self.switch.now, self.row()))

    def row(self) -> dict[str, str]:
        """Return what the server's list shows of it; it learns of the account after ringing."""
        shown = self.variables if self.is_parked else {}
        return {
            "uuid": self.uuid,
            "direction": "outbound",
            "name": self.name,
            "state": self.state,
            "dest": self.number,
            "application": self.application,
            "application_data": "",
            "callstate": self.call_state,
            **{name: shown.get(name, "") for name in ("accountcode", "presence_data")},
        }

    def _headers(self, *, variables: bool) -> dict[str, str]:
        answered = 0 if self.answered_at is None else self.switch.epoch_us(self.answered_at)
        headers = {
            "Channel-State": self.state,
            "Channel-Call-State": self.call_state,
            "Channel-Name": self.name,
            "Unique-ID": self.uuid,
            "Call-Direction": "outbound",
            "Answer-State": self.answer_state,
            "Caller-Destination-Number": self.number,
            "Caller-Channel-Created-Time": str(self.switch.epoch_us(self.created_at)),
            "Caller-Channel-Answered-Time": str(answered),
        }
        if self.cause:
            headers["Hangup-Cause"] = self.cause
        if variables:
            named = {f"variable_{name}": value for name, value in self.variables.items()}
            headers.update(named)
        return headers

    # The other end ------------------------------------------------------------------------

    def after(self, ms: float, step: Callable[[], None]) -> None:
        self.switch.later(ms, lambda: step() if self.is_up else None)

    def ring(self) -> None:
        if self.answer_state == "ringing" and self.call_state == "DOWN":
            self.call_state = "RINGING"
            self.fire("CHANNEL_PROGRESS")

    def early_media(self) -> None:
        self.answer_state = "early"
        self.call_state = "EARLY"
        self.fire("CHANNEL_PROGRESS_MEDIA")
        if self.variables.get("ignore_early_media") != "true":
            self._originated()

    def answer(self) -> None:
        if self.answered_at is not None or not self.is_up:
            return
        if self.early_messages and not self.is_parked:
            # An application that came while it rang delays the answer, and is lost.
            lost = self.early_messages.pop()
            self.early_messages.clear()
            self.variables["_park_uuid"] = lost.uuid
            self.after(700, self.answer)
            return
        self.answered_at = self.switch.now
        self.answer_state = "answered"
        # It is active only once it is parked.
        self.call_state = "RINGING"
        self.fire("CHANNEL_ANSWER")
        self.switch.dialler.race_won(self)
        for name, application in self.variables.items():
            if name.startswith("execute_on_answer"):
                self._execute_on_answer(application)
        self.callee.answered(self)
        if self.is_parked:
            self.call_state = "ACTIVE"
        elif self.on_answer is not None:
            self.on_answer()
        else:
            self._originated()

    def _execute_on_answer(self, application: str) -> None:
        name, _, argument = application.partition(" ")
        self.switch.executed.append((name, argument))
        if name == "sched_hangup":
            when, _, cause = argument.partition(" ")
            self.switch.schedule_hang_up(self, int(when), cause)
        self.fire(
            "CHANNEL_EXECUTE_COMPLETE",
            **{
                "Application": name,
                "Application-Data": argument,
                "Application-Response": "_none_",
                "Application-UUID": self.switch.uuid(),
            },
        )

    def _originated(self) -> None:
        """The originate has succeeded: its result, then the channel goes to park."""
        # Who hangs up at once is told of as a failure, answered or not.
        self.after(POLL_MS - 1, lambda: self.switch.job_done(self, f"+OK {self.uuid}\n"))
        self.after(POLL_MS, self._park)

    def _park(self) -> None:
        if self.is_parked:
            return
        for lost in self.early_messages:
            # Sent after the answer and before this: taken, and played to nobody.
            self.fire("PLAYBACK_START")
            self.fire("PLAYBACK_STOP", **{"Playback-Status": "done"})
            self._complete(lost, "PLAYBACK ERROR")
        self.early_messages.clear()
        self.state, self.is_parked, self.application = "CS_EXECUTE", True, "park"
        self.call_state = "ACTIVE" if self.answered_at is not None else self.call_state
        self.park_uuid = self.variables.pop("_park_uuid", "") or self.switch.uuid()
        self.fire("CHANNEL_EXECUTE", Application="park", **{"Application-UUID": self.park_uuid})
        self.fire("CHANNEL_PARK")

    def reject(self, cause: str, sip: int | None = None) -> None:
        if self.is_up:
            self.sip = None if self.name.startswith("loopback/") else sip
            self.end(cause)

    def dial(self, digits: str) -> None:
        for place, digit in enumerate(digits):
            self.after(place * 500, lambda digit=digit: self.digit(digit, "RTP"))

    def digit(self, digit: str, source: str) -> None:
        self.digits += digit
        if self.peer is not None and source == "APP":
            # It goes to the other party.
            return
        self.fire(
            "DTMF",
            variables=False,
            **{"DTMF-Digit": digit, "DTMF-Duration": "2000", "DTMF-Source": source},
        )
        terminators = self.variables.get("playback_terminators", "*")
        if self.stack and terminators != "none" and digit in terminators:
            self._break_now()

    def hang_up(self) -> None:
        self.variables["sip_hangup_disposition"] = "recv_bye"
        self.was_left = True
        self.end("NORMAL_CLEARING")

    # Applications -------------------------------------------------------------------------

    def execute(self, name: str, argument: str, uuid: str, *, locked: bool) -> None:
        """Take ``sendmsg … execute``."""
        running = Running(name, argument, uuid)
        if "${" in argument:
            self.switch.executed.append(("expanded", argument))
        if not self.is_parked:
            self.early_messages.append(running)
        elif locked:
            self.queue.append(running)
            if not self.stack and len(self.queue) == 1:
                self.after(POLL_MS, self._take_next)
        else:
            # Without the lock it runs inside whatever runs.
            self.after(POLL_MS, lambda: self._run(running))

    def _take_next(self) -> None:
        if self.queue and not self.stack and self.bridge is None:
            self._run(self.queue.pop(0))

    def _run(self, running: Running) -> None:
        switch = self.switch
        if running.name == "playback" and switch.loses_execute():
            return
        switch.executed.append((running.name, running.argument))
        self.application = running.name
        self.fire("CHANNEL_EXECUTE", **self._of(running))
        if running.name == "bridge":
            bridging.begin(self, running)
            return
        if running.name != "playback":
            if running.name == "set":
                name, _, value = running.argument.partition("=")
                self.variables[name] = value
            self._complete(running, "_none_")
            self.after(0, self._take_next)
            return
        duration = switch.duration_of(running.argument)
        if duration is None:
            self._complete(running, "FILE NOT FOUND")
            self.after(0, self._take_next)
            return
        if self.stack:
            outer = self.stack[-1]
            outer.left_ms -= switch.now - outer.since
            outer.token = -1
        running.left_ms = duration
        self.stack.append(running)
        self.fire("PLAYBACK_START", **{"Playback-File-Path": running.argument})
        self._play(running)
        if self.break_pending:
            self.break_pending = False
            self.after(POLL_MS, self._break_now)
        else:
            self.callee.hears(self, running.argument)

    def _play(self, running: Running) -> None:
        self._tokens += 1
        token = running.token = self._tokens
        running.since = self.switch.now

        def finished() -> None:
            if self.stack and self.stack[-1] is running and running.token == token:
                self._stopped("done")
                self.callee.heard(self, running.argument)

        self.after(running.left_ms, finished)

    def go_on(self, stood_still_at: float) -> None:
        """Play on where the server stood still: it counts what it sent."""
        if self.stack:
            running = self.stack[-1]
            running.left_ms -= stood_still_at - running.since
            self._play(running)

    def break_all(self) -> None:
        """Take ``uuid_break … all``: what is queued is dropped without a word."""
        self.queue.clear()
        if not self.stack:
            self.break_pending = self.switch.config.break_is_sticky
            return
        for place in range(len(self.stack)):
            self.after(POLL_MS * (place + 1), self._break_now)

    def _break_now(self) -> None:
        if self.stack:
            self._stopped("break")

    def _stopped(self, status: str) -> None:
        running = self.stack.pop()
        self.fire(
            "PLAYBACK_STOP",
            **{"Playback-Status": status, "Playback-File-Path": running.argument},
        )
        self._complete(running, "FILE PLAYED")
        if self.stack:
            self._play(self.stack[-1])
        else:
            self.after(0, self._take_next)

    def _complete(self, running: Running, response: str) -> None:
        self.response = response
        extra = {**self._of(running), "Application-Response": response}
        self.fire("CHANNEL_EXECUTE_COMPLETE", **extra)

    def bridge_over(self, running: Running) -> None:
        """The conversation is over, and the call is not."""
        self.bridge = self.peer = None
        self._complete(running, "_none_")
        self.after(0, self._take_next)

    def _of(self, running: Running) -> dict[str, str]:
        argument = {"Application-Data": running.argument} if running.argument else {}
        return {"Application": running.name, "Application-UUID": running.uuid, **argument}

    # The end ------------------------------------------------------------------------------

    def end(self, cause: str) -> None:
        """Hang up: the order of what follows was seen in every recording."""
        if not self.is_up:
            return
        self.cause = cause or "NORMAL_CLEARING"
        self.answer_state = "hangup"
        self.hung_up_at = self.switch.now
        if self.answered_at is None and self.sip is None and self.name.startswith("sofia/"):
            # It was cancelled.
            self.sip = 487
        self.fire("CHANNEL_HANGUP")
        self.switch.later(POLL_MS if self.is_parked else 0, self._over)

    def _over(self) -> None:
        while self.stack:
            running = self.stack.pop()
            self.fire("PLAYBACK_STOP", **{"Playback-Status": "done"})
            # Either was seen.
            self._complete(running, "PLAYBACK ERROR" if self.was_left else "FILE PLAYED")
        if self.peer is not None:
            self.peer.left_by_peer(self)
        if self.bridge is not None:
            bridge, self.bridge = self.bridge, None
            self._complete(bridge, "_none_")
        if self.is_parked:
            self.fire("CHANNEL_UNPARK")
            # What the application before it answered stays.
            self._complete(Running("park", "", self.park_uuid), self.response)
        self.on_end()
        self.switch.channel_over(self)

    def left_by_peer(self, peer: Channel) -> None:
        """The other leg of a bridge is over."""
        self.peer = None
        if self.bridge is None:
            # A leg that was called for a bridge has no life of its own.
            self.cause = self.cause or "NORMAL_CLEARING"
            self.answer_state = "hangup"
            self.fire("CHANNEL_HANGUP")
            self.switch.channel_over(self)

    def complete_variables(self) -> None:
        """Set what the last event alone carries."""
        self.state, self.call_state = "CS_REPORTING", "HANGUP"
        self.variables["hangup_cause"] = self.cause
        self.variables["hangup_cause_q850"] = str(Q850.get(self.cause, 16))
        self.variables["digits_dialed"] = self.digits or "none"
        answered = 0 if self.answered_at is None else self.switch.epoch_us(self.answered_at)
        self.variables["answer_epoch"] = str(answered // 1_000_000)
        if self.sip is not None:
            self.variables["sip_invite_failure_status"] = str(self.sip)
            self.variables["proto_specific_hangup_cause"] = f"sip:{self.sip}"
