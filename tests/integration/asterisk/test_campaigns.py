"""Whole campaigns: the core, the driver, real servers, and callees who do what their number says.

What the core reports is compared with what the callees did, and with Asterisk's own record.
"""

import asyncio
from collections import Counter

import pytest

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Line,
    Recipient,
    Settings,
    Status,
    TransferOption,
    events,
)
from campaign_drivers.asterisk import AsteriskDriver

from . import servers
from .host import Host
from .rig import settings_for

LINES = [Line.INTERNAL, Line.EXTERNAL]
SETTINGS = Settings(answer_prompt="prompt")


async def campaign(pbx, model, *, within_s=60, settings=SETTINGS):
    driver_settings = settings_for(pbx)
    host = Host(AsteriskDriver(driver_settings), driver_settings.service_id, settings)
    await host.start()
    try:
        host.run(model)
        host.final = await host.ended(within_s)
    finally:
        await host.close()
    return host


def model(numbers, script, **changes):
    return CampaignModel(
        name="School closing",
        caller_number="100",
        script=script,
        recipients=[Recipient(number=number, line=line) for number, line in numbers],
        **{"sound": "message", "attempts_max": 1, "ring_timeout_s": 6, **changes},
    )


BOTH = CallScript(
    confirm_answer=True,
    confirm_listening=True,
    digit_timeout_s=4,
    answer_prompts_max=2,
    message_plays_max=2,
    opt_out_digit="7",
    transfer=TransferOption(digit="0", extension="8*15*99"),
)
# The prompt lasts 1 s, the message 1.5 s, a silence 4 s. Tenths of a second from the answer, then
# from each digit: 35 is in the middle of the silence after the message, 90 of the one after its
# second time.
BRANCHES = [
    ("8*5*1*35*9", "REACHED"),  # confirms in the prompt, listens
    ("8*30*1*35*9", "REACHED"),  # confirms in the silence after it
    ("8*5*5*9*1*35*9", "REACHED"),  # a wrong digit, prompted again
    ("8*5*1*8*9*26*9", "REACHED"),  # 9 during the message does not count, after it does
    ("8*5*1*35*5*35*9", "REACHED"),  # a wrong digit after the message: played again
    ("8*5*1*90*9", "REACHED"),  # silence after the message: played again
    ("607", "NOT_CONFIRMED"),  # never confirms the answer
    ("8*5*1", "NOT_CONFIRMED"),  # never confirms listening
    ("8*5*1*8*9", "NOT_CONFIRMED"),  # 9 during the message alone
    ("8*3*99", "HUNG_UP"),  # in the prompt
    ("8*30*99", "HUNG_UP"),  # in the silence
    ("8*5*1*6*99", "HUNG_UP"),  # in the message
    ("8*5*1*35*99", "HUNG_UP"),  # in the silence after it
    ("8*5*7", "OPTED_OUT"),  # in the prompt
    ("8*5*1*35*7", "OPTED_OUT"),  # after the message
    ("8*5*1*35*0", "REACHED"),  # transferred after the message
    ("601", "NO_ANSWER"),
    ("603", "BUSY"),
    ("604", "CONGESTION"),
    ("609", "REJECTED"),
    ("611", "NO_ANSWER"),
]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_each_branch_of_the_call_flow_ends_as_its_callee_did(pbx, line):
    """R7: all branches at once, each recipient a branch."""
    numbers = [(number, line) for number, _ in BRANCHES]
    host = asyncio.run(campaign(pbx, model(numbers, BOTH)))

    found = dict(zip([number for number, _ in BRANCHES], host.outcomes(), strict=True))
    assert found == dict(BRANCHES)
    assert [event.extension for event in host.of(events.CallTransferred)] == ["8*15*99"]
    assert host.final is Status.INCOMPLETE


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_without_confirmations_an_answer_and_the_message_are_enough(pbx, line):
    """R7.5: reached means answered."""
    numbers = [("607", line), ("608", line), ("8*8*99", line), ("8*3*5", line)]
    host = asyncio.run(campaign(pbx, model(numbers, CallScript())))

    assert host.outcomes() == ["REACHED"] * 4
    assert host.final is Status.COMPLETED


