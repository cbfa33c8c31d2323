"""A list of questions to an event socket, whose answers can be laid beside a real server's.

Ids are told as ``<A>`` (the channel that was asked for), ``B`` is any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from tests.drivers.freeswitch.recordings import frames
from tests.emulators.freeswitch.people import Callee, Rejects, RingsForEver, Scripted
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_drivers.freeswitch._wire import Event, Frame

__all__ = ["answers"]

PEOPLE: dict[str, Callee] = {
    "1400": Callee(),
    "1401": Scripted(after_answer=((600, "hangup"),)),
    "2000": Rejects("USER_BUSY", 486),
    "8000": Scripted(after_answer=((500, "hangup"),)),
    "8100": Callee(),
    "9000": RingsForEver(),
}
SHOWN = (
    "answer-state",
    "application",
    "application-response",
    "application-data",
    "hangup-cause",
    "playback-status",
    "dtmf-digit",
    "variable_hangup_cause_q850",
    "variable_sip_invite_failure_status",
    "call-direction",
)
NAMES = {
    "answer-state": "Answer-State",
    "application": "Application",
    "application-response": "Application-Response",
    "application-data": "Application-Data",
    "hangup-cause": "Hangup-Cause",
    "playback-status": "Playback-Status",
    "dtmf-digit": "DTMF-Digit",
    "call-direction": "Call-Direction",
}
TOLD = (
    "CHANNEL_CREATE",
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "CHANNEL_HANGUP_COMPLETE",
    "BACKGROUND_JOB",
)
EVENTS = f"event plain {' '.join(TOLD)}"
TRUNK = "sofia/gateway/trunk"


def a_server() -> Switch:
    return Switch(
        Config(
            plan=PEOPLE.get,
            sounds={"SCRATCH": 2_000.0},
            default_sound_ms=None,
            bridge_ms=None,
            heartbeat_ms=10**9,
            latency_ms=0,
        )
    )


class Interview:
    """Asks, and keeps what was answered, line by line."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.lines: list[str] = []
        self._client = switch.connect()
        self._client.take()
        self._calls = 0
        self._heard: list[Frame] = []
        for command in ("auth throwaway1", EVENTS):
            self._write(f"{command}\n\n")
            self._replies()

    # Asking -------------------------------------------------------------------------------

    @property
    def a(self) -> str:
        return f"6b0e3035{self._calls:024x}"

    def about(self, title: str) -> None:
        self.lines.append(f"# {title}")

    def say(self, text: str) -> None:
        self.lines.append(f"   {self._anonymous(text)}")

    def api(self, *commands: str) -> list[str]:
        """Send commands in one write; return their replies."""
        self._write("".join(f"api {command}\n\n" for command in commands))
        return self._replies()

    def ask(self, command: str, shown: str | None = None) -> None:
        """Ask one command and note its answer."""
        self.say(f"{shown or command} -> {self._said(self.api(command))}")

    def originate(self, dialled: str, *, and_then: str = "", uuid: str | None = None) -> list[str]:
        if uuid is None:
            self._calls += 1
        variables = f"origination_uuid={uuid or self.a},accountcode=x,originate_timeout=30"
        line = f"bgapi originate {{{variables},ignore_early_media=true}}{dialled} &park()"
        self._write(f"{line}\nJob-UUID: {self.a}\n\n{and_then}")
        return self._replies()

    def execute(self, *applications: tuple[str, str]) -> str:
        """Return the commands that execute applications in the call."""
        return "".join(
            f"sendmsg {self.a}\ncall-command: execute\nexecute-app-name: {name}\n"
            f"execute-app-arg: {argument}\nevent-lock: true\n\n"
            for name, argument in applications
        )

    def write(self, text: str) -> list[str]:
        self._write(text)
        return self._replies()

    def wait(self, ms: float = 300) -> None:
        self.switch.advance(self.switch.now + ms)

    def events(self, ms: float = 300) -> None:
        """Note what was told within some time."""
        self.wait(ms)
        self._collect()
        heard, self._heard = self._heard, []
        for frame in heard:
            line = self._told(Event.parse(frame.body))
            if line:
                self.lines.append(f"    {line}")

    def forget(self, ms: float = 300) -> None:
        """Let some time pass of which nothing is noted."""
        self.wait(ms)
        self._collect()
        self._heard.clear()

    def row(self, *shown: str) -> None:
        rows = json.loads(self.api("show channels as json")[0])["rows"]
        told = [{name: row[name] for name in shown} for row in rows]
        self.say(f"row: {told[0] if len(told) == 1 else told}")

    def kill(self) -> None:
        """End whatever is up, unnoted."""
        self.api("hupall")
        self.forget(200)

    # Hearing ------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        self._client.feed(text.encode())

    def _collect(self) -> list[Frame]:
        heard = frames(self._client.take())
        self._heard += [frame for frame in heard if frame.kind == "text/event-plain"]
        return [frame for frame in heard if frame.kind != "text/event-plain"]

    def _replies(self) -> list[str]:
        return [frame.text for frame in self._collect()]

    def _said(self, replies: Iterable[str]) -> str:
        return " ".join(text.replace("\n", "\\n") for text in replies)

    def _anonymous(self, text: str) -> str:
        return text.replace(self.a, "<A>")

    def _told(self, event: Event) -> str:
        if event.name == "BACKGROUND_JOB":
            return f"job BACKGROUND_JOB  {self._anonymous(event.body)!r}"
        who = "A" if event["unique-id"] == self.a else "B"
        shown = [f"{NAMES.get(name, name)}={event[name]}" for name in SHOWN if event[name]]
        if event.name == "CHANNEL_HANGUP_COMPLETE":
            was_answered = event["variable_answer_epoch"] not in {"", "0"}
            shown.append(f"variable_answer_epoch={was_answered}")
        return f"{who} {event.name} {' '.join(shown)} "


