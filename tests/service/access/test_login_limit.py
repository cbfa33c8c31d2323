"""How often somebody may try to log in."""

import threading

import pytest
from tests.service.access.people import DAY, GOOD, MINUTE, SECOND, People

from campaign_service import access
from campaign_service.access import LoginLimitedError, NotAuthenticatedError
from campaign_service.access.login_limit import client_network

HOME, ELSEWHERE = "10.0.0.7", "192.0.2.66"


def wait_for(people, name, password=GOOD, *, address):
    """Try to log in; after how many seconds the next try is looked at, 0: it was looked at."""
    try:
        people.login(name, password, address=address)
    except LoginLimitedError as error:
        return error.retry_after_s
    except NotAuthenticatedError:
        return 0
    return 0


def test_after_five_failures_a_name_must_wait_longer_and_longer(people):
    """Issue: log-in rate limit; the delay grows, and never becomes a lock."""
    people.add("bob")
    people.fail("bob", times=4, address=ELSEWHERE)

    delays = []
    for _ in range(7):
        people.fail("bob", address=ELSEWHERE)
        delays.append(wait_for(people, "bob", "still wrong, I fear", address=ELSEWHERE))

    assert delays == [5, 10, 20, 40, 60, 60, 60]


def test_failures_are_forgotten_after_a_quarter_of_an_hour(people):
    people.add("bob")
    people.fail("bob", times=5)
    assert wait_for(people, "bob", address=ELSEWHERE) == 5

    people.wait(15 * MINUTE)

    people.fail("bob", times=4)
    assert wait_for(people, "bob", address=ELSEWHERE) == 0


def test_who_comes_in_begins_anew(people):
    people.add("bob")
    people.fail("bob", times=4, address=HOME)
    people.login("bob", address=HOME)

    people.fail("bob", times=4, address=HOME)
    assert wait_for(people, "bob", address=HOME) == 0


def test_try_that_was_turned_away_is_not_looked_at_and_counts_for_nothing(people):
    people.add("bob")
    people.fail("bob", times=5, address=ELSEWHERE)

    assert [wait_for(people, "bob", address=ELSEWHERE) for _ in range(5)] == [5] * 5
    people.wait(5 * SECOND)
    assert people.login("bob", address=ELSEWHERE).name == "bob"


def test_nobody_can_keep_a_user_out_who_comes_from_where_he_always_does(people):
    """A name under attack is limited everywhere but where its user has been lately."""
    people.add("admin", "administrator")
    people.login("admin", address=HOME)
    people.fail("admin", times=30, address=ELSEWHERE)

    assert wait_for(people, "admin", address="10.0.0.8") > 0
    assert people.login("admin", address=HOME).name == "admin"


def test_place_where_a_user_was_long_ago_is_known_no_more(people):
    people.add("admin", "administrator")
    people.login("admin", address=HOME)
    people.wait(30 * DAY)
    people.fail("admin", times=5, address=ELSEWHERE)

    assert wait_for(people, "admin", address=HOME) > 0


def test_place_is_not_known_by_failures_alone(people):
    """Else whoever guesses from many addresses would be limited at none of them."""
    people.add("bob")
    people.fail("bob", address="198.51.100.1")
    people.fail("bob", times=4, address=ELSEWHERE)

    assert wait_for(people, "bob", address="198.51.100.1") == 5


def test_user_s_own_failures_count_where_he_always_is(people):
    people.add("bob")
    people.login("bob", address=HOME)
    people.fail("bob", times=5, address=HOME)

    assert wait_for(people, "bob", address=HOME) == 5


def test_address_from_which_many_names_are_tried_must_wait(people):
    people.add("bob")
    for number in range(20):
        people.fail(f"user{number}", address=ELSEWHERE)

    assert wait_for(people, "bob", address=ELSEWHERE) == 10
    assert wait_for(people, "bob", address=HOME) == 0


