"""Sessions that browsers keep in a cookie, and that no other site's page can use."""

import itertools
from http.cookies import SimpleCookie

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.api.running_service import MODEL, PASSWORD, RunningService, tenant_path

from campaign_service.access import Principal, RoleGrant
from campaign_service.api import ApiSettings, make_app
from campaign_service.api.browser import PLAIN_COOKIE, SECURE_COOKIE, Browser, own_origins
from campaign_service.api.problems.errors import ForeignOriginError

NUMBERS = itertools.count(1)
PUBLIC = "https://calls.school.example"
FOREIGN = ["http://evil.example", "http://127.0.0.1:1", "https://127.0.0.1", "null", "", "*"]


@pytest.fixture
def name(service):
    """A user who may manage campaigns."""
    name = f"browsing{next(NUMBERS)}"
    service.add_user(name, RoleGrant(role="operator"))
    return name


@pytest.fixture
def browser(service, name):
    """A browser that has logged in; it sends Origin where it is told to."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=20) as client:
        begin(client, name, origin=service.url)
        yield client


def begin(client, name, *, origin, password=PASSWORD):
    """Log in from a page of some origin."""
    body = {"name": name, "password": password}
    headers = {} if origin is None else {"Origin": origin}
    return client.post("/api/v1/session", json=body, headers=headers)


def cookie_of(answer):
    (header,) = answer.headers.get_list("set-cookie")
    ((_, morsel),) = SimpleCookie(header).items()
    return morsel


def test_cookie_is_for_the_browser_alone(service, name):
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        answer = begin(client, name.upper(), origin=service.url)

    told, cookie = answer.json(), cookie_of(answer)
    assert answer.status_code == 200
    assert set(told) == {"name", "ends_at", "idle_s", "must_change_password"}
    assert (told["name"], told["idle_s"]) == (name, 3_600)
    assert cookie.value not in answer.text
    assert (cookie.key, cookie["path"], cookie["samesite"]) == (PLAIN_COOKIE, "/", "Strict")
    assert cookie["httponly"]
    assert not any(cookie[name] for name in ("secure", "domain", "max-age", "expires"))
    assert answer.headers["cache-control"] == "no-store"


def test_browser_reads_changes_and_logs_out(service, browser, name):
    origin = {"Origin": service.url}
    model = {"name": f"Of {name}", "caller_number": "7"}
    me = browser.get("/api/v1/me").json()
    assert (me["name"], me["is_program"]) == (name, False)
    made = browser.post(tenant_path("models"), json=model, headers=origin)
    assert made.status_code == 201

    done = browser.post("/api/v1/logout", headers=origin)

    assert done.status_code == 204
    assert (cookie_of(done).value, cookie_of(done)["max-age"]) == ("", "0")
    assert not browser.cookies
    assert browser.get("/api/v1/me").status_code == 401


def test_session_ends_with_the_log_out_whoever_has_kept_its_cookie(service, browser):
    kept = {"Cookie": f"{PLAIN_COOKIE}={browser.cookies[PLAIN_COOKIE]}"}
    browser.post("/api/v1/logout", headers={"Origin": service.url})

    assert httpx.get(f"{service.url}/api/v1/me", headers=kept).status_code == 401


def test_stream_and_download_need_the_cookie_alone(service, browser, ask):
    """An EventSource and a link can send no header."""
    with browser.stream("GET", tenant_path("events")) as events:
        assert events.status_code == 200
        assert next(events.iter_lines())
    model = ask.post(tenant_path("models"), json=MODEL).json()["model_id"]
    later = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 60}}
    campaign = ask.post(tenant_path("campaigns"), json=later).json()["campaign_id"]
    path = tenant_path(f"campaigns/{campaign}/export?what=recipients")

    assert "Anna Rossi" in browser.get(path).text
    assert service.client(None).get(path).status_code == 401


def test_stream_ends_when_the_session_has_ended(service, browser):
    with browser.stream("GET", tenant_path("events")) as events:
        lines = events.iter_lines()
        next(lines)
        browser.post("/api/v1/logout", headers={"Origin": service.url})
        # To its end, which comes when the session is looked at again.
        told = list(lines)

    assert not [line for line in told if line.startswith("data")]


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_change_for_another_site_is_refused_and_not_done(service, browser, origin):
    model = {"name": f"Forged for {origin}", "caller_number": "7"}
    headers = {} if origin is None else {"Origin": origin}

    answers = [
        browser.post(tenant_path("models"), json=model, headers=headers),
        browser.put(
            "/api/v1/me/password", json={"old": PASSWORD, "new": "b" * 20}, headers=headers
        ),
        browser.request("DELETE", tenant_path("models/1"), headers=headers),
        browser.post("/api/v1/logout", headers=headers),
    ]

    assert [answer.json()["type"] for answer in answers] == ["/problems/foreign-origin"] * 4
    assert {answer.status_code for answer in answers} == {403}
    assert service.url in answers[0].json()["detail"]
    assert browser.get("/api/v1/me").status_code == 200
    models = browser.get(tenant_path("models")).json()["items"]
    assert model["name"] not in [one["name"] for one in models]


@pytest.mark.parametrize("origin", FOREIGN)
def test_not_even_a_question_is_answered_to_another_site(browser, origin):
    for method in ("GET", "HEAD"):
        answer = browser.request(method, tenant_path("models"), headers={"Origin": origin})
        assert answer.status_code == 403


def test_two_origins_are_none(service, browser):
    headers = [("Origin", service.url), ("Origin", "http://evil.example")]

    assert browser.post("/api/v1/logout", headers=headers).status_code == 403


@pytest.mark.parametrize("origin", [*FOREIGN, None])
def test_another_site_logs_nobody_in(service, name, origin):
    """Else somebody would work as a user of its choice."""
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        answer = begin(client, name, origin=origin)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_log_in_takes_nothing_that_a_form_could_send(service, name):
    body = f'{{"name": "{name}", "password": "{PASSWORD}"}}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        headers = {"Origin": service.url, "Content-Type": kind}
        answer = httpx.post(f"{service.url}/api/v1/session", content=body, headers=headers)
        assert answer.status_code == 415
        assert "set-cookie" not in answer.headers


def test_wrong_password_gives_no_cookie(service, name):
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        answer = begin(client, name, origin=service.url, password="wrong")

    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/not-authenticated")
    assert "set-cookie" not in answer.headers


def test_one_time_password_opens_one_door_to_a_browser_too(service, ask):
    name = f"browsing{next(NUMBERS)}"
    body = {"name": name, "grants": [{"role": "viewer"}]}
    once = ask.post("/api/v1/users", json=body).json()["one_time_password"]
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        assert begin(client, name, origin=service.url, password=once).json()["must_change_password"]
        assert client.get(tenant_path("settings")).status_code == 403

        new = {"old": once, "new": "another good passphrase"}
        client.put("/api/v1/me/password", json=new, headers={"Origin": service.url})

        assert client.get(tenant_path("settings")).status_code == 200


def test_token_in_the_header_counts_alone(service, browser):
    """No cookie makes up for a bad token; and what a program asks for needs no origin."""
    bad = {"Authorization": "Bearer cc_none"}
    good = {"Authorization": f"Bearer {service.tokens['administrator']}"}

    assert browser.get("/api/v1/me", headers=bad).status_code == 401
    assert browser.get("/api/v1/me", headers=good).json()["name"] == "administrator"
    roles = "/api/v1/roles/browsed"
    body = {"permissions": ["VIEW"]}
    assert browser.put(roles, json=body, headers=good).status_code == 200
    assert browser.put(roles, json=body, headers={"Origin": service.url}).status_code == 403


def test_log_out_by_a_token_leaves_the_browsers_session(service, browser, name):
    body = {"name": name, "password": PASSWORD}
    token = service.client(None).post("/api/v1/login", json=body).json()["token"]

    done = browser.post("/api/v1/logout", headers={"Authorization": f"Bearer {token}"})

    assert done.status_code == 204
    assert "set-cookie" not in done.headers
    assert browser.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize(
    "cookie",
    ["", "=", ";;", PLAIN_COOKIE, f"{PLAIN_COOKIE}=", f"{PLAIN_COOKIE}=cc_no", "x" * 5_000,
     f"{PLAIN_COOKIE}={'x' * 5_000}", f"{SECURE_COOKIE}=cc_no"],
)  # fmt: skip
def test_cookie_that_is_none_lets_nobody_in(service, cookie):
    headers = {"Cookie": cookie}

    assert httpx.get(f"{service.url}/api/v1/me", headers=headers).status_code == 401


def test_session_is_among_its_users_tokens_and_is_revoked(service, browser, name, ask):
    (session,) = [
        one for one in ask.get(f"/api/v1/users/{name}/tokens").json()["items"] if one["is_session"]
    ]

    assert ask.delete(f"/api/v1/users/{name}/tokens/{session['id']}").status_code == 204

    assert browser.get("/api/v1/me").status_code == 401


def test_host_programs_authenticator_hears_of_no_cookie_of_ours(service):
    """It knows its own users by the header, as before; what a browser keeps here is none of its."""
    heard = []

    class Hosts:
        async def authenticate(self, *, authorization, address):
            heard.append((authorization, address))
            return Principal(name="head", address=address, grants={})

    app = make_app(service.host, Hosts())

    async def ask_it():
        transport = httpx.ASGITransport(app, client=("10.0.0.7", 1))
        headers = {"Cookie": f"{PLAIN_COOKIE}=cc_x", "Origin": "http://school.example"}
        async with httpx.AsyncClient(transport=transport, base_url="http://calls") as client:
            me = await client.get("/api/v1/me", headers=headers)
            made = await client.post("/api/v1/session", json={}, headers=headers)
            return me.json()["name"], made.status_code

    assert service.run(ask_it()) == ("head", 404)
    assert heard == [(None, "10.0.0.7")]


# Behind a proxy that speaks TLS --------------------------------------------------------------


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory):
    settings = ApiSettings(public_url=f"{PUBLIC}:443/calls/")
    with RunningService(tmp_path_factory.mktemp("proxied"), settings=settings) as running:
        yield running


def test_behind_a_proxy_the_session_goes_over_tls_alone(behind_proxy):
    with httpx.Client(base_url=behind_proxy.url, trust_env=False) as client:
        answer = begin(client, "operator", origin=PUBLIC)
        plain = begin(client, "operator", origin=behind_proxy.url)
    cookie = cookie_of(answer)

    assert (cookie.key, cookie["path"], cookie["domain"]) == (SECURE_COOKIE, "/", "")
    assert cookie["secure"]
    assert plain.status_code == 403
    shown = {"Cookie": f"{SECURE_COOKIE}={cookie.value}"}
    renamed = {"Cookie": f"{PLAIN_COOKIE}={cookie.value}"}
    url = f"{behind_proxy.url}/api/v1"
    assert httpx.get(f"{url}/me", headers=shown).status_code == 200
    assert httpx.get(f"{url}/me", headers=renamed).status_code == 401
    from_plain = {**shown, "Origin": behind_proxy.url}
    assert httpx.post(f"{url}/logout", headers=from_plain).status_code == 403
    done = httpx.post(f"{url}/logout", headers={**shown, "Origin": PUBLIC})
    assert (done.status_code, cookie_of(done).key) == (204, SECURE_COOKIE)
    assert cookie_of(done)["secure"]


@pytest.mark.parametrize(
    ("scheme", "host", "public_url", "expected"),
    [
        ("http", "pbx.lan:8080", None, {"http://pbx.lan:8080"}),
        ("http", "PBX.lan:80", None, {"http://pbx.lan"}),
        ("https", "pbx.lan:443", None, {"https://pbx.lan"}),
        ("http", "pbx.lan:443", None, {"http://pbx.lan:443"}),
        ("https", "[::1]:8080", None, {"https://[::1]:8080"}),
        ("http", "10.0.0.2:8080", "http://pbx.lan", {"http://10.0.0.2:8080", "http://pbx.lan"}),
        ("http", "10.0.0.2:8080", "https://pbx.lan", {"https://pbx.lan"}),
        ("https", "10.0.0.2", "http://pbx.lan", {"https://10.0.0.2"}),
        ("http", "", None, set()),
        ("http", "", "https://pbx.lan/calls", {"https://pbx.lan"}),
    ],
)
def test_own_origins(scheme, host, public_url, expected):
    assert own_origins(scheme, host, public_url) == expected


@given(
    own=st.sets(st.sampled_from([PUBLIC, "http://pbx.lan", "http://pbx.lan:8080"])),
    origin=st.one_of(
        st.none(),
        st.text(),
        st.sampled_from([*FOREIGN, PUBLIC, f"{PUBLIC}.evil.example", f"{PUBLIC}/", f"x{PUBLIC}"]),
    ),
    is_change=st.booleans(),
)
def test_whatever_says_another_origin_is_refused(own, origin, is_change):
    """Nothing but our own, letter by letter; and nothing at all for what changes nothing."""
    browser = Browser(origin=origin, own_origins=frozenset(own), secret="cc_x")
    is_taken = origin in own if origin is not None else not is_change

    try:
        browser.check_origin(is_change=is_change)
    except ForeignOriginError:
        assert not is_taken
    else:
        assert is_taken
    assert "cc_x" not in repr(browser)