def answers(switch: Switch) -> list[str]:
    """Return what a server answers to all questions, line by line."""
    asked = Interview(switch)
    for part in (_nobody, _parked, _sounds, _bridges, _ends, _limits):
        part(asked)
    return asked.lines


X = "6b0e3035ffffffffffffffffffffffff"


def _nobody(ask: Interview) -> None:
    ask.about("replies, no such channel")
    for command in (
        f"uuid_kill {X}",
        f"uuid_break {X} all",
        f"uuid_exists {X}",
        f"sched_hangup +5 {X} ALLOTTED_TIMEOUT",
        f"sched_del {X}",
        "sched_del",
        "sched_hangup",
        "uuid_kill",
        f"uuid_recv_dtmf {X} 5",
        "global_getvar core_uuid_x",
        "fsctl ready_check",
        "fsctl pause_check",
        "show channels like zzzz as json",
        "show channels as json",
        "nonsense x",
    ):
        ask.ask(command, command.replace(X, "<X>"))
    (dead,) = ask.write(f"sendmsg {X}\ncall-command: hangup\n\n")
    ask.say(f"sendmsg dead -> {dead.replace(X, '<X>')}")


def _parked(ask: Interview) -> None:
    ask.about("answered, parked")
    ask.originate(f"{TRUNK}/1400")
    ask.events()
    ask.lines.insert(len(ask.lines) - 4, "    B auth/request  ")
    columns = ("direction", "state", "dest", "application", "application_data", "accountcode")
    ask.row(*columns, "callstate")
    ask.ask(f"uuid_exists {ask.a}")
    for after_s in (50, 60):
        ask.ask(f"sched_hangup +{after_s} {ask.a} ALLOTTED_TIMEOUT")
    ask.ask(f"sched_del {ask.a}")
    ask.ask(f"sched_del {ask.a}")


def _sounds(ask: Interview) -> None:
    sound = ask.execute(("playback", "SCRATCH"))
    ask.about("playback, row while it plays, break")
    ask.write(sound)
    ask.wait()
    ask.row("state", "application", "callstate")
    ask.say(f"break {ask._said(ask.api(f'uuid_break {ask.a} all'))}")
    ask.events()
    ask.about("break with nothing playing, then a playback")
    ask.say(ask._said(ask.api(f"uuid_break {ask.a} all")))
    ask.wait()
    ask.write(sound)
    ask.events(2_300)
    ask.about("break right behind a playback (same write)")
    ask.write(f"{sound}api uuid_break {ask.a} all\n\n")
    ask.events(2_300)
    ask.about("two playbacks locked, break all")
    ask.write(sound + sound)
    ask.wait()
    ask.api(f"uuid_break {ask.a} all")
    ask.events(2_500)
    ask.about("missing sound")
    ask.write(ask.execute(("playback", "/nowhere.wav")))
    ask.events()


