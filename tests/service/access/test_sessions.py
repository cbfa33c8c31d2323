"""How long a browser's session lasts, and that a program's is as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.access.people import HOUR, MINUTE, SECOND, START

from campaign_service.access import IDLE_MIN, SESSION_H, NotAuthenticatedError
from campaign_service.access.sessions import first_end, last_end, moved_end

IDLE = IDLE_MIN * MINUTE
WHOLE = SESSION_H * HOUR


def test_browsers_session_ends_when_it_is_not_used(people):
    people.add("bob", "viewer")
    began = people.login("bob", is_browser=True)
    people.wait(IDLE - SECOND)
    people.come(began.token)

    people.wait(IDLE)

    with pytest.raises(NotAuthenticatedError):
        people.come(began.token)


def test_browsers_session_that_is_used_lasts_its_time_and_no_longer(people):
    people.add("bob", "viewer")
    began = people.login("bob", is_browser=True)
    for _ in range(WHOLE // (IDLE // 2) - 1):
        people.wait(IDLE // 2)
        assert people.come(began.token).name == "bob"

    assert began.ends_at == people.now + IDLE // 2
    people.wait(IDLE // 2)
    with pytest.raises(NotAuthenticatedError):
        people.come(began.token)


def test_session_of_a_program_ends_by_its_time_alone(people):
    people.add("bob", "viewer")
    began = people.login("bob")

    people.wait(WHOLE - SECOND)
    assert people.come(began.token).name == "bob"
    people.wait(SECOND)
    with pytest.raises(NotAuthenticatedError):
        people.come(began.token)


def test_token_without_an_end_is_given_none_by_its_use(people):
    people.add("bob", "viewer")
    secret = people.token("bob").secret

    people.come(secret)
    people.wait(100 * WHOLE)

    assert people.come(secret).name == "bob"


@given(is_browser=st.booleans(), pauses=st.lists(st.integers(0, 2 * IDLE), max_size=40))
def test_use_never_shortens_a_session_nor_takes_it_past_its_last_end(is_browser, pauses):
    now, end = START, first_end(START, is_browser=is_browser)
    for pause in pauses:
        now += pause
        if now >= end:
            break
        moved = moved_end(START, end, now=now)
        assert end <= moved <= last_end(START)
        # Whoever goes on within the time without use is let in until the last end.
        assert moved >= min(now + IDLE, last_end(START))
        end = moved
