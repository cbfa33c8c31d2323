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
from campaign_drivers.conformance._line_up import Callee
from campaign_drivers.conformance._scenario import Scenario, answering, promised
from campaign_drivers.conformance._stage import Stage, offered

__all__ = ["SCENARIOS"]


_scenarios: list[Scenario] = []
_promised = partial(promised, _scenarios)


# Connecting --------------------------------------------------------------------------------


@_promised("upon connecting: DriverUpReport, then a CallsUpReport at once and another 5 s later")
async def connecting_is_told(stage: Stage) -> None:
    await stage.expect(CallsUpReport)
    # How many calls it takes is a promise of its own.
    kinds = [type(r).__name__ for r in stage.heard if not isinstance(r, CapacityReport)]
    stage.require(kinds == ["DriverUpReport", "CallsUpReport"], f"first came {kinds}")
    await stage.line_up.sleep(4.5 - stage.line_up.tolerance_s)
    lists = [report for report in stage.heard if isinstance(report, CallsUpReport)]
    stage.require(len(lists) == 1, "the second CallsUpReport came before its time")
    await stage.expect(CallsUpReport, count=2, within_s=1 + stage.line_up.tolerance_s)


@_promised("the driver, on connection, reports which calls are up (R5.5)")
async def calls_of_a_driver_before_are_up(stage: Stage) -> None:
    call = await stage.answered(answering(stage))
    await stage.close()
    stage.heard.clear()
    await stage.start()
    up = await stage.expect(CallsUpReport)
    stage.require(call in up.call_ids, f"{call} is not among the calls that are up")
    stage.hang_up(call)
    await stage.expect(EndReport, call)


@_promised("for calls taken over that were answered in between, an AnswerReport follows the first")
async def answers_in_between_are_told(stage: Stage) -> None:
    callee = offered(stage.line_up.answers_late(after_s=2), "answers late")
    call = stage.place(callee)
    await stage.line_up.sleep(0.5)
    await stage.close()
    await stage.line_up.sleep(4)
    stage.heard.clear()
    await stage.start()
    await stage.expect(AnswerReport, call)
    kinds = [type(report) for report in stage.heard]
    is_after = kinds.index(CallsUpReport) < kinds.index(AnswerReport)
    stage.require(is_after, "the answer came before the calls that are up")


@_promised("close: calls in progress are left to the telephony, and nothing is reported after")
async def nothing_is_reported_after_close(stage: Stage) -> None:
    callee = offered(stage.line_up.answers_and_hangs_up(after_s=1), "answers and hangs up")
    await stage.answered(callee)
    await stage.close()
    before = len(stage.heard)
    await stage.line_up.sleep(3)
    stage.require(len(stage.heard) == before, f"after close: {stage.heard[before:]}")


@_promised("once connected, going down is a report; calls not handed over are given back (R5.5)")
async def a_lost_connection_is_told(stage: Stage) -> None:
    await stage.expect(DriverUpReport)
    if not await stage.line_up.lose_link():
        offered(None, "can cut the connection")
    await stage.expect(DriverDownReport)
    call = stage.place(answering(stage))
    returned = [r.returned for r in stage.heard if isinstance(r, DriverDownReport)]
    if not any(call in calls for calls in returned):
        down = await stage.expect(DriverDownReport, count=len(returned) + 1)
        stage.require(call in down.returned, f"{call} was not given back")
    await stage.line_up.regain_link()
    await stage.expect(DriverUpReport, count=2, within_s=60)
    await stage.expect(AnswerReport, await stage.answered(answering(stage)))


# Answer and end ----------------------------------------------------------------------------


@_promised("of one call: at most one answer, the end last, once")
async def a_call_is_answered_and_ends_by_our_order(stage: Stage) -> None:
    call = await stage.answered(answering(stage))
    stage.hang_up(call)
    await stage.expect(EndReport, call)
    await stage.quiet(call, for_s=2, what="after the end")
    stage.require(stage.kinds(call) == ["AnswerReport", "EndReport"], f"{stage.kinds(call)}")


@_promised("every call that was taken ends with an EndReport")
async def a_callee_who_hangs_up_ends_the_call(stage: Stage) -> None:
    callee = offered(stage.line_up.answers_and_hangs_up(after_s=1), "answers and hangs up")
    call = await stage.answered(callee)
    await stage.expect(EndReport, call, within_s=3)


@_promised("a call can be hung up while it rings; no answer comes of it")
async def a_ringing_call_ends_by_our_order(stage: Stage) -> None:
    call = stage.place(offered(stage.line_up.does_not_answer(), "does not answer"))
    await stage.line_up.sleep(1)
    stage.hang_up(call)
    await stage.expect(EndReport, call)
    stage.require(stage.kinds(call) == ["EndReport"], f"{stage.kinds(call)}")


@_promised("a call hung up before the telephony had time to begin it ends nevertheless")
async def a_call_hung_up_at_once_ends(stage: Stage) -> None:
    call = stage.place(answering(stage))
    stage.hang_up(call)
    await stage.expect(EndReport, call)


