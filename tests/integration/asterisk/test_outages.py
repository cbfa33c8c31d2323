"""Connections that are cut, servers that restart, are killed or freeze (R5.5, R9.3)."""

import asyncio
import signal

import pytest

from campaign_core import Line
from campaign_core.decisions import ALL_DIGITS, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
)
from campaign_drivers.asterisk import AsteriskDriver
from campaign_drivers.errors import LinkLostError

from .breakable import Breakable
from .rig import Rig, connected, settings_for

HASTY = {"answer_within_s": 3.0, "ping_every_s": 1.0, "login_within_s": 5.0}


def finished(rig, call_id):
    return [r.play for r in rig.of(call_id) if isinstance(r, PlaybackReport)]


@pytest.mark.parametrize("line", [Line.INTERNAL, Line.EXTERNAL])
def test_calls_in_every_state_are_taken_over_when_the_connection_is_cut(pbx, line):
    """Ringing, silent, playing: each goes on where it was, and none is placed again."""

    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port)) as rig,
        ):
            ringing = rig.place("613*40", line)
            silent, playing = rig.place("607", line), rig.place("8*60*1", line)
            gone = rig.place("8*4*99", line)
            await rig.answered(silent)
            await rig.answered(playing)
            await rig.answered(gone)
            rig.play(playing, 1, "long", "")
            await asyncio.sleep(0.2)
            wire.cut()
            await rig.seen(DriverDownReport)
            lists = len(rig.up())
            refused = rig.place("607", line)
            await rig.seen(DriverUpReport, 2)
            await rig.until(lambda: AnswerReport(ringing) in rig.of(ringing))
            assert rig.kinds(ringing).count(AnswerReport) == 1
            up = rig.up()[-1].call_ids
            assert up >= {ringing, silent, playing}
            assert refused not in up
            assert DriverDownReport((refused,)) in [report for _, report in rig.reports]
            # The step starts again: what still plays must go first.
            rig.play(playing, 2, "prompt", ALL_DIGITS)
            rig.play(silent, 1, "prompt", ALL_DIGITS)
            await rig.until(lambda: finished(rig, playing) and finished(rig, silent))
            assert finished(rig, playing)[-1] == 2
            await rig.until(lambda: DigitReport(call_id=playing, digit="1") in rig.of(playing))
            await rig.until(lambda: len(rig.up()) == lists + 2)
            assert gone not in rig.up()[-1].call_ids
            assert rig.count(EndReport) <= 1
            started = {uid[:32] for event, uid, _ in pbx.record() if event == "CHAN_START"}
            assert refused not in started

    asyncio.run(story())


def test_an_order_to_hang_up_is_carried_out_after_the_gap(pbx):
    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port)) as rig,
        ):
            call_id = rig.place("607")
            await rig.answered(call_id)
            wire.is_closed = True
            wire.cut()
            await rig.seen(DriverDownReport)
            rig.hang_up(call_id)
            await asyncio.sleep(0.5)
            wire.is_closed = False
            await rig.ended(call_id)

    asyncio.run(story())


def test_a_call_that_ended_in_the_gap_is_in_no_census(pbx):
    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port)) as rig,
        ):
            leaving, staying = rig.place("8*20*99"), rig.place("607")
            await rig.answered(leaving)
            await rig.answered(staying)
            wire.is_closed = True
            wire.cut()
            await rig.until(lambda: leaving not in pbx.channels())
            lists = len(rig.up())
            wire.is_closed = False
            await rig.seen(CallsUpReport, lists + 2, 20)
            assert [report.call_ids for report in rig.up()[lists:]] == [{staying}, {staying}]
            assert EndReport not in rig.kinds(leaving)

    asyncio.run(story())


def test_another_run_of_the_service_takes_its_calls_over(pbx):
    """R9.3: after a crash, calls that are still up are taken over."""
    settings = settings_for(pbx)

    async def story():
        first = Rig(AsteriskDriver(settings))
        await first.driver.start(first.told)
        calls = [first.place(number) for number in ("607", "608", "607")]
        await first.answered(calls[0])
        await first.answered(calls[2])
        first.play(calls[0], 1, "long", "")
        await first.driver.close()
        async with connected(settings) as second:
            assert second.up()[0].call_ids == set(calls)
            for call_id in calls:
                await second.answered(call_id)
            second.play(calls[0], 2, "tick", "")
            second.play(calls[2], 1, "tick", "")
            await second.until(lambda: finished(second, calls[0]) == [2])
            await second.until(lambda: finished(second, calls[2]) == [1])
            second.hang_up(calls[1])
            await second.ended(calls[1])

    asyncio.run(story())


