"""The clock of the machine, which may be set while we run."""

import asyncio
import time

from campaign_core import Instant
from campaign_drivers.clock import WallClock, present

HOUR_MS = 3_600_000


class Wall:
    """A machine's clock that shows what a test sets."""

    def __init__(self, at=1_000_000_000):
        self.at = at
        self.reads = 0
        self._looked = asyncio.Event()

    def __call__(self):
        self.reads += 1
        self._looked.set()
        return Instant(self.at)

    async def looked_at(self, times):
        """Return once it was looked at so many times more."""
        until = self.reads + times
        while self.reads < until:
            self._looked.clear()
            await self._looked.wait()


def within(story):
    asyncio.run(asyncio.wait_for(story, timeout=20))


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


def test_it_shows_the_machine_s_time():
    before = time.time_ns() // 1_000_000
    shown = WallClock().now()

    assert before <= shown <= present()


def test_it_shows_at_once_what_the_machine_s_clock_is_set_to():
    wall = Wall()
    clock = WallClock(wall=wall)

    began = clock.now()
    wall.at = began + HOUR_MS
    assert clock.now() == began + HOUR_MS
    wall.at = began - HOUR_MS
    assert clock.now() == began - HOUR_MS


def test_what_becomes_due_because_the_clock_is_set_is_done_with_the_next_look():
    async def story():
        wall, done = Wall(), asyncio.Event()
        clock = WallClock(wall=wall, looks_every_s=0.01)
        clock.call_at(Instant(wall.at + HOUR_MS), done.set)
        await wall.looked_at(times=3)
        assert not done.is_set()
        wall.at += HOUR_MS
        await done.wait()

    within(story())


def test_what_was_almost_due_waits_on_where_the_clock_is_set_back():
    async def story():
        wall, done = Wall(), asyncio.Event()
        clock = WallClock(wall=wall, looks_every_s=0.01)
        clock.call_at(Instant(wall.at + 5), done.set)
        wall.at -= HOUR_MS
        await wall.looked_at(times=3)
        assert not done.is_set()
        wall.at += HOUR_MS + 5
        await done.wait()

    within(story())


def test_what_is_past_is_done_in_the_next_turn_though_the_clock_be_set_back_before_it():
    async def story():
        wall, done = Wall(), []
        clock = WallClock(wall=wall)
        clock.call_at(Instant(wall.at), lambda: done.append("now"))
        assert done == []
        wall.at -= HOUR_MS
        await turns(3)
        assert done == ["now"]

    within(story())


def test_what_is_cancelled_is_not_done_also_after_some_looks():
    async def story():
        wall, done = Wall(), []
        clock = WallClock(wall=wall, looks_every_s=0.001)
        timer = clock.call_at(Instant(wall.at + HOUR_MS), lambda: done.append("late"))
        await wall.looked_at(times=3)
        timer.cancel()
        wall.at += HOUR_MS
        await asyncio.sleep(0.01)
        assert done == []

    within(story())


def test_it_never_waits_longer_than_half_a_minute_without_another_look():
    clock = WallClock(wall=Wall())

    assert clock.wait_s(Instant(Wall().at + HOUR_MS)) == 30


def test_sleeper_wakes_when_the_clock_is_set_to_its_time():
    async def story():
        wall = Wall()
        clock = WallClock(wall=wall, looks_every_s=0.01)
        sleeping = asyncio.ensure_future(clock.sleep_until(Instant(wall.at + HOUR_MS)))
        await wall.looked_at(times=3)
        assert not sleeping.done()
        wall.at += HOUR_MS
        await sleeping

    within(story())