async def _unanswered(stage: Stage, callee: Callee | None, what: str, outcome: Outcome) -> None:
    call = stage.place(offered(callee, what))
    end = await stage.expect(EndReport, call)
    stage.require(end.unanswered_as is outcome, f"it ended as {end.unanswered_as.name}")
    stage.require(stage.kinds(call) == ["EndReport"], f"{stage.kinds(call)}")


@_promised("not answered: an outcome from the telephony's own cause (R7.1): BUSY")
async def a_busy_callee_is_busy(stage: Stage) -> None:
    await _unanswered(stage, stage.line_up.is_busy(), "is busy", Outcome.BUSY)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): REJECTED")
async def a_rejected_call_is_rejected(stage: Stage) -> None:
    await _unanswered(stage, stage.line_up.rejects(), "rejects calls", Outcome.REJECTED)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): INVALID_NUMBER")
async def a_number_that_does_not_exist_is_invalid(stage: Stage) -> None:
    callee = stage.line_up.does_not_exist()
    await _unanswered(stage, callee, "does not exist", Outcome.INVALID_NUMBER)


@_promised("not answered: an outcome from the telephony's own cause (R7.1): CONGESTION")
async def a_congested_network_is_congested(stage: Stage) -> None:
    callee = stage.line_up.is_congested()
    await _unanswered(stage, callee, "is congested", Outcome.CONGESTION)


@_promised("ring for at most the ring timeout, +- 1 s (R7.1)")
async def a_call_rings_for_the_ring_timeout(stage: Stage) -> None:
    callee = offered(stage.line_up.does_not_answer(), "does not answer")
    call = stage.place(callee, ring_timeout_s=4)
    await stage.quiet(call, for_s=3 - stage.line_up.tolerance_s / 2, what="too early")
    end = await stage.expect(EndReport, call, within_s=2 + stage.line_up.tolerance_s)
    no_answer = end.unanswered_as is Outcome.NO_ANSWER
    stage.require(no_answer, f"it ended as {end.unanswered_as.name}")


@_promised("an answer is never reported on early media")
async def early_media_is_no_answer(stage: Stage) -> None:
    callee = offered(stage.line_up.plays_before_answering(), "plays before answering")
    call = stage.place(callee, ring_timeout_s=4)
    await stage.expect(EndReport, call, within_s=6)
    stage.require(stage.kinds(call) == ["EndReport"], f"{stage.kinds(call)}")


@_promised("the telephony itself ends a call when its dead man's switch is due (R7.9)")
async def the_dead_man_s_switch_ends_a_call(stage: Stage) -> None:
    call = stage.place(answering(stage), ring_timeout_s=3, dead_man_s=6)
    await stage.expect(AnswerReport, call)
    await stage.expect(EndReport, call, within_s=7)


@_promised("a call that is not taken is refused at once, and nothing else is reported of it (R5.5)")
async def a_refused_call_is_refused(stage: Stage) -> None:
    call = stage.place(offered(stage.line_up.is_refused(), "is refused"))
    refusal = await stage.expect(RefusalReport, call)
    stage.require(refusal.why.strip(), "the refusal does not say why")
    await stage.quiet(call, for_s=2, what="after the refusal")
    stage.require(stage.kinds(call) == ["RefusalReport"], f"{stage.kinds(call)}")


@_promised("calls do not disturb each other")
async def two_calls_go_their_own_ways(stage: Stage) -> None:
    callee = offered(stage.line_up.is_busy(), "is busy")
    stays = await stage.answered(answering(stage))
    ends = stage.place(callee)
    await stage.expect(EndReport, ends)
    await stage.quiet(stays, for_s=1, what="the other call's end")
    stage.hang_up(stays)
    await stage.expect(EndReport, stays)


# Sounds and digits -------------------------------------------------------------------------


@_promised("the report of a playback's end names its number")
async def a_sound_plays_to_its_end(stage: Stage) -> None:
    sound = offered(stage.line_up.short_sound(), "plays some two seconds")
    call = await stage.answered(answering(stage))
    stage.play(call, 7, sound.name)
    is_early = sound.lasts_s - stage.line_up.tolerance_s
    await stage.quiet(call, for_s=max(0, is_early), what="before the sound can have ended")
    report = await stage.expect(PlaybackReport, call, within_s=sound.lasts_s)
    finished = PlaybackReport(call_id=call, play=7, end=PlaybackEnd.FINISHED)
    stage.require(report == finished, f"{report}")


@_promised("Play replaces what is playing; of what it replaced, STOPPED or nothing is reported")
async def a_sound_replaces_another(stage: Stage) -> None:
    long = offered(stage.line_up.long_sound(), "plays ten seconds")
    short = offered(stage.line_up.short_sound(), "plays some two seconds")
    call = await stage.answered(answering(stage))
    stage.play(call, 1, long.name, "")
    await stage.line_up.sleep(1)
    stage.play(call, 2, short.name, "")
    finished = PlaybackReport(call_id=call, play=2, end=PlaybackEnd.FINISHED)
    within_s = short.lasts_s + 1
    came = await stage.until(lambda: finished in stage.of(call), within_s=within_s)
    stage.require(came, "the second sound did not play to its end")
    await stage.line_up.sleep(1)
    ends = [r for r in stage.of(call) if isinstance(r, PlaybackReport) and r.play == 1]
    stopped = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.STOPPED)
    stage.require(ends in ([], [stopped]), f"of the first: {ends}")


