"""Every error is a problem (RFC 9457), whatever goes wrong and wherever."""

import json
import logging
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx
import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path

from campaign_service.api import ApiSettings, bodies
from campaign_service.api.problems.responses import problem_from_error
from campaign_service.database import DatabaseAwayError
from campaign_service.journal import JournalAwayError
from campaign_service.serving import NotLeadingError

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """Somebody who asks a service that takes small bodies."""
    settings = ApiSettings(body_max=100, list_body_max=300, open_metrics=True)
    with RunningService(tmp_path_factory.mktemp("narrow"), settings=settings) as running:
        yield running.client()


def check(answer, status, kind):
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (answer.status_code, body["status"]) == (status, status)
    assert body["type"] == f"/problems/{kind}"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/", "/nowhere", "/api/v1", "/api/v1/tenants/main/nothing"])
def test_unknown_path_is_not_found(ask, path):
    check(ask.get(path), 404, "not-found")


def test_unknown_tenant_is_not_found(ask):
    check(ask.get("/api/v1/tenants/other/status"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", tenant_path("settings"), {"GET", "HEAD", "OPTIONS", "PUT"}),
        ("PATCH", tenant_path("campaigns/1"), {"DELETE", "GET", "HEAD", "OPTIONS"}),
        ("POST", "/health", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_method_that_is_not_allowed_is_told_which_are(ask, method, path, allowed):
    answer = ask.request(method, path)

    check(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) == allowed
    options = ask.options(path)
    assert (options.status_code, options.headers["Allow"]) == (204, ", ".join(sorted(allowed)))


@pytest.mark.parametrize(
    "accept", ["text/html", "application/json;q=0", "image/*", "*/*, application/json; q=0.0"]
)
def test_answer_that_the_client_does_not_take_is_not_acceptable(ask, accept):
    check(ask.get(tenant_path("settings"), headers={"Accept": accept}), 406, "not-acceptable")


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/*",
        "application/json",
        "text/html, application/json;q=0.1",
        "*/*;q=0, application/json",
    ],
)
def test_answer_that_the_client_takes_is_given(ask, accept):
    assert ask.get(tenant_path("settings"), headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_body_of_another_kind_is_not_read(ask, kind):
    headers = {"Content-Type": kind}

    check(ask.post(tenant_path("models"), content=b"{}", headers=headers), 415, "unsupported-body")


@pytest.mark.parametrize("body", [b"{", b"", b"\xff"])
def test_body_that_is_no_json_is_malformed(ask, body):
    check(ask.post(tenant_path("models"), content=body, headers=JSON), 400, "malformed-body")


def test_body_where_none_is_taken_is_a_bad_value(ask):
    answer = ask.post(tenant_path("campaigns/1/pause"), json={"reason": "lunch"})

    assert check(answer, 422, "bad-value")["errors"][0]["rule"] == "no body"


def test_body_that_is_too_large_is_not_read(narrow):
    large = {"numbers": ["1"] * 50}

    check(
        narrow.post(tenant_path("do-not-call"), json={"numbers": ["1"] * 200}),
        413,
        "body-too-large",
    )
    assert narrow.post(tenant_path("do-not-call"), json=large).status_code == 200
    body = {"old": "a" * 60, "new": "b" * 60}
    check(narrow.put("/api/v1/me/password", json=body), 413, "body-too-large")


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/v1/login"), ("PUT", "/api/v1/me/password")]
)
def test_body_for_which_no_permission_is_needed_must_be_short(ask, method, path):
    """Issue: log-in rate limit; what a stranger sends costs next to nothing."""
    names = {"name": "n" * (16 << 10)}

    check(ask.request(method, path, json=names), 413, "body-too-large")
    assert ask.request(method, path, json={"name": "n" * (15 << 10)}).status_code == 422


def test_long_list_is_tried_only_by_who_may_manage_campaigns(service):
    """R8.5, R10.1: to look at what is does not take a hundred megabytes."""
    body = {"trial": {"command": "AddToDoNotCall", "numbers": ["1" * 30] * 40_000}}
    path = tenant_path("what-if")

    check(service.client("viewer").post(path, json=body), 413, "body-too-large")
    pieces = (piece for piece in (json.dumps(body).encode(),))
    chunked = service.client("viewer").post(path, content=pieces, headers=JSON)
    check(chunked, 413, "body-too-large")
    assert service.client("manager").post(path, json=body).status_code == 200


def test_large_bodies_wait_for_their_turn_and_keep_no_command_waiting(service, monkeypatch):
    """Issue: calls are commanded whatever is sent; bad bodies take no thread that others need."""
    let_go = threading.Event()
    monkeypatch.setattr(bodies, "read_body", lambda *_: let_go.wait(20))
    large = {"trial": {"command": "AddToDoNotCall", "numbers": ["1" * 30] * 3_000}}
    count = 30

    def send(_):
        with httpx.Client(base_url=service.url, timeout=30, trust_env=False) as viewer:
            headers = {"Authorization": f"Bearer {service.tokens['viewer']}"}
            return viewer.post(tenant_path("what-if"), json=large, headers=headers)

    with ThreadPoolExecutor(count) as threads:
        try:
            sent = [threads.submit(send, number) for number in range(count)]
            done = next(as_completed(sent, timeout=20)).result()
            refused = check(done, 503, "busy")
            assert done.headers["Retry-After"]
            assert "large bodies" in refused["detail"]
            # Without a body of its own a command is not kept waiting.
            body = tenant_path("campaigns/1/pause")
            assert service.client("manager").post(body).status_code in (200, 404, 409)
        finally:
            let_go.set()


def test_measurements_may_be_open_to_all(narrow):
    assert narrow.get("/metrics", headers={"Authorization": ""}).status_code == 200


def test_mistake_of_ours_tells_the_client_where_the_log_has_it_and_nothing_else(
    service, ask, monkeypatch, caplog
):
    def broken(*_args, **_more):
        raise ZeroDivisionError("secret of the house")

    monkeypatch.setattr(type(service.tenant.history), "campaigns", broken)
    with caplog.at_level(logging.ERROR):
        body = check(ask.get(tenant_path("past-campaigns")), 500, "internal")

    assert "secret" not in str(body)
    assert body["id"] in caplog.text
    assert "secret of the house" in caplog.text


@pytest.mark.parametrize(
    "error", [DatabaseAwayError("gone"), JournalAwayError("full"), OSError("no")]
)
def test_database_that_is_away_is_a_problem_of_now(error):
    refusal = problem_from_error(error)

    assert (refusal.status, refusal.body.type) == (503, "/problems/away")
    assert refusal.headers["Retry-After"]


def test_process_that_does_not_lead_names_the_one_that_does():
    refusal = problem_from_error(NotLeadingError("main", "http://10.0.0.2:8080"))

    assert (refusal.status, refusal.body.type) == (503, "/problems/not-leading")
    assert refusal.body.leader == "http://10.0.0.2:8080"
    assert refusal.headers["Retry-After"] == "1"


def test_journal_that_is_away_makes_the_process_not_ready(service, ask, monkeypatch):
    import attrs

    health = service.tenant.health()
    monkeypatch.setattr(
        type(service.tenant), "health", lambda _: attrs.evolve(health, journal_away_since=1)
    )

    check(ask.get("/ready"), 503, "not-ready")
    assert ask.get("/health").status_code == 200
    assert 'campaign_journal_away{tenant="main"} 1.0' in ask.get("/metrics").text


def test_password_is_in_no_answer(ask):
    body = {"name": "x", "password": "hunter2hunter2", "grants": [{"role": "none"}]}

    assert "hunter2" not in ask.post("/api/v1/users", json=body).text


def test_large_body_of_good_rows_is_read(ask):
    rows = [{"number": f"8{number:06}"} for number in range(2_000)]

    made = ask.post(tenant_path("models"), json={**MODEL, "name": "Long", "recipients": rows})

    assert ask.get(made.headers["Location"]).json()["recipient_count"] == 2_000


@pytest.mark.parametrize(
    "body",
    [
        {"name": "anna", "pasword": "hunter2hunter2"},
        {"name": "anna", "password": ["hunter2hunter2"]},
        {"name": ["hunter2hunter2"], "password": "x"},
    ],
)
@pytest.mark.parametrize("path", ["login", "users", "me/password", "users/anna/password"])
def test_password_in_the_wrong_place_is_in_no_answer(ask, path, body):
    """Secrets are in no error: a client may log what it is answered."""
    answer = ask.request("PUT" if "/" in path else "POST", f"/api/v1/{path}", json=body)

    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_stranger_is_not_told_where_the_database_is():
    """Issue: HTTP API; the log has it."""
    refusal = problem_from_error(
        DatabaseAwayError("postgresql://service:***@10.0.0.5/calls: no such role")
    )

    assert "10.0.0.5" not in refusal.encoded().decode()


def test_client_that_goes_away_is_no_mistake_of_ours(service, ask, caplog):
    """Issue: HTTP API; nobody fills the log by hanging up."""
    url = httpx.URL(service.url)

    def count():
        return len(re.findall(r'/login",status="400"', ask.get("/metrics").text))

    with caplog.at_level(logging.ERROR):
        with socket.create_connection((url.host, url.port)) as one:
            one.sendall(b"POST /api/v1/login HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{")
        deadline = time.monotonic() + 10
        while not count() and time.monotonic() < deadline:
            time.sleep(0.01)

    assert count()
    assert caplog.text == ""
