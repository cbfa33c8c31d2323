"""What real servers said, replayed: each row of the cause table, and who ended a call."""

import pytest

from campaign_core import Outcome
from campaign_core.reports import (
    AnswerReport,
    DigitReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
)

from .recordings import FOLDER, Replay, blocks, call_id

VERSIONS = ["16", "22"]

# Scenario, outcome if nobody answered, causes that the two versions gave.
UNANSWERED = [
    ("1-local-busy", Outcome.BUSY, {None}),
    ("1-local-busycause", Outcome.BUSY, {17}),
    ("1-sip-busy", Outcome.BUSY, {17}),
    ("1-sip-busycause", Outcome.BUSY, {17}),
    ("1-local-noanswer", Outcome.NO_ANSWER, {None, 19}),
    ("1-sip-noanswer", Outcome.NO_ANSWER, {None, 19}),
    ("1-local-mute", Outcome.NO_ANSWER, {None, 19}),
    ("1-sip-mute", Outcome.NO_ANSWER, {None, 19}),
    ("1-local-congestion", Outcome.CONGESTION, {None}),
    ("1-sip-congestion", Outcome.CONGESTION, {34}),
    ("1-local-progress-congestion", Outcome.CONGESTION, {None}),
    ("1-sip-progress-congestion", Outcome.CONGESTION, {34}),
    ("1-local-reject21", Outcome.REJECTED, {21}),
    ("1-sip-reject21", Outcome.REJECTED, {21}),
    ("1-local-unknown", Outcome.FAILED, {None}),
    ("1-sip-unknown", Outcome.INVALID_NUMBER, {1}),
    ("1-local-no-context", Outcome.FAILED, {None}),
    ("1-sip-cause1", Outcome.INVALID_NUMBER, {28}),
    ("1-local-cause16", Outcome.REJECTED, {16}),
    ("1-sip-cause16", Outcome.REJECTED, {16, 21}),
    ("1-local-cause18", Outcome.NO_ANSWER, {18}),
    ("1-sip-cause18", Outcome.NO_ANSWER, {18}),
    ("1-local-cause19", Outcome.NO_ANSWER, {19}),
    ("1-sip-cause19", Outcome.NO_ANSWER, {19}),
    ("1-local-cause27", Outcome.FAILED, {27}),
    ("1-sip-cause27", Outcome.FAILED, {27}),
    ("1-local-cause34", Outcome.CONGESTION, {34}),
    ("1-sip-cause34", Outcome.CONGESTION, {34}),
    ("1-local-cancel-ringing", Outcome.FAILED, {None}),
    ("1-sip-cancel-ringing", Outcome.FAILED, {None}),
    ("1-local-cancel-ringing-cause", Outcome.REJECTED, {21}),
    ("1-sip-cancel-ringing-cause", Outcome.REJECTED, {21}),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("scenario", "outcome", "causes"), UNANSWERED)
def test_each_cause_is_told_as_its_outcome(version, scenario, outcome, causes):
    """R7.1: not answered, an outcome of R7.10 from the telephony's own cause."""
    reports = Replay(f"{version}-{scenario}").reports

    assert [type(report) for report in reports] == [EndReport]
    assert reports[0].unanswered_as is outcome
    assert reports[0].hangup_cause in causes


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("line", ["local", "sip"])
@pytest.mark.parametrize(
    "scenario", ["answered", "callee-hangs-up", "hangup-at-once", "operator-hangup-in-message"]
)
def test_an_answered_call_is_told_as_answered_once_and_ended_once(version, line, scenario):
    reports = Replay(f"{version}-1-{line}-{scenario}").reports

    assert reports[0] == AnswerReport(call_id(1))
    assert isinstance(reports[-1], EndReport)
    assert {type(report) for report in reports[1:-1]} <= {PlaybackReport}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", ["1-unknown-tech", "1-unknown-endpoint"])
def test_a_dial_string_that_asterisk_cannot_use_is_a_refusal(version, scenario):
    """R5.5: no ``Newchannel``, hence no ``Hangup``, however long one waits."""
    reports = Replay(f"{version}-{scenario}").reports

    assert [type(report) for report in reports] == [RefusalReport]
    assert "Local/100@callees/n" in reports[0].why


