"""The stream of durable events: many listeners, none of whom holds up another."""

import asyncio

import pytest

from campaign_service.journal import JournalAwayError, JournalEntry
from campaign_service.serving import event_stream as stream_module
from campaign_service.serving.event_stream import EventStream


def entry(seq, campaign_id=None):
    return JournalEntry(
        seq=seq, at=seq, actor="driver", kind="CallPlaced", campaign_id=campaign_id, data="{}"
    )


class Past:
    """What is in the database."""

    def __init__(self):
        self.stored = []
        self.asked = 0
        self.away = 0

    def entries(self, *, after, limit, campaign_id=None, until=None):
        self.asked += 1
        if self.away:
            self.away -= 1
            raise JournalAwayError("gone")
        found = [one for one in self.stored if one.seq > after]
        if campaign_id is not None:
            found = [one for one in found if one.campaign_id == campaign_id]
        return found[:limit]


class Told:
    """A stream and its past, told the same."""

    def __init__(self):
        self.past = Past()
        self.stream = EventStream(self.past)

    def tell(self, *entries):
        self.past.stored += entries
        self.stream.tell(entries)


@pytest.fixture
def told():
    return Told()


async def heard(event_stream, count, **which):
    entries = []
    async for one in event_stream.follow(**which):
        entries.append(one.seq)
        if len(entries) == count:
            break
    return entries


def run(story):
    asyncio.run(asyncio.wait_for(story, timeout=20))


def test_hundred_listeners_hear_everything_and_the_database_is_not_asked(told):
    async def story():
        listeners = [asyncio.create_task(heard(told.stream, 500, after=0)) for _ in range(100)]
        for number in range(1, 501):
            told.tell(entry(number))
            if number % 50 == 0:
                await asyncio.sleep(0)
        assert await asyncio.gather(*listeners) == [list(range(1, 501))] * 100
        assert told.past.asked == 0

    run(story())


def test_listener_that_is_slow_finds_in_the_database_what_is_no_longer_kept(told, monkeypatch):
    monkeypatch.setattr(stream_module, "_KEPT_MAX", 20)

    async def story():
        for number in range(1, 201):
            told.tell(entry(number))
        assert len(told.stream._kept) <= 40
        assert await heard(told.stream, 200, after=0) == list(range(1, 201))
        assert told.past.asked == 1

    run(story())


def test_long_events_are_not_all_kept(told, monkeypatch):
    monkeypatch.setattr(stream_module, "_CHARACTERS_MAX", 100)
    for number in range(1, 500):
        told.tell(entry(number))

    assert told.stream._characters <= 200


def test_events_that_were_told_before_are_not_heard_twice(told):
    """A follower that becomes the leader tells what it has read, and what it writes."""

    async def story():
        told.tell(entry(1), entry(2))
        told.stream.tell([entry(2), entry(3)])
        told.past.stored.append(entry(3))
        assert await heard(told.stream, 3, after=0) == [1, 2, 3]

    run(story())


def test_events_that_were_not_heard_of_here_are_read(told):
    async def story():
        told.tell(entry(1))
        told.past.stored += [entry(2), entry(3)]
        told.tell(entry(4))
        assert await heard(told.stream, 4, after=0) == [1, 2, 3, 4]
        assert await heard(told.stream, 2, after=2) == [3, 4]
        told.past.stored.append(entry(5))
        told.stream.jump(5)
        assert await heard(told.stream, 2, after=3) == [4, 5]

    run(story())


@pytest.mark.parametrize("is_kept", [True, False])
def test_events_of_one_campaign_are_heard_alone(told, is_kept):
    async def story():
        entries = [entry(number, campaign_id=number % 2) for number in range(1, 11)]
        if is_kept:
            told.tell(*entries)
        else:
            told.past.stored += entries
            told.stream.jump(10)
        listening = asyncio.create_task(heard(told.stream, 6, after=0, campaign_id=1))
        await asyncio.sleep(0.05)
        told.tell(entry(11, campaign_id=1))
        assert await listening == [1, 3, 5, 7, 9, 11]

    run(story())


def test_event_that_was_read_before_it_was_told_is_heard_once(told):
    """The writer's thread may be ahead of what was told."""

    async def story():
        told.past.stored += [entry(1), entry(2)]
        told.stream.jump(1)
        listening = told.stream.follow(after=0)
        assert [(await anext(listening)).seq for _ in range(2)] == [1, 2]
        told.stream.tell([entry(2)])
        told.tell(entry(3))
        assert (await anext(listening)).seq == 3

    run(story())


def test_listener_that_has_left_costs_nothing_more(told):
    async def story():
        told.tell(entry(1))
        listening = told.stream.follow(after=0)
        await anext(listening)
        assert len(told.stream._listeners) == 1
        await listening.aclose()
        assert told.stream._listeners == set()

    run(story())


def test_database_that_is_away_is_asked_again(told, monkeypatch):
    monkeypatch.setattr(stream_module, "_PAUSE_S", 0.01)

    async def story():
        told.past.stored.append(entry(1))
        told.past.away = 2
        told.stream.jump(1)
        assert await heard(told.stream, 1, after=0) == [1]

    run(story())
