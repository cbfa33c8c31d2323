"""The emulated server answers as the recorded one did: each recording's client plays again.

What is compared is the shape: the replies in their order, the results of jobs, and the events of
each channel in theirs (names, states, applications, causes, digits), not ids or times.
"""

from __future__ import annotations

import json
import re
from functools import cache

import pytest
from tests.drivers.freeswitch.recordings import Part, frames, parts
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_drivers.freeswitch._wire import Event, Frame

SOUNDS = {
    "/srv/fs/snd/msg2.wav": 2_000.0,
    "/srv/fs/snd/msg5.wav": 5_000.0,
    "/srv/fs/snd/msg30.wav": 30_000.0,
    "/srv/fs/snd/my file's, name.wav": 2_000.0,
}
USERS = {
    "vb@fs.example": (
        "limited1",
        frozenset(
            "BACKGROUND_JOB CHANNEL_ANSWER CHANNEL_PARK CHANNEL_EXECUTE_COMPLETE PLAYBACK_STOP "  # noqa: SIM905
            "DTMF CHANNEL_HANGUP_COMPLETE HEARTBEAT".split()
        ),
        frozenset(
            "originate uuid_kill uuid_break uuid_exists uuid_getvar show fsctl".split()  # noqa: SIM905
        ),
    )
}

CALLS = [
    "01_loop_answered",
    "01_sip_answered",
    "02_sip_ring_then_answered",
    "03_loop_busy",
    "03_sip_busy",
    "04_loop_noanswer_timeout3",
    "04_sip_noanswer_timeout3",
    "05_loop_rejected",
    "05_sip_rejected",
    "06_loop_unknown",
    "06_sip_unknown",
    "07_loop_callee_hangs_up",
    "07_sip_callee_hangs_up",
    "08_sip_early_media_answer",
    "11_loop_playback_to_end",
    "11_sip_playback_to_end",
    "12_sip_dtmf_during_break",
    "13_sip_star_default_terminators",
    "14_sip_star_terminators_none",
    "19_sip_missing_file",
    "20_loop_callee_hangs_up_mid_playback",
    "20_sip_callee_hangs_up_mid_playback",
    "21_sip_kill_mid_playback",
    "22_sip_two_sendmsg_queued",
    "23_sip_two_sendmsg_queued_nobreak",
    "24_sip_hangup_via_sendmsg_after_playback_queued",
    "28_sip_sched_hangup_on_answer",
    "31_sip_early_media_NOT_ignored",
    "32_sip_early_then_busy_ignored",
    "33_sip_early_then_busy_NOT_ignored",
    "34_sip_kill_while_ringing",
    "35_sip_unknown_gateway",
    "36_sip_unknown_profile",
    "37_unknown_endpoint",
    "38_sip_nothing_listening",
    "39_sip_gateway_ok",
    "40_duplicate_origination_uuid",
    "41_usage_error",
    "57_filters",
    "58_filter_call_direction_outbound",
    "71_event_lock_two_playbacks",
    "72_event_lock_then_break",
    "78_api_sched_hangup",
    "79_exec_var_at_originate_sched_hangup_result",
    "83_execute_sent_on_answer_before_park",
    "84_execute_sent_while_ringing",
    "85_answer_and_immediate_hangup",
    "86_uuid_recv_dtmf",
]
TALKS = [
    "51_wrong_password",
    "52_command_before_auth",
    "53_double_auth_and_unknown_command",
    "54_no_auth_sent",
    "59_userauth_limited",
    "62_injection_newline_double",
    "63_injection_newline_single",
    "64_injection_cr",
    "65_nul_byte",
    "66_content_length_header",
]
COMPARED = (
    "CHANNEL_ANSWER",
    "CHANNEL_PARK",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "CHANNEL_EXECUTE_COMPLETE",
    "DTMF",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
)
PATIENCE_MS = 60_000