def test_a_sound_that_is_missing_is_told_as_such(pbx):
    """R7.10."""
    missing = model([("607", Line.INTERNAL)], CallScript(), sound="nosuch")
    host = asyncio.run(campaign(pbx, missing))

    assert host.outcomes() == ["SOUND_MISSING"]


def test_a_campaign_of_300_with_50_calls_at_once_is_what_asterisk_recorded(pbx):
    """Retries and all: as many channels as calls, each of one call, none beside them."""
    people = [
        *(f"8{n}*5*1*35*9" for n in range(100)),  # listens
        *(f"9{n}*1*5*1*35*9" for n in range(100, 180)),  # busy once, then listens
        *(f"9{n}*2*5*1*35*9" for n in range(180, 220)),  # busy twice, then listens
        *(f"603{n}" for n in range(220, 250)),  # always busy
        *(f"601{n}" for n in range(250, 260)),  # never answers
        *(f"8{n}*5*1*6*99" for n in range(260, 280)),  # hangs up in the message
        *(f"607{n}" for n in range(280, 300)),  # never dials
    ]
    numbers = [(number, LINES[n % 2]) for n, number in enumerate(people)]
    limits = CallLimits(total=50)
    before = len(pbx.record())
    host = asyncio.run(
        campaign(
            pbx,
            model(numbers, BOTH, attempts_max=3, call_limits=limits, ring_timeout_s=5),
            within_s=240,
        )
    )

    assert host.reached() == [True] * 220 + [False] * 80
    outcomes = Counter(event.outcome.name for event in host.of(events.CallEnded))
    assert outcomes == {
        "REACHED": 220,
        "BUSY": 80 + 2 * 40 + 3 * 30,
        "NO_ANSWER": 3 * 10,
        "HUNG_UP": 3 * 20,
        "NOT_CONFIRMED": 3 * 20,
    }
    assert host.of(events.CallGivenBack) == []

    placed = [event.call_id for event in host.of(events.CallPlaced)]
    answered = {event.call_id for event in host.of(events.CallAnswered)}
    service = placed[0][:8]
    ours = [row for row in pbx.record()[before:] if row[1].startswith(service)]
    started = Counter(uid for kind, uid, _ in ours if kind == "CHAN_START" and len(uid) == 32)
    assert started == Counter(placed)
    recorded = {uid for kind, uid, _ in ours if kind == "ANSWER" and len(uid) == 32}
    assert recorded == answered
    assert most_at_once(host) <= 50
    assert not any(uid.startswith(service) for uid in pbx.channels())


def most_at_once(host):
    up = most = 0
    for event in host.events:
        up += isinstance(event, events.CallPlaced) - isinstance(event, events.CallEnded)
        most = max(most, up)
    return most


def test_calls_that_are_answered_and_cut_at_once_are_failed_and_told(version, caplog):
    """R7.5: an answered call in which the telephony never took a command of ours."""
    full = servers.Server(servers.RELEASES[version], extra_options="maxcalls = 1")
    calls = model([("607", Line.INTERNAL), ("608", Line.INTERNAL)], CallScript())

    with servers.running(full):
        host = asyncio.run(campaign(full, calls))

    assert host.outcomes() == ["FAILED", "FAILED"]
    # Not of each call: there may be thousands.
    (note,) = (line for line in caplog.messages if "cut by Asterisk" in line)
    assert "maxcalls" in note


def test_a_campaign_goes_on_after_a_graceful_restart_and_misses_no_sound(version):
    """R7.10: what is refused as the telephony goes is no fault of a sound; R5.5: given back."""
    server = servers.Server(servers.RELEASES[version])
    callees = [(f"8*40*99*{number}", Line.INTERNAL) for number in range(6)]
    calls = model(callees, CallScript(), attempts_max=3, call_limits=CallLimits(total=3))

    async def story():
        settings = settings_for(server)
        host = Host(AsteriskDriver(settings), settings.service_id, SETTINGS)
        await host.start()
        try:
            host.run(calls)
            await asyncio.sleep(0.7)
            with server.underway("core restart gracefully"):
                await host.ended(90)
        finally:
            await host.close()
        return host

    with servers.running(server):
        host = asyncio.run(story())

    assert host.reached() == [True] * 6
    assert {event.outcome.name for event in host.of(events.CallEnded)} <= {"REACHED", "FAILED"}
    assert len(host.of(events.DriverCameUp)) == 1
