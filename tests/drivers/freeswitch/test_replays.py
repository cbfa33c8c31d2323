"""Recorded sessions, lived through again as if their calls had been ours.

The recording's channel id, and the ids of its playbacks, are put into our form; where its client
played a sound, stopped it or hung up, the same is ordered here.
"""

from __future__ import annotations

import re

import pytest
from tests.drivers.freeswitch.recordings import parts
from tests.drivers.freeswitch.rig import call_id, place, settings
from tests.emulators.freeswitch.lines import CommandReader

from campaign_core import Outcome
from campaign_core.decisions import HangUp, Play
from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
    Report,
)
from campaign_drivers.freeswitch._switchboard import Switchboard
from campaign_drivers.freeswitch._wire import Event, Reader

A = call_id()
ANSWER = AnswerReport(A)
NORMAL = EndReport(call_id=A, hangup_cause=16)


def end(outcome: Outcome, cause: int) -> EndReport:
    return EndReport(call_id=A, unanswered_as=outcome, hangup_cause=cause)


def playback(number: int, how: PlaybackEnd = PlaybackEnd.FINISHED) -> PlaybackReport:
    return PlaybackReport(call_id=A, play=number, end=how)


def digits(text: str) -> list[DigitReport]:
    return [DigitReport(call_id=A, digit=digit) for digit in text]


class Replay:
    """A switchboard that is fed a recording, and answered as a server would."""

    def __init__(self) -> None:
        self.board = Switchboard(settings())
        self.reports: list[Report] = []
        self.now = 0
        self.reader = CommandReader()
        self.plays = 0
        self.uuids: list[str] = []
        self.board.connected(0, "r")
        self.feed(b"Content-Type: auth/request\n\n")
        self.later(6_000)
        self.reports.clear()

    def feed(self, data: bytes) -> None:
        self.board.receive(data, self.now)
        self.reports += self.board.take().reports
        for command in self.reader.feed(self.board.outgoing()):
            if "event-uuid" in command.headers:
                self.uuids.append(command.headers["event-uuid"])
            text = {"api show": '{"row_count":0}', "api fsctl": "true"}.get(
                " ".join(command.line.split()[:2]), "+OK accepted"
            )
            kind = "api/response" if command.line.startswith("api") else "command/reply"
            body = text if kind == "api/response" else ""
            head = f"Content-Type: {kind}\nContent-Length: {len(body)}\nReply-Text: {text}\n\n"
            self.feed((head + body).encode())

    def later(self, ms: int) -> None:
        self.now += ms
        self.board.wake(self.now)
        self.feed(b"")

    def order(self, decision: object) -> None:
        self.board.carry_out(decision, self.now)  # type: ignore[arg-type]
        self.feed(b"")

    def run(self, name: str, *, stop_digits: str = "") -> list[Report]:
        """Live through a recording: its first call is ours."""
        text = b"".join(part.data for part in parts(name) if part.is_ours).decode(
            "utf-8", "replace"
        )
        found = re.search(r"origination_uuid=([0-9a-f-]+)[^\n]*\nJob-UUID: (\S+)", text)
        theirs = re.search(r"origination_uuid=([0-9a-f-]+)", text)
        assert theirs is not None
        names = {theirs[1]: A}
        if found is not None:
            names[found[2]] = A
        for part in parts(name):
            if part.is_ours:
                self._order_as(part.data.decode("utf-8", "replace"), stop_digits, names)
            else:
                self._hear(part.data, names)
        self.later(10_000)
        return self.reports

    def _order_as(self, line: str, stop_digits: str, names: dict[str, str]) -> None:
        if line.startswith("bgapi originate") and not self.board.calls and not self.reports:
            self.order(place())
        elif "execute-app-name: playback" in line:
            self.plays += 1
            self.order(Play(call_id=A, play=self.plays, sound="s", stop_digits=stop_digits))
            given = re.search(r"Event-UUID: (\S+)", line)
            if given is not None and self.uuids:
                names[given[1]] = self.uuids[-1]
        elif line.startswith(("api uuid_kill", "api hupall")) or "hangup-cause" in line:
            self.order(HangUp(A))

    def _hear(self, data: bytes, names: dict[str, str]) -> None:
        for frame in Reader().feed(data):
            if frame.kind != "text/event-plain":
                continue
            body = frame.body.decode()
            event = Event.parse(frame.body)
            is_new = event["application"] == "playback" and event["application-uuid"] not in names
            if is_new and self.uuids:
                # Its client let the server name the playback.
                names[event["application-uuid"]] = self.uuids[-1]
            for old, new in names.items():
                body = body.replace(old, new)
            head = f"Content-Length: {len(body.encode())}\nContent-Type: text/event-plain\n\n"
            self.feed((head + body).encode())