@_promised("a sound that the telephony cannot play is reported as FAILED (R7.10)")
async def a_missing_sound_fails(stage: Stage) -> None:
    missing = offered(stage.line_up.missing_sound(), "is missing")
    call = await stage.answered(answering(stage))
    stage.play(call, 1, missing)
    report = await stage.expect(PlaybackReport, call, within_s=5)
    failed = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.FAILED)
    stage.require(report == failed, f"{report}")


@_promised("a digit among the stop digits ends the playback")
async def a_stop_digit_ends_the_playback(stage: Stage) -> None:
    sound = offered(stage.line_up.long_sound(), "plays ten seconds")
    part = stage.line_up.answers_and_dials("5", after_s=3, apart_s=1)
    call = await stage.answered(offered(part, "dials"))
    stage.play(call, 1, sound.name, "5")
    report = await stage.expect(PlaybackReport, call, within_s=5)
    stopped = PlaybackReport(call_id=call, play=1, end=PlaybackEnd.STOPPED)
    stage.require(report == stopped, f"{report}")
    await stage.expect(DigitReport, call, within_s=1)


@_promised("no digit is lost; one that is no stop digit does not end the playback")
async def another_digit_does_not_end_the_playback(stage: Stage) -> None:
    sound = offered(stage.line_up.long_sound(), "plays ten seconds")
    part = stage.line_up.answers_and_dials("52", after_s=2, apart_s=1)
    call = await stage.answered(offered(part, "dials"))
    stage.play(call, 1, sound.name, "3")
    await stage.expect(DigitReport, call, within_s=6, count=2)
    await stage.line_up.sleep(1)
    stage.require("PlaybackReport" not in stage.kinds(call), "the playback ended")


@_promised("no digit is lost, whether a sound plays or not")
async def digits_in_silence_are_told_in_order(stage: Stage) -> None:
    part = stage.line_up.answers_and_dials("1590#*", after_s=1, apart_s=0.5)
    call = await stage.answered(offered(part, "dials"))
    await stage.expect(DigitReport, call, within_s=8, count=6)
    dialled = "".join(r.digit for r in stage.of(call) if isinstance(r, DigitReport))
    stage.require(dialled == "1590#*", f"dialled was {dialled}")


# Orders ------------------------------------------------------------------------------------


@_promised("orders for a call that is over are harmless")
async def orders_for_a_call_that_is_over_are_harmless(stage: Stage) -> None:
    call = await stage.answered(answering(stage))
    stage.hang_up(call)
    await stage.expect(EndReport, call)
    sound = stage.line_up.short_sound()
    stage.play(call, 1, "any" if sound is None else sound.name)
    stage.order(Transfer(call_id=call, extension="100", dead_man_s=60))
    stage.order(HangUp(call))
    await stage.quiet(call, for_s=2, what="of a call that is over")
    await stage.answered(answering(stage))


@_promised("Transfer connects the recipient to an extension; the call goes on (R7.7)")
async def a_transferred_call_goes_on_and_ends_by_our_order(stage: Stage) -> None:
    extension = offered(stage.line_up.extension(), "answers a transfer")
    call = await stage.answered(answering(stage))
    stage.order(Transfer(call_id=call, extension=extension, dead_man_s=60))
    await stage.quiet(call, for_s=3, what="after the transfer")
    stage.hang_up(call)
    await stage.expect(EndReport, call)


@_promised("the dead man's switch of a transfer counts from the transfer (R7.7)")
async def a_transfer_has_a_dead_man_s_switch_of_its_own(stage: Stage) -> None:
    extension = offered(stage.line_up.extension(), "answers a transfer")
    call = await stage.answered(answering(stage))
    stage.order(Transfer(call_id=call, extension=extension, dead_man_s=4))
    await stage.expect(EndReport, call, within_s=6)


@_promised("check returns which of these sounds and routes the telephony does not have")
async def a_missing_sound_is_known_in_advance(stage: Stage) -> None:
    missing = offered(stage.line_up.missing_sound(), "is missing")
    sound = offered(stage.line_up.short_sound(), "plays some two seconds")
    asked = frozenset({missing, sound.name})
    found = await stage.driver.check(sounds=asked, routing_classes=frozenset())
    names = [entry.name for entry in found if entry.need is Need.SOUND]
    stage.require(names == [missing], f"missing are {names}")
    stage.require(all(entry.advice.strip() for entry in found), "no advice is given")


SCENARIOS = (*_scenarios, *CAPACITY_SCENARIOS)
"""All scenarios, in the order in which they are best read."""
