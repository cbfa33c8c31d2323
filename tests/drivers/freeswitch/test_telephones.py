"""A number with several telephones: all ring, and the first to answer is the call (R7.11)."""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.people import Callee, Rejects, RingsForEver, Scripted
from tests.emulators.freeswitch.switch import Config

from campaign_core import Line, Outcome
from campaign_core.decisions import HangUp, Play, Transfer
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DigitReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)
from campaign_drivers.freeswitch import Route
from campaign_drivers.freeswitch._session import EVENTS

A = call_id()
PEOPLE: dict[str, Callee] = {
    "desk": Scripted(ring_ms=4_000),
    "quick": Scripted(ring_ms=1_000, after_answer=((2_500, "1"), (9_000, "hangup"))),
    "silent": RingsForEver(),
    "busy": Rejects("USER_BUSY", 486, after_ms=200),
    "rejects": Rejects("CALL_REJECTED", 603, after_ms=900),
    "200": Callee(),
}
DENYING = frozenset(
    "originate uuid_kill uuid_break uuid_exists sched_hangup sched_del show fsctl".split()  # noqa: SIM905
)


def ringing(*telephones: str, **config: object) -> Rig:
    """Return a rig in which number 100 is called, that has these telephones."""
    given = {"plan": PEOPLE.get, "telephones": {"100": telephones}, **config}
    rig = Rig(Config(**given)).up()  # type: ignore[arg-type]
    rig.order(place("100", line=Line.INTERNAL))
    rig.run(300)
    return rig


def test_every_telephone_of_a_number_rings() -> None:
    rig = ringing("desk", "quick", "silent")

    assert {A, f"{A}-2", f"{A}-3"} == set(rig.switch.channels)


def test_under_one_id_the_server_rings_the_first_telephone_alone() -> None:
    """As a real server was seen to: ``Duplicate UUID``."""
    rig = Rig(Config(plan=PEOPLE.get, telephones={"100": ("desk", "silent")})).up()

    rig.switch.originate(f"{{origination_uuid={A}}}user/100 &park()", "job")
    rig.run(300)

    assert list(rig.switch.channels) == [A]


@pytest.mark.parametrize(
    "telephones", [("quick", "silent"), ("silent", "quick"), ("desk", "quick")]
)
def test_the_first_to_answer_is_the_call_whichever_it_is(telephones: tuple[str, ...]) -> None:
    """R7.2: sounds, digits and the end are those of that telephone; the others ring no more."""
    rig = ringing(*telephones, default_sound_ms=20_000)
    rig.run(1_000)
    assert [AnswerReport(A)] == rig.of(AnswerReport)
    rig.order(Play(call_id=A, play=1, sound="long", stop_digits="1"))

    rig.run(4_000)

    assert [DigitReport(call_id=A, digit="1")] == rig.of(DigitReport)
    stopped = PlaybackReport(call_id=A, play=1, end=PlaybackEnd.STOPPED)
    assert [stopped] == rig.of(PlaybackReport)
    assert len(rig.switch.channels) == 1
    assert rig.of(EndReport) == []
    rig.run(6_000)
    assert [EndReport(call_id=A, hangup_cause=16)] == rig.of(EndReport)


def test_a_telephone_that_is_busy_does_not_end_the_call_of_the_others() -> None:
    rig = ringing("busy", "quick")

    rig.run(2_000)

    assert [AnswerReport(A)] == rig.reports


@pytest.mark.parametrize("telephones", [("busy", "rejects"), ("rejects", "busy")])
def test_a_call_that_no_telephone_takes_ends_once(telephones: tuple[str, ...]) -> None:
    rig = ringing(*telephones)

    rig.run(10_000)

    (end,) = rig.of(EndReport)
    assert end.unanswered_as in {Outcome.BUSY, Outcome.REJECTED}
    assert rig.board.calls == {}
    assert rig.switch.channels == {}


def test_a_call_that_no_telephone_answers_is_not_answered() -> None:
    """R7.1."""
    rig = ringing("silent", "silent")

    rig.run(25_000)

    (end,) = rig.of(EndReport)
    assert end.unanswered_as is Outcome.NO_ANSWER
    assert rig.switch.channels == {}


def test_hanging_up_while_they_ring_stops_them_all() -> None:
    rig = ringing("silent", "desk", "silent")

    rig.order(HangUp(A))
    rig.run(1_000)

    assert rig.switch.channels == {}
    assert len(rig.of(EndReport)) == 1


@pytest.mark.parametrize("telephones", [("quick", "silent"), ("silent", "quick")])
def test_orders_go_to_the_telephone_that_answered(telephones: tuple[str, ...]) -> None:
    rig = ringing(*telephones)
    rig.run(1_500)

    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(1_000)
    assert [extension for _, extension in rig.switch.bridged] == ["user/200"]
    rig.order(HangUp(A))
    rig.run(1_000)

    assert rig.switch.channels == {}
    assert len(rig.of(EndReport)) == 1


def test_the_dead_man_s_switch_ends_every_telephone() -> None:
    """R7.9: should we not be there, none of them is left."""
    rig = Rig(Config(plan=PEOPLE.get, telephones={"100": ("silent", "silent")})).up()
    rig.order(place("100", line=Line.INTERNAL, ring_timeout_s=60, dead_man_s=10))
    rig.run(500)
    rig.lose()

    rig.run(12_000)

    assert rig.switch.channels == {}