@pytest.mark.parametrize("way", ["is_deaf", "is_mute"])
def test_a_connection_that_says_nothing_is_given_up_and_made_anew(pbx, way):
    """Half-open, or a response that never comes."""

    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port, **HASTY)) as rig,
        ):
            call_id = rig.place("607")
            await rig.answered(call_id)
            setattr(wire, way, True)
            rig.play(call_id, 1)
            await rig.seen(DriverDownReport)
            setattr(wire, way, False)
            await rig.seen(DriverUpReport, 2, within_s=20)
            assert rig.up()[-1].call_ids == {call_id}

    asyncio.run(story())


def test_a_server_that_does_not_read_defers_new_calls(pbx):
    """R5.5: no queue of ours; what is not taken is given back until then."""

    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port)) as rig,
        ):
            wire.block()
            placed = []
            while not rig.count(DeferralReport):
                placed.append(rig.place("603"))
                assert len(placed) < 100
                await asyncio.sleep(0.05)
            wire.unblock()
            for call_id in placed[:-1]:
                await rig.ended(call_id)
            assert rig.kinds(placed[-1]) == [DeferralReport]
            fresh = rig.place("603")
            await rig.ended(fresh)
            assert rig.kinds(fresh) == [EndReport]

    asyncio.run(story())


def test_a_client_that_cannot_log_in_again_keeps_trying(pbx):
    async def story():
        async with (
            Breakable(pbx.ami) as wire,
            connected(settings_for(pbx, port=wire.port)) as rig,
        ):
            wire.is_closed = True
            wire.cut()
            await asyncio.sleep(1.2)
            assert rig.count(DriverUpReport) == 1
            wire.is_closed = False
            await rig.seen(DriverUpReport, 2)

    asyncio.run(story())


@pytest.mark.parametrize("how", ["restart", "term", "kill"])
def test_a_server_that_goes_and_comes_back_has_no_calls(own_pbx, how):
    async def story():
        async with connected(settings_for(own_pbx)) as rig:
            answered, ringing = rig.place("607"), rig.place("601")
            await rig.answered(answered)
            rig.play(answered, 1, "long", "")
            await asyncio.sleep(0.2)
            loop = asyncio.get_running_loop()
            if how == "restart":
                own_pbx.console("core restart now")
            elif how == "term":
                own_pbx.send(signal.SIGTERM)
                await loop.run_in_executor(None, lambda: own_pbx.process.wait(timeout=30))
                own_pbx.start()
            else:
                own_pbx.kill()
                own_pbx.start()
            await rig.seen(DriverUpReport, 2, 40)
            assert rig.up()[-1].call_ids == frozenset()
            ended = {report.call_id for _, report in rig.reports if isinstance(report, EndReport)}
            # Asked to end, it says so of each call; killed, it says nothing.
            assert ended == (set() if how == "kill" else {answered, ringing})
            fresh = rig.place("607")
            await rig.answered(fresh)
            rig.play(fresh, 1, "tick")
            await rig.until(lambda: finished(rig, fresh) == [1])

    asyncio.run(story())


def test_a_server_that_shuts_down_gracefully_blames_no_sound_and_is_found_again(own_pbx):
    """R7.10: what is refused because the telephony goes is no fault of a sound.

    607 stays in silence until its switch, for nothing can be ordered any more; 8*30*9*10*99 goes
    by itself, and what it does is told.
    """

    async def story():
        async with connected(settings_for(own_pbx)) as rig:
            silent, leaving = rig.place("607", dead_man_s=12), rig.place("8*30*9*10*99")
            for call_id in (silent, leaving):
                await rig.answered(call_id)
                rig.play(call_id, 1, "tick", "")
            await rig.until(lambda: finished(rig, silent) == finished(rig, leaving) == [1])
            with own_pbx.underway("core restart gracefully"):
                await asyncio.sleep(0.5)
                rig.play(silent, 2, "tick", "")
                await rig.seen(DriverDownReport, within_s=2)
                given_back = rig.place("607")
                rig.play(silent, 3, "tick", "")
                rig.hang_up(silent)
                await rig.ended(leaving)
                assert DigitReport(call_id=leaving, digit="9") in rig.of(leaving)
            await rig.ended(silent, 25)
            assert finished(rig, silent) == [1]
            await rig.seen(DriverUpReport, 2, 40)
            assert rig.up()[-1].call_ids == frozenset()
            assert DriverDownReport((given_back,)) in [report for _, report in rig.reports]
            fresh = rig.place("607")
            await rig.answered(fresh)
            rig.play(fresh, 1, "tick")
            await rig.until(lambda: finished(rig, fresh) == [1])

    asyncio.run(story())


