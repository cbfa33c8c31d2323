"""R2 to R5 over HTTP: what is taken, what is refused, and with which problem."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import pytest
from tests.service.api.running_service import MODEL, tenant_path
from tests.service.ringing import LACKED

from campaign_core._model import calling_hours

NUMBERS = itertools.count(1)
WHOSE = ("internal", "external", "campaign_internal", "campaign_external")
"""Which calls the event of a call's placing counts, in its order (R8.4)."""


@pytest.fixture
def model(ask):
    """A new model's number; nobody else calls its recipients."""
    number = next(NUMBERS)
    rows = [{"number": f"+39050{number:06}"}, {"number": f"2{number:05}", "line": "INTERNAL"}]
    body = {**MODEL, "name": f"Model {number}", "recipients": rows}
    return ask.post(tenant_path("models"), json=body).json()["model_id"]


@pytest.fixture
def scheduled(ask, model):
    """A new campaign's number; it starts in an hour."""
    body = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 60}}
    return ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]


@pytest.fixture
def paused(ask, scheduled):
    """The number of a campaign that was started and paused."""
    assert ask.post(tenant_path(f"campaigns/{scheduled}/start-now")).status_code == 200
    assert ask.post(tenant_path(f"campaigns/{scheduled}/pause")).status_code == 200
    return scheduled