def replay(recording: tuple[Part, ...], switch: Switch) -> list[Frame]:
    """Play the client's side: each command once as much was heard as then was heard."""
    client = switch.connect()
    heard: list[Frame] = []
    wanted: list[Frame] = []
    for part in recording:
        if not part.is_ours:
            wanted += frames(part.data)
            continue
        deadline = switch.now + PATIENCE_MS
        switch.advance(part.at_ms)
        heard += frames(client.take())
        while weight(heard) < weight(wanted) and switch.now < deadline:
            switch.advance(switch.next_at() or deadline)
            heard += frames(client.take())
        client.feed(part.data)
        heard += frames(client.take())
    switch.advance(switch.now + 30_000)
    return heard + frames(client.take())


def weight(heard: list[Frame]) -> int:
    return sum(1 for frame in heard if frame.kind != "text/event-plain" or shape(frame))


@cache
def _shape(body: bytes) -> tuple[str, ...]:
    """Return what is compared of an event, or nothing."""
    event = Event.parse(body)
    if event.name == "BACKGROUND_JOB":
        return (event.name, re.sub(r"\+OK .*", "+OK", event.body.strip()))
    if event.name not in COMPARED:
        return ()
    application = event["application"]
    # What the application before has answered stays in the last one's event.
    # And where the call ended under a playback, it was seen to be either of two.
    is_told = application == "playback" and "hangup-cause" not in event
    response = event["application-response"] if is_told else ""
    return (
        event.name,
        event["answer-state"],
        application,
        response,
        event["playback-status"],
        event["dtmf-digit"],
        event["hangup-cause"],
    )


def shape(frame: Frame) -> tuple[str, ...]:
    return _shape(frame.body)


def reply(frame: Frame) -> str:
    """Return what is compared of a reply: all of it but ids and lists."""
    text = frame.text
    if text.startswith("{"):
        data = json.loads(text)
        return f"{sorted(data)}"
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID", text)
    return f"{frame.kind} {text.strip()}"


def by_channel(heard: list[Frame]) -> dict[str, list[tuple[str, ...]]]:
    """Return the shapes of the events of each channel, and of the jobs, in order."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for frame in heard:
        if frame.kind != "text/event-plain" or not shape(frame):
            continue
        event = Event.parse(frame.body)
        if event.name == "BACKGROUND_JOB":
            found.setdefault("jobs", []).append(shape(frame))
        elif event["call-direction"] == "outbound":
            found.setdefault(event["unique-id"], []).append(shape(frame))
    return found


def fresh() -> Switch:
    return Switch(Config(sounds=SOUNDS, default_sound_ms=None, users=USERS, heartbeat_ms=10**9))


@pytest.mark.parametrize("name", CALLS)
def test_the_emulated_server_tells_each_channel_s_story_as_the_recorded_one(name: str) -> None:
    recording = parts(name)
    recorded = [frame for part in recording if not part.is_ours for frame in frames(part.data)]

    heard = replay(recording, fresh())

    assert by_channel(recorded) == by_channel(heard)


@pytest.mark.parametrize("name", [*CALLS, *TALKS])
def test_the_emulated_server_s_replies_come_in_the_same_order(name: str) -> None:
    recording = parts(name)
    spoken = [frame for part in recording if not part.is_ours for frame in frames(part.data)]

    heard = replay(recording, fresh())

    expected = [reply(frame) for frame in spoken if frame.kind != "text/event-plain"]
    assert expected == [reply(frame) for frame in heard if frame.kind != "text/event-plain"]


def results(heard: list[Frame]) -> dict[str, str]:
    """Return how each job ended: ``+OK``, a cause, or that the line was not understood."""
    found = {}
    for frame in heard:
        if frame.kind == "text/event-plain":
            event = Event.parse(frame.body)
            if event.name == "BACKGROUND_JOB":
                found[event["job-uuid"]] = event.body[:14]
    return found


def test_the_emulated_server_reads_each_recorded_injection_as_the_real_one_did() -> None:
    """Three splits: blank, comma and equals sign, and braces that nothing protects."""
    recording = parts("61_injection_variables")
    recorded = [frame for part in recording if not part.is_ours for frame in frames(part.data)]

    heard = replay(recording, fresh())

    expected = {
        job: "+OK" if result.startswith("+OK") else result
        for job, result in results(recorded).items()
    }
    found = results(heard)
    assert expected == {
        job: "+OK" if found[job].startswith("+OK") else found[job] for job in expected
    }
