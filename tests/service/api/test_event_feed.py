"""The stream of events: without gap or repeat, wherever it is cut off and however far behind."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign_service.api.stream import event_feed as feeds
from campaign_service.api.stream import feed_history
from campaign_service.api.stream.event_feed import EventFeed, EventFeeds
from campaign_service.journal import JournalEntry


def entry(seq):
    campaign_id = seq % 3 or None
    return JournalEntry(
        seq=seq,
        at=seq,
        actor="driver",
        kind="Kind",
        campaign_id=campaign_id,
        data=f'{{"n":{seq}}}',
    )


class Past:
    """A tenant whose events are told when the test says so."""

    name = "main"

    def __init__(self, known=0):
        self.entries_known = [entry(seq) for seq in range(1, known + 1)]
        self.history = self
        self.reads = 0
        self.is_over = False
        self.is_away = False
        self.is_broken = False
        self._wait_for_events = asyncio.Event()

    @property
    def last_seq(self):
        return len(self.entries_known)

    def health(self):
        return self

    def entries(self, *, after, limit, campaign_id=None, bytes_max, **request):
        self.reads += 1
        self.request = request
        if self.is_broken:
            raise OSError("gone")
        found, size = [], 0
        for one in self.entries_known[after:]:
            if campaign_id in (None, one.campaign_id) and len(found) < limit and size < bytes_max:
                found.append(one)
                size += len(one.data)
        return found

    async def follow(self, *, after):
        while not self.is_over:
            if self.is_away:
                self.is_away = False
                raise OSError("gone")
            while after < self.last_seq:
                after += 1
                yield self.entries_known[after - 1]
            self._wait_for_events.clear()
            await self._wait_for_events.wait()

    def tell(self, count):
        self.entries_known += [entry(self.last_seq + 1 + number) for number in range(count)]
        self._wait_for_events.set()

    def end(self):
        self.is_over = True
        self._wait_for_events.set()


def seqs(texts):
    lines = b"".join(texts).decode().splitlines()
    return [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]


async def listened(event_feed, count, *, after=None, campaign_id=None):
    """Return the numbers of so many events."""
    found = []
    stream = event_feed.listen(after=after, campaign_id=campaign_id)
    async for text in stream:
        found += seqs([text])
        if len(found) >= count:
            break
    await stream.aclose()
    return found


@pytest.fixture(autouse=True)
def in_small(monkeypatch):
    """Bundles are small and few, so that a few events are many."""
    monkeypatch.setattr(feeds, "_GATHER_S", 0.001)
    monkeypatch.setattr(feeds, "_KEPT_MAX", 10)
    monkeypatch.setattr(feed_history, "_PAGE", 4)
    monkeypatch.setattr(feeds, "_PAUSE_S", 0.001)


def running(scene):
    """Run a scene with a tenant that knows some events, and its wire."""

    async def run():
        past = Past(known=5)
        event_feed = EventFeed(past, tick_s=0.01)
        event_feed.start()
        try:
            async with asyncio.timeout(10):
                return await scene(past, event_feed)
        finally:
            await event_feed.stop()

    return asyncio.run(run())


@settings(max_examples=40)
@given(
    told=st.lists(st.integers(0, 8), max_size=6),
    cuts=st.lists(st.integers(1, 9), max_size=6),
    campaign_id=st.sampled_from([None, 1, 2]),
)
def test_whoever_is_cut_off_anywhere_goes_on_without_gap_or_repeat(told, cuts, campaign_id):
    async def scene(past, event_feed):
        for count in told:
            past.tell(count)
            await asyncio.sleep(0.002)
        wanted = [one.seq for one in past.entries_known if campaign_id in (None, one.campaign_id)]
        found, rest = [], list(cuts)
        while len(found) < len(wanted):
            count = min(rest.pop(0) if rest else 99, len(wanted) - len(found))
            after = found[-1] if found else 0
            found += await listened(event_feed, count, after=after, campaign_id=campaign_id)
        assert found == wanted

    running(scene)


def test_listener_who_asks_for_nothing_past_is_told_what_comes():
    async def scene(past, event_feed):
        listening = asyncio.create_task(listened(event_feed, 2))
        await asyncio.sleep(0.01)
        past.tell(2)
        return await listening

    assert running(scene) == [6, 7]


def test_what_many_are_told_is_read_once_and_written_once(monkeypatch):
    written = []
    monkeypatch.setattr(
        feeds, "stream_text", lambda one: written.append(one.seq) or f"id: {one.seq}\n\n"
    )

    async def scene(past, event_feed):
        everybody = [asyncio.create_task(listened(event_feed, 6)) for _ in range(100)]
        await asyncio.sleep(0.01)
        assert event_feed.listeners == 100
        past.tell(3)
        await asyncio.sleep(0.01)
        past.tell(3)
        return past.reads, await asyncio.gather(*everybody)

    reads, found = running(scene)
    assert reads == 0
    assert found == [[6, 7, 8, 9, 10, 11]] * 100
    assert written == [6, 7, 8, 9, 10, 11]


def test_slow_listener_reads_the_journal_and_catches_up():
    async def scene(past, event_feed):
        stream = event_feed.listen(after=5, campaign_id=None)
        past.tell(1)
        found = seqs([await anext(stream)])
        while not found:
            found = seqs([await anext(stream)])
        for _ in range(30):
            past.tell(1)
            await asyncio.sleep(0.002)
        async for text in stream:
            found += seqs([text])
            if len(found) >= 31:
                break
        await stream.aclose()
        return found, past.reads

    found, reads = running(scene)
    assert found == list(range(6, 37))
    assert reads > 0


def test_who_catches_up_from_one_place_shares_what_is_read():
    """Issue: event-stream delay with 100 listeners; after a restart all of them come at once."""

    async def scene(past, event_feed):
        past.tell(60)
        await asyncio.sleep(0.01)
        everybody = [asyncio.create_task(listened(event_feed, 65, after=0)) for _ in range(100)]
        return past, await asyncio.gather(*everybody)

    past, found = running(scene)
    assert found == [list(range(1, 66))] * 100
    assert past.reads < 100


def test_who_catches_up_reads_pages_of_so_many_bytes(monkeypatch):
    monkeypatch.setattr(feed_history, "_PAGE", 1_000)
    monkeypatch.setattr(feed_history, "_PAGE_BYTES", 3 * len(entry(1).data))

    async def scene(past, event_feed):
        past.tell(40)
        await asyncio.sleep(0.01)
        return past, await listened(event_feed, 30, after=0)

    past, found = running(scene)
    assert found[:30] == list(range(1, 31))
    assert past.reads >= 10
    assert past.request["data_max"] == 64 << 10


def test_error_of_reading_reaches_all_who_wait_for_it_and_the_next_reads_anew():
    async def scene(past, event_feed):
        past.tell(60)
        await asyncio.sleep(0.01)
        past.is_broken = True
        everybody = [asyncio.create_task(listened(event_feed, 65, after=0)) for _ in range(3)]
        failed = await asyncio.gather(*everybody, return_exceptions=True)
        past.is_broken = False
        return failed, await listened(event_feed, 65, after=0)

    failed, found = running(scene)
    assert [type(one) for one in failed] == [OSError] * 3
    assert found == list(range(1, 66))


def test_reading_goes_on_after_the_database_was_away():
    async def scene(past, event_feed):
        listening = asyncio.create_task(listened(event_feed, 2))
        await asyncio.sleep(0.01)
        past.is_away = True
        past.tell(2)
        return await listening

    assert running(scene) == [6, 7]


def test_streams_end_when_the_process_stops():
    async def scene(past, event_feed):
        listening = asyncio.create_task(listened(event_feed, 99))
        await asyncio.sleep(0.01)
        past.tell(1)
        await asyncio.sleep(0.01)
        past.end()
        return await listening

    assert running(scene) == [6]


def test_streams_end_when_they_are_closed():
    async def scene():
        tenants = {"main": Past(known=2)}
        counted = []
        all_wires = EventFeeds(tenants, watch={"main": counted.extend}.__getitem__, tick_s=0.01)
        all_wires.start()
        listening = asyncio.create_task(listened(all_wires.of("main"), 99))
        await asyncio.sleep(0.01)
        assert all_wires.listeners() == {"main": 1}
        tenants["main"].tell(2)
        async with asyncio.timeout(10):
            while len(counted) < 2:  # noqa: ASYNC110 -- they are gathered for a moment
                await asyncio.sleep(0.001)
        all_wires.close()
        found = await listening
        await all_wires.stop()
        return found, [one.seq for one in counted], all_wires.listeners()

    assert asyncio.run(scene()) == ([3, 4], [3, 4], {"main": 0})
