"""What happens in an answered call, by orders given by hand."""

import asyncio

import attrs
import pytest

from campaign_core import Line
from campaign_core.decisions import ALL_DIGITS, HangUp, Transfer
from campaign_core.reports import (
    AnswerReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers._telephony.socket_driver import monotonic_ms
from campaign_drivers.asterisk._playback import stop_due

from .rig import connected, settings_for

LINES = [Line.INTERNAL, Line.EXTERNAL]


@pytest.fixture(params=LINES, ids=lambda line: line.name)
def line(request):
    return request.param


def ends(rig, call_id):
    """Return number and end of each playback."""
    return [(r.play, r.end.name) for r in rig.of(call_id) if isinstance(r, PlaybackReport)]


def digits(rig, call_id):
    return "".join(r.digit for r in rig.of(call_id) if isinstance(r, DigitReport))


def test_a_sound_is_played_to_its_end(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("607", line)
            await rig.answered(call_id)
            start = asyncio.get_running_loop().time()
            rig.play(call_id, 1, "prompt")
            await rig.seen(PlaybackReport)
            assert 0.9 < asyncio.get_running_loop().time() - start < 6
            assert ends(rig, call_id) == [(1, "FINISHED")]
            rig.hang_up(call_id)
            await rig.ended(call_id)
            assert rig.kinds(call_id) == [AnswerReport, PlaybackReport, EndReport]

    asyncio.run(story())


def test_a_stop_digit_stops_it_and_is_told_first(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("8*30*1", line)
            await rig.answered(call_id)
            rig.play(call_id, 1, "long", "1")
            await rig.seen(PlaybackReport)
            assert rig.of(call_id)[1:] == [
                DigitReport(call_id=call_id, digit="1"),
                PlaybackReport(call_id=call_id, play=1, end=PlaybackEnd.STOPPED),
            ]

    asyncio.run(story())


def test_another_digit_is_told_and_does_not_stop_it(settings, line):
    """R7.4: digits dialled while the message plays do not confirm, and do not stop it."""

    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("8*3*9*2*5", line)
            await rig.answered(call_id)
            rig.play(call_id, 1, "message", "")
            await rig.seen(PlaybackReport)
            assert digits(rig, call_id) == "95"
            assert ends(rig, call_id) == [(1, "FINISHED")]

    asyncio.run(story())


def test_no_digit_is_lost_during_between_or_without_playbacks(settings, line):
    """The promise of the protocol; AGI alone would lose those in between."""

    async def story():
        async with connected(settings) as rig:
            dialled = "1234567890"
            call_id = rig.place("8*" + "*".join(f"3*{digit}" for digit in dialled[:6]), line)
            other = rig.place("8*" + "*".join(f"2*{digit}" for digit in dialled[4:]), line)
            plays = iter(range(1, 1_000))

            def again(report):
                # Each end orders the next sound, so that there are many gaps.
                if isinstance(report, PlaybackReport):
                    rig.play(call_id, next(plays), "tick", "")

            rig.react = again
            await rig.answered(call_id)
            rig.play(call_id, next(plays), "tick", "")
            await rig.until(lambda: len(digits(rig, call_id)) == 6)
            await rig.until(lambda: len(digits(rig, other)) == 6)
            assert digits(rig, call_id) == dialled[:6]
            assert digits(rig, other) == dialled[4:]
            rig.react = None

    asyncio.run(story())


def test_a_stop_digit_in_the_gap_before_the_sound_stops_it_all_the_same(settings):
    """A Local channel polls for commands each 100 ms; a digit in between does not reach AGI."""

    async def story():
        async with connected(settings) as rig:

            def play_just_before(report):
                if isinstance(report, DigitReport):
                    rig.play(report.call_id, 1, "long", "123")

            rig.react = play_just_before
            calls = [rig.place(f"8*{tenths}*1") for tenths in (4, 5, 6, 7)]
            await rig.seen(DigitReport, 4)
            rig.react = None
            # As if the digit had come while the command was still on its way.
            for call_id in calls:
                call = rig.driver._board.calls[call_id]
                call.playing.is_stopping = True
                stop_due(call, rig.driver._board._at(monotonic_ms()))
                rig.driver._after()
            await rig.seen(PlaybackReport, 4)
            assert all(ends(rig, call_id) == [(1, "STOPPED")] for call_id in calls)

    asyncio.run(story())


def test_a_play_replaces_what_is_playing(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("607", line)
            await rig.answered(call_id)
            rig.play(call_id, 1, "long", "")
            await asyncio.sleep(0.4)
            rig.play(call_id, 2, "prompt", ALL_DIGITS)
            start = asyncio.get_running_loop().time()
            await rig.seen(PlaybackReport, 2)
            assert ends(rig, call_id) == [(1, "STOPPED"), (2, "FINISHED")]
            assert asyncio.get_running_loop().time() - start < 10
            assert digits(rig, call_id) == ""

    asyncio.run(story())


def test_of_plays_in_quick_succession_the_last_is_heard(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("607", line)
            await rig.answered(call_id)
            for number in (1, 2, 3):
                rig.play(call_id, number, "long", "")
            rig.play(call_id, 4, "tick", "")
            await rig.until(lambda: (4, "FINISHED") in ends(rig, call_id))
            assert {end for play, end in ends(rig, call_id) if play < 4} == {"STOPPED"}

    asyncio.run(story())


def test_a_sound_interrupted_by_a_d_of_the_recipient_goes_on(settings, line):
    """Our own stop digit, dialled by a telephone that has the key."""

    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("612", line)
            await rig.answered(call_id)
            start = asyncio.get_running_loop().time()
            rig.play(call_id, 1, "message", "19")
            await rig.seen(PlaybackReport)
            assert asyncio.get_running_loop().time() - start > 1.4
            assert ends(rig, call_id) == [(1, "FINISHED")]
            assert digits(rig, call_id) == "D"

    asyncio.run(story())


def test_a_missing_sound_is_told_from_a_hang_up(settings, line):
    """Asterisk ends the call for both, with the same cause."""

    async def story():
        async with connected(settings) as rig:
            missing, leaving, at_once = (
                rig.place(number, line) for number in ("607", "8*5*99", "610")
            )
            rig.react = lambda report: (
                rig.play(report.call_id, 1, "nosuch" if report.call_id == missing else "long")
                if isinstance(report, AnswerReport)
                else None
            )
            for call_id in (missing, leaving, at_once):
                await rig.ended(call_id)
            assert ends(rig, missing) == [(1, "FAILED")]
            assert ends(rig, leaving) == []
            assert ends(rig, at_once) == []

    asyncio.run(story())


def test_the_dead_mans_switch_ends_every_call(settings, line):
    """R7.9: ringing counts; a sound that plays does not hold it up."""

    async def story():
        async with connected(settings) as rig:
            start = asyncio.get_running_loop().time()
            silent = rig.place("607", line, dead_man_s=4)
            playing = rig.place("607", line, dead_man_s=4)
            await rig.answered(playing)
            rig.play(playing, 1, "long", "")
            await rig.ended(silent)
            await rig.ended(playing)
            assert 3.5 < asyncio.get_running_loop().time() - start < 12
            assert ends(rig, playing) == []

    asyncio.run(story())


def test_a_transfer_connects_to_the_extension_and_ends_with_that_conversation(settings, line):
    """R7.7; 8*60*99 answers, and hangs up after six."""

    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("607", line, dead_man_s=5)
            await rig.answered(call_id)
            rig.play(call_id, 1, "long", "")
            await asyncio.sleep(0.3)
            start = asyncio.get_running_loop().time()
            rig.driver.carry_out(Transfer(call_id=call_id, extension="8*60*99", dead_man_s=30))
            await rig.ended(call_id)
            # Longer than the first dead man's switch would have left it.
            assert 5.5 < asyncio.get_running_loop().time() - start < 14

    asyncio.run(story())


def test_a_transfer_has_a_dead_mans_switch_of_its_own(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("607", line)
            await rig.answered(call_id)
            rig.driver.carry_out(Transfer(call_id=call_id, extension="607", dead_man_s=2))
            await rig.ended(call_id)

    asyncio.run(story())


def test_orders_for_a_call_that_is_over_are_harmless(settings):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("603")
            await rig.ended(call_id)
            rig.play(call_id, 1)
            rig.driver.carry_out(HangUp(call_id))
            rig.driver.carry_out(Transfer(call_id=call_id, extension="1", dead_man_s=9))
            await asyncio.sleep(0.2)
            assert rig.kinds(call_id) == [EndReport]

    asyncio.run(story())


def test_without_dialplan_the_whole_flow_works_too(pbx, line):
    """``Application: AGI``, for a user who may; it sets its event filter by itself."""
    settings = settings_for(pbx, user="free", without_dialplan=True)

    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("8*30*1", line)
            await rig.answered(call_id)
            rig.play(call_id, 1, "long", "1")
            await rig.seen(PlaybackReport)
            rig.play(call_id, 2, "message", "")
            await rig.seen(PlaybackReport, 2)
            rig.hang_up(call_id)
            await rig.ended(call_id)
            assert ends(rig, call_id) == [(1, "STOPPED"), (2, "FINISHED")]

    asyncio.run(story())


def test_two_services_on_one_exchange_do_not_touch_each_others_calls(pbx):
    async def story():
        async with connected(settings_for(pbx)) as one, connected(settings_for(pbx)) as other:
            call_id = one.place("607")
            await one.answered(call_id)
            one.play(call_id, 1)
            await one.seen(PlaybackReport)
            assert other.of(call_id) == []
            other.hang_up(call_id)
            await asyncio.sleep(0.3)
            assert one.kinds(call_id) == [AnswerReport, PlaybackReport]

    asyncio.run(story())


def test_what_a_route_says_reaches_the_call(pbx):
    """Account, variables and caller number, read back on the exchange."""
    settings = settings_for(pbx)
    route = attrs.evolve(
        settings.internal,
        account="camp7",
        variables={"TAG": 'a,b"c'},
        caller_number="+39{caller_number}",
    )

    async def story():
        async with connected(attrs.evolve(settings, internal=route)) as rig:
            call_id = rig.place("607", display_name="Scuola, è chiusa")
            await rig.answered(call_id)
            lines = pbx.console("core show channels concise").splitlines()
            (mine,) = (text for text in lines if text.endswith(call_id))
            assert "camp7" in mine.split("!")
            shown = pbx.console(f"core show channel {mine.split('!')[0]}")
            assert 'TAG=a,b"c' in shown
            assert "+39100" in shown

    asyncio.run(story())
