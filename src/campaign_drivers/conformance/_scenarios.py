"""The scenarios: one for each promise of the driver protocol, or for each side of it.

Each begins with a driver that was just started, and may leave calls up.
"""

from __future__ import annotations

from functools import partial

from campaign_core import Outcome
from campaign_core.decisions import HangUp, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    CapacityReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers._driver import Need
from campaign_drivers.conformance._capacity_scenarios import CAPACITY_SCENARIOS
from campaign_drivers.conformance._driver_under_test import DriverUnderTest, offered
from campaign_drivers.conformance._line_up import Callee
from campaign_drivers.conformance._scenario import Scenario, answering, promised

__all__ = ["SCENARIOS"]


_scenarios: list[Scenario] = []
_promised = partial(promised, _scenarios)


# Connecting --------------------------------------------------------------------------------


@_promised("upon connecting: DriverUpReport, then a CallsUpReport at once and another 5 s later")
async def connecting_is_told(tested: DriverUnderTest) -> None:
    await tested.expect(CallsUpReport)
    # How many calls it takes is a promise of its own.
    kinds = [type(r).__name__ for r in tested.heard if not isinstance(r, CapacityReport)]
    tested.require(kinds == ["DriverUpReport", "CallsUpReport"], f"first came {kinds}")
    await tested.line_up.sleep(4.5 - tested.line_up.tolerance_s)
    lists = [report for report in tested.heard if isinstance(report, CallsUpReport)]
    tested.require(len(lists) == 1, "the second CallsUpReport came before its time")
    await tested.expect(CallsUpReport, count=2, within_s=1 + tested.line_up.tolerance_s)


@_promised("the driver, on connection, reports which calls are up (R5.5)")
async def calls_of_a_driver_before_are_up(tested: DriverUnderTest) -> None:
    call = await tested.answered(answering(tested))
    await tested.close()
    tested.heard.clear()
    await tested.start()
    up = await tested.expect(CallsUpReport)
    tested.require(call in up.call_ids, f"{call} is not among the calls that are up")
    tested.hang_up(call)
    await tested.expect(EndReport, call)


@_promised("for calls taken over that were answered in between, an AnswerReport follows the first")
async def answers_in_between_are_told(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.answers_late(after_s=2), "answers late")
    call = tested.place(callee)
    await tested.line_up.sleep(0.5)
    await tested.close()
    await tested.line_up.sleep(4)
    tested.heard.clear()
    await tested.start()
    await tested.expect(AnswerReport, call)
    kinds = [type(report) for report in tested.heard]
    is_after = kinds.index(CallsUpReport) < kinds.index(AnswerReport)
    tested.require(is_after, "the answer came before the calls that are up")


@_promised("close: calls in progress are left to the telephony, and nothing is reported after")
async def nothing_is_reported_after_close(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.answers_and_hangs_up(after_s=1), "answers and hangs up")
    await tested.answered(callee)
    await tested.close()
    before = len(tested.heard)
    await tested.line_up.sleep(3)
    tested.require(len(tested.heard) == before, f"after close: {tested.heard[before:]}")


@_promised("once connected, going down is a report; calls not handed over are given back (R5.5)")
async def a_lost_connection_is_told(tested: DriverUnderTest) -> None:
    await tested.expect(DriverUpReport)
    if not await tested.line_up.lose_link():
        offered(None, "can cut the connection")
    await tested.expect(DriverDownReport)
    call = tested.place(answering(tested))
    returned = [r.returned for r in tested.heard if isinstance(r, DriverDownReport)]
    if not any(call in calls for calls in returned):
        down = await tested.expect(DriverDownReport, count=len(returned) + 1)
        tested.require(call in down.returned, f"{call} was not given back")
    await tested.line_up.regain_link()
    await tested.expect(DriverUpReport, count=2, within_s=60)
    await tested.expect(AnswerReport, await tested.answered(answering(tested)))


# Answer and end ----------------------------------------------------------------------------


@_promised("of one call: at most one answer, the end last, once")
async def a_call_is_answered_and_ends_by_our_order(tested: DriverUnderTest) -> None:
    call = await tested.answered(answering(tested))
    tested.hang_up(call)
    await tested.expect(EndReport, call)
    await tested.quiet(call, for_s=2, what="after the end")
    tested.require(tested.kinds(call) == ["AnswerReport", "EndReport"], f"{tested.kinds(call)}")


@_promised("every call that was taken ends with an EndReport")
async def a_callee_who_hangs_up_ends_the_call(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.answers_and_hangs_up(after_s=1), "answers and hangs up")
    call = await tested.answered(callee)
    await tested.expect(EndReport, call, within_s=3)


@_promised("a call can be hung up while it rings; no answer comes of it")
async def a_ringing_call_ends_by_our_order(tested: DriverUnderTest) -> None:
    call = tested.place(offered(tested.line_up.does_not_answer(), "does not answer"))
    await tested.line_up.sleep(1)
    tested.hang_up(call)
    await tested.expect(EndReport, call)
    tested.require(tested.kinds(call) == ["EndReport"], f"{tested.kinds(call)}")


