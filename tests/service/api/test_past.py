"""R8.3, R9.2: what was, as it was: at a time, in exports, and of campaigns that were deleted."""

import csv
import io
import time

import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core.reports import AnswerReport, DigitReport, EndReport
from campaign_service.api.routes import operations_of
from campaign_service.api.times import text_of
from campaign_service.api.views import exports
from campaign_service.engine import register_driver
from campaign_service.report.rows import ATTEMPT_COLUMNS, RECIPIENT_COLUMNS

ROWS = [{"number": f"4{number:05}", "name": f"Person {number}"} for number in range(5)]


@pytest.fixture(scope="module")
def campaign(ask):
    """A campaign that called one of five people, was stopped and deleted, and when what was."""
    body = {**MODEL, "name": "Past", "recipients": ROWS, "call_limits": {"total": 1}}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    later = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 9}}
    made = ask.post(tenant_path("campaigns"), json=later).json()
    of = tenant_path(f"campaigns/{made['campaign_id']}")
    time.sleep(0.01)
    started = ask.post(f"{of}/start-now").json()["at"]
    ask.post(f"{of}/stop-attempts", json={"positions": [5]})
    time.sleep(0.01)
    ask.post(f"{of}/stop", json={"hang_up": True})
    deadline = time.monotonic() + 10
    while ask.delete(of).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return {"id": made["campaign_id"], "created": made["at"], "started": started, "of": of}


def states(ask, campaign, at):
    page = ask.get(f"{campaign['of']}/recipients", params={"at": at}).json()
    return [row["state"] for row in page["items"]]


def test_recipients_are_shown_as_they_were(ask, campaign):
    assert states(ask, campaign, campaign["created"]) == ["IDLE"] * 5
    assert states(ask, campaign, campaign["started"]) == ["ACTIVE", *["IDLE"] * 4]


def test_attempt_is_shown_as_far_as_it_had_come(ask, campaign):
    at = {"at": campaign["started"]}

    then = ask.get(f"{campaign['of']}/recipients/1", params=at).json()

    assert [one["outcome"] for one in then["history"]] == [None]
    assert [event["type"] for event in then["history"][0]["events"]] == ["CallPlaced"]
    assert then["last_call_at"] == campaign["started"]


def test_what_was_dialled_and_played_later_is_not_shown(tmp_path):
    """R8.3: the whole of what the call had brought by then, and nothing of what came after."""
    made = []
    register_driver("told", lambda _: made.append(RecordingDriver()) or made[-1])
    with RunningService(tmp_path, driver="told") as service:
        ask = service.client()
        script = {"confirm_answer": True, "confirm_listening": True}
        body = {**MODEL, "name": "Dialled", "recipients": ROWS[:1], "script": script}
        model = ask.post(tenant_path("models"), json=body).json()["model_id"]
        number = ask.post(tenant_path("campaigns"), json={"model_id": model}).json()["campaign_id"]
        recipient = tenant_path(f"campaigns/{number}/recipients/1")
        call_id = ask.get(recipient).json()["history"][0]["call_id"]
        # The first driver that is made only shows that its address is good.
        telephony = made[-1]

        def attempt(**query):
            answer = ask.get(recipient, params=query)
            assert answer.status_code == 200, answer.text
            return answer.json()["history"][0]

        def told(*reports):
            """Tell reports, each some milliseconds after the one before; the attempt then."""
            for report in reports:
                before = len(attempt()["events"])
                time.sleep(0.005)
                service.call(telephony.report, report)
                deadline = time.monotonic() + 20
                while len(attempt()["events"]) == before:
                    assert time.monotonic() < deadline
            return attempt()

        now = told(AnswerReport(call_id), DigitReport(call_id=call_id, digit="1"))
        stages = [(now["events"][-1]["at"], now)]
        now = told(DigitReport(call_id=call_id, digit="5"), EndReport(call_id=call_id))
        stages.append((now["events"][-1]["at"], now))

        assert [(one["digits"], one["messages_played"]) for _, one in stages] == [
            ("1", 1),
            ("15", 1),
        ]
        for at, then in stages:
            assert attempt(at=text_of(at)) == then
        confirmed = next(e for e in now["events"] if e["type"] == "AnswerConfirmed")
        before = attempt(at=text_of(confirmed["at"] - 1))
        assert (before["digits"], before["messages_played"]) == ("", 0)
        assert before["outcome"] is None


