"""GET events over a socket: resumable, filtered, with a sign of life, and over with its token."""

import itertools
import json
import time

import pytest
from tests.service.api.running_service import CONSOLE, MODEL, now_ms, tenant_path

from campaign_service import access
from campaign_service.access import RoleGrant
from campaign_service.api.routes import logs

NUMBERS = itertools.count(1)


def messages(lines, count):
    """Return so many messages of a stream, each as its fields."""
    found, fields = [], {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            if "data" in fields:
                found.append(fields)
            fields = {}
        if len(found) == count:
            break
    return found


def bar(ask, count):
    for _ in range(count):
        number = f"9{next(NUMBERS):05}"
        assert ask.post(tenant_path("do-not-call"), json={"numbers": [number]}).is_success


def test_message_is_the_entry_of_the_log(ask):
    with ask.stream("GET", tenant_path("events?after=0")) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        found = messages(lines, 3)

    log = ask.get(tenant_path("log?limit=3")).json()["items"]
    assert [json.loads(one["data"]) for one in found] == log
    assert [(one["id"], one["event"]) for one in found] == [
        (str(entry["seq"]), entry["kind"]) for entry in log
    ]


def test_stream_goes_on_behind_the_last_event_that_was_heard(ask):
    bar(ask, 3)
    last = ask.get(tenant_path("status")).json()["last_seq"]

    headers = {"Last-Event-ID": str(last - 2)}
    with ask.stream("GET", tenant_path("events?after=0"), headers=headers) as answer:
        found = messages(answer.iter_lines(), 2)

    assert [int(one["id"]) for one in found] == [last - 1, last]


def test_stream_without_a_number_tells_what_comes(ask):
    bar(ask, 1)
    last = ask.get(tenant_path("status")).json()["last_seq"]

    with ask.stream("GET", tenant_path("events")) as answer:
        lines = answer.iter_lines()
        next(lines)
        bar(ask, 1)
        found = messages(lines, 1)

    assert int(found[0]["id"]) > last


def test_stream_of_a_campaign_tells_of_no_other(ask):
    rows = [{"number": "6001"}]
    body = {**MODEL, "name": "Streamed", "recipients": rows}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    later = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 9}}
    made = [ask.post(tenant_path("campaigns"), json=later).json()["campaign_id"] for _ in range(2)]

    with ask.stream("GET", tenant_path(f"events?after=0&campaign_id={made[1]}")) as answer:
        found = messages(answer.iter_lines(), 1)

    assert json.loads(found[0]["data"])["campaign_id"] == made[1]


def test_silence_is_broken_by_a_comment(ask):
    with ask.stream("GET", tenant_path("events")) as answer:
        comments = (line for line in answer.iter_lines() if line.startswith(":"))

        assert next(comments) == ": still here"


def test_stream_ends_soon_after_its_token_was_revoked(service):
    token = service.add_user("listener", RoleGrant(role="viewer"))
    client = service.client(token=token)
    with client.stream("GET", tenant_path("events")) as answer:
        lines = answer.iter_lines()
        next(lines)
        known = access.tokens(service.database, "listener", now=now_ms())
        access.revoke_token(service.database, "listener", known[0].id, by=CONSOLE, now=now_ms())
        began = time.monotonic()
        list(lines)

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "9" * 20])
def test_number_that_is_none_is_refused(ask, last):
    answer = ask.get(tenant_path("events"), headers={"Last-Event-ID": last})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def test_long_event_is_abridged_in_the_stream_and_whole_by_its_number(ask):
    rows = [{"number": f"5{number:06}"} for number in range(1_500)]
    body = {**MODEL, "name": "Very long", "recipients": rows}
    seq = ask.post(tenant_path("models"), json=body).json()["seq"]

    with ask.stream("GET", tenant_path(f"events?after={seq - 1}")) as answer:
        told = json.loads(messages(answer.iter_lines(), 1)[0]["data"])

    whole = ask.get(tenant_path(f"log/{seq}")).json()
    assert told["is_abridged"]
    assert told["event"]["type"] == "ModelAdded"
    assert not whole["is_abridged"]
    assert len(whole["event"]["model"]["recipients"]) == 1_500
    assert ask.get(tenant_path("log/999999")).status_code == 404


def test_listeners_are_counted(ask):
    def counted():
        text = ask.get("/metrics").text
        line = next(line for line in text.splitlines() if line.startswith("campaign_listeners{"))
        return float(line.rpartition(" ")[2])

    wait_for(lambda: counted() == 0)
    with ask.stream("GET", tenant_path("events")):
        wait_for(lambda: counted() == 1)
    wait_for(lambda: counted() == 0)


def wait_for(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_event_that_is_not_yet_is_not_gone_on_from(ask):
    """Issue: a stream resumable with Last-Event-ID; of another journal it would miss events."""
    last = ask.get(tenant_path("status")).json()["last_seq"]
    beyond = [
        ask.get(tenant_path("events"), headers={"Last-Event-ID": str(last + 1)}),
        ask.get(tenant_path("events"), params={"after": last + 1}),
    ]

    assert [answer.status_code for answer in beyond] == [422, 422]
    assert [answer.json()["errors"][0]["field"] for answer in beyond] == ["Last-Event-ID", "after"]
    with ask.stream("GET", tenant_path("events"), params={"after": last}) as answer:
        assert answer.status_code == 200


def test_page_of_a_log_with_many_long_events_is_short_and_goes_on(ask, monkeypatch):
    """R9.1: whoever pages sees everything, however long the events are."""
    monkeypatch.setattr(logs, "_PAGE_BYTES", 2_000)
    whole = ask.get(tenant_path("log"), params={"limit": 1}).json()
    seen, after = [], 0
    pages = 0
    while after is not None:
        page = ask.get(tenant_path("log"), params={"limit": 50, "after": after}).json()
        seen += [entry["seq"] for entry in page["items"]]
        after = page["next"]
        pages += 1

    assert whole["items"]
    assert seen == list(range(1, len(seen) + 1))
    assert pages > len(seen) / 50 + 1