def _bridges(ask: Interview) -> None:
    guarded = ("set", "hangup_after_bridge=true")
    ask.about("set hangup_after_bridge, bridge to busy")
    ask.write(ask.execute(guarded, ("bridge", f"{TRUNK}/2000")))
    ask.events(500)
    ask.say(f"exists {ask._said(ask.api(f'uuid_exists {ask.a}'))}")

    ask.about("bridge to one who hangs up")
    ask.originate(f"{TRUNK}/1400")
    ask.forget()
    ask.write(ask.execute(guarded, ("bridge", f"{TRUNK}/8000")))
    ask.wait()
    ask.row("direction", "state", "application", "callstate")
    ask.events(800)
    ask.say(f"exists {ask._said(ask.api(f'uuid_exists {ask.a}'))}")

    ask.about("bridge, digit by the recipient, break, then killed by us")
    ask.originate(f"{TRUNK}/1400")
    ask.forget()
    ask.write(ask.execute(("bridge", f"{TRUNK}/8100")))
    ask.wait()
    # Here the id was noted as it is.
    ask.lines.append(f"   recv_dtmf {ask._said(ask.api(f'uuid_recv_dtmf {ask.a} 5'))}")
    ask.api(f"uuid_break {ask.a} all")
    ask.wait()
    ask.say(f"kill {ask._said(ask.api(f'uuid_kill {ask.a}'))}")
    ask.events()

    ask.about("bridge to an unknown gateway, no hangup_after_bridge")
    ask.originate(f"{TRUNK}/1400")
    ask.forget()
    ask.write(ask.execute(("bridge", "sofia/gateway/nope/1")))
    ask.events()
    ask.say(f"exists {ask._said(ask.api(f'uuid_exists {ask.a}'))}")


def _ends(ask: Interview) -> None:
    ask.about("busy")
    ask.originate(f"{TRUNK}/2000")
    ask.events()
    ask.about("ringing: row, playback, killed")
    ask.originate(f"{TRUNK}/9000")
    ask.wait()
    ask.row("state", "application", "callstate")
    ask.say(f"kill {ask._said(ask.api(f'uuid_kill {ask.a} ORIGINATOR_CANCEL'))}")
    ask.events()
    ask.about("kill sent with the originate")
    ask._calls += 1
    kill = f"api uuid_kill {ask.a}\n\n"
    ask._calls -= 1
    ask.say(f"replies {ask._said(ask.originate(f'{TRUNK}/9000', and_then=kill))}")
    ask.say(f"exists {ask._said(ask.api(f'uuid_exists {ask.a}'))}")
    ask.events()
    for title, dialled in (
        ("unknown gateway", "sofia/gateway/nope/1"),
        ("unknown endpoint", "nonsense/1"),
        ("user who is not registered", "user/7777"),
    ):
        ask.about(title)
        ask.originate(dialled)
        ask.events()
    ask.about("null endpoint")
    ask.originate("null/probe")
    ask.wait()
    ask.api(f"uuid_kill {ask.a}")
    ask.events()


def _limits(ask: Interview) -> None:
    ask.about("paused")
    ask.say(ask._said(ask.api("fsctl pause", "fsctl ready_check")))
    ask.originate(f"{TRUNK}/1400")
    ask.events()
    ask.say(ask._said(ask.api("fsctl resume", "fsctl ready_check")))
    ask.about("the same id twice")
    ask.originate(f"{TRUNK}/1400")
    ask.forget()
    ask.originate(f"{TRUNK}/1400", uuid=ask.a)
    ask.events()
    ask.about("sched_hangup +1 in a playback")
    ask.write(ask.execute(("playback", "SCRATCH")))
    ask.api(f"sched_hangup +1 {ask.a} ALLOTTED_TIMEOUT")
    ask.events(1_500)
    ask.about("hangs up in a playback")
    ask.originate(f"{TRUNK}/1401")
    ask.wait(100)
    ask.write(ask.execute(("playback", "SCRATCH")))
    ask.events(1_500)
    ask.about("max_sessions 1 with one up")
    ask.originate(f"{TRUNK}/1400")
    ask.forget()
    first = ask.a
    ask.say(ask._said(ask.api("fsctl max_sessions 1")))
    ask.originate(f"{TRUNK}/1400", uuid=f"{first[:-4]}ffff")
    ask.events()
    ask.say(ask._said(ask.api("fsctl max_sessions 2000")))
    ask.api(f"uuid_kill {first}")
    ask.events()
    ask.about("malformed")
    (said,) = ask.write(f"bgapi originate nonsense\nJob-UUID: {ask.a}\n\n")
    ask.say(said)
    ask.events()
