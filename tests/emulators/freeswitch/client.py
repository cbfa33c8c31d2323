"""One connection to the emulated server: commands in their order, events by subscription."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.emulators.freeswitch.lines import USAGE, CommandReader, Received

if TYPE_CHECKING:
    from tests.emulators.freeswitch.switch import Switch

GOODBYE = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"
EVENTS = frozenset(
    "BACKGROUND_JOB CHANNEL_CREATE CHANNEL_ORIGINATE CHANNEL_OUTGOING CHANNEL_PROGRESS "  # noqa: SIM905
    "CHANNEL_PROGRESS_MEDIA CHANNEL_ANSWER CHANNEL_PARK CHANNEL_UNPARK CHANNEL_EXECUTE "
    "CHANNEL_EXECUTE_COMPLETE PLAYBACK_START PLAYBACK_STOP DTMF CHANNEL_HANGUP "
    "CHANNEL_HANGUP_COMPLETE CHANNEL_DESTROY SHUTDOWN HEARTBEAT STARTUP MODULE_LOAD CUSTOM "
    "MESSAGE ALL".split()
)
_AUTH_WITHIN_MS = 25_000
_PLAIN = "-_.!~*'(),/"


class Client:
    """A connection, seen from the server."""

    def __init__(self, switch: Switch) -> None:
        self.switch = switch
        self.is_closed = False
        self.was_greeted = False
        self.is_frozen = False
        """The server has stopped answering this client, and says nothing."""
        self.on_output: Callable[[], None] = lambda: None
        self._out: list[bytes] = []
        self._reader = CommandReader()
        self._is_authed = False
        self._events: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self._allowed: tuple[frozenset[str], frozenset[str]] | None = None
        self._busy_until = 0.0
        self._kept: list[bytes] = []
        """Received while the server stood still."""

    # Output -------------------------------------------------------------------------------

    def take(self) -> bytes:
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _send(self, text: str) -> None:
        if not self.is_closed and not self.is_frozen:
            self._out.append(text.encode())
            self.on_output()

    def cut(self) -> None:
        if self._events and not self.is_closed:
            self.switch.note("cut", client=id(self))
        self.is_closed = True
        if self.switch.stands_still:
            return
        if self in self.switch.clients:
            self.switch.clients.remove(self)
        self.on_output()

    def notice(self, text: str) -> None:
        length = len(text.encode())
        self._send(f"Content-Type: text/disconnect-notice\nContent-Length: {length}\n\n{text}")

    def greet(self) -> None:
        if self.switch.stands_still:
            # The kernel has taken the connection; the server itself knows nothing of it.
            return
        self.was_greeted = True
        if self.switch.config.is_acl_closed:
            text = "Access Denied, go away.\n"
            self._send(f"Content-Type: text/rude-rejection\nContent-Length: {len(text)}\n\n{text}")
            self.cut()
            return
        self._send("Content-Type: auth/request\n\n")
        self.switch.later(_AUTH_WITHIN_MS, self._impatient)

    def _impatient(self) -> None:
        if not self._is_authed and not self.is_closed:
            self.notice(GOODBYE)
            self.cut()

    def event(self, name: str, headers: dict[str, str], body: str) -> None:
        if name not in self._events and "ALL" not in self._events:
            return
        # One filter that fits is enough.
        if self._filters and not any(headers.get(key) == value for key, value in self._filters):
            return
        lines = "".join(f"{key}: {quote(value, safe=_PLAIN)}\n" for key, value in headers.items())
        text = f"{lines}\n{body}"
        length = len(text.encode())
        self._send(f"Content-Length: {length}\nContent-Type: text/event-plain\n\n{text}")

    # Commands -----------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        if self.switch.stands_still:
            self._kept.append(data)
            return
        for received in self._reader.feed(data):
            self.switch.commands.append(received.line)
            wait_ms = self.switch.config.reply_ms
            start = max(self.switch.now, self._busy_until) + wait_ms
            if start > self.switch.now:
                # Strictly one after the other, and events wait behind none of this here.
                self._busy_until = start
                delay = start - self.switch.now
                self.switch.later(delay, lambda received=received: self._obey(received))
            else:
                self._obey(received)

    def wake(self) -> None:
        """Do what came while the server stood still, though the client may be gone by now."""
        was_cut, self.is_closed = self.is_closed, False
        kept, self._kept = self._kept, []
        for data in kept:
            self.feed(data)
        if was_cut:
            self.cut()

    def _reply(self, text: str, extra: str = "") -> None:
        self._send(f"Content-Type: command/reply\nReply-Text: {text}\n{extra}\n")

    def _answer(self, text: str) -> None:
        length = len(text.encode())
        self._send(f"Content-Type: api/response\nContent-Length: {length}\n\n{text}")

    def _obey(self, received: Received) -> None:
        if self.is_closed or self.is_frozen:
            return
        word, _, rest = received.line.partition(" ")
        if word in {"auth", "userauth"}:
            self._auth(word, rest)
        elif word == "exit":
            self._reply("+OK bye")
            self.notice(GOODBYE)
            self.cut()
        elif not self._is_authed:
            self._reply("-ERR command not found")
        else:
            commands = {
                "api": self._api,
                "event": self._event,
                "filter": self._filter,
                "log": self._log,
                "nixevent": lambda _: self._reply("+OK events nixed"),
                "noevents": lambda _: self._reply("+OK no longer listening for events"),
                "sendmsg": lambda _: self._sendmsg(rest, received.headers),
            }
            if word == "bgapi":
                self._bgapi(rest, received.headers.get("job-uuid"))
            elif word in commands:
                commands[word](rest)
            else:
                self._reply("-ERR command not found")

    def _auth(self, word: str, rest: str) -> None:
        config = self.switch.config
        extra = ""
        if word == "auth":
            is_right = rest == config.password
        else:
            name, _, password = rest.partition(":")
            user = config.users.get(name)
            is_right = user is not None and user[0] == password
            if user is not None:
                self._allowed = user[1], user[2]
                extra = f"Allowed-Events: {' '.join(user[1])}\nAllowed-API: {' '.join(user[2])}\n"
        if is_right:
            self._is_authed = True
            self._reply("+OK accepted", extra)
        else:
            self._reply("-ERR invalid")
            self.notice(GOODBYE)
            self.cut()

    def _event(self, rest: str) -> None:
        names = [name for name in rest.split()[1:] if name in EVENTS]
        if not names:
            self._reply("-ERR no keywords supplied")
        elif self._allowed is not None and not self._allowed[0].issuperset(names):
            self._reply("-ERR permission denied")
        else:
            if not self._events:
                self.switch.note("connected", client=id(self))
            self._events.update(names)
            self._reply("+OK event listener enabled plain")

    def _log(self, rest: str) -> None:
        denied = self._allowed is not None
        self._reply("-ERR permission denied" if denied else f"+OK log level {rest}")

    def _filter(self, rest: str) -> None:
        name, _, value = rest.partition(" ")
        if name == "delete":
            self._filters = [pair for pair in self._filters if pair[0] != value]
            self._reply(f"+OK filter deleted. [{value}][]")
        else:
            self._filters.append((name, value))
            self._reply(f"+OK filter added. [{name}]=[{value}]")

    def _bgapi(self, rest: str, job: str | None = None) -> None:
        command, _, argument = rest.partition(" ")
        if self._allowed is not None and command not in self._allowed[1]:
            self._reply("-ERR permission denied")
            return
        job = job or self.switch.uuid()
        self._reply(f"+OK Job-UUID: {job}", f"Job-UUID: {job}\n")
        if command == "originate":
            self.switch.originate(argument, job)

    def _sendmsg(self, uuid: str, headers: dict[str, str]) -> None:
        channel = self.switch.channels.get(uuid.strip())
        if channel is None or not channel.is_up:
            self._reply(f"-ERR invalid session id [{uuid.strip()}]")
            return
        if headers.get("call-command") == "hangup":
            channel.after(20, lambda: channel.end(headers.get("hangup-cause", "NORMAL_CLEARING")))
        elif headers.get("call-command") == "execute":
            channel.execute(
                headers.get("execute-app-name", ""),
                headers.get("execute-app-arg", ""),
                headers.get("event-uuid") or self.switch.uuid(),
                locked=headers.get("event-lock") == "true",
            )
        self._reply("+OK")

    # Commands of the api ------------------------------------------------------------------

    def _api(self, rest: str) -> None:
        command, _, argument = rest.partition(" ")
        if self._allowed is not None and command not in self._allowed[1]:
            self._reply("-ERR permission denied")
            return
        if command == "msleep":
            self._busy_until = self.switch.now + float(argument)
            return
        known = {
            "eval": lambda text: self.switch.core_uuid if text == "${core_uuid}" else text,
            "fsctl": self._fsctl,
            "global_getvar": lambda name: {
                "core_uuid": self.switch.core_uuid,
                **self.switch.config.variables,
            }.get(name, "-ERR no reply\n"),
            "hostname": lambda _: "fs.example",
            "hupall": self._hupall,
            "originate": lambda _: USAGE,
            "sched_del": self._sched_del,
            "sched_hangup": self._sched_hangup,
            "show": self._show,
            "sofia": lambda _: self._sofia(),
            "uptime": lambda _: "447\n",
            "uuid_break": lambda text: self._on_channel("uuid_break", text),
            "uuid_exists": lambda text: "true" if self.switch.has(text) else "false",
            "uuid_getvar": lambda text: self._on_channel("uuid_getvar", text),
            "uuid_kill": lambda text: self._on_channel("uuid_kill", text),
            "sofia_contact": self.switch.dialler.registered,
            "uuid_recv_dtmf": lambda text: self._on_channel("uuid_recv_dtmf", text),
            "version": lambda _: "FreeSWITCH Version 1.11.1-release~64bit ( 64bit)\n",
        }
        if command in known:
            self._answer(known[command](argument.strip()))
        else:
            self._answer(f"-ERR {command} Command not found!\n")

    def _fsctl(self, argument: str) -> str:
        config = self.switch.config
        word, _, value = argument.partition(" ")
        match word:
            case "ready_check":
                return "true" if config.is_ready and not self.switch.is_paused else "false"
            case "pause_check":
                return "true" if self.switch.is_paused else "false"
            case "sps":
                config.sessions_per_s = int(value or config.sessions_per_s)
                return f"+OK sessions per second: {config.sessions_per_s}\n"
            case "max_sessions":
                config.sessions_max = int(value or config.sessions_max)
                return f"+OK max sessions: {config.sessions_max}\n"
            case "shutdown":
                self.switch.later(150, self.switch.shut_down)
            case "pause" | "resume":
                self.switch.is_paused = word == "pause"
        return "+OK\n"

    def _hupall(self, argument: str) -> str:
        cause = argument.partition(" ")[0] or "MANAGER_REQUEST"
        for channel in list(self.switch.channels.values()):
            channel.end(cause)
        return f"+OK hangup all channels with cause {cause}\n"

    def _sched_hangup(self, argument: str) -> str:
        words = argument.split()
        if len(words) < 2:
            return "-USAGE: [+]<time> <uuid> [<cause>]\n"
        channel = self.switch.channels.get(words[1])
        if channel is None:
            return "-ERR No such channel!\n"
        # What is no number is 0, and without a sign that is long since.
        after = words[0].removeprefix("+")
        after_s = int(after) if after.isdecimal() and words[0] != after else 0
        self.switch.schedule_hang_up(channel, after_s, (words[2:] or [""])[0])
        return "+OK\n"

    def _sched_del(self, argument: str) -> str:
        return f"+OK Deleted: {self.switch.delete_guards(argument)}\n"

    def _show(self, argument: str) -> str:
        rows = self.switch.rows()
        words = argument.split()
        if "count" in words:
            if "json" in words:
                return json.dumps({"row_count": len(rows), "rows": []}, separators=(",", ":"))
            return f"\n{len(rows)} total.\n"
        if "like" in words:
            wanted = words[words.index("like") + 1]
            rows = [row for row in rows if any(wanted in value for value in row.values())]
        # Without any there is no such key.
        if not rows:
            return '{"row_count": 0}\n'
        return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"))

    def _sofia(self) -> str:
        config = self.switch.config
        lines = ["Name\t   Type\t   Data\tState", "=" * 60]
        lines += [f"{name}\tprofile\tsip:x\tRUNNING (0)" for name in sorted(config.profiles)]
        lines += [f"caller::{name}\tgateway\tsip:x\tNOREG" for name in sorted(config.gateways)]
        return "\n".join([*lines, "=" * 60, ""])

    def _on_channel(self, command: str, argument: str) -> str:
        words = argument.split()
        usage = {"uuid_kill": "<uuid> [cause]", "uuid_break": "<uuid> [all]"}
        if not words:
            return f"-USAGE: {usage.get(command, '<uuid>')}\n"
        channel = self.switch.channels.get(words[0])
        if channel is None or not channel.is_up:
            is_digit = command == "uuid_recv_dtmf"
            return "-ERR Cannot locate session!\n" if is_digit else "-ERR No such channel!\n"
        second = (words[1:] or [""])[0]
        match command:
            case "uuid_kill":
                channel.end(second or "NORMAL_CLEARING")
            case "uuid_break" if self.switch.config.breaks_lost > 0:
                self.switch.config.breaks_lost -= 1
            case "uuid_break":
                channel.break_all()
            case "uuid_recv_dtmf":
                for digit in second:
                    channel.digit(digit, "APP")
                return f"+OK {words[0]} received DTMF {second}.\n"
            case "uuid_getvar":
                return channel.variables.get(second, "_undef_")
        return "+OK\n"
