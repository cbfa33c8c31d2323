"""Each way for a call not to be answered, on Local channels and over real SIP (R7.1, R7.10)."""

import asyncio

import pytest
from tests.service.serving.processes import Slowness

from campaign_core import Line, Outcome
from campaign_core.reports import AnswerReport, EndReport, RefusalReport

from .rig import connected

LOCAL, SIP = Line.INTERNAL, Line.EXTERNAL
RING_S = 5
"""Those that refuse do so a second after they began to ring, on an idle machine."""

# Number, line, outcome. What the numbers do is in etc/extensions.conf.
ROWS = [
    ("601", LOCAL, Outcome.NO_ANSWER),
    ("601", SIP, Outcome.NO_ANSWER),
    ("602", LOCAL, Outcome.NO_ANSWER),
    ("602", SIP, Outcome.NO_ANSWER),
    ("611", LOCAL, Outcome.NO_ANSWER),
    ("611", SIP, Outcome.NO_ANSWER),
    ("603", LOCAL, Outcome.BUSY),
    ("603", SIP, Outcome.BUSY),
    ("604", LOCAL, Outcome.CONGESTION),
    ("604", SIP, Outcome.CONGESTION),
    ("605", LOCAL, Outcome.CONGESTION),
    ("605", SIP, Outcome.CONGESTION),
    ("609", LOCAL, Outcome.REJECTED),
    ("609", SIP, Outcome.REJECTED),
    ("555", LOCAL, Outcome.FAILED),
    ("555", SIP, Outcome.INVALID_NUMBER),
    ("7001", LOCAL, Outcome.INVALID_NUMBER),
    ("7001", SIP, Outcome.INVALID_NUMBER),
    ("7016", LOCAL, Outcome.REJECTED),
    ("7016", SIP, Outcome.REJECTED),
    ("7017", LOCAL, Outcome.BUSY),
    ("7017", SIP, Outcome.BUSY),
    ("7018", LOCAL, Outcome.NO_ANSWER),
    ("7018", SIP, Outcome.NO_ANSWER),
    ("7019", LOCAL, Outcome.NO_ANSWER),
    ("7019", SIP, Outcome.NO_ANSWER),
    ("7020", LOCAL, Outcome.NO_ANSWER),
    ("7021", LOCAL, Outcome.REJECTED),
    ("7021", SIP, Outcome.REJECTED),
    ("7022", LOCAL, Outcome.INVALID_NUMBER),
    ("7022", SIP, Outcome.INVALID_NUMBER),
    ("7027", LOCAL, Outcome.FAILED),
    ("7027", SIP, Outcome.FAILED),
    ("7028", LOCAL, Outcome.INVALID_NUMBER),
    ("7028", SIP, Outcome.INVALID_NUMBER),
    ("7034", LOCAL, Outcome.CONGESTION),
    ("7034", SIP, Outcome.CONGESTION),
    ("7038", LOCAL, Outcome.CONGESTION),
    ("7041", LOCAL, Outcome.CONGESTION),
    ("7042", LOCAL, Outcome.CONGESTION),
    ("7042", SIP, Outcome.CONGESTION),
    ("7044", LOCAL, Outcome.CONGESTION),
]


@pytest.fixture(scope="module")
def found(pbx):
    """What came of every row, all called at once."""
    from .rig import settings_for

    async def call_all():
        async with connected(settings_for(pbx)) as rig:
            ids = {
                (number, line): rig.place(number, line, ring_timeout_s=RING_S)
                for number, line, _ in ROWS
            }
            placed_at = {row: len(rig.reports) for row in ids}
            assert placed_at
            for call_id in ids.values():
                await rig.ended(call_id, RING_S + 15)
            return {row: rig.of(call_id) for row, call_id in ids.items()}

    return asyncio.run(call_all())


@pytest.mark.parametrize(("number", "line", "outcome"), ROWS)
def test_each_cause_is_told_as_its_outcome(found, number, line, outcome):
    reports = found[number, line]

    assert [type(report) for report in reports] == [EndReport], reports
    assert reports[0].unanswered_as is outcome, reports


@pytest.mark.parametrize("line", [LOCAL, SIP])
def test_early_media_is_never_an_answer(settings, line):
    """R7.1: 606 plays a digit before it answers; 611 never answers."""

    async def story():
        async with connected(settings) as rig:
            early = rig.place("606", line)
            never = rig.place("611", line, ring_timeout_s=2)
            start = asyncio.get_running_loop().time()
            await rig.answered(early)
            assert asyncio.get_running_loop().time() - start > 1.4
            assert rig.kinds(early) == [AnswerReport]
            await rig.ended(never)
            assert rig.kinds(never) == [EndReport]

    asyncio.run(story())


@pytest.mark.parametrize("routing_class", ["absent", "nosuch", "notech", "unconfigured"])
def test_a_route_that_leads_nowhere_refuses_its_call_and_nothing_else(settings, routing_class):
    """R5.5."""

    async def story():
        async with connected(settings) as rig:
            refused = rig.place("100", SIP, routing_class=routing_class)
            other = rig.place("607")
            await rig.ended(refused)
            await rig.answered(other)
            assert rig.kinds(refused) == [RefusalReport]
            assert "100" in rig.of(refused)[0].why or routing_class in rig.of(refused)[0].why

    asyncio.run(story())


@pytest.mark.parametrize("line", [LOCAL, SIP])
def test_a_ringing_call_can_be_ended(settings, line):
    async def story():
        async with connected(settings) as rig:
            call_id = rig.place("601", line)
            await asyncio.sleep(0.3)
            rig.hang_up(call_id)
            await rig.ended(call_id)
            assert rig.kinds(call_id) == [EndReport]

    asyncio.run(story())


@pytest.mark.parametrize("line", [LOCAL, SIP])
def test_a_call_that_is_ended_as_it_is_placed_is_ended(settings, pbx, line):
    """The order may find no channel yet: a race that must not leave a call ringing."""

    async def story():
        async with connected(settings) as rig:
            calls = [rig.place("601", line) for _ in range(10)]
            for call_id in calls:
                rig.hang_up(call_id)
            for call_id in calls:
                await rig.ended(call_id)
            # The other half of a Local channel ends a moment later.
            await rig.until(lambda: not {it[:32] for it in pbx.channels()} & set(calls))

    asyncio.run(story())


def test_ringing_lasts_as_long_as_ordered(settings):
    """R7.1: within a second."""

    async def story():
        async with connected(settings) as rig:
            with Slowness() as slowness:
                start = asyncio.get_running_loop().time()
                await rig.ended(rig.place("601", SIP, ring_timeout_s=3))
                took_s = asyncio.get_running_loop().time() - start
            assert 2.5 < took_s < 4 * slowness.factor

    asyncio.run(story())
