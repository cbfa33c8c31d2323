"""States of the past: made once, one at a time for each tenant, and nobody else waits."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from campaign_core import Settings, open_service
from campaign_service.api.past_states import PastStates
from campaign_service.api.problems.errors import BusyError
from campaign_service.journal.sql import ChainHead, RecoveryCancelledError, RecoveryResult
from campaign_service.schemas.conversion import BadValuesError

NOW = 1_768_219_200_000
STATE = open_service("00000001", Settings(), NOW).state


class JournalQueries:
    """Makes states, once it is let."""

    def __init__(self):
        self.made, self.known, self.given_up = [], [], []
        self.begun = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def recovered_at(self, at, *, known, is_wanted):
        self.made.append(at)
        self.known.append(None if known is None else known.head.seq)
        self.begun.set()
        assert self.gate.wait(timeout=20)
        if not is_wanted():
            self.given_up.append(at)
            raise RecoveryCancelledError
        # The number of its last event tells one state from another.
        head = ChainHead(seq=at, chain=b"")
        return RecoveryResult(state=STATE, head=head, snapshot_seq=0, damaged=())


def tenant(name="main"):
    return SimpleNamespace(name=name, now=NOW, history=JournalQueries())


def run(story):
    asyncio.run(asyncio.wait_for(story, timeout=20))


def test_state_is_made_once_for_all_who_ask_about_one_time():
    async def story():
        past, main = PastStates(kept=2), tenant()
        request = [past.state_of(main, NOW - 100_000, by="anna") for _ in range(3)]
        assert await asyncio.gather(*request) == [STATE] * 3
        assert main.history.made == [NOW - 100_000]

    run(story())


def test_state_of_the_last_minute_is_made_anew():
    """More may be written yet of what happened then."""

    async def story():
        past, main = PastStates(kept=2), tenant()
        for _ in range(2):
            await past.state_of(main, NOW - 1_000, by="anna")
        assert len(main.history.made) == 2

    run(story())


def test_states_asked_for_last_are_kept():
    async def story():
        past, main = PastStates(kept=2), tenant()
        for ago_s in (100, 200, 100, 300, 100, 200):
            await past.state_of(main, NOW - ago_s * 1_000, by="anna")
        assert [(NOW - at) // 1_000 for at in main.history.made] == [100, 200, 300, 200]

    run(story())


def test_state_that_is_kept_is_there_while_another_is_made():
    async def story():
        past, main = PastStates(kept=2), tenant()
        await past.state_of(main, NOW - 100_000, by="anna")
        main.history.begun.clear()
        main.history.gate.clear()
        making = asyncio.ensure_future(past.state_of(main, NOW - 200_000, by="anna"))
        await asyncio.to_thread(main.history.begun.wait, 20)
        assert await past.state_of(main, NOW - 100_000, by="anna") == STATE
        assert not making.done()
        main.history.gate.set()
        await making

    run(story())


def test_one_tenant_does_not_wait_for_a_state_of_another():
    async def story():
        past, one, other = PastStates(kept=2), tenant("one"), tenant("other")
        one.history.gate.clear()
        making = asyncio.ensure_future(past.state_of(one, NOW - 100_000, by="anna"))
        await asyncio.to_thread(one.history.begun.wait, 20)
        assert await past.state_of(other, NOW - 100_000, by="anna") == STATE
        assert not making.done()
        one.history.gate.set()
        await making

    run(story())


def test_time_that_is_yet_to_come_is_refused():
    async def story():
        with pytest.raises(BadValuesError) as refused:
            await PastStates(kept=2).state_of(tenant(), NOW + 1, by="anna")
        (problem,) = refused.value.problems
        assert problem.field == "at"
        assert problem.rule == "a time in the past; it is 2026-01-12T12:00:00.000Z now"

    run(story())


def test_state_begins_from_the_nearest_that_is_kept():
    """Issue F4: states of nearby times are shared."""

    async def story():
        past, main = PastStates(kept=2), tenant()
        for ago_s in (300, 200, 250, 400):
            await past.state_of(main, NOW - ago_s * 1_000, by="anna")
        before = [None if seq is None else (NOW - seq) // 1_000 for seq in main.history.known]
        assert before == [None, 300, 300, None]

    run(story())


def test_state_that_nobody_waits_for_is_made_no_further():
    """Issue F4: questions end with their client."""

    async def story():
        past, main = PastStates(kept=2), tenant()
        main.history.gate.clear()
        request = [
            asyncio.ensure_future(past.state_of(main, NOW - ago_s * 1_000, by="anna"))
            for ago_s in (100, 200)
        ]
        await asyncio.to_thread(main.history.begun.wait, 20)
        for one in request:
            one.cancel()
        await asyncio.gather(*request, return_exceptions=True)
        main.history.gate.set()
        await past.state_of(main, NOW - 300_000, by="anna")
        # The one that had begun is given up, the one that waited was never begun.
        assert [(NOW - at) // 1_000 for at in main.history.made] == [100, 300]
        assert [(NOW - at) // 1_000 for at in main.history.given_up] == [100]

    run(story())


def test_who_gives_up_leaves_the_state_to_the_others():
    async def story():
        past, main = PastStates(kept=2), tenant()
        main.history.gate.clear()
        first, second = (
            asyncio.ensure_future(past.state_of(main, NOW - 100_000, by=by)) for by in ("a", "b")
        )
        await asyncio.to_thread(main.history.begun.wait, 20)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        main.history.gate.set()
        assert await second == STATE
        assert len(main.history.made) == 1

    run(story())


def test_who_asks_about_many_times_is_told_that_it_is_busy():
    """Issue F4: bounded per user, and fair between users."""

    async def story():
        past, main = PastStates(kept=2), tenant()
        main.history.gate.clear()
        request = [
            asyncio.ensure_future(past.state_of(main, NOW - 100_000 - ago, by="anna"))
            for ago in range(20)
        ]
        await asyncio.to_thread(main.history.begun.wait, 20)
        other = asyncio.ensure_future(past.state_of(main, NOW - 99_000, by="ben"))
        await asyncio.sleep(0)
        main.history.gate.set()
        assert await other == STATE
        assert main.history.made.index(NOW - 99_000) <= 2
        found = await asyncio.gather(*request, return_exceptions=True)
        assert [type(one) for one in found[11:]] == [BusyError] * 9
        assert found[:11] == [STATE] * 11

    run(story())
