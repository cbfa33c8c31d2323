"""Log-ins."""

import pytest
from tests.service.access.people import GOOD

from campaign_service import access
from campaign_service.access import NotAuthenticatedError, Passwords


def test_log_in_gives_a_token_for_requests(people):
    people.add("bob", "viewer")

    login = people.login("bob", address="10.0.0.9")

    who = people.come(login.token, address="10.0.0.10")
    assert (who.name, who.address, who.token_id) == ("bob", "10.0.0.10", login.token_id)
    assert not who.is_program
    assert login.token not in repr(login)
    assert people.audit()[-1].address == "10.0.0.9"


def test_name_may_be_typed_in_any_case(people):
    people.add("bob")

    assert people.login("Bob").name == "bob"


def test_name_may_be_typed_with_blanks_around_it(people):
    """Issue F10: names are compared after NFC and trimming."""
    people.add("bob")

    assert people.login(" bob\t").name == "bob"


@pytest.mark.parametrize("name", ["bob", "nobody", "Not A Name", "", "\0", "\ud800", "x" * 10_000])
@pytest.mark.parametrize("password", ["wrong", "", "\0", "\ud800", "x" * 100_000])
def test_whatever_is_wrong_the_answer_is_the_same(few, name, password):
    few.add("bob")

    with pytest.raises(NotAuthenticatedError, match=r"^name or password is wrong$"):
        few.login(name, password)


def test_who_is_disabled_gets_the_same_answer(people):
    people.add("bob")
    people.change("bob", enabled=False)

    with pytest.raises(NotAuthenticatedError, match=r"^name or password is wrong$"):
        people.login("bob")
    assert people.audit()[-1].details == {"why": "disabled"}


def test_name_that_nobody_has_costs_as_much_work_as_any_other(few):
    """Else the time would tell which names there are."""
    few.add("bob")
    compared = []

    class Counting(Passwords):
        def are_same(self, kept, password):
            compared.append(kept is None)
            return few.passwords.are_same(kept, password)

    for name in ("bob", "nobody"):
        with pytest.raises(NotAuthenticatedError):
            access.login(
                few.database,
                Counting(hasher=few.passwords._hasher),
                name=name,
                password="wrong",
                address="10.0.0.7",
                now=few.now,
            )

    assert compared == [False, True]
    assert not few.passwords.are_same(None, GOOD)


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.change("bob", enabled=False),
        lambda people: people.reset("bob"),
        lambda people: people.delete("bob"),
    ],
    ids=["disabled", "reset", "deleted"],
)
def test_user_who_changes_while_the_password_is_compared_does_not_come_in(few, change):
    few.add("bob")

    class Slow(Passwords):
        def are_same(self, kept, password):
            change(few)
            return few.passwords.are_same(kept, password)

    with pytest.raises(NotAuthenticatedError, match="changed just now"):
        access.login(
            few.database,
            Slow(hasher=few.passwords._hasher),
            name="bob",
            password=GOOD,
            address="10.0.0.7",
            now=few.now,
        )
    assert "LOGGED_IN" not in few.actions()
