"""Who has an answer already is told so, and no more (If-None-Match: RFC 9110, 13.1.2)."""

import pytest
from tests.service.api.running_service import MODEL, PASSWORD, tenant_path

from campaign_service.api.etags import etag_is_known, etag_matches, tag_of_compressed
from campaign_service.api.routes import operations_of

OPERATIONS = operations_of(has_users=True, open_metrics=False)
KNOWN = [one.path for one in OPERATIONS if one.may_be_known]


@pytest.fixture(scope="module")
def paths(ask):
    rows = [{"number": f"6{number:05}"} for number in range(500)]
    made = ask.post(tenant_path("models"), json={**MODEL, "name": "Known", "recipients": rows})
    model = made.headers["Location"]
    return {"model": model, "list": f"{model}?recipients=true", "settings": tenant_path("settings")}


@pytest.mark.parametrize("name", ["model", "list", "settings"])
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_known_answer_is_not_sent_again(ask, paths, name, coding):
    accept = {"Accept-Encoding": coding}
    whole = ask.get(paths[name], headers=accept)
    tag = whole.headers["ETag"]

    for header in (tag, f"W/{tag}", f'"a,b", W/{tag}', "*"):
        for method in ("GET", "HEAD"):
            known = ask.request(method, paths[name], headers={"If-None-Match": header, **accept})
            assert (known.status_code, known.content) == (304, b"")
            assert "Content-Length" not in known.headers
            assert etag_matches(known.headers["ETag"], tag.replace(".gzip", ""))
            assert known.headers["Cache-Control"] == "no-store"
            assert known.headers["Vary"] == "Accept-Encoding"
            assert int(known.headers["Campaign-Seq"]) >= int(whole.headers["Campaign-Seq"])
    other = ask.get(paths[name], headers={"If-None-Match": '"another"', **accept})
    assert (other.status_code, other.content) == (200, whole.content)


def test_what_was_changed_is_sent_again(ask, paths):
    read = ask.get(paths["settings"])
    tag = read.headers["ETag"]
    body = {**read.json(), "call_limits": {**read.json()["call_limits"], "total": 41}}
    assert ask.put(paths["settings"], json=body, headers={"If-Match": tag}).is_success

    again = ask.get(paths["settings"], headers={"If-None-Match": tag})

    assert (again.status_code, again.json()["call_limits"]["total"]) == (200, 41)


def test_tag_of_a_compressed_answer_is_one_to_change_it_with(ask, paths):
    read = ask.get(paths["list"], headers={"Accept-Encoding": "gzip"})
    assert read.headers["ETag"].endswith('.gzip"')

    body = {**read.json(), "sound": "another"}
    tag = {"If-Match": read.headers["ETag"]}
    assert ask.put(paths["model"], json=body, headers=tag).status_code == 200
    assert ask.put(paths["model"], json=body, headers=tag).status_code == 412


@pytest.mark.parametrize("tag", ["", "none", '"a', "**"])
def test_tag_that_is_none_is_a_bad_value(ask, paths, tag):
    answer = ask.get(paths["settings"], headers={"If-None-Match": tag})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "If-None-Match"


def test_campaign_is_sent_whole_for_its_tag_tells_of_no_call(ask, paths):
    number = int(paths["model"].rpartition("/")[2])
    later = {"model_id": number, "when": {"mode": "DELAYED", "minutes": 60}}
    of = ask.post(tenant_path("campaigns"), json=later).headers["Location"]
    tag = ask.get(of).headers["ETag"]

    assert ask.get(of, headers={"If-None-Match": tag}).status_code == 200
    assert not any(path.endswith("/campaigns/{campaign_id}") for path in KNOWN)


def test_user_is_known_until_anything_of_it_changes(service, ask):
    person = service.client(None)
    name = {"name": "administrator", "password": PASSWORD}
    token = person.post("/api/v1/login", json=name).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    made = person.post("/api/v1/users", json={"name": "known"}, headers=headers)
    of, tag = "/api/v1/users/known", {"If-None-Match": made.headers["ETag"]}
    assert person.get(of, headers={**headers, **tag}).status_code == 304
    given = {"name": "known", "password": made.json()["one_time_password"]}
    session = person.post("/api/v1/login", json=given).json()["token"]
    change = {"old": given["password"], "new": "another good one"}

    assert person.put(
        "/api/v1/me/password", json=change, headers={"Authorization": f"Bearer {session}"}
    ).is_success
    found = person.get(of, headers={**headers, **tag})
    assert (found.status_code, found.json()["must_change_password"]) == (200, False)


def test_who_may_not_see_an_answer_is_not_told_that_it_is_known(service, paths):
    answer = service.client(None).get(paths["settings"], headers={"If-None-Match": "*"})

    assert answer.status_code == 401


def test_what_is_not_there_is_not_known(ask):
    answer = ask.get(tenant_path("models/999"), headers={"If-None-Match": "*"})

    assert answer.status_code == 404


def test_weak_tags_are_known_and_change_nothing():
    assert etag_is_known('W/"a"', '"a"')
    assert not etag_matches('W/"a"', '"a"')
    assert etag_is_known('W/"a.gzip"', '"a"')
    assert etag_matches(tag_of_compressed('"a"'), '"a"')
    assert not etag_is_known('"a.gzip2"', '"a"')