def test_own_log_ins_do_not_clear_the_address_for_guesses_of_others(people):
    people.add("mallory")
    for number in range(19):
        people.fail(f"user{number}", address=ELSEWHERE)
        people.login("mallory", address=ELSEWHERE)
    people.fail("bob", address=ELSEWHERE)

    assert wait_for(people, "mallory", address=ELSEWHERE) == 10


def test_names_that_nobody_has_are_limited_alike(people):
    """Else the limit would tell which names there are."""
    people.fail("nobody", times=5, address=ELSEWHERE)
    assert wait_for(people, "nobody", address=ELSEWHERE) == 5

    # What no database could keep as a name is limited too, and is no failure of ours.
    people.fail("Not A Name\0", times=5, address=HOME)
    assert wait_for(people, "Not A Name\0", address=HOME) == 5
    people.fail("\ud800", times=5, address="10.0.0.8")
    assert wait_for(people, "\ud800", address="10.0.0.8") == 5


def test_all_processes_count_together(people):
    people.add("bob")
    other = People(people.database, people.passwords)
    people.fail("bob", times=3)
    other.fail("bob", times=2)

    assert wait_for(people, "bob", address=ELSEWHERE) == 5


def test_tries_at_one_moment_are_not_so_many_guesses(people):
    """A try counts as failed from before its password is looked at."""
    people.add("bob")
    barrier, looked_at = threading.Barrier(12), []

    def guess():
        barrier.wait()
        try:
            people.login("bob", "a wild guess", address=ELSEWHERE)
        except LoginLimitedError:
            pass
        except NotAuthenticatedError:
            looked_at.append(1)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(looked_at) == 5


def test_clock_that_was_set_back_makes_nobody_wait_for_it(people):
    people.add("bob")
    people.fail("bob", times=9)

    people.wait(-DAY)

    assert people.login("bob", address=ELSEWHERE).name == "bob"


def test_clock_that_was_set_back_a_little_makes_nobody_wait_longer(people):
    """The clocks of two processes may be some seconds apart."""
    people.add("bob")
    people.fail("bob", times=5, address=ELSEWHERE)

    people.wait(-30 * SECOND)

    assert wait_for(people, "bob", address=ELSEWHERE) == 5


def test_address_that_logged_in_before_is_known_with_its_network(people):
    """Issue F10: a flood from elsewhere does not lock out an address that logged in before."""
    people.add("bob")
    people.login("bob", address="2001:db8:1:2::7")

    def is_known(name, address):
        return access.has_logged_in_from(
            people.database, name=name, address=address, now=people.now
        )

    assert is_known(" Bob", "2001:db8:1:2::7")
    assert is_known("bob", "2001:db8:1:2:9999::8")
    assert not is_known("bob", "2001:db8:1:3::7")
    assert not is_known("ann", "2001:db8:1:2::7")
    assert not is_known("Not A Name", "2001:db8:1:2::7")
    people.wait(31 * DAY)
    assert not is_known("bob", "2001:db8:1:2::7")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
        ("x\0" * 100, "x" * 64),
        ("", ""),
    ],
)
def test_household_counts_as_one_address(address, place):
    assert client_network(address) == place


def test_failures_and_the_limit_are_on_record(people):
    people.add("bob")
    people.fail("bob", times=5, address=ELSEWHERE)

    events = people.audit(actor="anonymous")
    assert [event.action.name for event in events] == ["LOGIN_FAILED"] * 5 + ["LOGIN_LIMITED"]
    assert {event.subject for event in events} == {"bob"}
    assert {event.address for event in events} == {ELSEWHERE}
    assert events[0].details == {"why": "wrong password"}
    assert events[-1].details == {"for_s": 5}


def test_what_was_typed_as_a_name_is_not_on_record_where_it_is_none(people):
    """People type passwords in the wrong place."""
    people.fail("my secret pass phrase")

    assert "secret" not in str(people.audit())
    assert people.audit()[-1].subject == ""