def test_campaign_is_shown_as_it_was(ask, campaign):
    at = {"at": campaign["started"]}

    assert ask.get(campaign["of"], params=at).json()["status"] in ("ACTIVE", "BLOCKED")
    assert ask.get(campaign["of"]).status_code == 404
    listed = ask.get(tenant_path("campaigns"), params=at).json()["items"]
    assert campaign["id"] in [row["campaign_id"] for row in listed]


@pytest.fixture(scope="module")
def changed(ask, campaign):
    """A model, before its name, its recipients, the settings and the list of numbers changed."""
    body = {**MODEL, "name": "Before", "recipients": ROWS}
    made = ask.post(tenant_path("models"), json=body).json()
    barred = ask.post(tenant_path("do-not-call"), json={"numbers": ["500"]}).json()
    time.sleep(0.01)
    anyhow = {"If-Match": "*"}
    other = {**body, "name": "After", "recipients": ROWS[:2]}
    assert ask.put(tenant_path(f"models/{made['model_id']}"), json=other, headers=anyhow).is_success
    assert ask.post(tenant_path("do-not-call"), json={"numbers": ["501"]}).is_success
    settings = {**ask.get(tenant_path("settings")).json(), "active_campaigns_max": 77}
    assert ask.put(tenant_path("settings"), json=settings, headers=anyhow).is_success
    return {"of": tenant_path(f"models/{made['model_id']}"), "at": barred["at"]}


def then_and_now(ask, path, at, **query):
    then = ask.get(path, params={"at": at, **query})
    assert then.status_code == 200, then.text
    return then.json(), ask.get(path, params=query).json()


def test_settings_are_shown_as_they_were(ask, changed):
    """R8.3: any past state can be had again."""
    then, now = then_and_now(ask, tenant_path("settings"), changed["at"])

    assert (then["active_campaigns_max"], now["active_campaigns_max"]) == (None, 77)
    old = ask.get(tenant_path("settings"), params={"at": changed["at"]}).headers["ETag"]
    late = ask.put(tenant_path("settings"), json=then, headers={"If-Match": old})
    assert late.status_code == 412


def test_models_are_shown_as_they_were(ask, changed):
    """R8.3."""
    then, now = then_and_now(ask, changed["of"], changed["at"], recipients=True)
    assert (then["name"], len(then["recipients"])) == ("Before", 5)
    assert (now["name"], len(now["recipients"])) == ("After", 2)

    then, now = then_and_now(ask, f"{changed['of']}/recipients", changed["at"])
    assert (len(then["items"]), len(now["items"])) == (5, 2)

    then, now = then_and_now(ask, tenant_path("models"), changed["at"])
    assert (then["items"][-1]["name"], now["items"][-1]["name"]) == ("Before", "After")


def test_do_not_call_list_is_shown_as_it_was(ask, changed):
    """R8.3."""
    then, now = then_and_now(ask, tenant_path("do-not-call"), changed["at"])

    assert then["items"] == ["500"]
    assert now["items"] == ["500", "501"]


def test_calls_in_progress_are_shown_as_they_were(ask, campaign):
    """R8.3."""
    query = {"campaign_id": campaign["id"]}

    then, now = then_and_now(ask, tenant_path("calls"), campaign["started"], **query)

    assert [call["position"] for call in then["items"]] == [1]
    assert now["items"] == []


def test_it_is_explained_why_somebody_was_not_called_then(ask, campaign):
    """R8.1, R8.3."""
    of = f"{campaign['of']}/recipients/2/explain"

    then = ask.get(of, params={"at": campaign["started"]}).json()

    assert "CAMPAIGN_LIMIT" in [reason["kind"] for reason in then["reasons"]]
    assert ask.get(of).status_code == 404


def test_whatever_a_state_tells_is_told_of_any_time():
    """R8.3: but what tells of the process, of the future, or of a stretch of time."""
    without = {
        one.name
        for one in operations_of(has_users=False, open_metrics=False)
        if one.method == "GET" and one.is_of_tenant and "at" not in one.query.__struct_fields__
    }

    assert without == {
        "read_status",
        "list_nodes",
        "forecast_campaign",
        "follow_events",
        "follow_view",
        "read_log",
        "read_log_entry",
        "read_campaign_log",
        "read_audit",
        "list_past_campaigns",
        "read_past_campaign",
        "export_campaign",
    }


def exported(ask, campaign, **query):
    answer = ask.get(f"{campaign['of']}/export", params=query)
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    return answer


