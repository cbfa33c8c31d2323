"""What hardly ever happens, and must not hang or hurt when it does."""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.switch import Config

from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DeferralReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
)
from campaign_drivers.freeswitch import Route
from campaign_drivers.freeswitch._playback import BREAKS_MAX

A = call_id()


def playing(**config: object) -> Rig:
    """Return a rig with a call in which a long sound plays that 1 stops."""
    rig = Rig(Config(default_sound_ms=20_000, **config)).up()  # type: ignore[arg-type]
    rig.order(place())
    rig.run(100)
    rig.order(Play(call_id=A, play=1, sound="long", stop_digits="1"))
    rig.run(500)
    rig.reports.clear()
    return rig


def dial(rig: Rig, digit: str) -> None:
    rig.switch.channels[A].digit(digit, "RTP")


# Playing -----------------------------------------------------------------------------------


def test_an_order_to_stop_that_does_nothing_is_repeated() -> None:
    rig = playing(breaks_lost=2)

    dial(rig, "1")
    rig.run(1_200)

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED)] == rig.of(PlaybackReport)


def test_a_playback_that_does_not_stop_is_let_go_in_the_end() -> None:
    rig = playing(breaks_lost=BREAKS_MAX)

    dial(rig, "1")
    rig.run(3_000)

    assert [PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED)] == rig.of(PlaybackReport)
    rig.switch.config.default_sound_ms = 1_000
    rig.order(Play(call_id=A, play=2, sound="next", stop_digits=""))
    rig.run(3_000)
    assert PlaybackReport(call_id=A, play=2) in rig.reports


@pytest.mark.parametrize("text", ["-ERR memory", "-ERR invalid session id [x]"])
def test_an_application_that_is_refused_fails_or_ends_with_its_call(text: str) -> None:
    rig = Rig().up()
    rig.order(place())
    rig.run(100)
    rig.reports.clear()
    assert rig.client is not None
    rig.client._sendmsg = lambda *_: rig.client._reply(text)  # type: ignore[method-assign,union-attr]

    rig.order(Play(call_id=A, play=1, sound="s", stop_digits=""))
    if "session" in text:
        rig.switch.channels.clear()
    rig.run(20_000)

    kinds = [type(report) for report in rig.reports]
    assert kinds == ([EndReport] if "session" in text else [PlaybackReport])


@pytest.mark.parametrize("extension", ["200; rm", ""])
def test_a_transfer_to_no_extension_ends_the_call(extension: str) -> None:
    rig = playing()

    rig.order(Transfer(call_id=A, extension=extension, dead_man_s=60))
    rig.run(1_000)

    assert len(rig.of(EndReport)) == 1
    assert rig.switch.bridged == []


def test_a_transfer_that_is_refused_ends_the_call() -> None:
    rig = playing()
    assert rig.client is not None
    rig.client._sendmsg = lambda *_: rig.client._reply("-ERR no")  # type: ignore[method-assign,union-attr]

    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(1_000)

    assert len(rig.of(EndReport)) == 1


def test_a_callee_who_hangs_up_while_transferred_ends_the_call() -> None:
    rig = playing(bridge_ms=10**8)
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=600))
    rig.run(1_000)

    rig.switch.channels[A].hang_up()
    rig.run(1_000)

    assert len(rig.of(EndReport)) == 1


def test_a_call_that_was_transferred_is_taken_over_as_such() -> None:
    rig = playing(bridge_ms=5_000)
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=600))
    rig.run(1_000)
    rig.lose()
    second = rig.another_run()
    second.connect()
    assert [DriverUpReport(), CallsUpReport(frozenset({A})), AnswerReport(A)] == second.reports

    second.run(6_000)

    assert len(second.of(EndReport)) == 1


# The connection ----------------------------------------------------------------------------


def test_a_server_that_does_not_greet_is_given_up() -> None:
    rig = Rig()
    rig.board.connected(0, "x")

    rig.board.wake(10_001)

    over = rig.board.take().over
    assert over is not None
    assert "greeting" in over.why
    assert not over.refused


def test_a_server_that_is_not_ready_yet_is_waited_for() -> None:
    rig = Rig(Config(is_ready=False))
    rig.connect()
    rig.run(3_000)
    assert not rig.board.is_up

    rig.switch.config.is_ready = True
    rig.run(600)

    assert rig.board.is_up


def test_a_server_that_never_gets_ready_is_given_up() -> None:
    rig = Rig(Config(is_ready=False))
    rig.connect()

    rig.run(11_000)

    assert rig.over is not None
    assert "not ready" in rig.over.why


@pytest.mark.parametrize(
    "junk", [b"HTTP/1.1 200 OK\n\n", b"Content-Type: command/reply\nReply-Text: +OK\n\n"]
)
def test_junk_and_replies_to_nothing_end_the_connection(junk: bytes) -> None:
    rig = Rig().up()

    rig.board.receive(junk, rig.now)
    rig.pump()

    assert rig.over is not None
    assert not rig.board.is_up


def test_what_was_not_asked_for_is_ignored() -> None:
    rig = Rig().up()

    rig.board.receive(b"Content-Type: log/data\nContent-Length: 2\n\nhi", rig.now)
    rig.board.receive(b"Content-Type: auth/request\n\n", rig.now)
    rig.pump()

    assert rig.over is None
    assert rig.reports == []


def test_a_list_that_cannot_be_read_takes_all_that_is_known_for_up() -> None:
    rig = Rig().up()
    rig.order(place())
    rig.run(100)
    rig.lose()
    rig.reports.clear()
    client_show = type(rig.switch.connect())._show
    try:
        type(rig.switch.clients[0])._show = lambda *_: "-ERR no database"  # type: ignore[method-assign]
        rig.connect()
    finally:
        type(rig.switch.clients[0])._show = client_show  # type: ignore[method-assign]

    assert CallsUpReport(frozenset({A})) in rig.reports
    assert any("cannot tell" in note for note in rig.notes)


def test_an_order_to_hang_up_a_call_nobody_knows_is_harmless() -> None:
    rig = Rig().up()

    rig.order(HangUp(call_id(77)))
    rig.order(HangUp("not an id of ours"))  # type: ignore[arg-type]

    assert rig.run(10_000) == []


# Limits of a route -------------------------------------------------------------------------


def test_a_gateway_s_own_limits_are_kept() -> None:
    slow = Route(dial_string="sofia/gateway/trunk/{number}", calls_per_s=2)
    narrow = Route(dial_string="sofia/caller/{number}@x", calls_max=3)
    rig = Rig(external={None: slow, "narrow": narrow}).up()

    for attempt in range(1, 6):
        rig.order(place("2000", attempt))
    assert len(rig.board.calls) == 2
    assert len(rig.of(DeferralReport)) == 3
    for attempt in range(11, 16):
        rig.order(place("2000", attempt, routing_class="narrow"))
    assert len(rig.board.calls) == 5
    rig.run(1_000)
    rig.order(place("2000", 20))
    assert len(rig.board.calls) == 6

    # When they have ended there is room again.
    rig.run(40_000)
    rig.order(place("2000", 30, routing_class="narrow"))
    assert call_id(30) in rig.board.calls
