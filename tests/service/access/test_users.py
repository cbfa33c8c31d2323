"""Users, their roles, and that an administrator always remains."""

import threading

import pytest
from tests.service.access.people import GOOD, SECOND

from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_service.access import (
    Actor,
    AlreadyExistsError,
    LastAdministratorError,
    NotAuthenticatedError,
    RoleGrant,
    UnknownUserError,
    VersionConflictError,
    change_user,
    ensure_administrator,
    users,
)

ADMINISTRATOR = RoleGrant(role="administrator")


def test_first_start_makes_an_administrator_with_a_one_time_password(people):
    """Issue: first start creates an administrator and prints a one-time password."""
    shown = ensure_administrator(people.database, people.passwords, now=people.now)

    login = people.login("admin", shown.text)
    assert login.must_change_password
    assert people.user("admin").grants == {ADMINISTRATOR}
    assert shown.text not in repr(shown)


def test_service_that_has_an_administrator_is_left_as_it_is(people):
    people.add("zoe", "administrator")

    assert ensure_administrator(people.database, people.passwords, now=people.now) is None
    assert [user.name for user in users(people.database)] == ["zoe"]


def test_users_who_cannot_manage_users_get_somebody_who_can(people):
    people.add("bob", "viewer")

    assert ensure_administrator(people.database, people.passwords, now=people.now).name == "admin"


def test_of_processes_that_start_together_one_shows_the_password(people):
    barrier, shown = threading.Barrier(4), []

    def start():
        barrier.wait()
        shown.append(ensure_administrator(people.database, people.passwords, now=people.now))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(shown) == 4
    assert len([one for one in shown if one is not None]) == 1


def test_user_is_added_and_shown(people):
    people.tenants("rome")

    made = people.add("bob", "operator", tenant="rome").user

    assert made == people.user("bob")
    assert (made.enabled, made.must_change_password) == (True, False)
    assert made.grants == {RoleGrant(role="operator", tenant="rome")}


@pytest.mark.parametrize(
    "name", ["", "Bob", ".bob", "..", "a/b", "a b", "driver", "scheduler", "me", "x" * 65, "bøb"]
)
def test_name_that_nobody_may_have_is_refused(few, name):
    """Names are 1 to 64 lower-case letters, digits and . _ - @, and none that is reserved."""
    with pytest.raises(SettingsError, match="lower-case letters") as refused:
        few.add(name)

    assert refused.value.field == "name"


def test_name_that_somebody_has_is_refused(people):
    people.add("bob")

    with pytest.raises(AlreadyExistsError, match="'bob'"):
        people.add("bob")


@pytest.mark.parametrize("name", ["nobody", "a\0b", "\ud800", ""])
def test_user_that_is_not_there_is_unknown(people, name):
    for use in (people.user, people.delete, people.reset, people.token):
        with pytest.raises(UnknownUserError):
            use(name)
    with pytest.raises(LookupError):
        people.change(name, enabled=False)


def test_all_unknown_roles_and_tenants_are_named_at_once(few):
    """R3.3: every bad value, with what is allowed."""
    few.tenants("rome")
    few.add("bob")
    grants = [RoleGrant(role="boss"), RoleGrant(role="viewer", tenant="Rome")]

    with pytest.raises(SettingsError) as refused:
        few.change("bob", grants=grants)

    assert [(one.field, one.value) for one in refused.value.problems] == [
        ("role", "boss"),
        ("tenant", "Rome"),
    ]
    assert "viewer, operator, manager, administrator" in str(refused.value)
    assert "rome or *" in str(refused.value)


def test_users_are_managed_for_all_tenants_or_for_none(few):
    few.tenants("rome")

    with pytest.raises(SettingsError, match="all tenants or for none"):
        few.add("bob", "administrator", tenant="rome")


def test_version_that_was_read_must_be_the_one_that_is_changed(people):
    """Issue: expected versions, so that two operators can't overwrite each other."""
    read = people.add("bob", "viewer").user
    people.change("bob", grants=[RoleGrant(role="operator")], expected=read.version)

    for change in (
        lambda: people.change("bob", enabled=False, expected=read.version),
        lambda: people.reset("bob", expected=read.version),
        lambda: people.delete("bob", expected=read.version),
    ):
        with pytest.raises(VersionConflictError):
            change()
    assert people.user("bob").grants == {RoleGrant(role="operator")}


def test_change_to_what_is_so_already_is_none(people):
    before = people.add("bob", "viewer").user

    assert people.change("bob", enabled=True, grants=before.grants) == before
    assert people.actions(subject="bob") == ["USER_ADDED"]


def test_somebody_else_of_the_same_name_has_another_version(people):
    first = people.add("bob").user
    people.delete("bob")
    people.wait(SECOND)

    assert people.add("bob").user.version > first.version


@pytest.mark.parametrize(
    "take_away",
    [
        lambda people: people.delete("boss"),
        lambda people: people.change("boss", enabled=False),
        lambda people: people.change("boss", grants=[]),
        lambda people: people.change("boss", grants=[RoleGrant(role="manager")]),
    ],
    ids=["deleted", "disabled", "without roles", "with another role"],
)
def test_last_administrator_remains(people, take_away):
    """The last enabled administrator cannot be deleted, disabled, or stripped of the role."""
    people.add("boss", "administrator")
    people.add("former", "administrator")
    people.change("former", enabled=False)
    before = people.user("boss")

    with pytest.raises(LastAdministratorError, match="'boss'"):
        take_away(people)

    assert people.user("boss") == before
    people.change("former", enabled=True)
    take_away(people)


def test_two_administrators_cannot_take_each_other_away_at_once(people):
    people.add("anna", "administrator")
    people.add("bert", "administrator")
    barrier, refused = threading.Barrier(2), []

    def take_away(name):
        barrier.wait()
        try:
            change_user(
                people.database,
                name,
                by=Actor(name=name, address="10.0.0.1"),
                now=people.now,
                enabled=False,
            )
        except LastAdministratorError:
            refused.append(name)

    threads = [threading.Thread(target=take_away, args=[name]) for name in ("anna", "bert")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert people.user(refused[0]).enabled


def test_who_is_disabled_does_not_come_in(people):
    people.add("bob", "viewer")
    people.change("bob", enabled=False)

    with pytest.raises(NotAuthenticatedError):
        people.login("bob")
    with pytest.raises(CommandRefusedError, match="disabled"):
        people.token("bob")
    people.change("bob", enabled=True)
    assert people.login("bob").name == "bob"


def test_what_was_done_to_users_is_on_record(people):
    """Issue: an audit query: who did what, when."""
    people.add("bob", "viewer")
    people.change("bob", grants=[RoleGrant(role="operator")])
    people.change("bob", enabled=False)
    people.delete("bob")

    told = [(event.action.name, event.details) for event in people.audit(subject="bob")]
    assert told == [
        ("USER_ADDED", {"granted": ["viewer for *"]}),
        ("USER_CHANGED", {"granted": ["operator for *"], "revoked": ["viewer for *"]}),
        ("USER_CHANGED", {"enabled": False, "tokens_ended": 0}),
        ("USER_DELETED", {"revoked": ["operator for *"]}),
    ]
    assert {event.actor for event in people.audit()} == {"ada"}
    assert GOOD not in str(people.audit())


def test_role_that_is_granted_twice_is_granted(people):
    made = people.add("bob", "viewer", "viewer").user

    assert made.grants == {RoleGrant(role="viewer")}
    assert people.user("bob") == made
