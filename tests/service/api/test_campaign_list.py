"""R4.8: the list of campaigns, searched and sorted, in pages that bear with what changes."""

from itertools import chain
from typing import get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.api.running_service import MODEL, tenant_path

from campaign_core import Campaign, CampaignModel, Recipient, RecipientList, Status
from campaign_core.errors import SettingsError
from campaign_service.api.reading.values import read_query
from campaign_service.api.views.campaign_list import campaign_page
from campaign_service.schemas.requests import CampaignSort, CampaignsQuery

SORTS = get_args(CampaignSort)
ORDERS = ("ASCENDING", "DESCENDING")
LISTS = [
    RecipientList([Recipient(number=f"2{each:02}") for each in range(count)]) for count in (1, 3)
]


def campaigns_of(names):
    """Campaigns that differ in what a list can be sorted by, some of them alike in it."""
    few = st.integers(0, 2)

    def made(name, number, many, expires_at, status):
        listed = LISTS[many]
        parameters = CampaignModel(name=name, caller_number="100", priority=number)
        return Campaign(
            campaign_id=0,
            model_id=1,
            model_name=name.swapcase(),
            parameters=parameters,
            recipients=listed,
            starts_at=1_000 * number,
            expires_at=expires_at,
            is_expired=False,
            status=status,
            pause_reason=None,
            contacted=min(number, len(listed)),
            failed=0,
            idle=0,
            internal_calls=number,
            external_calls=many,
        )

    each = st.builds(
        made,
        st.sampled_from(names),
        few,
        st.integers(0, 1),
        st.sampled_from([None, 5_000, 6_000]),
        st.sampled_from(list(Status)),
    )
    return st.lists(each, max_size=8).map(
        lambda found: [
            attrs.evolve(one, campaign_id=campaign_id) for campaign_id, one in enumerate(found, 1)
        ]
    )


NAMES = ["Avviso", "avviso", "Città di Pisa", "STRASSE", "Straße", "9-to-5", "Школа"]
LISTED = campaigns_of(NAMES)


def pages(found, limit, changed=lambda _: None, **asked):
    """Yield the pages of a list, each asked for as the API is asked; it may change meanwhile."""
    after = asked.pop("after", "")
    while after is not None:
        pairs = [*asked.items(), ("limit", str(limit)), ("after", str(after))]
        page = campaign_page(found, read_query(pairs, CampaignsQuery))
        assert len(page.items) <= limit
        yield page.items
        after = page.next
        found = changed(found) or found


def ids(found):
    return [one.campaign_id for one in found]


@given(LISTED, st.sampled_from(SORTS), st.sampled_from(ORDERS), st.integers(1, 9))
def test_pages_of_a_list_are_the_list(found, sort, order, limit):
    (whole,) = pages(found, 1_000, sort=sort, order=order)
    (reverse,) = pages(found, 1_000, sort=sort, order=next(one for one in ORDERS if one != order))

    assert list(chain(*pages(found, limit, sort=sort, order=order))) == whole
    assert sorted(ids(whole)) == ids(found)
    assert ids(reverse) == ids(whole)[::-1]


@given(LISTED, st.sampled_from(SORTS), st.sampled_from(ORDERS), st.integers(1, 3), st.randoms())
def test_who_does_not_move_is_told_once_whatever_else_changes(found, sort, order, limit, chance):
    """Others are deleted, reach somebody, are paused and renamed, even the last that was told."""
    still = {one.campaign_id for one in found if chance.random() < 0.5}
    more = iter(range(100, 200))

    def changed(now):
        kept = [one for one in now if one.campaign_id in still or chance.random() < 0.7]
        return [
            one
            if one.campaign_id in still
            else attrs.evolve(
                one,
                status=chance.choice(list(Status)),
                contacted=chance.randint(0, len(one.recipients)),
                expires_at=chance.choice([None, 7_000]),
            )
            for one in kept
        ] + [attrs.evolve(one, campaign_id=next(more)) for one in now[:1] if chance.random() < 0.3]

    told = list(chain(*pages(found, limit, changed, sort=sort, order=order)))

    assert sorted(one.campaign_id for one in told if one.campaign_id in still) == sorted(still)


def made(**fields):
    """A campaign by what a test is about."""
    model = CampaignModel(name=fields.pop("name", "Any"), caller_number="100")
    values = {
        "campaign_id": 1,
        "model_id": 1,
        "model_name": "Any",
        "parameters": model,
        "recipients": LISTS[1],
        "starts_at": 0,
        "expires_at": None,
        "is_expired": False,
        "status": Status.ACTIVE,
        "pause_reason": None,
        "contacted": 0,
        "failed": 0,
        "idle": 0,
        "internal_calls": 0,
        "external_calls": 0,
    }
    return Campaign(**{**values, **fields})


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("", [1, 2, 3, 4]),
        ("CHIUSURA", [1, 2]),
        ("scuola", [1]),
        ("citta", [2]),
        ("CITTÀ", [2]),
        ("cittá", []),
        ("strasse", [3]),
        ("STRAßE", [3]),
        ("a s", [1]),
        ("ШКО", [4]),
        ("100%", []),
        ("_", []),
    ],
)
def test_any_part_of_a_name_finds_a_campaign(searched, found):
    """Capital or small; what is written without accents finds those with them too."""
    names = ["Chiusura scuola", "chiusura Città", "Haupt Straße", "Школа"]
    listed = [made(campaign_id=number, name=name) for number, name in enumerate(names, 1)]

    (page,) = pages(listed, 1_000, search=searched)

    assert ids(page) == found


