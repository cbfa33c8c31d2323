"""Who did what, when: the record of administration."""

import pytest
from tests.service.access.people import MINUTE, SECOND

from campaign_service.access import AccessAction, Actor, Principal, record_refusal


def refuse(people, asked, *, name="eve"):
    who = Principal(name=name, address="10.0.0.9", grants={})
    record_refusal(people.database, who, asked=asked, now=people.now)


def test_record_is_narrowed_by_who_to_whom_what_and_when(people):
    """Issue: an audit query: who did what, when."""
    people.add("bob")
    people.wait(MINUTE)
    people.add("eve")
    people.login("bob")
    people.wait(MINUTE)
    people.delete("eve")
    start, middle, end = people.now - 2 * MINUTE, people.now - MINUTE, people.now

    assert people.actions(actor="bob") == ["LOGGED_IN"]
    assert people.actions(subject="eve") == ["USER_ADDED", "USER_DELETED"]
    assert people.actions(action=AccessAction.USER_ADDED, since=middle) == ["USER_ADDED"]
    assert len(people.audit(since=start, until=middle)) == 3
    assert people.actions(since=end) == ["USER_DELETED"]
    assert people.audit(actor="bob", subject="eve") == []


def test_record_is_read_on_from_where_one_was(people):
    for name in ("anna", "bert", "carl", "dora"):
        people.add(name)

    first = people.audit(limit=3)
    rest = people.audit(after=first[-1].id, limit=3)

    assert [one.subject for one in [*first, *rest]] == ["anna", "bert", "carl", "dora"]


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "nobody"])
def test_nothing_is_found_of_whom_there_is_nothing(people, text):
    people.add("bob")

    assert people.audit(actor=text) == people.audit(subject=text) == []


def test_refused_attempt_is_on_record(people):
    """Refused attempts (403) are part of the audit."""
    refuse(people, "PUT /api/v1/tenants/main/settings")

    event = people.audit()[-1]
    assert (event.actor, event.address) == ("eve", "10.0.0.9")
    assert (event.action.name, event.subject) == ("REFUSED", "PUT /api/v1/tenants/main/settings")


def test_same_refusal_is_recorded_once_a_minute(people):
    for _ in range(3):
        refuse(people, "GET /x")
        people.wait(19 * SECOND)
    refuse(people, "GET /y")
    refuse(people, "GET /x", name="bob")
    people.wait(3 * SECOND)
    refuse(people, "GET /x")

    told = [(event.actor, event.subject) for event in people.audit()]
    assert told == [("eve", "GET /x"), ("eve", "GET /y"), ("bob", "GET /x"), ("eve", "GET /x")]


def test_stranger_s_text_is_kept_printable(people):
    refuse(people, "GET /a\0b\ud800\x1b[2J")

    assert people.audit()[-1].subject == "GET /a\ufffdb\ufffd\ufffd[2J"


def test_actor_says_who_and_from_where():
    assert Actor(name="console:root", address="console").name == "console:root"


def test_refusals_of_one_user_are_recorded_some_at_a_time(people):
    """Issue: an audit query; whoever asks for ever other things fills no disk with them."""
    for number in range(100):
        refuse(people, f"GET /api/v1/tenants/south/campaigns/{number}")
    refuse(people, "GET /", name="bob")

    assert people.actions(actor="eve") == ["REFUSED"] * 30
    assert people.actions(actor="bob") == ["REFUSED"]
    people.wait(MINUTE)
    refuse(people, "GET /later")
    assert people.audit(actor="eve")[-1].subject == "GET /later"
