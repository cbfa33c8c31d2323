"""The emulated server without I/O: channels, jobs, limits, clients and a time that is given."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from itertools import count

import attrs
from tests.emulators.freeswitch.channel import Channel
from tests.emulators.freeswitch.client import Client
from tests.emulators.freeswitch.dialling import EPOCH_MS, Dialler
from tests.emulators.freeswitch.people import Callee, numbering_plan
from tests.emulators.freeswitch.record import Record


@attrs.define
class Config:
    """What one can set on the server, and how it misbehaves."""

    password: str = "throwaway1"
    users: dict[str, tuple[str, frozenset[str], frozenset[str]]] = attrs.field(factory=dict)
    """``user@domain`` to password, events and commands that are allowed."""
    gateways: frozenset[str] = frozenset({"trunk"})
    gateways_down: frozenset[str] = frozenset()
    """Those that do not answer the server's pings."""
    profiles: frozenset[str] = frozenset({"caller", "callee", "internal"})
    variables: dict[str, str] = attrs.field(factory=lambda: {"sounds_dir": "/usr/share/sounds"})
    """Global ones."""
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
    break_is_sticky: bool = False
    """A break that finds nothing playing hits the next playback; it was seen to, and not to."""
    job_first: bool | None = None
    """Whether an originate's failure is told before its channel's end; ``None``: as seen."""
    executes_lost: int = 0
    """So many playbacks are taken and vanish."""
    breaks_lost: int = 0
    """So many orders to stop a playback are taken and do nothing."""
    is_ready: bool = True
    """Whether it has come up; until then ``fsctl ready_check`` says false."""
    telephones: dict[str, tuple[str, ...]] = attrs.field(factory=dict)
    """Of a user with several registrations, or none, the number in the plan that each rings; any
    other has one."""
    list_behind_ms: float = 300
    """After a standstill, for so long the list of channels is that of before."""
    bridge_ms: float | None = 3_000
    """Until whoever was called for a bridge hangs up; ``None``: as the plan has it."""
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
        """Every leg that was ever originated, by its dial string."""
        self.executed: list[tuple[str, str]] = []
        """Every application, with its argument."""
        self.bridged: list[tuple[str, str]] = []
        self.commands: list[str] = []
        """Every line that any client sent."""
        self.calls_most = 0
        self._originated: set[str] = set()
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
        self.stands_still = False
        self._stood_still_at = 0.0
        self.dialler = Dialler(self)
        self._list_before: tuple[float, list[dict[str, str]]] = (0.0, [])
        self._start()

    # Time ---------------------------------------------------------------------------------

    def later(self, ms: float, step: Callable[[], None]) -> None:
        entry = (self.now + max(0.0, ms), next(self._order), step, self._life)
        heapq.heappush(self._agenda, entry)

    def next_at(self) -> float | None:
        return self._agenda[0][0] if self._agenda and not self.stands_still else None

    def advance(self, now: float) -> None:
        while not self.stands_still and self._agenda and self._agenda[0][0] <= now:
            at, _, step, life = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            if life == self._life:
                step()
        self.now = max(self.now, now)

    def epoch_us(self, at: float) -> int:
        return round((EPOCH_MS + at) * 1_000)

    def epoch_s(self) -> int:
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

    def stop(self) -> None:
        """Stand still (``SIGSTOP``): what is sent is kept, connections are taken by the kernel."""
        self._list_before = (0.0, self.rows())
        self._stood_still_at = self.now
        self.stands_still = True

    def go_on(self) -> None:
        """Wake: timers that have passed, then what came meanwhile; the list is behind."""
        self.stands_still = False
        for channel in self.channels.values():
            channel.go_on(self._stood_still_at)
        self._list_before = (self.now + self.config.list_behind_ms, self._list_before[1])
        self.advance(self.now)
        clients = list(self.clients)
        for client in clients:
            if not client.was_greeted and not client.is_closed:
                client.greet()
        for client in clients:
            client.wake()

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

    # Calls --------------------------------------------------------------------------------

    def originate(self, text: str, job: str) -> None:
        """Run ``bgapi originate``."""
        if self.config.latency_ms:
            self.later(self.config.latency_ms, lambda: self.dialler.originate(text, job))
        else:
            self.dialler.originate(text, job)

    def has_room(self, legs: int) -> bool:
        second, used = self._second
        if second != self.epoch_s():
            second, used = self.epoch_s(), 0
        if used + legs > self.config.sessions_per_s:
            return False
        if len(self.channels) + legs > self.config.sessions_max:
            return False
        self._second = second, used + legs
        return True

    def originated(self, channel: Channel) -> None:
        """Count a leg that an order called; not those that a bridge did."""
        self.dialled.append(channel.name.removesuffix("-a"))
        self._originated.add(channel.uuid)
        self.calls_most = max(self.calls_most, len(self._originated & self.channels.keys()))

    def job_done(self, channel: Channel, result: str) -> None:
        if channel.job is not None:
            job, channel.job = channel.job, None
            self.result(job, channel.order_text, result)

    def result(self, job: str, text: str, result: str) -> None:
        headers = {"Job-UUID": job, "Job-Command": "originate", "Job-Command-Arg": text}
        self.fire("BACKGROUND_JOB", {**headers, "Content-Length": str(len(result))}, result)

    def channel_over(self, channel: Channel) -> None:
        channel.complete_variables()
        self._guards.pop(channel.uuid, None)
        if self.config.list_lag_ms:
            self._gone.append((self.now, channel.row()))
        self.channels.pop(channel.uuid, None)
        channel.is_gone = True
        self.dialler.leg_over(channel)
        # A timeout tells its result first, anything else last; either may be had at will.
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
        left_ms = (self.epoch_s() + after_s) * 1_000 - (EPOCH_MS + self.now)
        channel.after(left_ms, lambda: channel.end(cause) if alive[0] else None)

    def delete_guards(self, uuid: str) -> int:
        guards = self._guards.pop(uuid, [])
        for alive in guards:
            alive[0] = False
        return len(guards)

    def has(self, uuid: str) -> bool:
        return uuid in self.channels and self.channels[uuid].is_up

    def loses_execute(self) -> bool:
        if self.config.executes_lost > 0:
            self.config.executes_lost -= 1
            return True
        return False

    def duration_of(self, path: str) -> float | None:
        return self.config.sounds.get(path, self.config.default_sound_ms)

    def rows(self) -> list[dict[str, str]]:
        """Return the list of channels, which is behind by its lag, and more after a standstill."""
        until, before = self._list_before
        if until > self.now:
            return before
        seen_at = self.now - self.config.list_lag_ms
        known = ([row for at, row in c.history if at <= seen_at] for c in self.channels.values())
        listed = [rows[-1] for rows in known if rows]
        return listed + [row for at, row in self._gone if at > seen_at]
