"""One channel of the emulated server: its states, what it plays, and the events it fires."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs
from tests.emulators.freeswitch.people import Callee

if TYPE_CHECKING:
    from tests.emulators.freeswitch.switch import Switch

POLL_MS = 20
"""The server's own step: an application starts and a break is seen so much later."""

Q850 = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_DESTINATION": 3,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
}


@attrs.define
class Running:
    """An application in a parked channel."""

    name: str
    argument: str
    uuid: str
    left_ms: float = 0
    since: float = 0
    token: int = 0


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
        self.peer: str | None = None
        self.park_uuid = ""
        self.order_text = ""
        self.timed_out = False
        self.next_legs: tuple[str, ...] = ()
        self.other_end: dict[str, str] = {}
        self._tokens = 0

    @property
    def is_up(self) -> bool:
        return not self.cause and not self.is_gone

    # Events -------------------------------------------------------------------------------

    def fire(self, event: str, *, variables: bool = True, **extra: str) -> None:
        self.switch.fire(event, {**self._headers(variables=variables), **extra})

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

    def application(self) -> str:
        if self.peer is not None:
            return "bridge"
        if self.stack:
            return self.stack[-1].name
        return "park" if self.is_parked else ""

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
        self.call_state = "ACTIVE"
        self.fire("CHANNEL_ANSWER")
        for name, application in self.variables.items():
            if name.startswith("execute_on_answer"):
                self._execute_on_answer(application)
        self.callee.answered(self)
        if not self.is_parked:
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
        self.after(1, lambda: self.switch.job_done(self, f"+OK {self.uuid}\n"))
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
        self.state, self.is_parked = "CS_EXECUTE", True
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
        self.end("NORMAL_CLEARING")

    # Applications -------------------------------------------------------------------------

    def execute(self, name: str, argument: str, uuid: str, *, locked: bool) -> None:
        """Take ``sendmsg … execute``."""
        running = Running(name, argument, uuid)
        if "${" in argument:
            self.switch.executed.append(("expanded", argument))
        if not self.is_parked:
            self.early_messages.append(running)
        elif locked and (self.stack or self.queue):
            self.queue.append(running)
        elif locked:
            self.queue.append(running)
            self.after(POLL_MS, self._take_next)
        else:
            # Without the lock it runs inside whatever runs.
            self.after(POLL_MS, lambda: self._run(running))

    def _take_next(self) -> None:
        if self.queue and not self.stack and self.peer is None:
            self._run(self.queue.pop(0))

    def _run(self, running: Running) -> None:
        switch = self.switch
        if running.name == "playback" and switch.loses_execute():
            return
        switch.executed.append((running.name, running.argument))
        self.fire("CHANNEL_EXECUTE", **self._of(running))
        if running.name == "bridge":
            self._bridge(running)
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
        extra = {**self._of(running), "Application-Response": response}
        self.fire("CHANNEL_EXECUTE_COMPLETE", **extra)

    def _of(self, running: Running) -> dict[str, str]:
        return {
            "Application": running.name,
            "Application-Data": running.argument,
            "Application-UUID": running.uuid,
        }

    def _bridge(self, running: Running) -> None:
        self.peer = running.argument
        self.switch.bridged.append((self.uuid, running.argument))

        def parted() -> None:
            self.peer = None
            if self.variables.get("hangup_after_bridge") == "true":
                self.end("NORMAL_CLEARING")
            self._complete(running, "_none_")

        self.after(self.switch.config.bridge_ms, parted)

    # The end ------------------------------------------------------------------------------

    def end(self, cause: str) -> None:
        """Hang up: the order of what follows was seen in every recording."""
        if not self.is_up:
            return
        self.cause = cause or "NORMAL_CLEARING"
        self.answer_state = "hangup"
        self.hung_up_at = self.switch.now
        self.fire("CHANNEL_HANGUP")
        self.switch.later(POLL_MS if self.is_parked else 0, self._over)

    def _over(self) -> None:
        while self.stack:
            running = self.stack.pop()
            self.fire("PLAYBACK_STOP", **{"Playback-Status": "done"})
            self._complete(running, "FILE PLAYED")
        if self.is_parked:
            self.fire("CHANNEL_UNPARK")
            self._complete(Running("park", "", self.park_uuid), "_none_")
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
