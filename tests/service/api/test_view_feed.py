"""Views are made once for all who listen, while somebody does; nobody is waited for."""

import asyncio

import pytest
from tests.core.stories import Story
from tests.service.api.test_view_history import message

from campaign_core import CallLimits
from campaign_service.api.stream import view_feed
from campaign_service.api.stream.view_feed import ViewFeed, ViewFeeds


class Tenant:
    """A tenant whose state is that of a story."""

    name = "main"

    def __init__(self):
        self.story = Story(call_limits=CallLimits(total=1))
        self.story.start("201 202 203", attempts_max=1)
        self.looks = 0

    @property
    def durable_state(self):
        return self.story.state

    @property
    def now(self):
        self.looks += 1
        return self.story.now


@pytest.fixture(autouse=True)
def in_short(monkeypatch):
    """Views are made quickly, and little is waited for."""
    monkeypatch.setattr(view_feed, "_EVERY_S", 0.002)
    monkeypatch.setattr(view_feed, "_CALM_S", 0.02)
    monkeypatch.setattr(view_feed, "_SHARE", 0)
    monkeypatch.setattr(view_feed, "_BYTES_PER_S", 10**9)


def running(scene):
    async def run():
        tenant = Tenant()
        feeds = ViewFeeds({"main": tenant}, tick_s=0.01)
        try:
            async with asyncio.timeout(10):
                return await scene(tenant, feeds)
        finally:
            await feeds.stop()

    return asyncio.run(run())


async def heard(stream):
    """Return the next message."""
    async for text in stream:
        if text:
            return message(text)
    return None


def test_hundred_listeners_are_told_what_was_made_once():
    async def scene(tenant, feeds):
        feed = feeds.of("main")
        streams = [feed.listen(after=None, campaign_id=None) for _ in range(100)]
        first = [await heard(stream) for stream in streams]
        looks = tenant.looks
        tenant.story.end("201")
        second = await asyncio.gather(*(heard(stream) for stream in streams))
        listening = feed.listeners
        for stream in streams:
            await stream.aclose()
        return first, second, tenant.looks - looks, listening, feed.listeners

    first, second, looks, listening, left = running(scene)
    assert {one["event"] for one in first} == {"reset"}
    assert {one["event"] for one in second} == {"digest"}
    assert {one["id"] for one in second} == {second[0]["id"]}
    assert looks <= 5
    assert (listening, left) == (100, 0)


def test_slow_listener_is_told_the_newest_in_one_message():
    async def scene(tenant, feeds):
        feed = feeds.of("main")
        slow = feed.listen(after=None, campaign_id=1)
        quick = feed.listen(after=None, campaign_id=1)
        await heard(slow)
        await heard(quick)
        for number in ("201", "202", "203"):
            tenant.story.end(number)
            told = await heard(quick)
        return told, await heard(slow), tenant.story.state.sequence

    quick, slow, seq = running(scene)
    assert slow["event"] == "digest"
    assert int(slow["id"]) == int(quick["id"]) == seq
    assert slow["data"]["positions"] == [[1, 3]]
    assert slow["data"]["campaigns"] == quick["data"]["campaigns"]


def test_nothing_is_made_while_nobody_listens_and_who_comes_back_goes_on():
    async def scene(tenant, feeds):
        feed = feeds.of("main")
        stream = feed.listen(after=None, campaign_id=None)
        first = await heard(stream)
        await stream.aclose()
        await asyncio.sleep(0.01)
        looks = tenant.looks
        tenant.story.end("201")
        await asyncio.sleep(0.05)
        assert tenant.looks == looks
        again = feed.listen(after=int(first["id"]), campaign_id=None)
        told = [await heard(again)]
        while int(told[-1]["id"]) < tenant.story.state.sequence:
            told.append(await heard(again))
        return told

    told = running(scene)
    assert {one["event"] for one in told} == {"digest"}
    assert told[-1]["data"]["campaigns"][0]["failed"] == 1


def test_earlier_views_are_forgotten_when_nobody_comes_back(monkeypatch):
    monkeypatch.setattr(view_feed, "_LINGER_S", 0.01)

    async def scene(tenant, feeds):
        feed = feeds.of("main")
        stream = feed.listen(after=None, campaign_id=None)
        first = await heard(stream)
        tenant.story.end("201")
        await heard(stream)
        await stream.aclose()
        async with asyncio.timeout(5):
            await asyncio.wait([feed._maker])
        again = feed.listen(after=int(first["id"]), campaign_id=None)
        return await heard(again)

    assert running(scene)["event"] == "reset"


@pytest.mark.parametrize("campaign_id", [None, 1])
def test_next_view_waits_for_the_bytes_of_the_last(campaign_id, monkeypatch):
    """Whether a listener has taken them yet or not."""
    paces = []
    monkeypatch.setattr(view_feed, "pause_s", lambda **one: paces.append(one["size"]) or 0.002)

    async def scene(tenant, feeds):
        feed = feeds.of("main")
        slow = feed.listen(after=None, campaign_id=campaign_id)
        await heard(slow)
        paces.clear()
        tenant.story.end("201")
        while not paces:  # noqa: ASYNC110 -- it has no event to wait for
            await asyncio.sleep(0.002)
        return feed._history.text_since(1, campaign_id)

    assert len(running(scene)) == max(paces)


def test_quiet_stream_gives_its_reader_turns_for_heartbeats():
    async def scene(tenant, feeds):
        stream = feeds.of("main").listen(after=None, campaign_id=None)
        await heard(stream)
        return [await anext(stream) for _ in range(3)]

    assert running(scene) == [b"", b"", b""]


def test_streams_end_when_they_are_closed():
    async def scene(tenant, feeds):
        stream = feeds.of("main").listen(after=None, campaign_id=None)
        await heard(stream)
        waiting = asyncio.create_task(heard(stream))
        await asyncio.sleep(0.005)
        feeds.close()
        late = feeds.of("main").listen(after=None, campaign_id=None)
        return await waiting, await heard(late), feeds.listeners()

    assert running(scene) == (None, None, {"main": 0})


def test_stream_ends_when_no_view_can_be_made(monkeypatch, caplog):
    """A client opens it again; it would show what is long over otherwise."""

    async def scene(tenant, feeds):
        stream = ViewFeed(tenant, tick_s=0.01).listen(after=None, campaign_id=None)
        await heard(stream)

        def broken(state, now):
            raise MemoryError

        monkeypatch.setattr(view_feed, "view_of", broken)
        return await heard(stream)

    assert running(scene) is None
    assert "MemoryError" in caplog.text
