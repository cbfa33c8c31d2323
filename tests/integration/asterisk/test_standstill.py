"""A server that stands still while calls change, and is given up meanwhile (R5.5, R7.11, R9.3).

SIGSTOP: what it was sent it has, and does on waking; the driver is on another connection by then.
"""

import asyncio

from campaign_core import CallLimits, CallScript, CampaignModel, Line, Recipient, Settings, events
from campaign_core.decisions import Transfer
from campaign_core.reports import (
    AnswerReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers.asterisk import AsteriskDriver

from .host import Host
from .rig import connected, settings_for
from .witness import Witness

HASTY = {"answer_within_s": 3.0, "ping_every_s": 1.0, "login_within_s": 5.0}
STANDSTILL_S = 14

SCRIPT = CallScript(confirm_answer=True, digit_timeout_s=4, answer_prompts_max=4)
PEOPLE = [
    "613*20",  # answers in the first gap, and never dials
    "607",
    "8*30*1*60*9",  # answers at once, dials in what is played
    "8*20*1",
    "8*20*99",  # hangs up
    "603",  # busy
    "609",  # rings, then refuses
    "8*40*1*99",
    "613*30",
    "6071",
    "8*15*1*1",
    "6031",
]


async def stands_still(server, host):
    """Hold a server that is held already, until the driver has given it up and for a while more."""
    await asyncio.sleep(STANDSTILL_S)
    downs = sum(isinstance(said, DriverDownReport) for _, said in host.told)
    assert downs
    ups = up_again(host)
    server.thaw()
    for _ in range(600):
        if up_again(host) > ups:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the driver has not connected again")


def up_again(host):
    return sum(isinstance(said, DriverUpReport) for _, said in host.told)


async def called_through_standstills(server):
    settings = settings_for(server, **HASTY)
    host = Host(AsteriskDriver(settings), settings.service_id, Settings(answer_prompt="prompt"))
    async with Witness(server.ami) as witness:
        await host.start()
        try:
            server.freeze()
            host.run(
                CampaignModel(
                    name="Standstill",
                    caller_number="100",
                    sound="message",
                    script=SCRIPT,
                    attempts_max=3,
                    ring_timeout_s=10,
                    call_limits=CallLimits(total=8),
                    recipients=[Recipient(number=one, line=Line.INTERNAL) for one in PEOPLE],
                )
            )
            await stands_still(server, host)
            await asyncio.sleep(2.2)
            server.freeze()
            await stands_still(server, host)
            await host.ended(120)
            # The other half of a Local channel ends a moment later.
            for _ in range(150):
                if not server.channels():
                    break
                await asyncio.sleep(0.1)
        finally:
            server.thaw()
            await host.close()
    return host, witness.lines


def at_once(lines):
    """Return the numbers that were called while a call to them was up."""
    up, twice = {}, []
    for line in lines:
        if line["what"] == "call":
            if line["number"] in up.values():
                twice.append(line["number"])
            up[line["id"]] = line["number"]
        elif line["what"] == "end":
            del up[line["id"]]
    return twice


def test_nobody_is_called_twice_at_once_or_hears_silence_when_the_server_stands_still(own_pbx):
    """R5.5, R7.11: what it carries out on waking is taken over or hung up."""
    host, lines = asyncio.run(called_through_standstills(own_pbx))

    assert at_once(lines) == []
    assert own_pbx.channels() == set()
    # What was placed is known, and nothing else was.
    placed = {event.call_id for event in host.of(events.CallPlaced)}
    assert {line["id"] for line in lines if line["what"] == "call"} <= placed
    # R7.10, R5.5: silence is no missing sound, and what nobody saw is lost and not failed.
    outcomes = {event.outcome.name for event in host.of(events.CallEnded)}
    assert outcomes.isdisjoint({"SOUND_MISSING", "FAILED"}), outcomes
    assert len(host.of(events.DriverWentDown)) >= 2


def test_calls_in_every_state_are_taken_over_when_the_server_has_stood_still(own_pbx):
    """R9.3: an answer in the gap is played to; a playback without a reply is no missing sound."""

    async def story():
        async with connected(settings_for(own_pbx, **HASTY)) as rig:
            ringing, silent = rig.place("613*30"), rig.place("607")
            playing, leaving = rig.place("6071"), rig.place("8*40*99")
            for call_id in (silent, playing, leaving):
                await rig.answered(call_id)
            rig.play(playing, 1, "long", "")
            await asyncio.sleep(0.3)
            await rig.nothing_is_asked()
            own_pbx.freeze()
            try:
                ordered = rig.place("6072")
                rig.play(silent, 1, "tick", "")
                await rig.seen(DriverDownReport)
                lists = len(rig.up())
                await asyncio.sleep(STANDSTILL_S)
            finally:
                own_pbx.thaw()
            await rig.seen(DriverUpReport, 2, 20)
            await rig.answered(ringing)
            up = [ringing, silent, playing]
            await plays(rig, up)
            await rig.until(lambda: len(rig.up()) >= lists + 2)
            # Asterisk carries out what it was sent on the old connection only if it has not noticed
            # by then, as it tells of the other calls, that nobody is there.
            if ordered in own_pbx.channels():
                up.append(ordered)
                await rig.answered(ordered)
                await plays(rig, [ordered])
            assert rig.up()[-1].call_ids == set(up)
            ends = [one.end for _, one in rig.reports if isinstance(one, PlaybackReport)]
            assert PlaybackEnd.FAILED not in ends
            assert rig.kinds(ordered).count(AnswerReport) == (ordered in up)
            assert all(one.call_id == leaving for _, one in rig.reports if type(one) is EndReport)
            assert own_pbx.channels() >= set(up)

    async def plays(rig, up):
        for call_id in up:
            rig.play(call_id, 2, "tick", "")
        for call_id in up:
            done = PlaybackReport(call_id=call_id, play=2)
            await rig.until(lambda call_id=call_id, done=done: done in rig.of(call_id))

    asyncio.run(story())


def test_a_transfer_ordered_while_the_server_stands_still_happens_once(own_pbx):
    """R7.7, R7.11: of several orders it does the first alone, and the rest are ordered again."""

    async def story():
        async with connected(settings_for(own_pbx, **HASTY)) as rig:
            call_id = rig.place("607")
            await rig.answered(call_id)
            rig.play(call_id, 1, "tick", "")
            await rig.until(lambda: PlaybackReport(call_id=call_id, play=1) in rig.of(call_id))
            own_pbx.freeze()
            try:
                rig.driver.carry_out(Transfer(call_id=call_id, extension="8*30*99", dead_man_s=60))
                await rig.seen(DriverDownReport)
            finally:
                own_pbx.thaw()
            await rig.seen(DriverUpReport, 2, 20)
            await rig.until(lambda: any("callees" in one for one in names(own_pbx)))
            await rig.ended(call_id, 20)
            # The other half of a Local channel ends a moment later.
            await rig.until(lambda: own_pbx.channels() == set())

    def names(server):
        lines = server.console("core show channels concise").splitlines()
        return [line for line in lines if "8*30*99" in line]

    asyncio.run(story())