def kind(answer):
    """Return status and kind of a problem."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("/problems/")


def bad_fields(answer):
    assert kind(answer) == (422, "bad-value")
    return [error["field"] for error in answer.json()["errors"]]


def status(ask, campaign_id):
    return ask.get(tenant_path(f"campaigns/{campaign_id}")).json()["status"]


# Models --------------------------------------------------------------------------------------


def test_model_is_added_and_told_where_it_is(ask):
    """R3.4: add."""
    made = ask.post(tenant_path("models"), json={**MODEL, "name": "Added"})

    assert made.status_code == 201
    found = ask.get(made.headers["Location"])
    assert found.json()["model_id"] == made.json()["model_id"]
    assert found.json()["recipient_count"] == 2


def test_model_can_be_sent_back_as_it_was_read(ask, model):
    for query in ("", "?recipients=true"):
        read = ask.get(tenant_path(f"models/{model}{query}"))
        headers = {"If-Match": read.headers["ETag"]}

        assert ask.put(tenant_path(f"models/{model}"), json=read.json(), headers=headers).is_success
        assert ask.get(tenant_path(f"models/{model}{query}")).json() == read.json()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"model_id": 999}, "model_id"), ({"recipient_count": 7}, "recipient_count")],
)
def test_what_nobody_may_change_is_not_changed_in_silence(ask, model, change, field):
    read = ask.get(tenant_path(f"models/{model}"))

    answer = ask.put(
        tenant_path(f"models/{model}"),
        json={**read.json(), **change},
        headers={"If-Match": read.headers["ETag"]},
    )

    assert bad_fields(answer) == [field]


def test_name_of_another_model_is_refused(ask, model):
    """R3.2: unique among models."""
    name = ask.get(tenant_path(f"models/{model}")).json()["name"]

    answer = ask.post(tenant_path("models"), json={**MODEL, "name": name})

    assert kind(answer) == (409, "refused")
    assert answer.json()["command"] == "AddModel"
    assert answer.json()["why"] == answer.json()["detail"]


def test_model_of_which_campaigns_were_started_asks_for_a_confirmation(ask, model, scheduled):
    """R3.5: without it the refusal lists those campaigns."""
    refused = ask.delete(tenant_path(f"models/{model}"))

    assert kind(refused) == (409, "refused")
    assert f"{scheduled} (" in refused.json()["why"]
    name = ask.get(tenant_path(f"campaigns/{scheduled}")).json()["name"]
    assert refused.json()["campaigns"] == [{"campaign_id": scheduled, "name": name}]
    assert ask.delete(tenant_path(f"models/{model}?confirmed=true")).status_code == 200
    assert kind(ask.get(tenant_path(f"models/{model}"))) == (404, "not-found")
    assert status(ask, scheduled) == "SCHEDULED"


def test_clone_is_a_model_of_its_own(ask, model):
    made = ask.post(tenant_path(f"models/{model}/clone"), json={"name": f"Clone of {model}"})

    clone = ask.get(made.headers["Location"]).json()
    assert made.status_code == 201
    assert clone["name"] == f"Clone of {model}"
    assert clone["recipient_count"] == 2


def test_disabled_model_starts_nothing(ask, model):
    """R3.4: a disabled model starts nothing."""
    assert ask.post(tenant_path(f"models/{model}/disable")).status_code == 200
    assert kind(ask.post(tenant_path("campaigns"), json={"model_id": model})) == (409, "refused")
    assert ask.post(tenant_path(f"models/{model}/enable")).status_code == 200
    assert ask.post(tenant_path("campaigns"), json={"model_id": model}).status_code == 201


def test_several_models_are_deleted_or_none(ask, model):
    other = ask.post(tenant_path("models"), json={**MODEL, "name": "Other"}).json()["model_id"]

    answer = ask.post(tenant_path("models/delete"), json={"model_ids": [model, 999_999]})

    assert bad_fields(answer) == ["model_ids[1]"]
    assert ask.get(tenant_path(f"models/{model}")).status_code == 200
    assert ask.post(tenant_path("models/delete"), json={"model_ids": [model, other]}).is_success
    assert ask.get(tenant_path(f"models/{other}")).status_code == 404


def test_recipients_of_a_model_come_in_pages(ask, model):
    first = ask.get(tenant_path(f"models/{model}/recipients?limit=1")).json()
    second = ask.get(tenant_path(f"models/{model}/recipients?limit=1&after={first['next']}")).json()

    assert [row["position"] for row in first["items"] + second["items"]] == [1, 2]
    assert second["next"] is None


# Campaigns -----------------------------------------------------------------------------------


def test_campaign_goes_from_start_to_end_of_its_list(ask, scheduled):
    """R4.3, R4.7, R4.9."""
    of = tenant_path(f"campaigns/{scheduled}")
    steps = [
        ("start-now", 200, ("ACTIVE", "BLOCKED")),
        ("start-now", 409, ("ACTIVE", "BLOCKED")),
        ("resume", 409, ("ACTIVE", "BLOCKED")),
        ("pause", 200, ("PAUSED",)),
        ("resume", 200, ("ACTIVE", "BLOCKED")),
        ("stop", 200, ("TERMINATED",)),
        ("pause", 409, ("TERMINATED",)),
    ]
    for step, code, after in steps:
        assert ask.post(f"{of}/{step}").status_code == code, step
        assert status(ask, scheduled) in after, step


def test_deleted_campaign_is_off_the_list_and_in_the_log(ask, scheduled):
    """R4.9, R9.2: its record in the journal stays and can be consulted with all its parameters."""
    assert ask.delete(tenant_path(f"campaigns/{scheduled}")).status_code == 200

    assert kind(ask.get(tenant_path(f"campaigns/{scheduled}"))) == (404, "not-found")
    log = ask.get(tenant_path(f"campaigns/{scheduled}/log")).json()["items"]
    past = ask.get(tenant_path(f"past-campaigns/{scheduled}")).json()
    assert [entry["kind"] for entry in log] == ["CampaignScheduled", "CampaignDeleted"]
    assert past["parameters"]["sound"] == "closing-tomorrow"
    assert past["deleted_seq"] == log[-1]["seq"]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"model_id": 999_999}, ["model_id"]),
        ({"recipients": [{"number": "1"}, {"number": "1"}]}, ["recipients[1].number"]),
        ({"when": {"mode": "SCHEDULED", "at": "2001-01-01T00:00:00Z"}}, ["when.at"]),
        ({"when": {"mode": "SCHEDULED", "at": "9001-01-01T00:00:00Z"}}, ["when.at"]),
        ({"expires_at": "2001-01-01T00:00:00Z"}, ["expires_at"]),
        ({"when": {"mode": "DELAYED", "minutes": -1}}, ["when.minutes"]),
    ],
)
def test_campaign_that_cannot_be_is_refused_with_every_bad_value(ask, model, body, fields):
    """R4.1, R4.2: a time in the past is refused."""
    assert (
        bad_fields(ask.post(tenant_path("campaigns"), json={"model_id": model, **body})) == fields
    )


def test_time_in_the_past_is_refused_in_words_for_people(ask, model):
    at = {"mode": "SCHEDULED", "at": "2001-01-01T00:00:00Z"}

    error = ask.post(tenant_path("campaigns"), json={"model_id": model, "when": at}).json()[
        "errors"
    ][0]

    assert error["rule"].startswith("a time not past; it is 20")


def test_threshold_above_the_number_of_recipients_is_refused_naming_both(ask):
    """R4.1."""
    body = {**MODEL, "name": "High", "threshold": 3}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]

    answer = ask.post(tenant_path("campaigns"), json={"model_id": model})

    assert bad_fields(answer) == ["threshold"]
    assert answer.json()["errors"][0]["value"] == 3
    assert "2" in answer.json()["errors"][0]["rule"]


def test_list_of_campaigns_shows_them_by_status_and_in_pages(ask, paused):
    """R4.8."""
    listed = ask.get(tenant_path("campaigns?status=PAUSED&limit=1000")).json()["items"]

    assert paused in [row["campaign_id"] for row in listed]
    assert {row["status"] for row in listed} == {"PAUSED"}
    first = ask.get(tenant_path("campaigns?limit=1")).json()
    second = ask.get(tenant_path(f"campaigns?limit=1&after={first['next']}")).json()
    assert first["items"][0]["campaign_id"] < second["items"][0]["campaign_id"]


def test_campaign_is_shown_as_it_was(ask, paused):
    """R8.3: any past state can be had again from the journal."""
    log = ask.get(tenant_path(f"campaigns/{paused}/log")).json()["items"]
    began = datetime.fromisoformat(log[0]["at"])
    later = ask.get(tenant_path("campaigns/1"), params={"at": (began).isoformat()})

    then = ask.get(tenant_path(f"campaigns/{paused}"), params={"at": began.isoformat()}).json()

    assert then["status"] == "SCHEDULED"
    assert later.status_code in (200, 404)


@pytest.mark.parametrize("years", [-20, 20])
def test_time_without_a_state_is_refused(ask, years):
    at = datetime.now(UTC) + timedelta(days=365 * years)

    assert bad_fields(ask.get(tenant_path("campaigns"), params={"at": at.isoformat()})) == ["at"]


# Recipients ----------------------------------------------------------------------------------


def test_recipients_are_appended_behind_the_others(ask, scheduled):
    """R4.10."""
    of = tenant_path(f"campaigns/{scheduled}/recipients")

    assert ask.post(of, json={"recipients": [{"number": "300"}]}).status_code == 200
    page = ask.get(of).json()
    assert [row["number"] for row in page["items"]][2:] == ["300"]
    assert page["recipient_count"] == 3


def test_appended_number_that_is_listed_is_named_by_its_place_in_the_body(ask, scheduled):
    """R3.2: refused, naming both positions."""
    of = tenant_path(f"campaigns/{scheduled}/recipients")
    second = ask.get(of).json()["items"][1]
    rows = [{"number": "300"}, {"number": second["number"], "line": "INTERNAL"}]

    answer = ask.post(of, json={"recipients": rows})

    assert bad_fields(answer) == ["recipients[1].number"]
    assert answer.json()["errors"][0]["rule"].endswith(
        "stands also at position 2 of the campaign's list"
    )


def test_appended_number_that_comes_twice_is_named_by_both_places_in_the_body(ask, scheduled):
    """R3.2, R3.3: in one sentence places are counted in one way."""
    rows = [{"number": "300"}, {"number": "301"}, {"number": "300"}]

    answer = ask.post(tenant_path(f"campaigns/{scheduled}/recipients"), json={"recipients": rows})

    assert bad_fields(answer) == ["recipients[2].number"]
    assert answer.json()["errors"][0]["rule"].endswith("stands also at recipients[0]")


def test_attempts_are_stopped_and_added(ask, scheduled):
    """R5.2, R5.3."""
    of = tenant_path(f"campaigns/{scheduled}")

    assert ask.post(f"{of}/stop-attempts", json={"positions": [1]}).status_code == 200
    failed = ask.get(f"{of}/recipients?state=FAILED").json()["items"]
    assert [(row["position"], row["reason"]) for row in failed] == [(1, "STOPPED")]
    assert kind(ask.post(f"{of}/stop-attempts", json={"positions": [1]})) == (409, "refused")
    assert ask.post(f"{of}/add-attempts", json={"attempts": 1}).status_code == 200
    assert ask.get(f"{of}/recipients?state=FAILED").json()["items"] == []


@pytest.mark.parametrize("step", ["stop-attempts", "add-attempts"])
def test_position_that_is_not_there_is_a_bad_value(ask, scheduled, step):
    body = {"positions": [3]} | ({"attempts": 1} if step == "add-attempts" else {})

    assert bad_fields(ask.post(tenant_path(f"campaigns/{scheduled}/{step}"), json=body)) == [
        "positions[0]"
    ]


@pytest.mark.parametrize("step", ["stop-attempts", "add-attempts"])
def test_positions_that_are_not_there_are_named_each(ask, scheduled, step):
    """R5.2: a selection with one that is refused is refused whole, naming each."""
    body = {"positions": [9, 1, 3]} | ({"attempts": 1} if step == "add-attempts" else {})

    answer = ask.post(tenant_path(f"campaigns/{scheduled}/{step}"), json=body)

    assert bad_fields(answer) == ["positions[0]", "positions[2]"]
    assert [error["value"] for error in answer.json()["errors"]] == [9, 3]
    command = {"command": "AddAttempts", "campaign_id": scheduled, "attempts": 1}
    trial = ask.post(tenant_path("what-if"), json={"trial": {**command, "positions": [1, 9]}})
    assert bad_fields(trial) == ["trial.positions[1]"]


def test_attempts_are_stopped_and_added_for_any_number_of_positions(ask):
    """Issue F10: `stop-attempts` takes any number of positions: a body may be longer than 1 MiB."""
    rows = [{"number": f"+39{number:09}"} for number in range(160_000)]
    made = ask.post(tenant_path("models"), json={**MODEL, "name": "Very many", "recipients": rows})
    later = {"model_id": made.json()["model_id"], "when": {"mode": "DELAYED", "minutes": 9}}
    of = tenant_path(
        f"campaigns/{ask.post(tenant_path('campaigns'), json=later).json()['campaign_id']}"
    )
    body = {"positions": list(range(1, 160_001))}
    assert len(json.dumps(body)) > 1 << 20

    assert ask.post(f"{of}/stop-attempts", json=body).status_code == 200
    assert ask.get(f"{of}/recipients?state=IDLE").json()["items"] == []
    assert ask.post(f"{of}/add-attempts", json={**body, "attempts": 1}).status_code == 200
    unknown = {"positions": list(range(160_001, 170_001))}
    assert len(bad_fields(ask.post(f"{of}/stop-attempts", json=unknown))) == 1_000
    assert ask.delete(of).status_code == 200


def test_models_that_are_not_there_are_named_each(ask, model):
    """R3.3: a bad list names every bad row at once."""
    answer = ask.post(tenant_path("models/delete"), json={"model_ids": [model, 998, 999]})

    assert bad_fields(answer) == ["model_ids[1]", "model_ids[2]"]
    assert answer.json()["errors"][1] == {
        "field": "model_ids[2]",
        "value": 999,
        "rule": "there is no such model",
    }
    assert ask.get(tenant_path(f"models/{model}")).status_code == 200


@pytest.mark.parametrize("of", ["expires_at", "when.at"])
def test_bad_time_of_a_start_is_shown_as_it_was_sent(ask, model, of):
    """R3.3: an error names the value."""
    body = {"model_id": model, "expires_at": "2031-05-06T07:08:09+02:00"}
    when = {"mode": "SCHEDULED", "at": "2031-05-06T07:08:09+02:00"}
    if of == "when.at":
        body, when = {"model_id": model}, {"mode": "SCHEDULED", "at": "2011-05-06T07:08:09+02:00"}

    answer = ask.post(tenant_path("campaigns"), json={**body, "when": when})

    assert bad_fields(answer) == [of]
    year = 2031 if of == "expires_at" else 2011
    assert answer.json()["errors"][0]["value"] == f"{year}-05-06T07:08:09+02:00"


def test_recipient_is_explained(ask, scheduled):
    """R8.1: every reason, as values a program can read and a sentence a person can."""
    found = ask.get(tenant_path(f"campaigns/{scheduled}/recipients/1/explain")).json()

    assert [reason["kind"] for reason in found["reasons"]] == ["SCHEDULED"]
    assert not found["is_called_next"]


def test_recipient_is_shown_with_its_attempts_and_why_they_were_made(ask, paused):
    """R5.4, R8.4: every placed call records why it was chosen at that moment."""
    found = ask.get(tenant_path(f"campaigns/{paused}/recipients/2")).json()

    placed = found["history"][0]["events"][0]
    assert placed["type"] == "CallPlaced"
    chosen = found["history"][0]["chosen"]
    assert chosen["rank"] == placed["rank"] >= 1
    # In the order in which the journal has them.
    assert [chosen[f"{whose}_calls"] for whose in WHOSE] == placed["in_use"]
    assert [chosen["campaign_internal_calls"], chosen["campaign_external_calls"]] == [0, 1]
    assert found["attempts"] == 1


@pytest.mark.parametrize("position", ["0", "3", "one", "-1", "99999999999", "1.0", "+1"])
def test_recipient_that_is_not_there_is_not_found(ask, scheduled, position):
    path = tenant_path(f"campaigns/{scheduled}/recipients/{position}")

    assert kind(ask.get(path)) == (404, "not-found")


# Settings, do-not-call, trials -----------------------------------------------------------------


def test_numbers_are_put_on_the_list_and_taken_off(ask):
    """R6.12."""
    assert ask.post(tenant_path("do-not-call"), json={"numbers": ["111", "112"]}).status_code == 200
    first = ask.get(tenant_path("do-not-call?limit=1")).json()
    second = ask.get(tenant_path(f"do-not-call?limit=1&after={first['next']}")).json()
    assert first["items"] + second["items"] == ["111", "112"]
    assert ask.post(tenant_path("do-not-call/remove"), json={"numbers": ["111"]}).status_code == 200
    assert ask.get(tenant_path("do-not-call")).json()["items"] == ["112"]


def test_trial_changes_nothing(ask, scheduled):
    """R8.5: what a change would do now."""
    before = ask.get(tenant_path("status")).json()["last_seq"]
    trial = {"command": "StartNow", "campaign_id": scheduled}

    found = ask.post(tenant_path("what-if"), json={"trial": trial}).json()

    assert [call["campaign_id"] for call in found["calls"]] == [scheduled, scheduled]
    assert ask.get(tenant_path("status")).json()["last_seq"] == before


@pytest.mark.parametrize(
    ("trial", "field"),
    [
        ({"command": "PauseCampaign", "campaign_id": 999_999}, "trial.campaign_id"),
        ({"command": "StartCampaign", "model_id": 999_999}, "trial.model_id"),
    ],
)
def test_trial_of_what_is_not_there_is_a_bad_value(ask, trial, field):
    assert bad_fields(ask.post(tenant_path("what-if"), json={"trial": trial})) == [field]


def test_status_tells_who_waits_where_it_is_asked_for(ask, scheduled):
    found = ask.get(tenant_path("status?waiting=true")).json()

    assert found["waiting"] == []
    assert ask.get(tenant_path("status")).json()["waiting"] is None
    assert found["role"] == "LEADING"
    assert found["campaigns"]["SCHEDULED"] >= 1


def test_actor_is_whoever_asks(service, ask, scheduled):
    """R9.1, R10.1: every event carries its actor; the audit tells who did what."""
    service.client("operator").post(tenant_path(f"campaigns/{scheduled}/start-now"))

    last = ask.get(tenant_path("audit?actor=operator&limit=1000")).json()["items"][-1]
    assert (last["actor"], last["kind"]) == ("operator", "CampaignStarted")


def test_status_names_zones_that_the_server_does_not_know(ask, monkeypatch):
    """R3.6: what this machine does not know is a note to the operator, and nothing is refused."""
    hours = [{"days": ["MONDAY"], "opens_min": 540, "closes_min": 1020}]
    body = {**MODEL, "name": "Far away", "time_zone": "Asia/Tokyo", "calling_hours": hours}
    model_id = ask.post(tenant_path("models"), json=body).json()["model_id"]
    when = {"mode": "DELAYED", "minutes": 60}
    made = ask.post(tenant_path("campaigns"), json={"model_id": model_id, "when": when}).json()
    known = calling_hours._zone
    monkeypatch.setattr(
        calling_hours, "_zone", lambda name: None if name == "Asia/Tokyo" else known(name)
    )

    found = ask.get(tenant_path("status")).json()["unknown_time_zones"]

    campaign_id, count = made["campaign_id"], len(MODEL["recipients"])
    expected = {"campaign_id": campaign_id, "time_zone": "Asia/Tokyo", "recipients": count}
    assert expected in found
    explained = ask.get(tenant_path(f"campaigns/{campaign_id}/recipients/1/explain")).json()
    assert "UNKNOWN_TIME_ZONE" in [reason["kind"] for reason in explained["reasons"]]


def test_campaign_whose_sound_the_telephony_lacks_needs_a_confirmation(ask, model):
    """R6.18: a sound is looked for before a campaign starts; missing, it must be confirmed."""
    body = {"model_id": model, "sound": LACKED}

    refused = ask.post(tenant_path("campaigns"), json=body)
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "/problems/refused"
    assert [one["name"] for one in problem["sounds"]] == [LACKED]
    assert problem["sounds"][0]["advice"]

    started = ask.post(tenant_path("campaigns"), json={**body, "confirmed": True})
    assert started.status_code == 201


@pytest.mark.parametrize("step", ["start-now", "resume"])
def test_campaign_that_is_started_early_or_resumed_needs_its_sounds_too(ask, model, step):
    """R6.18: however it comes to be active."""
    when = {"mode": "DELAYED", "minutes": 60} if step == "start-now" else {"mode": "IMMEDIATE"}
    body = {"model_id": model, "sound": LACKED, "when": when, "confirmed": True}
    campaign_id = ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]
    if step == "resume":
        assert ask.post(tenant_path(f"campaigns/{campaign_id}/pause")).status_code == 200
    path = tenant_path(f"campaigns/{campaign_id}/{step}")

    assert ask.post(path).status_code == 409
    assert ask.post(path, params={"confirmed": "true"}).status_code == 200
