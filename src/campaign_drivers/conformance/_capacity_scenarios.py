"""The scenarios about how many calls there are, and whose."""

from __future__ import annotations

from functools import partial

from campaign_core import CallId, ServiceId
from campaign_core.decisions import PlaceCall
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    EndReport,
    RefusalReport,
)
from campaign_drivers.conformance._scenario import Scenario, answering, promised
from campaign_drivers.conformance._stage import Stage, offered

__all__ = ["CAPACITY_SCENARIOS"]

_TOGETHER = 3
_scenarios: list[Scenario] = []
_promised = partial(promised, _scenarios)


@_promised("a call that is taken is placed now: no queue, no bucket")
async def calls_ordered_together_are_placed_together(stage: Stage) -> None:
    callee = answering(stage)
    calls = [stage.place(callee) for _ in range(_TOGETHER)]

    def have_answered() -> bool:
        return all("AnswerReport" in stage.kinds(call) for call in calls)

    # None of them ends before it is hung up: one that waits for another never comes.
    is_so = await stage.until(have_answered, within_s=5)
    answered = sum("AnswerReport" in stage.kinds(call) for call in calls)
    stage.require(is_so, f"of {_TOGETHER} calls ordered together {answered} were placed")


async def _full(stage: Stage) -> tuple[list[CallId], CallId]:
    """Take the telephony to the last call that it takes; return those calls, and one more."""
    most = offered(stage.line_up.calls_max(), "takes only so many calls at one time")
    callee = answering(stage)
    calls = [await stage.answered(callee) for _ in range(most)]
    return calls, stage.place(callee)


def _given_back(stage: Stage, call: CallId) -> bool:
    return any(isinstance(report, DeferralReport | RefusalReport) for report in stage.of(call))


@_promised("a call for which there is no capacity is deferred or refused, and nothing else (R5.5)")
async def a_call_too_many_is_given_back(stage: Stage) -> None:
    _, more = await _full(stage)
    came = await stage.until(lambda: _given_back(stage, more), within_s=5)
    stage.require(came, "a call too many was neither deferred nor refused")
    await stage.quiet(more, for_s=3, what="after it was given back")
    stage.require(len(stage.kinds(more)) == 1, f"{stage.kinds(more)}")


@_promised("a deferral ends: when a call has ended, another one is taken (R5.5)")
async def a_place_that_is_free_again_is_taken(stage: Stage) -> None:
    calls, more = await _full(stage)
    await stage.until(lambda: _given_back(stage, more), within_s=5)
    stage.hang_up(calls[0])
    await stage.expect(EndReport, calls[0])
    # The least time for which anything is deferred.
    await stage.line_up.sleep(1.5)
    await stage.expect(AnswerReport, await stage.answered(answering(stage)))


@_promised("a CapacityReport comes right after DriverUpReport")
async def what_it_takes_at_one_time_is_told_upon_connecting(stage: Stage) -> None:
    limits = offered(stage.line_up.told_limits(), "tells how many calls it takes at one time")
    await stage.expect(CallsUpReport)
    kinds = [type(report).__name__ for report in stage.heard[:3]]
    stage.require(
        kinds == ["DriverUpReport", "CapacityReport", "CallsUpReport"], f"first came {kinds}"
    )
    stage.require(stage.heard[1] == CapacityReport(limits), f"{stage.heard[1]}, not {limits}")


@_promised("a CallsUpReport has calls of ours alone, and nothing is reported of another service's")
async def calls_of_another_service_are_not_ours(stage: Stage) -> None:
    digits = str(stage.line_up.service_id)
    # Another service's id differs in its last digit alone: whoever compares less is found out.
    theirs = ServiceId(digits[:-1] + ("0" if digits[-1] != "0" else "1"))
    driver = offered(stage.line_up.make_driver_of(theirs), "is another service on this telephony")
    callee = answering(stage)
    heard: list[object] = []
    await driver.start(heard.append)
    try:
        driver.carry_out(
            PlaceCall(
                call_id=CallId(f"{theirs}{1 << 64 | 1 << 32 | 1:024x}"),
                number=callee.number,
                line=callee.line,
                routing_class=callee.routing_class,
                caller_number="100",
                display_name="Conformance",
                ring_timeout_s=20,
                dead_man_s=30,
            )
        )
        came = await stage.until(
            lambda: any(isinstance(report, AnswerReport) for report in heard), within_s=10
        )
        stage.require(came, "the other service's call was not answered")
        await stage.close()
        stage.heard.clear()
        await stage.start()
        up = await stage.expect(CallsUpReport)
        strangers = [one for one in up.call_ids if not one.startswith(digits)]
        stage.require(not strangers, f"another service's calls are told as ours: {strangers}")
    finally:
        await driver.close()


CAPACITY_SCENARIOS = tuple(_scenarios)
"""In the order in which they are best read."""
