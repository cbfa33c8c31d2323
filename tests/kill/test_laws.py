"""Each law of the kill test notices what it is there for; a right run breaks none."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import pytest
from tests.kill.evidence import CLOCK_MS, Evidence
from tests.kill.laws import LAWS, broken_laws
from tests.kill.operator import ACTOR, GivenCommand, Response, broken_promises
from tests.kill.record import Connection, Moment, PbxCall, PbxRecord, Sound

from campaign_core import (
    CallId,
    CallLimits,
    CallScript,
    CampaignId,
    CampaignModel,
    Instant,
    Line,
    ModelId,
    Outcome,
    Recipient,
    Settings,
    Status,
    events,
    handle,
    open_service,
)
from campaign_core import commands as cm
from campaign_core.reports import (
    AnswerReport,
    DeferralReport,
    DigitReport,
    EndReport,
    PlaybackReport,
)

START = 1_795_374_000_000
REACHED = "0badcafe000000010000000100000001"
BUSY = "0badcafe000000010000000200000001"
DEFERRED = "0badcafe000000010000000200000002"
AGAIN = "0badcafe000000010000000200000003"
MODEL = CampaignModel(
    name="School closing",
    caller_number="15550001",
    sound="message",
    attempts_max=2,
    script=CallScript(confirm_answer=True, confirm_listening=True),
    recipients=[Recipient(number="11", line=Line.INTERNAL), Recipient(number="21")],
)


def journal() -> list[events.Event]:
    """Two recipients: one confirms, one is busy, deferred once, and busy again."""
    opened = open_service("0badcafe", Settings(), Instant(START))
    state, written = opened.state, list(opened.events)
    for after_ms, message in [
        (1_000, cm.AddModel(model=MODEL, actor=ACTOR)),
        (1_001, cm.StartCampaign(model_id=ModelId(1), actor=ACTOR)),
        (1_200, EndReport(call_id=CallId(BUSY), unanswered_as=Outcome.BUSY, hangup_cause=17)),
        (1_210, DeferralReport(call_id=CallId(DEFERRED), until=Instant(START + 2_300))),
        (2_400, AnswerReport(CallId(REACHED))),
        (2_500, DigitReport(call_id=CallId(REACHED), digit="1")),
        (2_600, EndReport(call_id=CallId(AGAIN), unanswered_as=Outcome.BUSY, hangup_cause=17)),
        (4_500, PlaybackReport(call_id=CallId(REACHED), play=2)),
        (4_600, DigitReport(call_id=CallId(REACHED), digit="9")),
        (4_700, EndReport(call_id=CallId(REACHED), hangup_cause=16)),
    ]:
        taken = handle(state, message, Instant(START + after_ms))
        state, written = taken.state, [*written, *taken.events]
    return written


def record() -> PbxRecord:
    """The same, as the telephony saw it."""
    order = iter(range(1_000))

    def at(after_ms: int) -> Moment:
        return Moment(next(order), START + after_ms)

    made = PbxRecord()
    made.connections.append(Connection(at(0)))
    reached = PbxCall(REACHED, "11", Line.INTERNAL, at(1_005))
    busy = PbxCall(BUSY, "21", Line.EXTERNAL, at(1_006), ended=at(1_199))
    reached.answered = at(2_399)
    prompt = Sound("/snd/press-1.wav", at(2_410))
    reached.digits.append((at(2_499), "1"))
    prompt.ended = at(2_505)
    message = Sound("/snd/message.wav", at(2_510), is_whole=True)
    again = PbxCall(AGAIN, "21", Line.EXTERNAL, at(2_405), ended=at(2_598))
    message.ended = at(4_499)
    reached.digits.append((at(4_599), "9"))
    reached.ended = at(4_690)
    reached.sounds = [prompt, message]
    made.calls = {call.call_id: call for call in (reached, busy, again)}
    made.orders.update(list(made.calls))
    return made


def evidence(written: list[events.Event] | None = None) -> Evidence:
    return Evidence(record(), journal() if written is None else written, kills=[])


def changed(kind: type[events.Event], **changes: object) -> list[events.Event]:
    """Return the journal with the last event of a kind altered."""
    written = journal()
    place = max(at for at, event in enumerate(written) if isinstance(event, kind))
    written[place] = attrs.evolve(written[place], **changes)
    return written


def without(kind: type[events.Event]) -> list[events.Event]:
    return [event for event in journal() if not isinstance(event, kind)]


def forgotten(after_ms: int) -> list[events.Event]:
    """Return the journal with a deadline that has passed."""
    call = CallId(REACHED)
    at = Instant(START + after_ms)
    return [*journal(), events.DeadlinePassed(seq=99, at=at, actor="scheduler", call_id=call)]


def ended_as(outcome: Outcome) -> Evidence:
    return evidence(changed(events.CallEnded, outcome=outcome))


def doctored(doctor: Callable[[PbxRecord], object]) -> Evidence:
    made = evidence()
    doctor(made.record)
    return made


def with_model(**changes: object) -> Evidence:
    model = attrs.evolve(MODEL, **changes)
    return evidence(changed(events.CampaignScheduled, parameters=model))


def _unknown(made: PbxRecord) -> None:
    made.orders["0badcafe000000010000000100000009"] = 1


def _deferred_was_made(made: PbxRecord) -> None:
    made.calls[DEFERRED] = PbxCall(DEFERRED, "21", Line.EXTERNAL, Moment(40, START + 1_211))


def _reached_first(made: PbxRecord) -> None:
    made.calls[AGAIN].began = Moment(900, START + 9_000)
    made.calls[AGAIN].ended = Moment(901, START + 9_001)


def _up_too_long(made: PbxRecord) -> None:
    made.calls[BUSY].ended = Moment(50, START + 1_300)


def _never_was(made: PbxRecord) -> None:
    del made.calls[BUSY], made.orders[BUSY]


def _same_number(made: PbxRecord) -> None:
    made.calls[BUSY].number, made.calls[BUSY].line = "11", Line.INTERNAL


def _both_at_once(made: PbxRecord) -> None:
    made.calls[REACHED].sounds[0].ended = made.calls[REACHED].ended


DOCTORED: dict[str, Callable[[], Evidence]] = {
    "_no_call_is_ordered_twice": lambda: doctored(lambda made: made.orders.update([BUSY])),
    "_every_call_was_written_before": lambda: doctored(_unknown),
    "_what_was_given_back_was_never_called": lambda: doctored(_deferred_was_made),
    "_nobody_is_called_more_often_than_allowed": lambda: with_model(attempts_max=1),
    "_nobody_is_called_after_being_reached": lambda: Evidence(
        doctored(_reached_first).record,
        [
            attrs.evolve(event, position=1)
            if isinstance(event, events.CallPlaced) and event.call_id == AGAIN
            else event
            for event in journal()
        ],
        kills=[],
    ),
    "_ends_are_not_told_too_early": lambda: doctored(_up_too_long),
    "_a_call_that_never_was_is_the_deed_of_a_kill": lambda: doctored(_never_was),
    "_lost_is_the_deed_of_a_kill": lambda: ended_as(Outcome.LOST),
    "_no_limit_is_passed": lambda: with_model(call_limits=CallLimits(total=1)),
    "_no_number_is_in_two_calls": lambda: doctored(_same_number),
    "_digits_that_were_told_are_kept": lambda: evidence(without(events.DigitDialled)),
    "_whoever_confirmed_is_reached": lambda: ended_as(Outcome.HUNG_UP),
    "_whoever_is_reached_has_confirmed": lambda: doctored(
        lambda made: made.calls[REACHED].digits.pop()
    ),
    "_one_sound_at_a_time": lambda: doctored(_both_at_once),
    "_nobody_is_kept_until_the_deadline": lambda: evidence(forgotten(15_000)),
    "_campaigns_end_as_their_calls_say": lambda: evidence(
        changed(events.CampaignEnded, status=Status.COMPLETED)
    ),
    "_journal_is_sound": lambda: evidence(without(events.CampaignStarted)),
}


def test_a_right_run_breaks_no_law():
    assert broken_laws(evidence()) == []


def test_every_law_is_tried():
    assert [law.__name__ for law in LAWS] == list(DOCTORED)


@pytest.mark.parametrize("law", list(DOCTORED))
def test_each_law_notices_what_it_is_there_for(law):
    assert law in {broken.partition(":")[0] for broken in broken_laws(DOCTORED[law]())}


def test_a_kill_excuses_a_call_that_was_never_made():
    made = doctored(_never_was)
    lost = [
        attrs.evolve(event, outcome=Outcome.LOST)
        if isinstance(event, events.CallEnded) and event.call_id == BUSY
        else event
        for event in made.journal
    ]
    assert broken_laws(Evidence(made.record, lost, kills=[START + 1_010])) == []


def test_no_kill_excuses_a_call_that_was_passed_over():
    made = doctored(_never_was)
    law = "_a_call_that_never_was_is_the_deed_of_a_kill"
    late = Evidence(made.record, made.journal, kills=[START + 9_000])
    assert any(broken.endswith("calls placed after it were") for broken in broken_laws(late))
    assert {broken.partition(":")[0] for broken in broken_laws(late)} == {law}


def test_a_call_that_a_slow_telephony_made_after_the_kill_may_be_lost():
    made = ended_as(Outcome.LOST)
    (lost,) = [end.call_id for end in made.summary.ended.values() if end.outcome is Outcome.LOST]
    call, placed = made.record.calls[lost], made.summary.placed[lost]
    call.began = Moment(call.began.order, placed.at + 3 * CLOCK_MS)
    law = "_lost_is_the_deed_of_a_kill"

    for kill, is_excused in [(placed.at - 2 * CLOCK_MS, False), (placed.at + CLOCK_MS, True)]:
        broken = broken_laws(Evidence(made.record, made.journal, kills=[kill]))
        without_a_kill = [one for one in broken if one.startswith(law) and "without" in one]
        assert (without_a_kill == []) is is_excused


def test_a_digit_is_excused_where_nothing_that_was_told_later_is_known_either():
    written = [
        event
        for event in journal()
        if not (isinstance(event, events.DigitDialled) and event.digit == "9")
    ]
    made = evidence(written)
    law = "_digits_that_were_told_are_kept"
    assert [broken for broken in broken_laws(made) if broken.startswith(law)] != []

    until = evidence(
        [
            attrs.evolve(event, hangup_cause=None)
            if isinstance(event, events.CallEnded) and event.call_id == REACHED
            else event
            for event in written
        ]
    )
    assert [broken for broken in broken_laws(until) if broken.startswith(law)] == []


def test_a_deadline_that_passed_while_nobody_could_look_is_excused():
    law = "_nobody_is_kept_until_the_deadline"
    made = evidence(forgotten(5_000))
    assert [broken for broken in broken_laws(made) if broken.startswith(law)] == []


def test_what_was_acknowledged_and_is_not_there_is_noticed():
    command = cm.PauseCampaign(campaign_id=CampaignId(1), actor=ACTOR)
    asked = [
        GivenCommand(
            command=cm.AddModel(model=MODEL, actor=ACTOR), key="a", answer=Response(seq=2)
        ),
        GivenCommand(
            command=cm.StartCampaign(model_id=ModelId(1), actor=ACTOR),
            key="b",
            answer=Response(seq=4),
        ),
    ]
    assert list(broken_promises(asked, journal())) == []

    paused = GivenCommand(command=command, key="c", answer=Response(seq=9))
    assert len(list(broken_promises([*asked, paused], journal()))) == 1


def test_a_command_that_was_taken_twice_is_noticed():
    asked = [
        GivenCommand(command=cm.AddModel(model=MODEL, actor=ACTOR), key="a", answer=Response(seq=2))
    ]
    assert len(list(broken_promises(asked, journal()))) == 1