STORIES: dict[str, list[Report]] = {
    "01_loop_answered": [ANSWER, NORMAL],
    "01_sip_answered": [ANSWER, NORMAL],
    "02_sip_ring_then_answered": [ANSWER, NORMAL],
    "03_loop_busy": [end(Outcome.BUSY, 17)],
    "03_sip_busy": [end(Outcome.BUSY, 17)],
    "04_loop_noanswer_timeout3": [end(Outcome.NO_ANSWER, 19)],
    "04_sip_noanswer_timeout3": [end(Outcome.NO_ANSWER, 19)],
    "05_loop_rejected": [end(Outcome.REJECTED, 21)],
    "05_sip_rejected": [end(Outcome.REJECTED, 21)],
    "06_loop_unknown": [end(Outcome.INVALID_NUMBER, 3)],
    "06_sip_unknown": [end(Outcome.INVALID_NUMBER, 3)],
    "07_loop_callee_hangs_up": [ANSWER, NORMAL],
    "07_sip_callee_hangs_up": [ANSWER, NORMAL],
    "08_sip_early_media_answer": [ANSWER, NORMAL],
    "11_loop_playback_to_end": [ANSWER, playback(1), NORMAL],
    "11_sip_playback_to_end": [ANSWER, playback(1), NORMAL],
    "12_sip_dtmf_during_break": [
        ANSWER,
        *digits("1"),
        playback(1, PlaybackEnd.STOPPED),
        *digits("42#"),
        NORMAL,
    ],
    "12_loop_dtmf_during_break": [
        ANSWER,
        *digits("1"),
        playback(1, PlaybackEnd.STOPPED),
        *digits("42#"),
        NORMAL,
    ],
    "14_sip_star_terminators_none": [ANSWER, *digits("*"), playback(1), NORMAL],
    "19_sip_missing_file": [ANSWER, playback(1, PlaybackEnd.FAILED), NORMAL],
    "20_loop_callee_hangs_up_mid_playback": [ANSWER, NORMAL],
    "20_sip_callee_hangs_up_mid_playback": [ANSWER, NORMAL],
    "21_sip_kill_mid_playback": [ANSWER, NORMAL],
    "24_sip_hangup_via_sendmsg_after_playback_queued": [ANSWER, NORMAL],
    "32_sip_early_then_busy_ignored": [end(Outcome.BUSY, 17)],
    "33_sip_early_then_busy_NOT_ignored": [end(Outcome.BUSY, 17)],
    "34_sip_kill_while_ringing": [end(Outcome.NO_ANSWER, 16)],
    "38_sip_nothing_listening": [end(Outcome.CONGESTION, 41)],
    "39_sip_gateway_ok": [ANSWER, NORMAL],
    "58_filter_call_direction_outbound": [
        ANSWER,
        *digits("1"),
        playback(1, PlaybackEnd.STOPPED),
        *digits("42#"),
        NORMAL,
    ],
    "85_answer_and_immediate_hangup": [ANSWER, NORMAL],
}
STOPPED_BY = {"12_sip_dtmf_during_break": "1", "12_loop_dtmf_during_break": "1"}
STOPPED_BY["58_filter_call_direction_outbound"] = "1"


@pytest.mark.parametrize("name", STORIES)
def test_a_recorded_call_is_reported_as_it_went(name: str) -> None:
    """Every order in which a real server was seen to tell it."""
    assert STORIES[name] == Replay().run(name, stop_digits=STOPPED_BY.get(name, ""))


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("35_sip_unknown_gateway", "INVALID_GATEWAY"),
        ("36_sip_unknown_profile", "INVALID_PROFILE"),
        ("37_unknown_endpoint", "CHAN_NOT_IMPLEMENTED"),
        ("41_usage_error", "-USAGE"),
    ],
)
def test_a_recorded_refusal_is_a_refusal(name: str, cause: str) -> None:
    (report,) = Replay().run(name)

    assert isinstance(report, RefusalReport)
    assert cause in report.why


def test_a_recorded_local_refusal_is_a_deferral() -> None:
    """Sessions a second: no channel, and no fault of the number's."""
    replay = Replay()
    first = next(part for part in parts("43b_sps") if b"Job-UUID: sps-1" in part.data)
    uuid = re.search(rb"origination_uuid=([0-9a-f-]+)", first.data)
    assert uuid is not None
    replay.order(place())
    for part in parts("43b_sps"):
        if b"Job-UUID: sps-1\n" in part.data and b"event-plain" in part.data:
            replay._hear(part.data, {uuid[1].decode(): A, "sps-1": A})

    assert [DeferralReport] == [type(report) for report in replay.reports]


@pytest.mark.parametrize("name", ["31_sip_early_media_NOT_ignored"])
def test_a_call_parked_on_early_media_is_not_answered(name: str) -> None:
    """It says so itself: ``Answer-State: early``."""
    reports = Replay().run(name)

    assert [report for report in reports if isinstance(report, AnswerReport)] == []
    assert isinstance(reports[-1], EndReport)
