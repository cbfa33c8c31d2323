"""The stream of events: gone on with after every interruption, nothing twice, nothing left out."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_service.client.connection import Connection
from campaign_service.client.errors import NotLoggedInError, UnreachableError
from campaign_service.client.stream import follow, read_events


def text(*numbers):
    return "".join(f'id: {n}\nevent: CallPlaced\ndata: {{"seq": {n}}}\n\n' for n in numbers)


class Interrupted(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, body):
        self._body = body

    def __iter__(self):
        yield self._body.encode()
        raise httpx.ReadError("broken")


@pytest.fixture
def stream():
    """Follow a service that answers so, in order."""

    def stream(*answers, after=0, patience_s=10):
        asked, left = [], list(answers)

        def answer(request):
            asked.append((request.headers.get("Last-Event-ID"), request.url.params["after"]))
            answer = left.pop(0) if left else httpx.ConnectError("refused")
            if isinstance(answer, Exception):
                raise answer
            return answer

        connection = Connection(url="http://x", patience_s=0, transport=httpx.MockTransport(answer))
        waited = []
        events = follow(
            connection,
            "events",
            after=after,
            parameters={},
            patience_s=patience_s,
            sleep=waited.append,
        )
        return events, asked, waited

    return stream


def test_stream_goes_on_behind_the_last_event_that_came(stream):
    """Issue: resumable with Last-Event-ID."""
    events, asked, _ = stream(
        httpx.Response(200, stream=Interrupted(text(5, 6) + "id: 7\ndata: {")),
        httpx.ConnectError("refused"),
        httpx.Response(200, text=text(7, 8)),
        after=4,
    )

    assert [next(events).id for _ in range(4)] == ["5", "6", "7", "8"]
    assert asked == [("4", "4"), ("6", "6"), ("6", "6")]


def test_stream_that_ends_well_is_opened_again(stream):
    """A process that stops ends its streams; another one goes on."""
    events, _, waited = stream(httpx.Response(200, text=text(1)), httpx.Response(200, text=text(2)))

    assert [next(events).data for _ in range(2)] == [{"seq": 1}, {"seq": 2}]
    assert waited == [0.2]


def test_service_that_stays_away_ends_the_stream(stream):
    events, _, _ = stream(httpx.ConnectError("refused"), patience_s=0)

    with pytest.raises(UnreachableError):
        next(events)


def test_refusal_ends_the_stream(stream):
    events, asked, _ = stream(httpx.Response(401, json={"title": "No"}))

    with pytest.raises(NotLoggedInError):
        next(events)
    assert len(asked) == 1


def test_comments_and_unknown_fields_are_passed_over():
    lines = [": ping", "", "retry: 5", "id:1", "data:{", "data: }", "", "data: 1"]

    (event,) = read_events(iter(lines))

    assert (event.id, event.name, event.data) == ("1", "message", {})


@given(st.lists(st.integers(min_value=1), max_size=5))
def test_every_event_that_was_written_is_read(numbers):
    read = list(read_events(iter(text(*numbers).split("\n"))))

    assert [event.data for event in read] == [{"seq": number} for number in numbers]
