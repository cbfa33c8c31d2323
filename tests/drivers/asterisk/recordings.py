"""Recorded sessions, replayed against the switchboard as if its own calls had been recorded.

The recording's call ids and command ids are put into our form; where its client played a sound
or hung up, the same is ordered here, by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from campaign_core import CallId, CampaignId, Line, Position, ServiceId
from campaign_core._values.identifiers import call_id_of
from campaign_core.decisions import HangUp, PlaceCall, Play
from campaign_core.reports import Report
from campaign_drivers.asterisk._settings import AsteriskSettings, Route
from campaign_drivers.asterisk._switchboard import Switchboard
from campaign_drivers.asterisk._wire import Message, Reader

FOLDER = Path(__file__).parents[2] / "wire" / "asterisk"
SERVICE = ServiceId("0badcafe")
SETTINGS = AsteriskSettings(
    service_id=SERVICE,
    host="127.0.0.1",
    user="campaign",
    secret="a-secret",
    internal=Route(channel="Local/{number}@callees/n"),
    external={None: Route(channel="PJSIP/{number}@peer")},
)


def call_id(number: int) -> CallId:
    return call_id_of(SERVICE, CampaignId(1), Position(number), 1)


def place(position: int = 1, /, **changes: object) -> PlaceCall:
    order: dict[str, object] = {
        "call_id": call_id(position),
        "number": "100",
        "line": Line.INTERNAL,
        "routing_class": None,
        "caller_number": "200",
        "display_name": "School closing",
        "ring_timeout_s": 30,
        "dead_man_s": 655,
    }
    return PlaceCall(**{**order, **changes})  # type: ignore[arg-type]


def sent(board: Switchboard) -> list[Message]:
    """Return the actions that the switchboard has written."""
    return _actions().feed(board.outgoing())


def _actions() -> Reader:
    reader = Reader()
    reader.feed(b"Asterisk Call Manager/5.0.4\r\n")
    return reader


def event(name: str, number: int = 1, **headers: str) -> bytes:
    """Return an event of a call as bytes."""
    lines = [f"Event: {name}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    if name == "OriginateResponse":
        lines.append(f"ActionID: {call_id(number)}")
    if "Uniqueid" not in headers:
        lines.append(f"Uniqueid: {call_id(number)}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def reply(action: Message, **headers: str) -> bytes:
    """Return the response to an action; by default a success."""
    fields = {"Response": "Success", **headers, "ActionID": action["actionid"]}
    return "".join(f"{key}: {value}\r\n" for key, value in fields.items()).encode() + b"\r\n"


def connect(board: Switchboard, now: int = 0, *, run: str = "r1x", uptime_s: int = 100) -> None:
    """Bring a switchboard to where the server is asked for its channels."""
    board.connected(now, run)
    board.receive(b"Asterisk Call Manager/5.0.4\r\n", now)
    (challenge,) = sent(board)
    board.receive(reply(challenge, Challenge="211321651"), now)
    (login,) = sent(board)
    board.receive(reply(login, Message="Authentication accepted"), now)
    (filters,) = sent(board)
    board.receive(reply(filters), now)
    booted = f"Event: FullyBooted\r\nUptime: {uptime_s}\r\nStatus: Fully Booted\r\n\r\n"
    board.receive(booted.encode(), now)


def channels(board: Switchboard, *listed: dict[str, str], now: int = 0) -> None:
    """Answer the census with these channels."""
    (status,) = sent(board)
    assert status["action"] == "Status"
    answer_list(board, status, listed, now)


def looked_for(board: Switchboard, *listed: dict[str, str], now: int = 0) -> list[Message]:
    """Answer each question for channels, if any was asked; return what else was sent."""
    actions = sent(board)
    for action in actions:
        if action["action"] == "Status":
            answer_list(board, action, listed, now)
    return [action for action in actions if action["action"] != "Status"]


def answer_list(
    board: Switchboard, status: Message, listed: Iterable[dict[str, str]], now: int
) -> None:
    """Answer one question for channels."""
    board.receive(reply(status, EventList="start"), now)
    for fields in listed:
        lines = {"Event": "Status", **fields, "ActionID": status["actionid"]}
        text = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
        board.receive(text.encode() + b"\r\n", now)
    end = f"Event: StatusComplete\r\nActionID: {status['actionid']}\r\nEventList: Complete\r\n\r\n"
    board.receive(end.encode(), now)


def up(settings: AsteriskSettings = SETTINGS) -> Switchboard:
    """Return a switchboard that is connected, with no calls."""
    board = Switchboard(settings)
    connect(board)
    channels(board)
    board.take()
    return board


def placed(number: int = 1) -> Switchboard:
    """Return a switchboard with one call placed and taken."""
    board = up()
    board.carry_out(place(number), 0)
    (originate,) = sent(board)
    board.receive(reply(originate, Message="Originate successfully queued"), 0)
    return board


def answered(number: int = 1) -> Switchboard:
    """Return a switchboard with one call answered and listening."""
    board = placed(number)
    board.receive(event("Newchannel", number), 0)
    board.receive(event("OriginateResponse", number, Response="Success", Reason="4"), 0)
    board.receive(event("AsyncAGIStart", number), 0)
    board.take()
    sent(board)
    return board


# Replaying --------------------------------------------------------------------------------


def blocks(path: Path) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Yield time in ms, `C` or `S`, and the fields of each message of a recording."""
    at, who, fields = 0, "", {}
    for line in path.read_bytes().decode().split("\n"):
        if line.startswith("# t="):
            at = round(float(line[4:]) * 1_000)
        elif line[:2] in {"C:", "S:"}:
            who, text = line[0], line[3:].removesuffix("\r")
            name, colon, value = text.partition(": ")
            if colon:
                fields.setdefault(name, value)
            elif not text and fields:
                yield at, who, fields
                fields = {}


