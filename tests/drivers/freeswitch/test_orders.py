"""Every order in which a call's fate can be told, and each part of it lost."""

from __future__ import annotations

from itertools import product

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place

from campaign_core import Outcome
from campaign_core.reports import AnswerReport, EndReport, Report
from campaign_drivers._telephony.call import CONCLUSIONS, Channel, Placing

A = call_id()


class Told:
    """A call of which a server tells what we want it to."""

    def __init__(self) -> None:
        self.rig = Rig().up()
        # The server itself has nothing to do with this call.
        self.rig.switch.config.latency_ms = 10**9
        self.rig.order(place())

    def tell(self, name: str, **headers: str) -> None:
        assert self.rig.client is not None
        body = headers.pop("body", "")
        head = {name.replace("_", "-"): value for name, value in headers.items()}
        if name == "BACKGROUND_JOB":
            head = {"Job-UUID": A, "Content-Length": str(len(body)), **head}
        else:
            head = {"Unique-ID": A, "Call-Direction": "outbound", **head}
        self.rig.switch.fire(name, head, body)
        self.rig.pump()

    def calls(self) -> list[Report]:
        """Let all grace pass; return what was told of the call."""
        self.rig.run(20_000)
        return [*self.rig.of(AnswerReport), *self.rig.of(EndReport)]


Step = tuple[str, dict[str, str]]
CREATE: Step = ("CHANNEL_CREATE", {"Answer-State": "ringing"})
ANSWER: Step = ("CHANNEL_ANSWER", {"Answer-State": "answered"})
PARK: Step = ("CHANNEL_PARK", {"Answer-State": "answered"})


def hung_up(cause: str, *, answered: bool) -> Step:
    return (
        "CHANNEL_HANGUP_COMPLETE",
        {
            "Answer-State": "hangup",
            "Hangup-Cause": cause,
            "Caller-Channel-Answered-Time": "1795374015372987" if answered else "0",
        },
    )


def job(body: str) -> Step:
    return ("BACKGROUND_JOB", {"body": f"{body}\n"})


STORIES: dict[str, tuple[list[Step], Step, Outcome, bool]] = {
    "answered": (
        [CREATE, ANSWER, PARK, hung_up("NORMAL_CLEARING", answered=True)],
        job(f"+OK {A}"),
        Outcome.FAILED,
        True,
    ),
    "answered and hung up at once": (
        [CREATE, ANSWER, hung_up("NORMAL_CLEARING", answered=True)],
        job("-ERR NORMAL_CLEARING"),
        Outcome.FAILED,
        True,
    ),
    "busy": (
        [CREATE, hung_up("USER_BUSY", answered=False)],
        job("-ERR USER_BUSY"),
        Outcome.BUSY,
        False,
    ),
    "out of order at the far end": (
        [CREATE, hung_up("DESTINATION_OUT_OF_ORDER", answered=False)],
        job("-ERR DESTINATION_OUT_OF_ORDER"),
        Outcome.FAILED,
        False,
    ),
}


@pytest.mark.parametrize(("events", "result", "outcome", "answered"), STORIES.values(), ids=STORIES)
def test_wherever_the_result_of_the_job_comes_the_call_ends_once_and_the_same(
    events: list[Step], result: Step, outcome: Outcome, answered: bool
) -> None:
    """A channel's own events keep their order; the job's may come anywhere among them."""
    for place_of_job in range(1, len(events) + 1):
        told = Told()
        steps = [*events]
        steps.insert(place_of_job, result)
        for name, headers in steps:
            told.tell(name, **headers)

        *answers, end = told.calls()

        assert [AnswerReport(A)] * answered == answers
        assert isinstance(end, EndReport)
        assert end.unanswered_as is outcome


@pytest.mark.parametrize(("events", "result", "outcome", "answered"), STORIES.values(), ids=STORIES)
def test_whichever_event_is_lost_the_call_ends_once(
    events: list[Step], result: Step, outcome: Outcome, answered: bool
) -> None:
    for lost in range(len(events) + 1):
        told = Told()
        steps = [*events, result]
        del steps[lost]
        for name, headers in steps:
            told.tell(name, **headers)

        reports = told.calls()

        if not told.rig.of(EndReport):
            # The end itself was lost: it is asked for when the dead man's switch must have acted.
            told.rig.run(660_000)
        assert len(told.rig.of(EndReport)) == 1
        assert reports.count(AnswerReport(A)) == answered


def test_every_event_doubled_changes_nothing() -> None:
    told = Told()
    for name, headers in [CREATE, ANSWER, PARK, hung_up("NORMAL_CLEARING", answered=True)]:
        told.tell(name, **headers)
        told.tell(name, **headers)

    assert [AnswerReport(A), EndReport(call_id=A, hangup_cause=16)] == told.calls()


def test_a_failure_without_a_channel_waits_for_one_that_may_only_be_late() -> None:
    told = Told()
    told.tell("BACKGROUND_JOB", body="-ERR NO_PICKUP\n")
    assert told.rig.reports == []

    assert [EndReport(call_id=A, unanswered_as=Outcome.NO_ANSWER)] == told.calls()


@pytest.mark.parametrize("cause", ["SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED"])
def test_a_telephone_that_is_not_registered_gives_its_place_back_at_once(cause: str) -> None:
    """R7.1: no channel is made for it, so there is no event to wait for."""
    told = Told()

    told.tell("BACKGROUND_JOB", body=f"-ERR {cause}\n")

    assert [end.unanswered_as for end in told.rig.of(EndReport)] == [Outcome.NO_ANSWER]
    assert told.rig.board.calls == {}


def test_what_the_facts_mean_is_said_for_all_of_them() -> None:
    assert {*CONCLUSIONS} == {*product(Placing, Channel)}
