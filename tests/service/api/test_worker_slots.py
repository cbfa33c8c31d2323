"""Turns: a few at a time, in their own threads, and not for any number who wait."""

import asyncio
import threading

import pytest

from campaign_service.api.limits.worker_slots import WorkerSlots


class CrowdedError(Exception):
    """Too many wait."""


def test_work_is_done_a_few_at_a_time_and_its_errors_come_out():
    """Issue: HTTP API; one process serves all, and each has his turn."""

    async def story():
        slots = WorkerSlots("test", at_once=2)
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

        found = await asyncio.gather(
            *(slots.run("anna", work, number, twice=2) for number in range(8))
        )
        with pytest.raises(ZeroDivisionError):
            await slots.run("anna", lambda: 1 // 0)
        slots.close()
        return found, most

    assert asyncio.run(story()) == ([0, 2, 4, 6, 8, 10, 12, 14], 2)


def test_who_comes_when_too_many_wait_is_turned_away():
    """Issue: log-in rate limit; a flood of strangers has an end."""

    async def story():
        slots = WorkerSlots("test", at_once=1, waiting_max=1, busy_error=CrowdedError)
        go_on = threading.Event()
        first, second = (asyncio.create_task(slots.run("anna", go_on.wait, 10)) for _ in range(2))
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await slots.run("anna", go_on.wait, 10)
        # Who gives up leaves his work behind: it has its place until it is done.
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        with pytest.raises(CrowdedError):
            await slots.run("anna", go_on.wait, 10)
        go_on.set()
        assert await second
        assert await slots.run("anna", go_on.wait, 10)
        slots.close()

    asyncio.run(story())


def test_work_that_has_begun_goes_on_however_many_wait():
    """R9.2: an export whose beginning was sent already is not broken off."""

    async def story():
        slots = WorkerSlots("test", at_once=1, waiting_max=0, busy_error=CrowdedError)
        go_on = threading.Event()
        first = asyncio.create_task(slots.run("anna", go_on.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await slots.run("anna", go_on.wait, 10)
        second = asyncio.create_task(slots.run_more("anna", go_on.wait, 10))
        await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(first, second) == [True, True]
        slots.close()

    asyncio.run(story())


def test_each_who_waits_has_a_turn_in_his_turn():
    """Issue F4: another user waited for 97 s behind 200 questions of one."""

    async def story():
        slots = WorkerSlots("test", at_once=1)
        go_on, done = threading.Event(), []
        first = asyncio.create_task(slots.run("anna", go_on.wait, 10))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(slots.run(by, done.append, (by, number)))
            for by, count in (("anna", 3), ("ben", 2), ("carla", 1))
            for number in range(count)
        ]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, *others)
        slots.close()
        return done

    expected = [("anna", 0), ("ben", 0), ("carla", 0), ("anna", 1), ("ben", 1), ("anna", 2)]
    assert asyncio.run(story()) == expected


def test_who_has_much_waiting_is_turned_away_and_others_are_not():
    """Issue F4: bounded per user."""

    async def story():
        slots = WorkerSlots(
            "test", at_once=1, waiting_max=10, waiting_each_max=2, busy_error=CrowdedError
        )
        go_on = threading.Event()
        tasks = [asyncio.create_task(slots.run("anna", go_on.wait, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await slots.run("anna", go_on.wait, 10)
        other = asyncio.create_task(slots.run("ben", go_on.wait, 10))
        await asyncio.sleep(0)
        go_on.set()
        assert await asyncio.gather(*tasks, other) == [True] * 4
        slots.close()

    asyncio.run(story())


def test_who_gives_up_waiting_is_never_worked_for():
    """Issue F4: what is asked ends with its client."""

    async def story():
        slots = WorkerSlots("test", at_once=1, waiting_max=1, busy_error=CrowdedError)
        go_on, done = threading.Event(), []
        first = asyncio.create_task(slots.run("anna", go_on.wait, 10))
        await asyncio.sleep(0)
        second = asyncio.create_task(slots.run("anna", done.append, 2))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        # Its place is free at once.
        third = asyncio.create_task(slots.run("anna", done.append, 3))
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, third)
        # Nor is a turn lost that comes to somebody who gives up at that moment.
        assert await slots.run("ben", lambda: "done") == "done"
        slots.close()
        return done

    assert asyncio.run(story()) == [3]


def test_turn_that_comes_to_who_gives_up_goes_to_the_next():
    """Issue F4: what is asked ends with its client."""

    async def story():
        slots = WorkerSlots("test", at_once=1)
        await slots._acquire("anna")
        second = asyncio.create_task(slots.run("ben", lambda: "second"))
        third = asyncio.create_task(slots.run("carla", lambda: "third"))
        await asyncio.sleep(0)
        slots._release()
        second.cancel()
        found = await asyncio.gather(second, third, return_exceptions=True)
        slots.close()
        return found[1]

    assert asyncio.run(story()) == "third"
