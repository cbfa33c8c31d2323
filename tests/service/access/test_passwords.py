"""Passwords: what is kept, what is asked of a new one, and how they change."""

import threading
import time

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher, profiles
from tests.service.access.people import DAY, GOOD, People

from campaign_core.errors import CommandRefusedError
from campaign_service import access
from campaign_service.access import (
    LoginLimitedError,
    NotAuthenticatedError,
    PasswordExpiredError,
    PasswordRefusedError,
    Passwords,
)
from campaign_service.access.passwords import check_strength, make_one_time
from campaign_service.access.tables import access_user

BETTER = "another twelve letters"


def kept_of(people, name):
    with people.database.reading() as connection:
        wanted = sa.select(access_user.c.password_hash).where(access_user.c.name == name)
        return connection.execute(wanted).scalar_one()


def test_passwords_are_kept_as_the_library_advises(few):
    """Issue: local users (argon2)."""
    own = People(few.database, Passwords())

    own.add("bob")

    assert kept_of(own, "bob").startswith("$argon2id$")
    assert own.login("bob").name == "bob"


def test_password_is_kept_anew_when_the_parameters_change(few):
    few.add("bob")
    before = kept_of(few, "bob")
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)

    People(few.database, Passwords(hasher=stronger)).login("bob")

    after = kept_of(few, "bob")
    assert stronger.check_needs_rehash(before)
    assert not stronger.check_needs_rehash(after)
    assert few.login("bob").name == "bob"


def test_parameters_of_tests_are_no_one_else_s():
    assert PasswordHasher().memory_cost == profiles.RFC_9106_LOW_MEMORY.memory_cost


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short", "12 to 256 characters, not 5"),
        ("x" * 257, "12 to 256 characters"),
        ("bob.thebuilder", "user's name"),
        ("Bob.TheBuilder1", "user's name"),
        ("bob.thebuilderbob.thebuilder", "user's name"),
    ],
)
def test_bad_new_password_is_refused_and_not_shown(password, rule):
    with pytest.raises(PasswordRefusedError, match=rule) as refused:
        check_strength(password, name="bob.thebuilder")

    assert password not in str(refused.value)


def test_password_of_length_is_good_enough():
    check_strength("mulberry tractor", name="bob")
    check_strength("пароль для входа", name="bob")


@pytest.mark.parametrize(
    "password",
    [
        *("password1234", "P@ssw0rd1234", "passwordpassword", "iloveyou1234", "qwertyuiop12"),
        *(
            "1q2w3e4r5t6y",
            "123456789012",
            "aaaaaaaaaaaa",
            "trustno1trustno1",
            "x" * 256,
            "zaq12wsxcde3",
            "password!2024",
        ),
    ],
)
def test_password_that_many_people_have_is_refused(password):
    """Issue F10: a list of common passwords is refused."""
    with pytest.raises(PasswordRefusedError, match="not one that many people have") as refused:
        check_strength(password, name="bob")

    assert password not in str(refused.value)


def test_long_password_is_looked_at_within_a_moment():
    """The library's own work grows with the length, to seconds and more."""
    began = time.process_time()
    check_strength("".join(chr(33 + (at * at * 7) % 94) for at in range(256)), name="bob")
    assert time.process_time() - began < 2


def test_same_letters_typed_in_another_way_are_the_same(few):
    few.add("bob", password="caffè caffè caffè")

    assert few.login("bob", "caffe\u0300 caffe\u0300 caffe\u0300").name == "bob"


def test_one_time_password_opens_the_door_for_a_week(people):
    people.add("bob", "viewer")
    shown = people.reset("bob")

    people.wait(7 * DAY - 1)
    assert people.login("bob", shown.text).must_change_password
    shown = people.reset("bob")
    people.wait(7 * DAY)
    with pytest.raises(PasswordExpiredError):
        people.login("bob", shown.text)


def test_one_time_password_is_for_one_log_in(people):
    """Issue F10: "for one log-in" is one log-in."""
    people.add("bob", "viewer")
    shown = people.reset("bob")
    who = people.come(people.login("bob", shown.text).token)

    with pytest.raises(PasswordExpiredError, match="was used or has expired"):
        people.login("bob", shown.text)
    # Who is in may still say what the new one replaces.
    old, now = shown.text, people.now
    access.change_password(people.database, people.passwords, who, old=old, new=BETTER, now=now)
    assert not people.login("bob", BETTER).must_change_password
    assert people.audit(subject="bob")[-3].details["why"] == "one-time password used or expired"


