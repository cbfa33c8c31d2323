"""GET view over a socket: for screens, in short, resumable, with heartbeats they can see."""

import itertools
import json
import time

import pytest
from tests.service.api.running_service import MODEL, tenant_path
from tests.service.api.test_stream import messages, wait_for

NAMES = itertools.count(1)


def start(ask, **parameters):
    """Start a campaign and return its id; its calls ring for long."""
    name = next(NAMES)
    # One number is in one call at a time.
    rows = [{"number": f"7{name:03}{row}"} for row in (1, 2)]
    body = {**MODEL, "name": f"Viewed {name}", "ring_timeout_s": 120, "recipients": rows}
    body |= parameters
    model_id = ask.post(tenant_path("models"), json=body).json()["model_id"]
    given = {"model_id": model_id, "when": {"mode": "IMMEDIATE"}}
    return ask.post(tenant_path("campaigns"), json=given).json()["campaign_id"]


def digests(lines):
    """Yield what a screen is told, beside heartbeats: the message's name, and its data."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        (told,) = messages(lines, 1)
        if told["event"] != "heartbeat":
            digest = json.loads(told["data"])
            assert int(told["id"]) == digest["seq"]
            yield told["event"], digest


def row_of(told, campaign_id, holds):
    """Return the first row of a campaign that is so."""
    for _, digest in told:
        for row in digest["campaigns"]:
            if row["campaign_id"] == campaign_id and holds(row):
                return digest, row
    raise AssertionError


def test_first_message_shows_every_campaign(ask, service):
    start(ask)
    feed = service.app.state.context.view_feeds.of("main")
    wait_for(lambda: feed.listeners == 0)

    with ask.stream("GET", tenant_path("view")) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        told = digests(answer.iter_lines())
        name, first = next(told)
        shown = {row["campaign_id"] for row in first["campaigns"]}
        listed = {row["campaign_id"] for row in campaigns(ask)}
        while not shown >= listed:
            # The first one is as of the last view that was made, perhaps a while ago.
            shown |= {row["campaign_id"] for row in next(told)[1]["campaigns"]}

    assert name == "reset"
    assert first["link_is_up"]


def campaigns(ask):
    return ask.get(tenant_path("campaigns?limit=1000")).json()["items"]


def test_campaign_that_starts_calls_and_is_paused_is_followed(ask):
    """R4.3, R4.8: with the positions whose state changed."""
    campaign_id = start(ask, call_limits={"total": 1})
    with ask.stream("GET", tenant_path(f"view?campaign_id={campaign_id}")) as answer:
        told = digests(answer.iter_lines())
        assert next(told)[0] == "reset"

        of = tenant_path(f"campaigns/{campaign_id}")
        assert ask.post(f"{of}/stop-attempts", json={"positions": [2]}).is_success
        digest, row = row_of(told, campaign_id, lambda row: row.get("failed") == 1)
        # The reset may have been of a view before the call to position 1 was placed.
        assert digest["positions"] in ([[2, 2]], [[1, 2]])
        assert ask.post(f"{of}/pause").is_success
        _, row = row_of(told, campaign_id, lambda row: row["status"] == "PAUSED")

    assert row == {
        "campaign_id": campaign_id,
        "status": "PAUSED",
        "recipient_count": 2,
        "failed": 1,
        "external_calls": 1,
        "pause_reason": "USER",
    }


def test_screen_that_comes_back_is_told_what_changed_since(ask):
    campaign_id = start(ask)
    with ask.stream("GET", tenant_path("view")) as answer:
        told = digests(answer.iter_lines())
        digest, _ = row_of(told, campaign_id, lambda row: row["status"] == "ACTIVE")
    ask.post(tenant_path(f"campaigns/{campaign_id}/pause"))

    headers = {"Last-Event-ID": str(digest["seq"])}
    names = []
    with ask.stream("GET", tenant_path("view"), headers=headers) as answer:
        heard = (names.append(one[0]) or one for one in digests(answer.iter_lines()))
        row_of(heard, campaign_id, lambda row: row["status"] == "PAUSED")

    assert set(names) == {"digest"}


@pytest.mark.parametrize("parameters", [{}, {"after": 0}])
def test_screen_that_was_away_too_long_begins_anew(ask, parameters):
    with ask.stream("GET", tenant_path("view"), params=parameters) as answer:
        assert next(digests(answer.iter_lines()))[0] == "reset"


def test_silence_is_broken_by_an_event_that_a_browser_shows(ask):
    """EventSource tells its page nothing of comments."""
    with ask.stream("GET", tenant_path("view")) as answer:
        lines = answer.iter_lines()
        told = {"event": ""}
        while told["event"] != "heartbeat":
            (told,) = messages(lines, 1)

    assert told == {"event": "heartbeat", "data": "{}"}


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"campaign_id": 999_999}, "campaign_id"),
        ({"campaign_id": "x"}, "campaign_id"),
        ({"after": -1}, "after"),
        ({"positions": 1}, "positions"),
    ],
)
def test_bad_values_are_named(ask, parameters, field):
    answer = ask.get(tenant_path("view"), params=parameters)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_number_that_is_none_is_refused(ask):
    answer = ask.get(tenant_path("view"), headers={"Last-Event-ID": "x"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


def test_deleted_campaign_ends_nobodys_stream(ask):
    """Its screen comes back after it is gone, and is told so."""
    with ask.stream("GET", tenant_path("view?campaign_id=999999&after=1")) as answer:
        name, digest = next(digests(answer.iter_lines()))

    assert name == "reset"
    assert 999_999 not in [row["campaign_id"] for row in digest["campaigns"]]


def test_view_is_for_who_may_see_the_tenant(service):
    token = service.add_user("stranger")

    assert service.client(token=token).get(tenant_path("view")).status_code == 403
    assert service.client(None).get(tenant_path("view")).status_code == 401
    with service.client("viewer").stream("GET", tenant_path("view")) as answer:
        assert answer.status_code == 200


def test_screens_are_counted_while_they_listen(ask, service):
    feed = service.app.state.context.view_feeds.of("main")
    wait_for(lambda: feed.listeners == 0)
    with ask.stream("GET", tenant_path("view")) as one, ask.stream("GET", tenant_path("view")):
        told = digests(one.iter_lines())
        assert next(told)[0] == "reset"
        wait_for(lambda: feed.listeners == 2)
        assert service.app.state.context.view_feeds.listeners()["main"] == 2
    wait_for(lambda: feed.listeners == 0)
