"""One connection: log-in, what comes without being asked, and a server that says nothing."""

import hashlib

import attrs
import pytest

from campaign_drivers._telephony.protocol import SessionOver
from campaign_drivers._telephony.session import Stage
from campaign_drivers.asterisk._session import Ready, Reply, Session, event_filter
from campaign_drivers.asterisk._wire import Action

from .recordings import FOLDER, SERVICE, SETTINGS, blocks, reply, sent

BANNER = b"Asterisk Call Manager/5.0.4\r\n"
BY_SECRET = attrs.evolve(SETTINGS, login_by_secret=True)


def take(session, data, now=0):
    return list(session.receive(data, now))


def logged_in(settings=SETTINGS):
    session = Session(settings, 0)
    take(session, BANNER)
    if not settings.login_by_secret:
        (challenge,) = sent(session)
        take(session, reply(challenge, Challenge="42"))
    (login,) = sent(session)
    take(session, reply(login))
    return session


def ready(settings=SETTINGS):
    session = logged_in(settings)
    (filters,) = sent(session)
    take(session, reply(filters))
    take(session, b"Event: FullyBooted\r\nUptime: 7\r\n\r\n")
    return session


# Log-in -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["16", "22"])
def test_the_answer_to_a_challenge_is_the_one_that_real_servers_took(version):
    client = [f for _, who, f in blocks(FOLDER / f"{version}-3-login-md5.txt") if who == "C"]
    server = [f for _, who, f in blocks(FOLDER / f"{version}-3-login-md5.txt") if who == "S"]
    session = Session(attrs.evolve(SETTINGS, user="bc", secret="bc-secret"), 0)
    take(session, BANNER)
    (challenge,) = sent(session)
    number = next(fields["Challenge"] for fields in server if "Challenge" in fields)

    take(session, reply(challenge, Challenge=number))

    (login,) = sent(session)
    assert login["key"] == next(fields["Key"] for fields in client if "Key" in fields)
    assert login["username"] == "bc"


def test_the_secret_itself_stays_at_home():
    session = Session(SETTINGS, 0)
    take(session, BANNER)
    written = session.outgoing()
    take(session, b"Response: Success\r\nActionID: 0badcafe-1\r\nChallenge: 42\r\n\r\n")
    written += session.outgoing()

    assert SETTINGS.secret.encode() not in written
    assert hashlib.md5(b"42" + SETTINGS.secret.encode()).hexdigest().encode() in written


def test_by_secret_there_is_no_challenge():
    session = Session(BY_SECRET, 0)
    take(session, BANNER)

    (login,) = sent(session)

    assert (login["action"], login["secret"]) == ("Login", "a-secret")


def test_nothing_is_done_before_asterisk_has_booted():
    """A log-in is taken some 70 ms before; a census would find no calls."""
    session = logged_in()

    assert session.stage is Stage.SETUP
    assert take(session, b"Event: FullyBooted\r\nUptime: 0\r\n\r\n") == [Ready(0)]


@pytest.mark.parametrize("uptime", ["", "x", "-1"])
def test_an_uptime_that_is_none_is_not_known(uptime):
    session = logged_in()

    assert take(session, f"Event: FullyBooted\r\nUptime: {uptime}\r\n\r\n".encode()) == [
        Ready(None)
    ]


def test_who_is_not_told_of_the_boot_goes_on_in_the_end():
    session = logged_in()
    sent(session)
    session._pending.clear()

    assert list(session.wake(10_000)) == [Ready(None)]


@pytest.mark.parametrize("by_secret", [True, False])
def test_wrong_credentials_are_a_refusal(by_secret):
    session = Session(attrs.evolve(SETTINGS, login_by_secret=by_secret), 0)
    take(session, BANNER)
    (action,) = sent(session)

    (over,) = take(session, reply(action, Response="Error", Message="Authentication failed"))

    assert over == SessionOver(why="Authentication failed", refused=True)
    assert session.stage is Stage.OVER
    assert session.wakeup() is None


def test_a_server_that_shuts_down_refuses_nobody():
    """It answers every action so, the log-in too: come again later."""
    session = Session(BY_SECRET, 0)
    take(session, BANNER)
    (action,) = sent(session)

    (over,) = take(session, reply(action, Response="Error", Message="Asterisk is shutting down"))

    assert not over.refused


