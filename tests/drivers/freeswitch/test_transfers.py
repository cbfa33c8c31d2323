"""Transfers, and calls that the server cuts before it did anything in them."""

from __future__ import annotations

import pytest
from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.drivers.freeswitch.test_calls import answered, play
from tests.emulators.freeswitch.people import Callee, Rejects, Scripted
from tests.emulators.freeswitch.switch import Config

from campaign_core.decisions import Play, Transfer
from campaign_core.reports import AnswerReport, EndReport

A = call_id()


def transferred(**config: object) -> Rig:
    rig = answered(Config(bridge_ms=None, **config))  # type: ignore[arg-type]
    rig.order(Transfer(call_id=A, extension="200", dead_man_s=60))
    rig.run(1_000)
    return rig


def test_whoever_is_transferred_hears_it_ring_and_the_agent_sees_who_it_is() -> None:
    rig = transferred()

    variables = dict(text.split("=", 1) for name, text in rig.switch.executed if name == "set")
    assert variables["transfer_ringback"].startswith("%(")
    assert variables["effective_caller_id_number"] == "1000"
    assert variables["effective_caller_id_name"] == "1000"
    assert variables["hangup_after_bridge"] == "true"


def test_what_is_set_for_a_transfer_is_set_before_it() -> None:
    rig = transferred()

    names = [name for name, _ in rig.switch.executed]
    assert names[-1] == "bridge"
    assert {*names[-5:-1]} == {"set"}


@pytest.mark.parametrize(
    ("agent", "cause"),
    [(Rejects("USER_BUSY", 486), "USER_BUSY"), (None, "SUBSCRIBER_ABSENT")],
)
def test_a_transfer_that_cannot_work_ends_the_call_and_is_told(
    agent: Callee | None, cause: str
) -> None:
    """The operator reads in the log that nobody was connected, and why."""
    rig = transferred(plan=lambda number: agent if number == "200" else Callee())

    assert len(rig.of(EndReport)) == 1
    assert any(f"200 failed: {cause}" in note for note in rig.notes)


def test_a_conversation_that_ends_is_no_failed_transfer() -> None:
    agent = Scripted(after_answer=((500, "hangup"),))
    rig = transferred(plan=lambda number: agent if number == "200" else Callee())

    assert len(rig.of(EndReport)) == 1
    assert not [note for note in rig.notes if "failed" in note]


# Calls that took nothing (R7.5) ------------------------------------------------------------


def test_an_answered_call_that_the_server_cuts_before_it_takes_a_command_says_so() -> None:
    """R7.5: a technical cause, which counts for the breaker."""
    rig = Rig().up()
    rig.order(place())
    rig.run(30)
    assert rig.of(AnswerReport) == [AnswerReport(A)]
    rig.order(Play(call_id=A, play=1, sound="s", stop_digits=""))

    rig.switch.channels[A].end("NORMAL_TEMPORARY_FAILURE")
    rig.run(1_000)

    (end,) = rig.of(EndReport)
    assert not end.took_commands


@pytest.mark.parametrize("number", ["1008", "1002"])
def test_whoever_hangs_up_himself_was_in_a_call_that_took_commands(number: str) -> None:
    """R7.5: he hung up, however soon."""
    rig = Rig().up()
    rig.order(place(number))
    rig.on_report = lambda report: (
        rig.order(Play(call_id=A, play=1, sound="s", stop_digits=""))
        if isinstance(report, AnswerReport)
        else None
    )

    rig.run(5_000)

    (end,) = rig.of(EndReport)
    assert end.took_commands


def test_a_call_that_was_played_to_took_commands_whoever_ended_it() -> None:
    rig = answered(Config(default_sound_ms=10_000))
    rig.order(play())
    rig.run(500)

    rig.switch.channels[A].end("NORMAL_TEMPORARY_FAILURE")
    rig.run(1_000)

    (end,) = rig.of(EndReport)
    assert end.took_commands
