"""The emulated server without I/O: channels, jobs, limits, clients and a time that is given."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

import attrs
from tests.emulators.freeswitch.channel import Channel
from tests.emulators.freeswitch.client import Client
from tests.emulators.freeswitch.lines import NotUnderstoodError, read_originate
from tests.emulators.freeswitch.people import Callee, numbering_plan
from tests.emulators.freeswitch.record import Record

EPOCH_MS = 1_795_374_000_000
"""Of the server's clock, when its time is 0."""


@attrs.define
class Config:
    """What one can set on the server, and how it misbehaves."""

    password: str = "throwaway1"
    users: dict[str, tuple[str, frozenset[str], frozenset[str]]] = attrs.field(factory=dict)
    """``user@domain`` to password, events and commands that are allowed."""
    gateways: frozenset[str] = frozenset({"trunk"})
    profiles: frozenset[str] = frozenset({"caller", "callee"})
    sounds: dict[str, float] = attrs.field(factory=dict)
    """Path to milliseconds."""
    default_sound_ms: float | None = 1_000
    """For any other path; ``None``: there is none."""
    sessions_per_s: int = 2_000
    sessions_max: int = 5_000
    plan: Callable[[str], Callee | None] = numbering_plan
    heartbeat_ms: float = 20_000
    is_acl_closed: bool = False

    reply_ms: float = 0
    """Before each reply: slow."""
    list_lag_ms: float = 0
    """By which the list of channels is behind."""
    break_is_sticky: bool = True
    """A break that finds nothing playing hits the next playback."""
    job_first: bool | None = None
    """Whether an originate's failure is told before its channel's end; ``None``: as seen."""
    executes_lost: int = 0
    """So many playbacks are taken and vanish."""
    breaks_lost: int = 0
    """So many orders to stop a playback are taken and do nothing."""
    is_ready: bool = True
    """What ``fsctl ready_check`` says."""
    bridge_ms: float = 3_000
    latency_ms: float = 5
    """From the originate to its channel."""
    seed: int = 1


