"""Log-in, users, roles and tokens over HTTP (R10.1); what they mean is tested with `access`."""

import asyncio
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.service.api.running_service import MODEL, PASSWORD, tenant_path

from campaign_service.access import NotAuthenticatedError, RoleGrant

NUMBERS = itertools.count(1)
NEW = "another good passphrase"


@pytest.fixture
def name(ask):
    """A new user who may view, with a password that must not be changed."""
    name = f"person{next(NUMBERS)}"
    body = {
        "name": name,
        "password": PASSWORD,
        "must_change_password": False,
        "grants": [{"role": "viewer"}],
    }
    assert ask.post("/api/v1/users", json=body).status_code == 201
    return name


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "users/{name}/tokens", {"label": "twice"}),
        ("POST", "users", {"name": "twice"}),
        ("PATCH", "users/{name}", {"enabled": False}),
        ("PUT", "roles/twice", {"permissions": ["VIEW"]}),
        ("DELETE", "users/{name}", None),
        ("POST", "tenants/main/nodes/pbx1/drain", None),
    ],
)
def test_key_that_would_not_be_heeded_is_refused(ask, name, method, path, body):
    """Whoever sends one relies on its being done once: a token that is lost is made twice."""
    where = f"/api/v1/{path.format(name=name)}"

    answer = ask.request(method, where, json=body, headers={"Idempotency-Key": "once"})

    assert answer.status_code == 422
    assert [bad["field"] for bad in answer.json()["errors"]] == ["Idempotency-Key"]
    assert ask.get(f"/api/v1/users/{name}").json()["enabled"] is True
    assert ask.get(f"/api/v1/users/{name}/tokens").json()["items"] == []


def logged_in(service, name, password=PASSWORD):
    answer = service.client(None).post("/api/v1/login", json={"name": name, "password": password})
    return service.client(token=answer.json()["token"])


def test_one_logs_in_and_out(service, name):
    client = logged_in(service, name)

    me = client.get("/api/v1/me").json()
    assert (me["name"], me["permissions"], me["is_program"]) == (name, ["VIEW"], False)
    assert me["tenants"] == {"main": ["VIEW"]}
    assert client.post("/api/v1/logout").status_code == 204
    assert client.get("/api/v1/me").status_code == 401


def test_wrong_password_is_told_from_no_name(service, name):
    client = service.client(None)
    answers = [
        client.post("/api/v1/login", json={"name": who, "password": "wrong"})
        for who in (name, "nobody-at-all")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].json() == answers[1].json()


def test_one_time_password_must_be_changed_before_anything_else(service, ask):
    name = f"person{next(NUMBERS)}"
    made = ask.post("/api/v1/users", json={"name": name, "grants": [{"role": "viewer"}]}).json()
    once = made["one_time_password"]
    client = logged_in(service, name, once)

    refused = client.get(tenant_path("settings"))
    assert refused.status_code == 403
    assert "password" in refused.json()["detail"]
    assert client.get("/api/v1/me").json()["must_change_password"]
    body = {"old": once, "new": NEW}
    assert client.put("/api/v1/me/password", json=body).status_code == 204
    assert client.get(tenant_path("settings")).status_code == 200


def test_bad_new_password_is_named_and_not_shown(service, name):
    client = logged_in(service, name)

    answer = client.put("/api/v1/me/password", json={"old": PASSWORD, "new": "hunter2"})

    assert [error["field"] for error in answer.json()["errors"]] == ["new"]
    assert "hunter2" not in answer.text


def test_user_is_changed_where_nobody_was_faster(ask, name):
    of = f"/api/v1/users/{name}"
    tag = {"If-Match": ask.get(of).headers["ETag"]}
    body = {"grants": [{"role": "operator", "tenant": "main"}]}

    assert ask.patch(of, json=body, headers=tag).json()["grants"] == body["grants"]
    assert ask.patch(of, json={"enabled": False}, headers=tag).status_code == 412
    assert ask.patch(of, json={"enabled": False}).json()["enabled"] is False