@_promised("a call hung up before the telephony had time to begin it ends nevertheless")
async def a_call_hung_up_at_once_ends(tested: DriverUnderTest) -> None:
    call = tested.place(answering(tested))
    tested.hang_up(call)
    await tested.expect(EndReport, call)


async def _unanswered(
    tested: DriverUnderTest, callee: Callee | None, what: str, outcome: Outcome
) -> None:
    call = tested.place(offered(callee, what))
    end = await tested.expect(EndReport, call)
    tested.require(end.unanswered_as is outcome, f"it ended as {end.unanswered_as.name}")
    tested.require(tested.kinds(call) == ["EndReport"], f"{tested.kinds(call)}")


@_promised("not answered: an outcome from the telephony's own cause (R7.1): BUSY")
async def a_busy_callee_is_busy(tested: DriverUnderTest) -> None:
    await _unanswered(tested, tested.line_up.is_busy(), "is busy", Outcome.BUSY)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): REJECTED")
async def a_rejected_call_is_rejected(tested: DriverUnderTest) -> None:
    await _unanswered(tested, tested.line_up.rejects(), "rejects calls", Outcome.REJECTED)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): INVALID_NUMBER")
async def a_number_that_does_not_exist_is_invalid(tested: DriverUnderTest) -> None:
    callee = tested.line_up.does_not_exist()
    await _unanswered(tested, callee, "does not exist", Outcome.INVALID_NUMBER)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): CONGESTION")
async def a_congested_network_is_congested(tested: DriverUnderTest) -> None:
    callee = tested.line_up.is_congested()
    await _unanswered(tested, callee, "is congested", Outcome.CONGESTION)


@_promised("ring for at most the ring timeout, +- 1 s (R7.1)")
async def a_call_rings_for_the_ring_timeout(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.does_not_answer(), "does not answer")
    call = tested.place(callee, ring_timeout_s=4)
    await tested.quiet(call, for_s=3 - tested.line_up.tolerance_s / 2, what="too early")
    end = await tested.expect(EndReport, call, within_s=2 + tested.line_up.tolerance_s)
    no_answer = end.unanswered_as is Outcome.NO_ANSWER
    tested.require(no_answer, f"it ended as {end.unanswered_as.name}")


@_promised("an answer is never reported on early media")
async def early_media_is_no_answer(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.plays_before_answering(), "plays before answering")
    call = tested.place(callee, ring_timeout_s=4)
    await tested.expect(EndReport, call, within_s=6)
    tested.require(tested.kinds(call) == ["EndReport"], f"{tested.kinds(call)}")


@_promised("the telephony itself ends a call when its dead man's switch is due (R7.9)")
async def the_dead_man_s_switch_ends_a_call(tested: DriverUnderTest) -> None:
    call = tested.place(answering(tested), ring_timeout_s=3, dead_man_s=6)
    await tested.expect(AnswerReport, call)
    await tested.expect(EndReport, call, within_s=7)


@_promised("a call that is not taken is refused at once, and nothing else is reported of it (R5.5)")
async def a_refused_call_is_refused(tested: DriverUnderTest) -> None:
    call = tested.place(offered(tested.line_up.is_refused(), "is refused"))
    refusal = await tested.expect(RefusalReport, call)
    tested.require(refusal.why.strip(), "the refusal does not say why")
    await tested.quiet(call, for_s=2, what="after the refusal")
    tested.require(tested.kinds(call) == ["RefusalReport"], f"{tested.kinds(call)}")


@_promised("calls do not disturb each other")
async def two_calls_go_their_own_ways(tested: DriverUnderTest) -> None:
    callee = offered(tested.line_up.is_busy(), "is busy")
    stays = await tested.answered(answering(tested))
    ends = tested.place(callee)
    await tested.expect(EndReport, ends)
    await tested.quiet(stays, for_s=1, what="the other call's end")
    tested.hang_up(stays)
    await tested.expect(EndReport, stays)


# Sounds and digits -------------------------------------------------------------------------


@_promised("the report of a playback's end names its number")
async def a_sound_plays_to_its_end(tested: DriverUnderTest) -> None:
    sound = offered(tested.line_up.short_sound(), "plays some two seconds")
    call = await tested.answered(answering(tested))
    tested.play(call, 7, sound.name)
    is_early = sound.lasts_s - tested.line_up.tolerance_s
    await tested.quiet(call, for_s=max(0, is_early), what="before the sound can have ended")
    report = await tested.expect(PlaybackReport, call, within_s=sound.lasts_s)
    finished = PlaybackReport(call_id=call, play=7, end=PlaybackEnd.FINISHED)
    tested.require(report == finished, f"{report}")