class Switch:
    """A FreeSWITCH, from its start to its death, and again."""

    def __init__(self, config: Config | None = None, record: Record | None = None) -> None:
        self.config = config or Config()
        self._record = record
        self.now = 0.0
        self.channels: dict[str, Channel] = {}
        self.clients: list[Client] = []
        self.dialled: list[str] = []
        """Every leg that was ever called, by its dial string."""
        self.executed: list[tuple[str, str]] = []
        """Every application, with its argument."""
        self.bridged: list[tuple[str, str]] = []
        self.commands: list[str] = []
        """Every line that any client sent."""
        self.calls_most = 0
        self.is_running = True
        self.is_paused = False
        self._agenda: list[tuple[float, int, Callable[[], None], int]] = []
        self._order = count()
        self._life = 0
        self._sequence = count(1)
        self._chance = random.Random(self.config.seed)
        self._second: tuple[int, int] = (0, 0)
        self._guards: dict[str, list[list[bool]]] = {}
        self._gone: list[tuple[float, dict[str, str]]] = []
        self._start()

    # Time ---------------------------------------------------------------------------------

    def later(self, ms: float, step: Callable[[], None]) -> None:
        entry = (self.now + max(0.0, ms), next(self._order), step, self._life)
        heapq.heappush(self._agenda, entry)

    def next_at(self) -> float | None:
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now: float) -> None:
        while self._agenda and self._agenda[0][0] <= now:
            at, _, step, life = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            if life == self._life:
                step()
        self.now = max(self.now, now)

    def epoch_us(self, at: float) -> int:
        return round((EPOCH_MS + at) * 1_000)

    def _epoch_s(self) -> int:
        return int(EPOCH_MS + self.now) // 1_000

    # Life ---------------------------------------------------------------------------------

    def _start(self) -> None:
        self.is_running, self.is_paused = True, False
        self.core_uuid = self.uuid()
        self.later(self.config.heartbeat_ms, self._heartbeat)

    def _heartbeat(self) -> None:
        extra = {
            "Event-Info": "System Ready",
            "Session-Count": str(len(self.channels)),
            "Max-Sessions": str(self.config.sessions_max),
            "Session-Per-Sec": str(self.config.sessions_per_s),
        }
        self.fire("HEARTBEAT", extra)
        self.later(self.config.heartbeat_ms, self._heartbeat)

    def die(self) -> None:
        """Be killed: bare end of file, nothing is told, all calls are gone."""
        self._life += 1
        self.is_running = False
        self.channels.clear()
        self._guards.clear()
        self._gone.clear()
        for client in list(self.clients):
            client.cut()

    def start(self) -> None:
        """Start anew after :meth:`die` or :meth:`shut_down`, as another run."""
        assert not self.is_running
        self._start()

    def shut_down(self) -> None:
        """End in good order: every end is told, then the connections are closed."""
        self.fire("SHUTDOWN", {"Event-Info": "System Shutting Down"})
        for channel in list(self.channels.values()):
            channel.end("SYSTEM_SHUTDOWN")

        def last() -> None:
            for client in list(self.clients):
                client.notice("The system is being shut down.\n")
            self.die()

        self.later(1_000, last)

    def flood(self, events: int) -> None:
        """Fire events of another's calls."""
        uuid = self.uuid()
        for _ in range(events):
            headers = {"Unique-ID": uuid, "Call-Direction": "outbound", "variable_x": "y" * 4_000}
            self.fire("CHANNEL_EXECUTE_COMPLETE", {**headers, "Application": "sleep"})

    def drop_clients(self) -> None:
        """Lose all connections; calls go on."""
        for client in list(self.clients):
            client.cut()

    # Clients and events -------------------------------------------------------------------

    def connect(self) -> Client:
        client = Client(self)
        self.clients.append(client)
        client.greet()
        return client

    def uuid(self) -> str:
        text = f"{self._chance.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def note(self, what: str, **fields: object) -> None:
        """Write a line into the server's own record, where it keeps one."""
        if self._record is not None:
            self._record.write(self.now, what, **fields)

    def fire(self, event: str, headers: dict[str, str], body: str = "") -> None:
        if self._record is not None:
            self._record.event(self.now, event, headers)
        head = {
            "Event-Name": event,
            "Core-UUID": self.core_uuid,
            "FreeSWITCH-Hostname": "fs.example",
            "Event-Date-Timestamp": str(self.epoch_us(self.now)),
            "Event-Sequence": str(next(self._sequence)),
            **headers,
        }
        for client in list(self.clients):
            client.event(event, head, body)

    # Originate ----------------------------------------------------------------------------

    def originate(self, text: str, job: str) -> None:
        """Run ``bgapi originate``."""
        self.later(self.config.latency_ms, lambda: self._originate(text, job))

    def _originate(self, text: str, job: str) -> None:
        try:
            order = read_originate(text)
        except NotUnderstoodError as error:
            self._result(job, text, str(error))
            return
        # A bar, or `:_:`, parts legs that are tried in turn; a comma those that ring together.
        first, *others = order.legs
        together = first.split(",")
        failure = self._call(together[0], dict(order.variables), job, text, tuple(others))
        for leg in together[1:]:
            self._call(leg, {**order.variables, "origination_uuid": ""}, None, text)
        if failure:
            self._result(job, text, f"-ERR {failure}\n")

    def _call(
        self,
        leg: str,
        variables: dict[str, str],
        job: str | None,
        text: str,
        next_legs: tuple[str, ...] = (),
    ) -> str:
        failure, number = self._endpoint(leg)
        uuid = variables.get("origination_uuid") or self.uuid()
        self.note("originate", id=uuid, leg=leg)
        if failure:
            if leg.startswith("sofia/"):
                # A channel is destroyed that was never created.
                gone = {"Unique-ID": uuid, "Call-Direction": "outbound", "Answer-State": "ringing"}
                self.fire("CHANNEL_DESTROY", gone)
            return failure
        legs = 2 if leg.startswith("loopback/") else 1
        if self.is_paused or uuid in self.channels or not self._has_room(legs):
            return "DESTINATION_OUT_OF_ORDER"
        self.dialled.append(leg)
        callee = self.config.plan(number) if not leg.startswith("null/") else Callee()
        channel = Channel(
            self,
            uuid=uuid,
            name=f"{leg}-a" if leg.startswith("loopback/") else leg,
            number=number,
            variables=variables,
            callee=callee or Callee(),
            job=job,
        )
        channel.order_text, channel.next_legs = text, next_legs
        self.channels[uuid] = channel
        self.calls_most = max(self.calls_most, len(self.channels))
        channel.fire("CHANNEL_OUTGOING", variables=False)
        channel.fire("CHANNEL_CREATE")
        channel.fire("CHANNEL_ORIGINATE")
        channel.state = "CS_CONSUME_MEDIA"
        if legs > 1:
            self._other_end(channel)
        if callee is None:
            channel.after(20, lambda: channel.reject("NO_ROUTE_DESTINATION", 404))
            return ""
        timeout_s = int(variables.get("originate_timeout", "60") or "60")
        # It counts whole seconds of the clock: 3 may last 2.1.
        left_ms = (self._epoch_s() + timeout_s) * 1_000 - (EPOCH_MS + self.now)
        channel.after(left_ms, lambda: self._timed_out(channel))
        channel.after(20, lambda: callee.called(channel))
        return ""

    def _timed_out(self, channel: Channel) -> None:
        if channel.answered_at is None:
            channel.variables["sip_hangup_disposition"] = "send_cancel"
            channel.timed_out = True
            channel.end("NO_ANSWER")

    def _other_end(self, channel: Channel) -> None:
        """A loopback's other end carries our variables, and is inbound."""
        headers = {f"variable_{name}": value for name, value in channel.variables.items()}
        headers |= {"Unique-ID": self.uuid(), "Call-Direction": "inbound"}
        self.fire("CHANNEL_CREATE", {**headers, "Answer-State": "ringing"})
        channel.other_end = headers

    def _endpoint(self, leg: str) -> tuple[str, str]:
        parts = leg.split("/")
        number = parts[-1]
        match parts[0]:
            case "sofia" if parts[1] == "gateway":
                known = parts[2] in self.config.gateways
                return ("" if known else "INVALID_GATEWAY"), number
            case "sofia":
                known = parts[1] in self.config.profiles
                name, _, host = number.replace("%", "@").partition("@")
                if known and host.endswith(":15099"):
                    return "", "3503"
                return ("" if known else "INVALID_PROFILE"), name
            case "user":
                return "", number.partition("@")[0]
            case "loopback":
                # Without a context it looks in one that has nobody.
                return "", parts[1] if len(parts) > 2 else "nobody"
            case "null":
                return "", number
            case _:
                return "CHAN_NOT_IMPLEMENTED", number

    def _has_room(self, legs: int) -> bool:
        second, used = self._second
        if second != self._epoch_s():
            second, used = self._epoch_s(), 0
        if used + legs > self.config.sessions_per_s:
            return False
        if len(self.channels) + legs > self.config.sessions_max:
            return False
        self._second = second, used + legs
        return True

    def job_done(self, channel: Channel, result: str) -> None:
        if channel.job is not None:
            job, channel.job = channel.job, None
            self._result(job, channel.order_text, result)

    def _result(self, job: str, text: str, result: str) -> None:
        headers = {"Job-UUID": job, "Job-Command": "originate", "Job-Command-Arg": text}
        self.fire("BACKGROUND_JOB", {**headers, "Content-Length": str(len(result))}, result)

    def channel_over(self, channel: Channel) -> None:
        channel.complete_variables()
        self._guards.pop(channel.uuid, None)
        if self.config.list_lag_ms:
            self._gone.append((self.now, self.row(channel)))
        self.channels.pop(channel.uuid, None)
        channel.is_gone = True
        # A timeout tells its result first, anything else last; either may be had at will.
        if channel.next_legs and channel.job is not None:
            leg, *others = channel.next_legs
            job, channel.job = channel.job, None
            variables = {**channel.variables, "origination_uuid": self.uuid()}
            self._call(leg, variables, job, channel.order_text, tuple(others))
        job_first = self.config.job_first
        if job_first is None:
            job_first = channel.timed_out
        result = f"-ERR {channel.cause}\n"
        if job_first:
            self.job_done(channel, result)
        channel.fire("CHANNEL_HANGUP_COMPLETE")
        if channel.other_end:
            ended = {**channel.other_end, "Answer-State": "hangup", "Hangup-Cause": channel.cause}
            self.fire("CHANNEL_HANGUP_COMPLETE", ended)
        self.job_done(channel, result)
        channel.fire("CHANNEL_DESTROY")

    # What commands need -------------------------------------------------------------------

    def schedule_hang_up(self, channel: Channel, after_s: int, cause: str) -> None:
        alive = [True]
        self._guards.setdefault(channel.uuid, []).append(alive)
        left_ms = (self._epoch_s() + after_s) * 1_000 - (EPOCH_MS + self.now)
        channel.after(left_ms, lambda: channel.end(cause) if alive[0] else None)

    def delete_guards(self, uuid: str) -> bool:
        guards = self._guards.pop(uuid, [])
        for alive in guards:
            alive[0] = False
        return bool(guards)

    def loses_execute(self) -> bool:
        if self.config.executes_lost > 0:
            self.config.executes_lost -= 1
            return True
        return False

    def duration_of(self, path: str) -> float | None:
        return self.config.sounds.get(path, self.config.default_sound_ms)

    def rows(self) -> list[dict[str, str]]:
        lag = self.config.list_lag_ms
        listed = [
            self.row(channel)
            for channel in self.channels.values()
            if channel.created_at + lag <= self.now
        ]
        return listed + [row for at, row in self._gone if at + lag > self.now]

    def row(self, channel: Channel) -> dict[str, str]:
        return {
            "uuid": channel.uuid,
            "direction": "outbound",
            "name": channel.name,
            "state": channel.state,
            "dest": channel.number,
            "application": channel.application(),
            "callstate": channel.call_state,
            "accountcode": channel.variables.get("accountcode", ""),
            "presence_data": channel.variables.get("presence_data", ""),
        }
