"""Turns: a few at a time, in their own threads, and not for any number who wait."""

import asyncio
import threading

import pytest

from campaign_service.api.turns import Turns


class CrowdedError(Exception):
    """Too many wait."""


def test_work_is_done_a_few_at_a_time_and_its_errors_come_out():
    """Issue: HTTP API; one process serves all, and each has his turn."""

    async def story():
        turns = Turns("test", at_once=2)
        at_once, most, lock = 0, 0, threading.Lock()
        both = threading.Barrier(2)

        def work(number, *, twice):
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            both.wait(10)
            with lock:
                at_once -= 1
            return number * twice

        found = await asyncio.gather(*(turns.take(work, number, twice=2) for number in range(8)))
        with pytest.raises(ZeroDivisionError):
            await turns.take(lambda: 1 // 0)
        turns.close()
        return found, most

    assert asyncio.run(story()) == ([0, 2, 4, 6, 8, 10, 12, 14], 2)


def test_who_comes_when_too_many_wait_is_turned_away():
    """Issue: log-in rate limit; a flood of strangers has an end."""

    async def story():
        turns = Turns("test", at_once=1, waiting_max=1, crowded=CrowdedError)
        go_on = threading.Event()
        first, second = (asyncio.create_task(turns.take(go_on.wait, 10)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await turns.take(go_on.wait, 10)
        # Who gives up leaves his work behind: it has its place until it is done.
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        with pytest.raises(CrowdedError):
            await turns.take(go_on.wait, 10)
        go_on.set()
        assert await second
        assert await turns.take(go_on.wait, 10)
        turns.close()

    asyncio.run(story())


def test_work_that_has_begun_goes_on_however_many_wait():
    """R9.2: an export whose beginning was sent already is not broken off."""

    async def story():
        turns = Turns("test", at_once=1, waiting_max=0, crowded=CrowdedError)
        go_on = threading.Event()
        first = asyncio.create_task(turns.take(go_on.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await turns.take(go_on.wait, 10)
        second = asyncio.create_task(turns.go_on(go_on.wait, 10))
        await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(first, second) == [True, True]
        turns.close()

    asyncio.run(story())