def test_grant_of_what_is_not_there_is_a_bad_value(ask, name):
    body = {"grants": [{"role": "king"}, {"role": "viewer", "tenant": "moon"}]}

    answer = ask.patch(f"/api/v1/users/{name}", json=body)

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 2


def test_user_is_deleted(ask, name):
    assert ask.delete(f"/api/v1/users/{name}").status_code == 204
    assert ask.get(f"/api/v1/users/{name}").status_code == 404
    assert ask.delete(f"/api/v1/users/{name}").status_code == 404


def test_password_is_set_anew_by_whoever_manages_users(service, ask, name):
    answer = ask.put(f"/api/v1/users/{name}/password", json={}).json()

    assert (
        logged_in(service, name, answer["one_time_password"]).get("/api/v1/me").status_code == 200
    )


def test_last_administrator_stays(ask):
    assert ask.delete("/api/v1/users/administrator").status_code == 409


def test_one_makes_a_token_for_a_program_of_one_s_own(service, name):
    client = logged_in(service, name)
    of = f"/api/v1/users/{name}/tokens"

    made = client.post(of, json={"label": "door bell", "permissions": ["VIEW"]})
    program = service.client(token=made.json()["secret"])

    assert made.status_code == 201
    assert program.get(tenant_path("settings")).status_code == 200
    assert program.get("/api/v1/me").json()["is_program"]
    assert program.post(of, json={"label": "another"}).status_code == 403
    assert made.json()["secret"] not in client.get(of).text
    token_id = made.json()["token"]["id"]
    assert client.delete(f"{of}/{token_id}").status_code == 204
    assert program.get(tenant_path("settings")).status_code == 401
    assert client.delete(f"{of}/{token_id}").status_code == 404


def test_nobody_makes_tokens_for_others_but_whoever_manages_users(service, name):
    client = logged_in(service, name)
    of = "/api/v1/users/administrator/tokens"

    assert client.get(of).status_code == 403
    assert client.post(of, json={"label": "mine"}).status_code == 403


def test_roles_are_made_changed_and_deleted(ask):
    of = "/api/v1/roles/night-shift"

    assert ask.put(of, json={"permissions": ["VIEW", "MANAGE_CAMPAIGNS"]}).status_code == 200
    assert ask.get(of).json()["permissions"] == ["VIEW", "MANAGE_CAMPAIGNS"]
    assert ask.put("/api/v1/roles/viewer", json={"permissions": ["VIEW"]}).status_code == 409
    tag = {"If-Match": ask.get(of).headers["ETag"]}
    assert ask.delete(of, headers=tag).status_code == 204
    assert ask.get(of).status_code == 404


def test_what_was_refused_is_on_record(service, ask, name):
    client = logged_in(service, name)
    client.post(tenant_path("models"), json={})

    found = ask.get("/api/v1/audit", params={"actor": name, "action": "REFUSED"}).json()["items"]

    assert [one["subject"] for one in found] == [f"POST {tenant_path('models')}"]


def test_host_program_s_own_users_leave_no_log_in(service):
    from campaign_service.api import make_app

    app = make_app(service.host, service.authenticator)

    assert not [
        route.path for route in app.routes if "login" in route.path or "users" in route.path
    ]
    assert [route.path for route in app.routes if route.path.endswith("/me")]


def test_flood_of_log_ins_keeps_nobody_else_waiting(service, ask, monkeypatch):
    """Issue: log-in rate limit; passwords take processors, and have threads of their own."""
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def slow(*_args, **_more):
        begun.release()
        assert go_on.wait(20)
        raise NotAuthenticatedError("name or password is wrong")

    monkeypatch.setattr("campaign_service.api.request.login", slow)
    given = {"name": "anybody", "password": "at all"}

    async def flood():
        async with httpx.AsyncClient(base_url=service.url, timeout=30, trust_env=False) as client:
            return await asyncio.gather(
                *(client.post("/api/v1/login", json=given) for _ in range(60))
            )

    with ThreadPoolExecutor(1) as strangers:
        answers = strangers.submit(asyncio.run, flood())
        try:
            assert begun.acquire(timeout=10)
            # Those go by the threads that all share.
            assert ask.get(tenant_path("log")).status_code == 200
            assert ask.get("/api/v1/users").status_code == 200
        finally:
            go_on.set()
        found = [(one.status_code, one.headers.get("Retry-After")) for one in answers.result()]

    assert set(found) == {(401, None), (429, "2")}


