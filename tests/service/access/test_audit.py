"""Who did what, when: the record of administration."""

import pytest
import sqlalchemy as sa
from tests.service.access.people import MINUTE, SECOND

from campaign_service import access
from campaign_service.access import (
    AccessAction,
    Actor,
    AuditHead,
    Principal,
    audit_refusal,
    verify_audit,
)
from campaign_service.access.tables import access_event


def refuse(people, asked, *, name="eve"):
    who = Principal(name=name, address="10.0.0.9", grants={})
    audit_refusal(people.database, who, asked=asked, now=people.now)


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


def test_record_is_read_back_from_its_end_while_it_grows(people):
    for name in ("anna", "bert", "carl"):
        people.add(name)

    first = people.audit(limit=2, is_newest_first=True)
    people.add("dora")
    rest = people.audit(limit=2, after=first[-1].id, is_newest_first=True)
    added = people.audit(action=AccessAction.USER_ADDED, subject="bert", is_newest_first=True)

    assert [one.subject for one in [*first, *rest]] == ["carl", "bert", "anna"]
    assert people.audit(limit=1, is_newest_first=True)[0].subject == "dora"
    assert [one.subject for one in added] == ["bert"]
    assert people.audit(after=rest[-1].id, is_newest_first=True) == []


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


def test_record_names_the_token_that_was_shown(people):
    """Issue F10: of several of one user it may be one that was stolen."""
    people.add("bob", "administrator")
    who = people.come(people.login("bob").token)

    access.add_user(people.database, people.passwords, "eve", by=who.actor, now=people.now)

    made, came_in = people.audit()[-1], people.audit()[-2]
    assert (made.subject, made.token) == ("eve", who.token_id)
    assert (came_in.token, came_in.details) == (None, {"token": who.token_id})


def test_record_that_nobody_touched_is_as_it_was_written(people):
    """Issue F10: the audit is chained."""
    assert verify_audit(people.database).lines == 0
    people.add("bob")
    refuse(people, "GET /\u00e9\ud800")
    people.fail("bob", times=2)
    noted = verify_audit(people.database).head
    people.login("bob")

    found = verify_audit(people.database, noted=noted)

    assert found.problems == ()
    assert found.lines == len(people.audit())
    assert AuditHead.of_text(f" {found.head}\n") == found.head
    assert AuditHead.of_text("12:34") is None


ALTERED = {
    "changed": sa.update(access_event).where(access_event.c.subject == "bob").values(at=1),
    "taken out": sa.delete(access_event).where(access_event.c.subject == "bob"),
    "put in": sa.insert(access_event).values(
        at=1, actor="a", address="b", action="LOGGED_IN", subject="c", details="{}"
    ),
    "another token": sa.update(access_event).values(token="0123456789ab"),
}


@pytest.mark.parametrize("how", ALTERED)
def test_record_that_was_altered_is_found(people, how):
    """Issue F10: the audit is chained."""
    for name in ("anna", "bob", "carl"):
        people.add(name)

    with people.database.begin() as connection:
        connection.execute(ALTERED[how])

    assert verify_audit(people.database).problems != ()


def test_record_that_ends_before_a_head_that_was_noted_is_found(people):
    """Issue F10: who takes the last lines away leaves a chain that holds."""
    people.add("anna")
    people.add("bob")
    noted = verify_audit(people.database).head
    with people.database.begin() as connection:
        connection.execute(ALTERED["taken out"])

    assert verify_audit(people.database).problems == ()
    (problem,) = verify_audit(people.database, noted=noted).problems
    assert "whose head was noted, is not there" in problem
    people.add("eve")
    (problem,) = verify_audit(people.database, noted=noted).problems
    assert "whose head was noted, is not there" in problem or "it has no such head" in problem
