"""R5.4: the status panel finds who is listed under a number, however long the list is."""

import pytest
from tests.service.api.running_service import MODEL, tenant_path

ROWS = [
    {"number": f"2{n:04}", "line": "INTERNAL", "further_numbers": [{"number": "+39050"}]}
    if n == 40
    else {"number": f"2{n:04}", "line": "INTERNAL"}
    for n in range(60)
]


@pytest.fixture(scope="module")
def campaign(ask):
    ask.post(tenant_path("models"), json={**MODEL, "name": "Panel", "recipients": ROWS})
    (model,) = [
        one for one in ask.get(tenant_path("models")).json()["items"] if one["name"] == "Panel"
    ]
    when = {"mode": "DELAYED", "minutes": 60}
    body = {"model_id": model["model_id"], "when": when}
    return ask.post(tenant_path("campaigns"), json=body).json()["campaign_id"]


@pytest.fixture
def listed(ask, campaign):
    def listed(**query):
        page = ask.get(tenant_path(f"campaigns/{campaign}/recipients"), params=query).json()
        return [row["position"] for row in page["items"]], page["next"]

    return listed


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"number": "20007"}, [8]),
        ({"number": "+39050"}, [41]),
        ({"number": "20040", "state": "IDLE"}, [41]),
        ({"number": "20040", "state": "FAILED"}, []),
        ({"number": "20007", "after": 8}, []),
        ({"number": "99999"}, []),
        ({"number": "Ada"}, []),
    ],
)
def test_recipient_is_found_by_a_number(listed, query, found):
    assert listed(**query) == (found, None)


def test_number_is_found_behind_the_first_of_a_page(ask, campaign, listed):
    more = [{"number": "20007", "line": "EXTERNAL"}]
    ask.post(tenant_path(f"campaigns/{campaign}/recipients"), json={"recipients": more})

    assert listed(number="20007", limit=1) == ([8], 8)
    assert listed(number="20007", limit=1, after=8) == ([61], None)
