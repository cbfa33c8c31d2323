"""R9.1, R9.2: logs, audits and past campaigns, newest first, page by page."""

import pytest
from tests.service.api.running_service import MODEL, tenant_path

CAMPAIGNS = ("First", "Second", "Third")
NEWEST = {"order": "NEWEST_FIRST"}


@pytest.fixture(scope="module")
def made(ask):
    """Three campaigns that have not begun."""
    model = ask.post(tenant_path("models"), json=MODEL).json()["model_id"]
    later = {"mode": "DELAYED", "minutes": 60}
    return [start(ask, model, name, later) for name in CAMPAIGNS]


def start(ask, model, name, when):
    body = {"model_id": model, "name": name, "when": when}
    return ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]


ALL = {
    "log": tenant_path("log"),
    "log of a campaign": tenant_path("campaigns/2/log"),
    "past campaigns": tenant_path("past-campaigns"),
    "audit": tenant_path("audit"),
    "audit of administration": "/api/v1/audit",
}


def read(ask, path, **asked):
    """Return all entries, and how many pages they came in."""
    found, count, after = [], 0, 0
    while after is not None:
        page = ask.get(path, params={**asked, "after": after}).json()
        found, after, count = found + page["items"], page["next"], count + 1
    return found, count


@pytest.mark.parametrize("path", ALL.values(), ids=ALL)
def test_newest_first_is_the_other_way_round(ask, made, path):
    forwards, _ = read(ask, path, limit=1_000)
    assert forwards

    backwards, count = read(ask, path, limit=1, **NEWEST)

    assert backwards == forwards[::-1]
    assert count == len(forwards)
    assert read(ask, path, limit=1_000, order="OLDEST_FIRST")[0] == forwards


@pytest.mark.parametrize("path", ALL.values(), ids=ALL)
def test_order_that_there_is_none_of_is_named(ask, made, path):
    answer = ask.get(path, params={"order": "ASCENDING"})

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["order"]


def test_what_happens_between_two_pages_moves_none(ask, made):
    """Stable: whoever pages back misses nothing and reads nothing twice."""
    log = tenant_path("log")
    whole = ask.get(log, params={"limit": 1_000}).json()["items"]
    first = ask.get(log, params={"limit": 3, **NEWEST}).json()

    ask.post(tenant_path("do-not-call"), json={"numbers": ["+390509999"]})

    rest = ask.get(log, params={"limit": 1_000, "after": first["next"], **NEWEST}).json()
    assert first["items"] + rest["items"] == whole[::-1]
    (newest,) = ask.get(log, params={"limit": 1, **NEWEST}).json()["items"]
    assert newest["seq"] > whole[-1]["seq"]


def test_filters_hold_in_both_orders(ask, made):
    log, audit = ALL["log of a campaign"], ALL["audit"]
    begun = ask.get(log).json()["items"][0]
    by_then = {"until": begun["at"]}

    assert read(ask, log, **by_then, **NEWEST)[0] == [begun]
    assert read(ask, audit, **by_then, limit=1, **NEWEST)[0][0] == begun
    assert read(ask, audit, since=begun["at"], limit=2, **NEWEST)[0][-1] == begun
    assert read(ask, audit, actor="nobody", **NEWEST)[0] == []
    users, _ = read(ask, ALL["audit of administration"], action="USER_ADDED", limit=1, **NEWEST)
    assert [row["subject"] for row in users][::-1] == [
        "viewer",
        "operator",
        "manager",
        "administrator",
    ]


def test_who_may_not_see_users_may_not_see_them_backwards(service, made):
    """R10.1."""
    viewer = service.client("viewer")

    assert viewer.get(ALL["audit of administration"], params=NEWEST).status_code == 403
    assert viewer.get(ALL["audit"], params=NEWEST).status_code == 200
    assert service.client(None).get(ALL["log"], params=NEWEST).status_code == 401