@pytest.mark.parametrize("is_another_run", [False, True])
def test_a_call_on_its_second_telephone_is_taken_over(is_another_run: bool) -> None:
    """R5.5, R9.3: it is known by the beginning of its id, also by a later run of ours."""
    rig = ringing("silent", "quick")
    rig.run(1_500)
    rig.lose()
    other = rig.another_run() if is_another_run else rig
    other.reports.clear()

    other.connect()

    assert [DriverUpReport(), CallsUpReport([A])] == other.reports[:2]
    other.order(Play(call_id=A, play=2, sound="again", stop_digits=""))
    other.run(3_000)
    assert [PlaybackReport(call_id=A, play=2)] == other.of(PlaybackReport)


def test_telephones_that_ring_are_taken_over_together() -> None:
    rig = ringing("silent", "desk")
    rig.lose()
    other = rig.another_run()

    other.connect()
    other.run(6_000)

    assert [DriverUpReport(), CallsUpReport([A]), AnswerReport(A), CallsUpReport([A])] == (
        other.reports
    )
    other.order(HangUp(A))
    other.run(1_000)
    assert rig.switch.channels == {}
    assert len(other.of(EndReport)) == 1


def test_a_call_whose_telephones_were_only_asked_for_is_given_back() -> None:
    """R5.5: it was never handed over."""
    rig = Rig(Config(plan=PEOPLE.get, reply_ms=200, telephones={"100": ("desk", "quick")}))
    rig.connect()
    rig.run(10_000)
    rig.order(place("100", line=Line.INTERNAL))
    rig.run(100)

    rig.lose()
    rig.run(2_000)

    assert [DriverDownReport((A,))] == rig.of(DriverDownReport)
    assert rig.switch.dialled == []
    assert rig.board.calls == {}
    assert rig.board.admission._all.legs == 0


def test_hanging_up_before_the_telephones_are_known_calls_nobody() -> None:
    rig = Rig(Config(plan=PEOPLE.get, reply_ms=200, telephones={"100": ("desk", "quick")}))
    rig.connect()
    rig.run(10_000)
    rig.order(place("100", line=Line.INTERNAL))

    rig.order(HangUp(A))
    rig.run(5_000)

    assert rig.switch.dialled == []
    assert len(rig.of(EndReport)) == 1


def test_a_user_who_may_not_ask_for_telephones_rings_one_and_it_is_said() -> None:
    users = {"vb@pbx": ("secret", frozenset(EVENTS), DENYING | {"global_getvar"})}
    given = Config(plan=PEOPLE.get, users=users, telephones={"100": ("desk", "silent")})
    rig = Rig(given, user="vb@pbx", password="secret").up()

    rig.order(place("100", line=Line.INTERNAL))
    rig.run(300)

    assert list(rig.switch.channels) == [A]
    assert any("sofia_contact" in note for note in rig.notes)


@pytest.mark.parametrize(
    "contact",
    [
        "sofia/internal/sip:1@h;x={y}",
        "sofia/internal/sip:1@h &system(rm)",
        "[origination_uuid=x]sofia/internal/sip:1@h",
        "sofia/internal/sip:1@h|sofia/internal/sip:2@h",
        "sofia/internal/sip:1@h:_:sofia/internal/sip:2@h",
        "sofia/internal/sip:1@h'",
        "sofia/internal/${system(x)}",
    ],
)
def test_an_address_that_a_telephone_made_up_never_reaches_an_order_to_call(contact: str) -> None:
    """A telephone says itself where it is: what does not fit is not sent; the user is dialled."""
    rig = Rig(Config(plan=PEOPLE.get, telephones={"100": ("desk", "silent")})).up()
    rig.switch.dialler.registered = lambda _: f"sofia/internal/sip:0@h,{contact}"  # type: ignore[method-assign]

    rig.order(place("100", line=Line.INTERNAL))
    rig.run(300)

    (line,) = [line for line in rig.switch.commands if line.startswith("bgapi originate")]
    assert line.endswith("}user/100 &park()")


def test_a_number_without_telephones_gives_its_place_back_at_once() -> None:
    """R7.1: nobody is registered; no event is waited for."""
    rig = Rig(Config(plan=PEOPLE.get, telephones={"100": ()})).up()
    rig.order(place("100", line=Line.INTERNAL))

    assert [end.unanswered_as for end in rig.run(100)] == [Outcome.NO_ANSWER]  # type: ignore[attr-defined]
    assert rig.board.calls == {}


def test_a_gateway_that_is_down_is_a_refusal_that_says_so() -> None:
    """R5.5: the operator reads it in the report of the campaign."""
    rig = Rig(Config(gateways_down=frozenset({"trunk"}))).up()
    rig.order(place("1000", routing_class="trunk"))

    (refusal,) = rig.run(100)

    assert isinstance(refusal, RefusalReport)
    assert "down" in refusal.why
    assert "sofia/gateway/trunk" in refusal.why


def test_a_user_with_parameters_is_dialled_as_the_route_says() -> None:
    """They are for FreeSWITCH to read; where the telephones are is not asked for."""
    route = Route(dial_string="user/{number}@pbx;x=y")
    rig = Rig(Config(plan=PEOPLE.get), internal=route).up()

    rig.order(place("200", line=Line.INTERNAL))
    rig.run(300)

    assert rig.switch.dialled == ["user/200@pbx;x=y"]