def test_a_shutdown_that_is_called_off_is_noticed_and_its_calls_go_on(own_pbx):
    async def story():
        async with connected(settings_for(own_pbx, ping_every_s=1.0)) as rig:
            call_id, ended = rig.place("607"), rig.place("607")
            await rig.answered(call_id)
            await rig.answered(ended)
            with own_pbx.underway("core stop gracefully"):
                # Nothing has to be ordered for that.
                await rig.seen(DriverDownReport, within_s=6)
                rig.hang_up(ended)
                own_pbx.console("core abort shutdown")
            await rig.seen(DriverUpReport, 2, 10)
            assert call_id in rig.up()[-1].call_ids
            await rig.ended(ended)
            rig.play(call_id, 2, "tick", "")
            await rig.until(lambda: finished(rig, call_id) == [2])

    asyncio.run(story())


def test_a_frozen_server_is_given_up_and_its_calls_are_found_again(own_pbx):
    """SIGSTOP: the connection stays open and nobody answers."""

    async def story():
        async with connected(settings_for(own_pbx, **HASTY)) as rig:
            call_id = rig.place("607")
            await rig.answered(call_id)
            own_pbx.freeze()
            try:
                await rig.seen(DriverDownReport)
                given_back = rig.place("607")
                await asyncio.sleep(1)
            finally:
                own_pbx.thaw()
            await rig.seen(DriverUpReport, 2, 20)
            assert rig.up()[-1].call_ids == {call_id}
            assert own_pbx.channels().isdisjoint({given_back})
            rig.play(call_id, 1, "tick")
            await rig.until(lambda: finished(rig, call_id) == [1])

    asyncio.run(story())


def test_calls_placed_into_a_frozen_server_are_told_when_it_thaws(own_pbx):
    """Their bytes were taken: not given back, since they may yet be placed."""

    async def story():
        async with connected(settings_for(own_pbx, **HASTY)) as rig:
            await rig.nothing_is_asked()
            own_pbx.freeze()
            try:
                call_id = rig.place("607")
                await rig.seen(DriverDownReport)
            finally:
                own_pbx.thaw()
            await rig.seen(DriverUpReport, 2, 20)
            await rig.until(lambda: len(rig.up()) >= 3, 20)
            assert rig.up()[-1].call_ids == {call_id}
            assert rig.kinds(call_id) == [AnswerReport]
            assert sum(uid == call_id for uid in own_pbx.channels()) == 1

    asyncio.run(story())


def test_a_frozen_server_is_no_connection_at_the_start(own_pbx):
    own_pbx.freeze()
    try:

        async def story():
            driver = AsteriskDriver(settings_for(own_pbx, **HASTY))
            with pytest.raises(LinkLostError):
                await driver.start(lambda _: None)
            await driver.close()

        asyncio.run(story())
    finally:
        own_pbx.thaw()


def test_a_transferred_call_ends_with_the_conversation_though_nobody_is_connected(own_pbx):
    """R7.7: whoever was connected to an extension is not left in silence when that hangs up."""

    async def story():
        rig = Rig(AsteriskDriver(settings_for(own_pbx)))
        await rig.driver.start(rig.told)
        call_id = rig.place("607")
        await rig.answered(call_id)
        await rig.until(lambda: rig.driver._board.calls[call_id].listens)
        rig.driver.carry_out(Transfer(call_id=call_id, extension="8*50*99", dead_man_s=60))
        await rig.nothing_is_asked()
        rig.driver._link.abort()
        await rig.driver.close()
        assert call_id in own_pbx.channels()
        await rig.until(lambda: call_id not in own_pbx.channels())

    asyncio.run(story())


def test_who_dies_leaves_no_call_up_for_ever(own_pbx):
    """R7.9: the dead man's switch."""

    async def story():
        rig = Rig(AsteriskDriver(settings_for(own_pbx)))
        await rig.driver.start(rig.told)
        call_id = rig.place("607", dead_man_s=5)
        await rig.answered(call_id)
        rig.driver._link.abort()
        await rig.driver.close()
        assert call_id in own_pbx.channels()
        await rig.until(lambda: own_pbx.channels() == set(), 30)

    asyncio.run(story())