@pytest.mark.parametrize("version", VERSIONS)
def test_a_missing_sound_is_told_from_a_hang_up(version):
    """Both end the command with -1 and the call with cause 16."""
    missing = Replay(f"{version}-2b-missing-sound").reports
    hung_up = [Replay(f"{version}-2-{line}-hangup-in-message").reports for line in ("local",)]

    assert PlaybackReport(call_id=call_id(1), play=1, end=PlaybackEnd.FAILED) in missing
    for reports in hung_up:
        assert not any(
            isinstance(report, PlaybackReport) and report.end is PlaybackEnd.FAILED
            for report in reports
        )
        assert reports[-1].hangup_cause == 16


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", ["prompt", "message", "wait"])
def test_who_hangs_up_ends_the_call_and_no_playback_fails(version, scenario):
    reports = Replay(f"{version}-2-local-hangup-in-{scenario}").reports

    assert isinstance(reports[-1], EndReport)
    assert PlaybackEnd.FAILED not in {getattr(report, "end", None) for report in reports}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_digit_dialled_while_nothing_plays_is_not_lost(version):
    """AGI loses it; ``DTMFEnd`` comes for every digit."""
    reports = Replay(f"{version}-2b-idle-digit").reports

    assert [report.digit for report in reports if isinstance(report, DigitReport)] == ["1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_digits_are_told_before_the_playbacks_they_stop(version):
    reports = Replay(f"{version}-2-sip-confirm1-listen9").reports

    told = [report for report in reports if isinstance(report, DigitReport | PlaybackReport)]
    assert [getattr(report, "digit", "") for report in told if isinstance(report, DigitReport)] == [
        "1",
        "9",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_dead_mans_switch_ends_a_call_and_fails_no_sound(version):
    reports = Replay(f"{version}-9-absolute-timeout-variable").reports

    assert reports == [
        AnswerReport(call_id(1)),
        EndReport(call_id=call_id(1), unanswered_as=Outcome.FAILED, hangup_cause=None),
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_events_of_the_far_half_of_a_local_channel_are_not_taken_for_the_calls(version):
    """Its unique id is the call's with ``;2`` behind it: compared whole, not by its beginning."""
    hangups = [
        fields["Uniqueid"]
        for _, _, fields in blocks(FOLDER / f"{version}-1-local-noanswer.txt")
        if fields.get("Event") == "Hangup"
    ]
    assert {uniqueid[-2:] for uniqueid in hangups} > {";2"}

    reports = Replay(f"{version}-1-local-noanswer").reports

    assert len(reports) == 1


# Channels that another one takes the place of (R7.11) ----------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("scenario", ["picked-up", "replaced", "transferred"])
def test_a_call_goes_on_in_the_channel_that_took_its_place(version, scenario):
    """R7.11: followed under the same call id, with its prompts and its digits."""
    replay = Replay(f"{version}-10-{scenario}")

    assert replay.reports == [
        AnswerReport(call_id(1)),
        DigitReport(call_id=call_id(1), digit="1"),
        PlaybackReport(call_id=call_id(1), play=1, end=PlaybackEnd.STOPPED),
        EndReport(call_id=call_id(1), unanswered_as=Outcome.FAILED, hangup_cause=16),
    ]
    # By the id that the channel has by then.
    assert call_id(1) not in replay.hung_up


@pytest.mark.parametrize("version", VERSIONS)
def test_a_sound_that_plays_on_in_another_channel_is_told_as_played(version):
    replay = Replay(f"{version}-10-replaced-while-playing")

    assert [type(report) for report in replay.reports] == [AnswerReport, PlaybackReport, EndReport]
    assert replay.reports[1].end is PlaybackEnd.FINISHED


@pytest.mark.parametrize("version", VERSIONS)
def test_a_telephone_that_forwards_has_not_answered(version):
    replay = Replay(f"{version}-10-forwards")

    assert replay.reports == [
        EndReport(call_id=call_id(1), unanswered_as=Outcome.REJECTED, hangup_cause=23)
    ]
    assert "forwards" in replay.notes[0]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_channel_that_nobody_hears_anything_in_is_hung_up(version):
    """R7.11: nobody hears silence; the attempt took none of our commands (R7.5)."""
    replay = Replay(f"{version}-10-forwards-past-all")

    assert [type(report) for report in replay.reports] == [AnswerReport, EndReport]
    assert replay.reports[1].took_commands is False
    (channel,) = replay.hung_up
    assert channel != call_id(1)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_channel_that_replaces_a_ringing_one_is_hung_up(version):
    """Asterisk never sees it answer."""
    replay = Replay(f"{version}-10-replaced-while-ringing")

    assert [type(report) for report in replay.reports] == [EndReport]
    assert call_id(1) not in replay.hung_up


def test_replays_cover_both_versions():
    stems = {path.stem for path in FOLDER.glob("*.txt")}

    assert {stem[3:] for stem in stems if stem.startswith("16")} == {
        stem[3:] for stem in stems if stem.startswith("22")
    }