def test_password_that_somebody_else_chose_is_for_one_log_in_too(people):
    """Issue F10: who gave it knows it."""
    people.add("bob", "viewer", must_change=True)

    assert people.login("bob").must_change_password
    with pytest.raises(PasswordExpiredError):
        people.login("bob")


def test_one_time_passwords_differ_and_are_good_enough():
    several = {make_one_time("bob", now=0).text for _ in range(20)}

    assert len(several) == 20
    for text in several:
        check_strength(text, name="bob")


def test_nothing_but_a_new_password_comes_after_a_one_time_password(people):
    """What may be done while must_change_password: only changing it."""
    people.add("bob", "administrator")
    shown = people.reset("bob")
    secret = people.login("bob", shown.text).token
    assert people.come(secret).permissions() == frozenset()

    access.change_password(
        people.database,
        people.passwords,
        people.come(secret),
        old=shown.text,
        new=BETTER,
        now=people.now,
    )

    assert (
        people.come(secret).permissions()
        == people.come(people.login("bob", BETTER).token).permissions()
    )
    assert people.come(secret).permissions() != frozenset()
    people.wait(8 * DAY)
    assert not people.login("bob", BETTER).must_change_password


def test_new_password_ends_all_other_sessions_but_no_programs(people):
    people.add("bob", "viewer")
    mine, other = people.login("bob").token, people.login("bob").token
    program = people.token("bob").secret

    access.change_password(
        people.database, people.passwords, people.come(mine), old=GOOD, new=BETTER, now=people.now
    )

    with pytest.raises(NotAuthenticatedError):
        people.come(other)
    assert people.come(mine).name == people.come(program).name == "bob"
    with pytest.raises(NotAuthenticatedError):
        people.login("bob", GOOD)


def test_password_that_was_reset_ends_all_sessions_but_no_programs(people):
    people.add("bob", "viewer")
    session, program = people.login("bob").token, people.token("bob").secret

    people.reset("bob", password=BETTER)

    with pytest.raises(NotAuthenticatedError):
        people.come(session)
    assert people.come(program).permissions() != frozenset()
    assert people.login("bob", BETTER).must_change_password


def test_own_password_is_changed_by_who_knows_the_old_one(people):
    people.add("bob", "viewer")
    bob = people.come(people.login("bob").token)

    def change(**words):
        access.change_password(people.database, people.passwords, bob, now=people.now, **words)

    with pytest.raises(NotAuthenticatedError):
        change(old="not the password", new=BETTER)
    with pytest.raises(PasswordRefusedError, match="another than the old one"):
        change(old=GOOD, new=GOOD)
    with pytest.raises(PasswordRefusedError, match="12 to 256") as refused:
        change(old=GOOD, new="short")
    assert refused.value.field == "new"
    assert people.actions(subject="bob") == ["USER_ADDED", "LOGGED_IN", "LOGIN_FAILED"]


def test_old_password_cannot_be_guessed_from_within_a_session(few):
    few.add("bob", "viewer")
    bob = few.come(few.login("bob").token)

    def guess():
        access.change_password(
            few.database, few.passwords, bob, old="a wild guess", new=BETTER, now=few.now
        )

    for _ in range(5):
        with pytest.raises(NotAuthenticatedError):
            guess()
    with pytest.raises(LoginLimitedError):
        guess()


def test_program_changes_no_password(few):
    few.add("bob", "viewer")
    program = few.come(few.token("bob").secret)

    with pytest.raises(CommandRefusedError, match="program"):
        access.change_password(
            few.database, few.passwords, program, old=GOOD, new=BETTER, now=few.now
        )


def test_many_at_once_wait_for_a_place_and_are_told_when_there_is_none(monkeypatch):
    """A flood of log-ins must not take all memory and every thread."""
    monkeypatch.setattr("campaign_service.access.passwords._SLOT_WAIT_S", 0.05)
    entered, leave = threading.Event(), threading.Event()

    class Slow(PasswordHasher):
        is_slow = False

        def hash(self, password):
            if self.is_slow:
                entered.set()
                leave.wait(10)
            return super().hash(password)

    slow = Slow(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher=slow, at_once=1)
    slow.is_slow = True
    thread = threading.Thread(target=passwords.kept, args=[GOOD])
    thread.start()
    entered.wait(10)

    with pytest.raises(LoginLimitedError):
        passwords.kept(GOOD)

    leave.set()
    thread.join()
    assert passwords.kept(GOOD)
