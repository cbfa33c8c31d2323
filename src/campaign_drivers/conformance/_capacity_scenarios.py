"""The scenarios about how many calls there are, and whose."""

from __future__ import annotations

from functools import partial

from campaign_core import CallId, ServiceId
from campaign_core.decisions import HangUp, PlaceCall
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    EndReport,
    RefusalReport,
)
from campaign_drivers.conformance._driver_under_test import DriverUnderTest, offered
from campaign_drivers.conformance._scenario import Scenario, answering, promised

__all__ = ["CAPACITY_SCENARIOS"]

_TOGETHER = 3
_scenarios: list[Scenario] = []
_promised = partial(promised, _scenarios)


@_promised("a call that is taken is placed now: no queue, no bucket")
async def calls_ordered_together_are_placed_together(tested: DriverUnderTest) -> None:
    callee = answering(tested)
    calls = [tested.place(callee) for _ in range(_TOGETHER)]

    def have_answered() -> bool:
        return all("AnswerReport" in tested.kinds(call) for call in calls)

    # None of them ends before it is hung up: one that waits for another never comes.
    is_so = await tested.until(have_answered, within_s=5)
    answered = sum("AnswerReport" in tested.kinds(call) for call in calls)
    tested.require(is_so, f"of {_TOGETHER} calls ordered together {answered} were placed")


async def _full(tested: DriverUnderTest) -> tuple[list[CallId], CallId]:
    """Take the telephony to the last call that it takes; return those calls, and one more."""
    most = offered(tested.line_up.calls_max(), "takes only so many calls at one time")
    callee = answering(tested)
    calls = [await tested.answered(callee) for _ in range(most)]
    return calls, tested.place(callee)


def _given_back(tested: DriverUnderTest, call: CallId) -> bool:
    return any(isinstance(report, DeferralReport | RefusalReport) for report in tested.of(call))


@_promised("a call for which there is no capacity is deferred or refused, and nothing else (R5.5)")
async def a_call_too_many_is_given_back(tested: DriverUnderTest) -> None:
    _, more = await _full(tested)
    came = await tested.until(lambda: _given_back(tested, more), within_s=5)
    tested.require(came, "a call too many was neither deferred nor refused")
    await tested.quiet(more, for_s=3, what="after it was given back")
    tested.require(len(tested.kinds(more)) == 1, f"{tested.kinds(more)}")


@_promised("a deferral ends: when a call has ended, another one is taken (R5.5)")
async def a_place_that_is_free_again_is_taken(tested: DriverUnderTest) -> None:
    calls, more = await _full(tested)
    await tested.until(lambda: _given_back(tested, more), within_s=5)
    tested.hang_up(calls[0])
    await tested.expect(EndReport, calls[0])
    # The least time for which anything is deferred.
    await tested.line_up.sleep(1.5)
    await tested.expect(AnswerReport, await tested.answered(answering(tested)))


@_promised("a CapacityReport comes right after DriverUpReport")
async def what_it_takes_at_one_time_is_told_upon_connecting(tested: DriverUnderTest) -> None:
    limits = offered(tested.line_up.told_limits(), "tells how many calls it takes at one time")
    await tested.expect(CallsUpReport)
    kinds = [type(report).__name__ for report in tested.heard[:3]]
    tested.require(
        kinds == ["DriverUpReport", "CapacityReport", "CallsUpReport"], f"first came {kinds}"
    )
    tested.require(tested.heard[1] == CapacityReport(limits), f"{tested.heard[1]}, not {limits}")


@_promised("a CallsUpReport has calls of ours alone, and nothing is reported of another service's")
async def calls_of_another_service_are_not_ours(tested: DriverUnderTest) -> None:
    digits = str(tested.line_up.service_id)
    # Another service's id differs in its last digit alone: whoever compares less is found out.
    theirs = ServiceId(digits[:-1] + ("0" if digits[-1] != "0" else "1"))
    driver = offered(tested.line_up.make_driver_of(theirs), "is another service on this telephony")
    callee = answering(tested)
    call_id = CallId(f"{theirs}{1 << 64 | 1 << 32 | 1:024x}")
    heard: list[object] = []
    await driver.start(heard.append)
    try:
        driver.carry_out(
            PlaceCall(
                call_id=call_id,
                number=callee.number,
                line=callee.line,
                routing_class=callee.routing_class,
                caller_number="100",
                display_name="Conformance",
                ring_timeout_s=20,
                dead_man_s=30,
            )
        )
        came = await tested.until(
            lambda: any(isinstance(report, AnswerReport) for report in heard), within_s=10
        )
        tested.require(came, "the other service's call was not answered")
        await tested.close()
        tested.heard.clear()
        await tested.start()
        up = await tested.expect(CallsUpReport)
        strangers = [one for one in up.call_ids if not one.startswith(digits)]
        tested.require(not strangers, f"another service's calls are told as ours: {strangers}")
        # Left up, it would be found by whoever has that id next.
        driver.carry_out(HangUp(call_id=call_id))
        over = await tested.until(
            lambda: any(isinstance(report, EndReport) for report in heard), within_s=10
        )
        tested.require(over, "the other service's call does not end when it is hung up")
    finally:
        await driver.close()


CAPACITY_SCENARIOS = tuple(_scenarios)
"""In the order in which they are best read."""