@pytest.mark.parametrize(
    ("sort", "differing", "order"),
    [
        ("NAME", [{"name": name} for name in ("beta", "Citta", "Alfa", "Città")], [3, 1, 2, 4]),
        (
            "STATUS",
            [{"status": Status[name]} for name in ("COMPLETED", "ACTIVE", "SCHEDULED", "PAUSED")],
            [3, 2, 4, 1],
        ),
        ("START", [{"starts_at": at} for at in (30, 20, 30, 10)], [4, 2, 1, 3]),
        ("EXPIRY", [{"expires_at": at} for at in (None, 20, None, 10)], [4, 2, 1, 3]),
        (
            "PROGRESS",
            [
                {"contacted": 1, "recipients": LISTS[0]},
                {"contacted": 2},
                {"contacted": 0, "recipients": LISTS[0]},
                {"contacted": 1},
            ],
            [3, 4, 2, 1],
        ),
    ],
)
def test_list_is_sorted_as_a_person_would(sort, differing, order):
    listed = [made(campaign_id=number, **each) for number, each in enumerate(differing, 1)]

    (page,) = pages(listed, 1_000, sort=sort)

    assert ids(page) == order


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"sort": "COLOUR"}, "sort"),
        ({"sort": "name"}, "sort"),
        ({"order": "NEWEST_FIRST"}, "order"),
        ({"search": "x" * 65}, "search"),
        ({"after": "school"}, "after"),
        ({"after": "-1"}, "after"),
        ({"after": "1:2"}, "after"),
        ({"after": "12", "sort": "NAME"}, "after"),
        ({"after": "12:0:school"}, "after"),
        ({"after": "12:0:school", "sort": "CREATION"}, "after"),
    ],
)
def test_what_cannot_be_searched_or_sorted_by_is_named(query, field):
    with pytest.raises(SettingsError) as caught:
        list(pages([made()], 10, **query))

    assert [one.field for one in caught.value.problems] == [field]


# By the API -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def listed(ask):
    """Campaigns of three names, the last of them named as the first but for its letters."""
    body = {**MODEL, "name": "Listed"}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    later = {"mode": "DELAYED", "minutes": 60}
    found = []
    for name in ("Zeta one", "Alfa one", "zETA two"):
        start = {"model_id": model, "when": later, "name": name}
        found.append(ask.post(tenant_path("campaigns"), json=start).json()["campaign_id"])
    return found


def test_service_searches_and_sorts_page_by_page(ask, listed):
    first, second, third = listed
    asked = {"search": "zeta", "sort": "NAME", "order": "DESCENDING", "limit": 1}

    page = ask.get(tenant_path("campaigns"), params=asked).json()
    rest = ask.get(tenant_path("campaigns"), params={**asked, "after": page["next"]}).json()

    assert [row["campaign_id"] for row in page["items"]] == [third]
    assert [row["campaign_id"] for row in rest["items"]] == [first]
    assert rest["next"] is None
    whole = ask.get(tenant_path("campaigns"), params={"sort": "NAME", "limit": 1_000}).json()
    mine = [row["campaign_id"] for row in whole["items"] if row["campaign_id"] in listed]
    assert mine == [second, first, third]


def test_page_by_creation_goes_on_by_a_number_as_ever(ask, listed):
    page = ask.get(tenant_path("campaigns?limit=1&after=0")).json()

    assert page["next"] == page["items"][0]["campaign_id"]
    newest = ask.get(tenant_path("campaigns?limit=2&order=DESCENDING")).json()
    assert [row["campaign_id"] for row in newest["items"]] == listed[:0:-1]
    assert newest["next"] == listed[1]


def test_whoever_may_look_may_search(service, listed):
    """R10.1: VIEW."""
    answer = service.client("viewer").get(tenant_path("campaigns?search=ALFA&sort=PROGRESS"))
    nobody = service.client(None).get(tenant_path("campaigns?search=ALFA"))

    assert [row["name"] for row in answer.json()["items"]] == ["Alfa one"]
    assert nobody.status_code == 401


def test_cursor_of_another_order_is_a_bad_value(ask, listed):
    answer = ask.get(tenant_path("campaigns"), params={"after": str(listed[0]), "sort": "NAME"})

    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "bad-value")
    assert [error["field"] for error in answer.json()["errors"]] == ["after"]


def test_list_of_the_past_is_searched_as_it_was(ask, listed):
    """R8.3."""
    made_at = ask.get(tenant_path(f"past-campaigns/{listed[1]}")).json()["created_at"]

    found = ask.get(tenant_path("campaigns"), params={"search": "one", "at": made_at}).json()

    assert [row["campaign_id"] for row in found["items"]] == listed[:2]