def test_flood_of_log_ins_from_elsewhere_leaves_who_was_here_before_a_turn(service, name):
    """Issue F10: a log-in flood does not lock out an address that logged in before."""
    logged_in(service, name)
    go_on = threading.Event()
    strangers = service.app.state.context.login_slots

    async def flood():
        loop = asyncio.get_running_loop()
        return [
            loop.create_task(strangers.run(f"10.0.0.{number}", go_on.wait, 20))
            for number in range(32)
        ]

    async def ended(tasks):
        return await asyncio.gather(*tasks)

    tasks = service.run(flood())
    try:
        given = [{"name": who, "password": PASSWORD} for who in (name, "nobody-at-all")]
        found = [service.client(None).post("/api/v1/login", json=one).status_code for one in given]
    finally:
        go_on.set()
        service.run(ended(tasks))
    assert found == [200, 429]


def test_audit_names_the_token_of_a_command_and_records_exports(service, ask):
    """Issue F10: audit names the token used, and records exports of personal data."""
    person = f"person{next(NUMBERS)}"
    client = service.client(token=service.add_user(person, RoleGrant(role="operator")))
    (token,) = [one["id"] for one in ask.get(f"/api/v1/users/{person}/tokens").json()["items"]]
    made = client.post(tenant_path("models"), json={**MODEL, "name": person}).json()
    begun = {"model_id": made["model_id"], "when": {"mode": "DELAYED", "minutes": 9}}
    campaign = client.post(tenant_path("campaigns"), json=begun).json()["campaign_id"]
    client.get(tenant_path(f"campaigns/{campaign}/export?what=attempts&format=csv"))
    client.get(tenant_path(f"models/{made['model_id']}?recipients=true"))
    client.get(tenant_path(f"models/{made['model_id']}"))

    def lines(action):
        given = {"actor": person, "action": action}
        return ask.get("/api/v1/audit", params=given).json()["items"]

    exported = lines("EXPORTED")
    assert [one["details"] for one in exported] == [
        {"campaign_id": campaign, "what": "attempts", "format": "csv"},
        {"model_id": made["model_id"], "what": "recipients", "format": "json"},
    ]
    until = time.monotonic() + 20
    while len(commanded := lines("COMMANDED")) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert [one["details"]["command"] for one in commanded] == ["add_model", "start_campaign"]
    assert commanded[0]["details"]["seq"] == made["seq"]
    told = {(one["token"], one["subject"]) for one in [*exported, *commanded]}
    assert told == {(token, "main")}


def test_program_ends_itself_and_nothing_else_of_its_user(service, name):
    """R10.1: a token that leaks, and may only look, logs nobody out."""
    client = logged_in(service, name)
    of = f"/api/v1/users/{name}/tokens"
    made = client.post(of, json={"label": "door bell", "permissions": ["VIEW"]}).json()
    program = service.client(token=made["secret"])
    session = next(one["id"] for one in client.get(of).json()["items"] if one["is_session"])

    assert program.delete(f"{of}/{session}").status_code == 403
    assert client.get("/api/v1/me").status_code == 200
    assert program.delete(f"{of}/{made['token']['id']}").status_code == 204
    assert program.get("/api/v1/me").status_code == 401


def test_program_changes_no_password_of_its_user(service, ask, name):
    """R10.1: not by way of managing users either."""
    assert ask.put("/api/v1/users/administrator/password", json={}).status_code == 403
    assert ask.put(f"/api/v1/users/{name}/password", json={}).status_code == 200


def test_whoever_has_nothing_to_do_with_a_tenant_is_not_told_of_it(service, name):
    """R10.1: hide what a user may not do; which tenants there are is not for all to know."""
    client = service.client(token=service.add_user(f"stranger-of-{name}"))
    answers = [client.get(f"/api/v1/tenants/{one}/status") for one in ("main", "other")]

    assert [answer.status_code for answer in answers] == [403, 403]
