"""The client's commands and queries: what goes out, and what comes back as values."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from campaign_core import (
    CallingHours,
    CallScript,
    CampaignModel,
    Line,
    Number,
    Outcome,
    Recipient,
    RecipientList,
    RetryPolicy,
    Weekday,
)
from campaign_service.client import Client, Connection, ResponseError

DONE = {"seq": 9, "at": "2026-01-12T08:00:00.000Z", "repeated": False, "campaign_id": 3}
MODEL = CampaignModel(
    name="Drill",
    caller_number="100",
    sound="drill",
    script=CallScript(confirm_answer=True, listening_prompt=None),
    retry=RetryPolicy(delays_s={Outcome.BUSY: 60}, never_again={Outcome.INVALID_NUMBER}),
    calling_hours=[CallingHours(days={Weekday.MONDAY}, opens_min=480, closes_min=720)],
    recipients=RecipientList(
        [Recipient(number="201", line=Line.INTERNAL, further_numbers=[Number(number="+39055")])]
    ),
)


@pytest.fixture
def service():
    """A client of what answers as it is told to, by method and path."""
    answers, asked = {}, []

    def answer(request):
        path = request.url.path.removeprefix("/api/v1/")
        body = json.loads(request.content) if request.content else None
        asked.append((request.method, path, body))
        return httpx.Response(200, json=answers[request.method, path])

    connection = Connection(url="http://x", transport=httpx.MockTransport(answer))
    with Client(connection) as client:
        client.answers, client.asked = answers, asked
        yield client


def test_start_at_a_time_tells_the_campaign(service):
    """R4.2: immediate, delayed, or at a date and time."""
    service.answers["POST", "tenants/main/campaigns"] = DONE

    done = service.start(model_id=1, at=datetime(2026, 1, 12, 9, tzinfo=UTC), name="Run")

    assert (done.seq, done.campaign_id, done.model_id) == (9, 3, None)
    assert done.at == datetime(2026, 1, 12, 8, tzinfo=UTC)
    when = {"mode": "SCHEDULED", "at": "2026-01-12T09:00:00+00:00"}
    body = {"model_id": 1, "name": "Run", "when": when}
    assert service.asked == [("POST", "tenants/main/campaigns", body)]


def test_model_goes_out_by_the_names_of_its_fields(service):
    """The API's model has the fields of the core's."""
    service.answers["POST", "tenants/main/models"] = {**DONE, "model_id": 1}

    service.add_model(MODEL)

    ((_, _, body),) = service.asked
    assert body["retry"] == {"delays_s": {"BUSY": 60}, "never_again": ["INVALID_NUMBER"]}
    assert body["calling_hours"] == [{"days": ["MONDAY"], "opens_min": 480, "closes_min": 720}]
    assert body["recipients"][0]["further_numbers"] == [{"number": "+39055", "line": "EXTERNAL"}]
    # Silence is null; the settings' own prompt is left out.
    assert body["script"]["listening_prompt"] is None
    assert "answer_prompt" not in body["script"]


def test_pages_are_asked_for_until_the_last(service):
    pages = iter(
        [
            {"items": [{"position": 1, "number": "201"}], "next": 1},
            {"items": [{"position": 2, "number": "202"}], "next": None},
        ]
    )
    rest = {
        "line": "INTERNAL",
        "state": "IDLE",
        "reason": None,
        "attempts": 0,
        "attempts_allowed": 5,
        "last_call_at": None,
        "last_outcome": None,
        "answer_confirmed_at": None,
        "listening_confirmed_at": None,
    }

    class Pages(dict):
        def __getitem__(self, key):
            page = next(pages)
            return {**page, "items": [{**item, **rest} for item in page["items"]]}

    service.answers = Pages()
    service.connection._http._transport = httpx.MockTransport(
        lambda request: httpx.Response(200, json=service.answers["GET", request.url.path])
    )

    assert [row.number for row in service.recipients(3)] == ["201", "202"]


def test_answer_of_another_form_is_refused(service):
    service.answers["POST", "tenants/main/campaigns/3/pause"] = {"seq": "nine"}

    with pytest.raises(ResponseError, match=r"\$\.seq"):
        service.pause(3)


def test_token_is_in_no_repr(service):
    service.answers["POST", "login"] = {
        "token": "throwaway-9",
        "expires_at": "2026-01-12T08:00:00.000Z",
        "must_change_password": False,
    }

    login = service.log_in("ada", "pass-word")

    assert "throwaway-9" not in repr(login)
    assert login.token == "throwaway-9"


def test_any_member_of_an_event_is_read(service):
    event = {"type": "CallPlaced", "in_use": [0, 1, None, {"a": 1.5}]}
    entry = {"seq": 1, "at": "2026-01-12T08:00:00Z", "actor": "driver", "kind": "CallPlaced"}
    page = {
        "items": [{**entry, "campaign_id": 3, "event": event, "is_abridged": False}],
        "next": None,
    }
    service.answers["GET", "tenants/main/campaigns/3/log"] = page

    (read,) = service.log(3)

    assert read.event == event