class Replay:
    """One recording with one call, replayed."""

    def __init__(self, name: str) -> None:
        self.board = up()
        self.reports: list[Report] = []
        self.notes: list[str] = []
        self.now = 0
        self._their_id = ""
        self.hung_up: list[str] = []
        """Ids of channels that the switchboard ended, in order."""
        self._commands: dict[str, str] = {}
        self._asked: list[Message] = []
        self._listed: list[dict[str, str]] = []
        self._plays = 0
        for self.now, who, fields in blocks(FOLDER / f"{name}.txt"):
            self.wait(0)
            (self._client if who == "C" else self._server)(fields)
        self.wait(2_000)

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.now += ms
        self.board.wake(self.now)
        self._take()

    def _take(self) -> None:
        actions = sent(self.board)
        self._asked += [action for action in actions if action["action"] == "Status"]
        self.hung_up += [action["channel"] for action in actions if action["action"] == "Hangup"]
        out = self.board.take()
        self.reports += out.reports
        self.notes += out.notes

    def _client(self, fields: dict[str, str]) -> None:
        action = fields["Action"]
        if action == "Originate":
            self._their_id = fields["ChannelId"]
            self.board.carry_out(place(ring_timeout_s=int(fields["Timeout"]) // 1_000), self.now)
        elif fields.get("Channel", "") in self.hung_up:
            # Recorded of the driver itself, which did it here too.
            return
        elif action == "Hangup" or fields.get("Command") == "HANGUP":
            self.board.carry_out(HangUp(call_id(1)), self.now)
        elif action == "AGI" and (
            stream := re.match(r'STREAM FILE "?([^"\s]+)"? "(.*?)D?"', fields["Command"])
        ):
            self._plays += 1
            order = Play(
                call_id=call_id(1),
                play=self._plays,
                sound=stream[1].rpartition("/")[2],
                stop_digits=stream[2],
            )
            self.board.carry_out(order, self.now)
            for ours in sent(self.board):
                if ours["command"].startswith("STREAM"):
                    self._commands[fields["CommandID"]] = ours["commandid"]
        self._take()

    def _server(self, fields: dict[str, str]) -> None:
        # Responses are to requests that are not ours; events tell what happened.
        if "Event" not in fields or not self._their_id:
            return
        ours = {name: value.replace(self._their_id, call_id(1)) for name, value in fields.items()}
        if "CommandId" in ours:
            ours["CommandId"] = self._commands.get(fields["CommandId"], "none-of-ours")
        if ours["Event"] == "Status":
            self._listed.append(ours)
        elif ours["Event"] == "StatusComplete":
            listed, self._listed = self._listed, []
            if self._asked:
                answer_list(self.board, self._asked.pop(0), listed, self.now)
        else:
            text = "".join(f"{name}: {value}\r\n" for name, value in ours.items())
            self.board.receive(text.encode() + b"\r\n", self.now)
        self._take()
