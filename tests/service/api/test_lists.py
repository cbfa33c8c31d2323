"""R3.2, R3.7 over HTTP: numbers as people keep them, siblings, and who is called again."""

import itertools

import pytest
from tests.service.api.running_service import MODEL, tenant_path

NUMBERS = itertools.count(7_000_000)
NAMES = itertools.count(1)
ITALY = {"country_code": "39", "trunk_prefix": "0", "trunk_prefix_stays": True}


def some(count=1):
    return [str(next(NUMBERS)) for _ in range(count)]


@pytest.fixture
def add(ask):
    def add(rows, **more):
        body = {**MODEL, "name": f"Listed {next(NAMES)}", "recipients": rows, **more}
        return ask.post(tenant_path("models"), json=body)

    return add


@pytest.fixture
def rows_of(ask):
    def rows_of(model_id):
        found = ask.get(tenant_path(f"models/{model_id}/recipients")).json()["items"]
        return [(row["name"], row["number"]) for row in found]

    return rows_of


@pytest.fixture
def plan(ask):
    """Set a number plan, and take it off again."""

    def put(plan):
        found = ask.get(tenant_path("settings"))
        body = {**found.json(), "number_plan": plan}
        headers = {"If-Match": found.headers["ETag"]}
        assert ask.put(tenant_path("settings"), json=body, headers=headers).status_code == 200

    yield put
    put(None)


def rules(answer):
    assert answer.status_code == 422, answer.text
    return [(error["field"], error["rule"]) for error in answer.json()["errors"]]


def test_numbers_are_read_as_people_keep_them(add, rows_of):
    """R3.7: the same reading as of files."""
    number = next(NUMBERS)
    rows = [
        {"number": f"tel:+39-010 {number}", "name": "a"},
        {"number": f"(010) {number}", "name": "b", "line": "INTERNAL"},
    ]

    made = add(rows)

    assert rows_of(made.json()["model_id"]) == [
        ("a", f"+39010{number}"),
        ("b", f"010{number}"),
    ]


def test_every_number_that_cannot_be_read_is_named_with_the_cure(add):
    """R3.3."""
    further = [{"number": "0105550101 ext. 12"}]
    rows = [{"number": "3.93E+11"}, {"number": "2", "further_numbers": further}, {"number": "x"}]

    assert [(field, rule[:30]) for field, rule in rules(add(rows))] == [
        ("recipients[0].number", "a spreadsheet shortened this, "),
        ("recipients[1].further_numbers[0].number", "an extension (12) is dialled a"),
        ("recipients[2].number", "letters are no digits: write t"),
    ]


def test_plan_reads_and_compares_numbers_and_a_change_that_leaves_it_out_keeps_it(
    ask, add, plan, rows_of
):
    """R3.7: every comparison is by the canonical form: duplicates, do-not-call, search."""
    plan(ITALY)
    number = f"010{next(NUMBERS)}"
    twice = rules(add([{"number": number}, {"number": f"+39 {number}"}]))
    assert twice == [
        (
            "recipients[1].number",
            (
                f"each number once on a line; EXTERNAL +39{number} stands also at recipients[0],"
                f" as {number}"
            ),
        )
    ]

    model_id = add([{"number": f"+39 (0){number[1:]}"}]).json()["model_id"]
    assert [found for _, found in rows_of(model_id)] == [f"+39{number}"]
    body = {"model_id": model_id, "when": {"mode": "DELAYED", "minutes": 60}}
    campaign_id = ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]
    page = ask.get(tenant_path(f"campaigns/{campaign_id}/recipients"), params={"number": number})
    assert [row["position"] for row in page.json()["items"]] == [1]
    more = {"recipients": [{"number": number}]}
    (problem,) = rules(ask.post(tenant_path(f"campaigns/{campaign_id}/recipients"), json=more))
    assert problem[1].endswith(f"at position 1 of the campaign's list, as +39{number}")

    ask.post(tenant_path("do-not-call"), json={"numbers": [f"0039 {number}"]})
    assert (
        f"0039{number}"
        in ask.get(tenant_path("do-not-call"), params={"limit": 1000}).json()["items"]
    )
    ask.post(tenant_path("do-not-call/remove"), json={"numbers": [number]})
    assert ask.get(tenant_path("do-not-call"), params={"limit": 1000}).json()["items"] == []

    found = ask.get(tenant_path("settings"))
    body = {key: value for key, value in found.json().items() if key != "number_plan"}
    ask.put(tenant_path("settings"), json=body, headers={"If-Match": found.headers["ETag"]})
    kept = ask.get(tenant_path("settings")).json()["number_plan"]
    assert kept == {**ITALY, "international_prefix": "00", "national_digits": None}


def test_siblings_are_refused_listed_each_or_merged_as_is_asked_for(ask, add, rows_of):
    """R3.2."""
    (number,) = some()
    rows = [{"number": number, "name": "Ada"}, {"number": number, "name": "Ben"}]

    assert [field for field, _ in rules(add(rows))] == ["recipients[1].number"]
    each = add(rows, duplicates="EACH").json()["model_id"]
    merged = add(rows, merge_duplicates=True).json()["model_id"]

    assert rows_of(each) == [("Ada", number), ("Ben", number)]
    assert rows_of(merged) == [("Ada, Ben", number)]
    assert "merge_duplicates" not in ask.get(tenant_path(f"models/{merged}")).json()
    for model_id, given, count in (
        (each, rows, 2),
        (merged, [{**row, "number": number + "0"} for row in rows], 1),
    ):
        body = {
            "model_id": model_id,
            "recipients": given,
            "when": {"mode": "DELAYED", "minutes": 60},
            "merge_duplicates": count == 1,
        }
        campaign_id = ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]
        more = {
            "recipients": [{**row, "number": number + "1"} for row in rows],
            "merge_duplicates": count == 1,
        }
        ask.post(tenant_path(f"campaigns/{campaign_id}/recipients"), json=more)
        found = ask.get(tenant_path(f"campaigns/{campaign_id}")).json()
        assert found["recipient_count"] == 2 * count