def test_recipients_of_a_deleted_campaign_are_exported_as_csv(ask, campaign):
    answer = exported(ask, campaign)

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert tuple(rows[0]) == RECIPIENT_COLUMNS
    assert [row["name"] for row in rows] == [row["name"] for row in ROWS]
    assert rows[4]["reason"] == "STOPPED"


def test_attempts_are_exported_as_json(ask, campaign):
    rows = exported(ask, campaign, what="attempts", format="json").json()["attempts"]

    assert [tuple(row) for row in rows] == [ATTEMPT_COLUMNS]
    assert (rows[0]["position"], rows[0]["outcome"]) == (1, "CANCELLED")


def test_log_is_exported_with_every_event(ask, campaign):
    log = ask.get(f"{campaign['of']}/log?limit=1000").json()["items"]

    rows = exported(ask, campaign, what="log", format="json").json()["log"]

    assert [row["data"] for row in rows] == [entry["event"] for entry in log]
    assert [row["kind"] for row in rows][-1] == "CampaignDeleted"


def test_long_event_is_put_into_an_export_as_it_is(ask, campaign, monkeypatch):
    """R9.2: a list of a million recipients is not read and written anew for it."""
    whole = exported(ask, campaign, what="log", format="json").json()
    monkeypatch.setattr(exports, "PIECE_BYTES", 0)
    monkeypatch.setattr(exports, "json", None)

    assert exported(ask, campaign, what="log", format="json").json() == whole


def test_log_comes_in_pages_and_up_to_a_time(ask, campaign):
    of = f"{campaign['of']}/log"
    whole = ask.get(f"{of}?limit=1000").json()["items"]
    first = ask.get(f"{of}?limit=2").json()
    rest = ask.get(f"{of}?limit=1000&after={first['next']}").json()

    assert first["items"] + rest["items"] == whole
    until = ask.get(of, params={"until": campaign["created"]}).json()["items"]
    assert [entry["kind"] for entry in until] == ["CampaignScheduled"]


def test_past_campaigns_are_listed_with_those_deleted(ask, campaign):
    found = ask.get(tenant_path("past-campaigns")).json()["items"]

    mine = next(one for one in found if one["campaign_id"] == campaign["id"])
    assert (mine["name"], mine["recipient_count"]) == ("Past", 5)
    assert mine["deleted_at"]


def test_outcomes_of_a_past_campaign_are_counted(ask, campaign):
    detail = ask.get(tenant_path(f"past-campaigns/{campaign['id']}")).json()

    assert detail["outcomes"] == {"CANCELLED": 1}
    assert detail["parameters"]["call_limits"]["total"] == 1


@pytest.mark.parametrize("path", ["log", "export"])
def test_campaign_that_never_was_has_no_log(ask, path):
    assert ask.get(tenant_path(f"campaigns/999/{path}")).status_code == 404


def test_audit_tells_who_did_what_and_when(ask, campaign):
    """R9.1: every event carries its actor."""
    query = {"since": campaign["created"], "actor": "administrator", "limit": 1000}

    found = ask.get(tenant_path("audit"), params=query).json()["items"]

    kinds = [entry["kind"] for entry in found if entry["campaign_id"] == campaign["id"]]
    assert kinds[:2] == ["CampaignScheduled", "CampaignStarted"]
    assert "CampaignDeleted" in kinds
    assert {entry["actor"] for entry in found} == {"administrator"}


def test_ended_calls_are_counted_by_outcome(ask, campaign):
    text = ask.get("/metrics").text

    assert 'campaign_outcomes_total{outcome="CANCELLED",tenant="main"} 1.0' in text
    assert 'campaign_calls_placed_total{tenant="main"} 1.0' in text


def test_measurements_are_of_counts_and_not_of_when_counting_began(ask):
    answer = ask.get("/metrics")

    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "campaign_request_duration_seconds_count" in answer.text
    assert "_created" not in answer.text


def test_forecast_tells_how_a_campaign_will_end(ask):
    """R8.2."""
    body = {**MODEL, "name": "Forecast", "recipients": ROWS}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    later = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 9}}
    of = ask.post(tenant_path("campaigns"), json=later).headers["Location"]

    found = ask.get(f"{of}/forecast?runs=20").json()

    assert 0 <= found["reached"]["p10"] <= found["reached"]["p90"] <= 5
    assert found["ends_at"]["p50"] > ask.get(of).json()["starts_at"]
    ask.post(f"{of}/stop")
    assert ask.get(f"{of}/forecast").status_code == 409