@_promised("Play replaces what is playing; of what it replaced, STOPPED or nothing is reported")
async def a_sound_replaces_another(tested: DriverUnderTest) -> None:
    long = offered(tested.line_up.long_sound(), "plays ten seconds")
    short = offered(tested.line_up.short_sound(), "plays some two seconds")
    call = await tested.answered(answering(tested))
    tested.play(call, 1, long.name, "")
    await tested.line_up.sleep(1)
    tested.play(call, 2, short.name, "")
    finished = PlaybackReport(call_id=call, play=2, end=PlaybackEnd.FINISHED)
    within_s = short.lasts_s + 1
    came = await tested.until(lambda: finished in tested.of(call), within_s=within_s)
    tested.require(came, "the second sound did not play to its end")
    await tested.line_up.sleep(1)
    ends = [r for r in tested.of(call) if isinstance(r, PlaybackReport) and r.play == 1]
    stopped = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.STOPPED)
    tested.require(ends in ([], [stopped]), f"of the first: {ends}")


@_promised("a sound that the telephony cannot play is reported as FAILED (R7.10)")
async def a_missing_sound_fails(tested: DriverUnderTest) -> None:
    missing = offered(tested.line_up.missing_sound(), "is missing")
    call = await tested.answered(answering(tested))
    tested.play(call, 1, missing)
    report = await tested.expect(PlaybackReport, call, within_s=5)
    failed = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.FAILED)
    tested.require(report == failed, f"{report}")


@_promised("a digit among the stop digits ends the playback")
async def a_stop_digit_ends_the_playback(tested: DriverUnderTest) -> None:
    sound = offered(tested.line_up.long_sound(), "plays ten seconds")
    part = tested.line_up.answers_and_dials("5", after_s=3, apart_s=1)
    call = await tested.answered(offered(part, "dials"))
    tested.play(call, 1, sound.name, "5")
    report = await tested.expect(PlaybackReport, call, within_s=5)
    stopped = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.STOPPED)
    tested.require(report == stopped, f"{report}")
    await tested.expect(DigitReport, call, within_s=1)


@_promised("no digit is lost; one that is no stop digit does not end the playback")
async def another_digit_does_not_end_the_playback(tested: DriverUnderTest) -> None:
    sound = offered(tested.line_up.long_sound(), "plays ten seconds")
    part = tested.line_up.answers_and_dials("52", after_s=2, apart_s=1)
    call = await tested.answered(offered(part, "dials"))
    tested.play(call, 1, sound.name, "3")
    await tested.expect(DigitReport, call, within_s=6, count=2)
    await tested.line_up.sleep(1)
    tested.require("PlaybackReport" not in tested.kinds(call), "the playback ended")


@_promised("no digit is lost, whether a sound plays or not")
async def digits_in_silence_are_told_in_order(tested: DriverUnderTest) -> None:
    part = tested.line_up.answers_and_dials("1590#*", after_s=1, apart_s=0.5)
    call = await tested.answered(offered(part, "dials"))
    await tested.expect(DigitReport, call, within_s=8, count=6)
    dialled = "".join(r.digit for r in tested.of(call) if isinstance(r, DigitReport))
    tested.require(dialled == "1590#*", f"dialled was {dialled}")


# Orders ------------------------------------------------------------------------------------


@_promised("orders for a call that is over are harmless")
async def orders_for_a_call_that_is_over_are_harmless(tested: DriverUnderTest) -> None:
    call = await tested.answered(answering(tested))
    tested.hang_up(call)
    await tested.expect(EndReport, call)
    sound = tested.line_up.short_sound()
    tested.play(call, 1, "any" if sound is None else sound.name)
    tested.order(Transfer(call_id=call, extension="100", dead_man_s=60))
    tested.order(HangUp(call))
    await tested.quiet(call, for_s=2, what="of a call that is over")
    await tested.answered(answering(tested))


@_promised("Transfer connects the recipient to an extension; the call goes on (R7.7)")
async def a_transferred_call_goes_on_and_ends_by_our_order(tested: DriverUnderTest) -> None:
    extension = offered(tested.line_up.extension(), "answers a transfer")
    call = await tested.answered(answering(tested))
    tested.order(Transfer(call_id=call, extension=extension, dead_man_s=60))
    await tested.quiet(call, for_s=3, what="after the transfer")
    tested.hang_up(call)
    await tested.expect(EndReport, call)


@_promised("the dead man's switch of a transfer counts from the transfer (R7.7)")
async def a_transfer_has_a_dead_man_s_switch_of_its_own(tested: DriverUnderTest) -> None:
    extension = offered(tested.line_up.extension(), "answers a transfer")
    call = await tested.answered(answering(tested))
    tested.order(Transfer(call_id=call, extension=extension, dead_man_s=4))
    await tested.expect(EndReport, call, within_s=6)


@_promised("check returns which of these sounds and routes the telephony does not have")
async def a_missing_sound_is_known_in_advance(tested: DriverUnderTest) -> None:
    missing = offered(tested.line_up.missing_sound(), "is missing")
    sound = offered(tested.line_up.short_sound(), "plays some two seconds")
    asked = frozenset({missing, sound.name})
    found = await tested.driver.check(sounds=asked, routing_classes=frozenset())
    names = [entry.name for entry in found if entry.need is Need.SOUND]
    tested.require(names == [missing], f"missing are {names}")
    tested.require(all(entry.advice.strip() for entry in found), "no advice is given")


SCENARIOS = (*_scenarios, *CAPACITY_SCENARIOS)
"""All scenarios, in the order in which they are best read."""