@pytest.mark.parametrize("until", range(4))
def test_a_server_that_stops_talking_at_any_step_of_the_log_in_is_given_up(until):
    session = Session(SETTINGS, 0)
    steps = [
        lambda: BANNER,
        lambda: reply(sent(session)[0], Challenge="1"),
        lambda: reply(sent(session)[0]),
    ]
    for step in steps[:until]:
        take(session, step())

    happenings = list(session.wake(10_000))

    assert len(happenings) == 1
    assert isinstance(happenings[0], SessionOver)


def test_another_server_is_given_up_at_once():
    (over,) = take(Session(SETTINGS, 0), b"SSH-2.0-OpenSSH_9\r\n")

    assert "not an Asterisk manager" in over.why


def test_a_session_that_is_over_says_no_more():
    session = Session(SETTINGS, 0)
    take(session, b"junk\r\n")

    assert take(session, BANNER) == []
    assert list(session.wake(1_000_000)) == []


# Filters ----------------------------------------------------------------------------------


def test_the_filter_holds_whole_or_not_at_all():
    """It is one pattern: half a list of patterns would silence what we need."""
    session = logged_in()

    (action,) = sent(session)

    assert (action["action"], action["operation"]) == ("Filter", "Add")
    assert action["filter"] == event_filter(SERVICE)


@pytest.mark.parametrize(("response", "filtered"), [("Success", True), ("Error", False)])
def test_without_the_permission_to_filter_all_events_are_taken(response, filtered):
    session = logged_in()
    (action,) = sent(session)

    take(session, reply(action, Response=response, Message="Permission denied"))

    assert session.filtered is filtered


# Requests ---------------------------------------------------------------------------------


def test_replies_go_to_their_requests_whatever_their_order():
    session = ready()
    session.ask(Action("A"), ("first",), 0)
    session.ask(Action("B"), ("second",), 0)
    first, second = sent(session)

    happenings = [*take(session, reply(second)), *take(session, reply(first))]

    assert [happening.purpose for happening in happenings] == [("second",), ("first",)]


def test_a_reply_that_nobody_waits_for_is_ignored():
    session = ready()

    assert take(session, b"Response: Success\r\nActionID: else\r\n\r\n") == []
    assert take(session, b"Response: Success\r\n\r\n") == []


def test_a_list_is_given_whole():
    session = ready()
    session.ask(Action("Status"), ("list",), 0)
    (status,) = sent(session)
    key = status["actionid"]

    assert take(session, reply(status, EventList="start")) == []
    assert take(session, f"Event: Status\r\nActionID: {key}\r\nUniqueid: 1\r\n\r\n".encode()) == []
    (whole,) = take(
        session, f"Event: StatusComplete\r\nActionID: {key}\r\nEventList: Complete\r\n\r\n".encode()
    )

    assert isinstance(whole, Reply)
    assert [item["uniqueid"] for item in whole.items] == ["1"]


def test_a_reply_that_does_not_come_ends_the_session():
    """R5.5: what became of the calls is found out on the next connection."""
    session = ready()
    session.ask(Action("AGI"), ("agi",), 1_000)

    assert list(session.wake(10_999)) == []
    (over,) = session.wake(11_000)

    assert over == SessionOver(why="no reply to agi in time")


def test_silence_is_broken_by_a_ping_and_a_ping_that_is_not_answered_ends_the_session():
    session = ready()

    assert session.wakeup() == 15_000
    assert list(session.wake(15_000)) == []
    (ping,) = sent(session)
    assert ping["action"] == "Ping"
    (over,) = session.wake(25_000)

    assert over.why == "no reply to ping in time"


def test_a_ping_that_is_answered_keeps_the_session():
    session = ready()
    list(session.wake(15_000))
    (ping,) = sent(session)

    assert take(session, reply(ping, Ping="Pong"), 15_001) == []

    assert session.wakeup() == 30_001


def test_a_shutdown_that_is_announced_ends_the_session():
    (over,) = take(ready(), b"Event: Shutdown\r\nShutdown: Cleanly\r\n\r\n")

    assert over == SessionOver(why="Asterisk shut down")