def test_numbers_that_differ_by_form_only_are_told_where_no_plan_compares_them(ask, add, plan):
    """R3.7: without a plan, the import of a list and the start of a campaign say how many."""
    number = f"010{next(NUMBERS)}"
    made = add([{"number": number}, {"number": f"+39{number}"}]).json()
    (remark,) = made["remarks"]
    assert remark.startswith("1 pair of numbers differ by form only")

    body = {"model_id": made["model_id"], "when": {"mode": "DELAYED", "minutes": 60}}
    started = ask.post(tenant_path("campaigns"), json=body).json()
    assert started["remarks"] == [remark]
    more = {"recipients": [{"number": "+390107"}, {"number": "0107"}]}
    where = tenant_path(f"campaigns/{started['campaign_id']}/recipients")
    assert len(ask.post(where, json=more).json()["remarks"]) == 1

    plan(ITALY)
    assert "remarks" not in add([{"number": f"+39{number}"}]).json()


def test_duplicate_s_error_shows_the_number(add):
    """A number of 12 or 13 digits is none of a time."""
    rows = [{"number": "390105550101"}, {"number": "390105550101"}]

    ((field, rule),) = rules(add(rows))

    assert field == "recipients[1].number"
    assert "EXTERNAL 390105550101 stands also at recipients[0]" in rule


def test_time_in_a_rule_is_one_that_a_person_can_read(ask, add):
    (number,) = some()
    model_id = add([{"number": number}]).json()["model_id"]
    body = {"model_id": model_id, "expires_at": "2020-01-01T00:00:00Z"}

    ((field, rule),) = rules(ask.post(tenant_path("campaigns"), json=body))

    assert field == "expires_at"
    assert rule.startswith("later than the start (20")
    assert rule.endswith("Z)")


# Call the rest again ----------------------------------------------------------------------------


def started(ask, add, numbers, **more):
    rows = [{"number": number, "name": f"N{number}"} for number in numbers]
    model_id = add(rows, **more).json()["model_id"]
    body = {"model_id": model_id, "when": {"mode": "DELAYED", "minutes": 60}}
    return model_id, ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]


def test_rest_of_a_campaign_is_called_again_in_one_step(ask, add):
    """Those not reached, by a new campaign; nobody who is not to be called."""
    numbers = some(3)
    _, campaign_id = started(ask, add, numbers, threshold=3)
    ask.post(tenant_path("do-not-call"), json={"numbers": numbers[:1]})
    refused = ask.post(tenant_path(f"campaigns/{campaign_id}/rerun"))
    assert (refused.status_code, refused.json()["command"]) == (409, "Rerun")
    ask.post(tenant_path(f"campaigns/{campaign_id}/stop"))

    when = {"mode": "DELAYED", "minutes": 60}
    body = {"when": when, "name": "Once more"}
    made = ask.post(
        tenant_path(f"campaigns/{campaign_id}/rerun"),
        json=body,
        headers={"Idempotency-Key": f"again-{campaign_id}"},
    )
    same = ask.post(
        tenant_path(f"campaigns/{campaign_id}/rerun"),
        json=body,
        headers={"Idempotency-Key": f"again-{campaign_id}"},
    )

    assert made.status_code == 201
    assert made.json()["campaign_id"] == same.json()["campaign_id"]
    assert made.headers["Location"].endswith(f"/campaigns/{made.json()['campaign_id']}")
    again = ask.get(made.headers["Location"]).json()
    assert (again["name"], again["recipient_count"], again["threshold"]) == ("Once more", 2, None)
    page = ask.get(made.headers["Location"] + "/recipients").json()
    assert [row["number"] for row in page["items"]] == numbers[1:]


def test_campaign_of_which_nobody_failed_has_none_to_call_again(ask, add):
    _, campaign_id = started(ask, add, some(1))
    ask.post(tenant_path(f"campaigns/{campaign_id}/stop"))

    refused = ask.post(tenant_path(f"campaigns/{campaign_id}/rerun"), json={"only": "FAILED"})

    assert refused.status_code == 409
    assert "has nobody who failed" in refused.json()["why"]


def test_campaign_whose_model_is_gone_is_not_run_again_by_it(ask, add):
    model_id, campaign_id = started(ask, add, some(1))
    ask.post(tenant_path(f"campaigns/{campaign_id}/stop"))
    ask.delete(tenant_path(f"models/{model_id}"), params={"confirmed": True})

    refused = ask.post(tenant_path(f"campaigns/{campaign_id}/rerun"))

    assert refused.status_code == 409
    assert "there is no such model" in refused.json()["why"]


def test_who_may_only_look_calls_nobody_again(service, ask, add):
    """R10.1: MANAGE_CAMPAIGNS."""
    _, campaign_id = started(ask, add, some(1))
    ask.post(tenant_path(f"campaigns/{campaign_id}/stop"))

    answer = service.client("viewer").post(tenant_path(f"campaigns/{campaign_id}/rerun"))

    assert answer.status_code == 403
