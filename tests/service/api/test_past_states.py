"""States of the past: made once, one at a time for each tenant, and nobody else waits."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from campaign_core import Settings, open_service
from campaign_service.api.past import PastStates
from campaign_service.api.shapes.building import BadValuesError

NOW = 1_768_219_200_000
STATE = open_service("00000001", Settings(), NOW).state


class History:
    """Makes states, once it is let."""

    def __init__(self):
        self.made = []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def state_at(self, at):
        self.made.append(at)
        self.begun.set()
        assert self.gate.wait(timeout=20)
        return STATE


def tenant(name="main"):
    return SimpleNamespace(name=name, now=NOW, history=History())


def run(story):
    asyncio.run(asyncio.wait_for(story, timeout=20))


def test_state_is_made_once_for_all_who_ask_about_one_time():
    async def story():
        past, main = PastStates(kept=2), tenant()
        asked = [past.state_of(main, NOW - 100_000) for _ in range(3)]
        assert await asyncio.gather(*asked) == [STATE] * 3
        assert main.history.made == [NOW - 100_000]

    run(story())


def test_state_of_the_last_minute_is_made_anew():
    """More may be written yet of what happened then."""

    async def story():
        past, main = PastStates(kept=2), tenant()
        for _ in range(2):
            await past.state_of(main, NOW - 1_000)
        assert len(main.history.made) == 2

    run(story())


def test_states_asked_for_last_are_kept():
    async def story():
        past, main = PastStates(kept=2), tenant()
        for ago_s in (100, 200, 100, 300, 100, 200):
            await past.state_of(main, NOW - ago_s * 1_000)
        assert [(NOW - at) // 1_000 for at in main.history.made] == [100, 200, 300, 200]

    run(story())


def test_state_that_is_kept_is_there_while_another_is_made():
    async def story():
        past, main = PastStates(kept=2), tenant()
        await past.state_of(main, NOW - 100_000)
        main.history.begun.clear()
        main.history.gate.clear()
        making = asyncio.ensure_future(past.state_of(main, NOW - 200_000))
        await asyncio.to_thread(main.history.begun.wait, 20)
        assert await past.state_of(main, NOW - 100_000) == STATE
        assert not making.done()
        main.history.gate.set()
        await making

    run(story())


def test_one_tenant_does_not_wait_for_a_state_of_another():
    async def story():
        past, one, other = PastStates(kept=2), tenant("one"), tenant("other")
        one.history.gate.clear()
        making = asyncio.ensure_future(past.state_of(one, NOW - 100_000))
        await asyncio.to_thread(one.history.begun.wait, 20)
        assert await past.state_of(other, NOW - 100_000) == STATE
        assert not making.done()
        one.history.gate.set()
        await making

    run(story())


def test_time_that_is_yet_to_come_is_refused():
    async def story():
        with pytest.raises(BadValuesError) as refused:
            await PastStates(kept=2).state_of(tenant(), NOW + 1)
        (problem,) = refused.value.problems
        assert problem.field == "at"
        assert problem.rule == "a time in the past; it is 2026-01-12T12:00:00.000Z now"

    run(story())
