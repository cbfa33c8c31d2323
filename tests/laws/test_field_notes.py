"""What goes wrong elsewhere, and must not here: one test for each note from the field.

Each docstring names the note by its number and thread.
"""

import pytest
from tests.core.stories import MINUTE, NOON, SECOND, Story, listed, placed

import campaign_core as core
from campaign_core import (
    CallingHours,
    CallLimits,
    CallScript,
    FailureReason,
    FrequencyCap,
    Order,
    Outcome,
    RecipientStatus,
    RetryPolicy,
    Weekday,
    commands,
    events,
    reports,
)
from campaign_core.errors import SettingsError

HOUR = 60 * MINUTE
DAY = 24 * HOUR


def between(opens: str, closes: str) -> list[CallingHours]:
    minutes = [int(clock[:2]) * 60 + int(clock[3:]) for clock in (opens, closes)]
    return [CallingHours(days=set(Weekday), opens_min=minutes[0], closes_min=minutes[1])]


# Lost or leaked capacity ------------------------------------------------------------------------


def test_unanswered_call_without_an_end_frees_its_place():
    """Note 1, dograh#737: an unanswered call never frees its slot."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2", attempts_max=1)

    story.tick(640 * SECOND)
    freed = story.tick(10 * SECOND)

    assert placed(freed) == ["2"]


def test_place_is_free_after_every_outcome():
    """Note 4, awesome-phone-call-agents#447: the limit is exceeded after NO ANSWER."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2", attempts_max=20)

    for outcome in sorted(core.UNANSWERED, key=str):
        called = story.up[0]
        story.end(called, outcome)
        assert len(story.up) == 1


def test_limit_does_not_outlive_calls_that_all_failed():
    """Note 5, call-e-integrations#124: the limit persists after all tasks failed."""
    story = Story(call_limits=CallLimits(total=3))
    story.start("1 2 3", attempts_max=1)
    for number in ("1", "2", "3"):
        story.tell(reports.RefusalReport(call_id=story.call(number), why="no route"))

    assert placed(story.start("7 8 9")) == ["7", "8", "9"]


def test_lost_connection_leaks_no_place():
    """Note 2, dograh#745: slots leak when the worker is cancelled."""
    story = Story(call_limits=CallLimits(total=2))
    story.start("1 2 3")
    story.tell(reports.DriverDownReport(), after=MINUTE)
    story.tell(reports.DriverUpReport())

    surveyed = story.tell(reports.CallsUpReport())

    assert len(placed(surveyed)) == 2
    assert [e.outcome for e in story.heard(events.CallEnded)] == [Outcome.LOST] * 2


def test_backlog_handled_together_starts_nothing_twice():
    """Note 6, clairvoyance PR#670: duplicate initiation from concurrent backlog processing."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2 3")
    end = reports.EndReport(call_id=story.call("1"), unanswered_as=Outcome.BUSY)

    batch = core.handle_batch(story.state, [end, end, reports.Tick(), end], story.now)

    assert placed(batch) == ["2"]


def test_changed_capacity_is_honoured_at_once():
    """Note 7, surveda#2142: changed capacity is honoured only after a restart."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2 3")

    assert placed(story.settings(call_limits=CallLimits(total=3))) == ["2", "3"]
    story.settings(call_limits=CallLimits(total=1))
    assert placed(story.end("1")) == []


# Attempts counted or timed wrongly --------------------------------------------------------------


def test_attempt_counts_when_its_call_is_placed_and_not_while_it_waits():
    """Note 8, surveda#1589: attempts are counted at queueing, not at calling."""
    story = Story(call_limits=CallLimits(total=0))
    story.start("1", attempts_max=1)
    for _ in range(5):
        story.tick(HOUR)
    assert story.view(1).counted == 0

    story.settings()

    assert (story.view(1).counted, story.up) == (1, ["1"])


def test_timeout_runs_from_the_call_and_not_from_the_queue():
    """Note 9, surveda#1619: the timeout runs from queueing, not from the call."""
    story = Story(call_limits=CallLimits(total=0))
    story.start("1", ring_timeout_s=30)
    story.tick(2 * HOUR)

    story.settings()

    (call,) = core.calls(story.state)
    assert call.deadline_at == story.now + (30 + 600 + 10) * SECOND


@pytest.mark.parametrize("delay_min", [2, 5])
def test_retry_delay_is_what_was_configured(delay_min):
    """Note 10, surveda#716, newfies-dialer#14: configured 2 / 5 min, real 10 / 4 min."""
    story = Story()
    story.start("1", retry=RetryPolicy(delays_s={Outcome.BUSY: delay_min * 60}))
    story.end("1", Outcome.BUSY, after=20 * SECOND)
    ended_at = story.now

    story.tick(story.wakeup())

    assert story.now - ended_at == delay_min * MINUTE
    assert story.up == ["1"]


def test_whoever_answered_is_not_called_again():
    """Note 11, surveda#641: retried after the person answered."""
    story = Story()
    story.start("1 2")
    story.reach("1")

    story.tick(DAY)
    for _ in range(3):
        story.tell(reports.EndReport(call_id=story.heard(events.CallPlaced)[0].call_id))

    assert story.recipient(1) == RecipientStatus.CONTACTED
    assert [e.number for e in story.heard(events.CallPlaced)].count("1") == 1


def test_attempts_of_different_rules_do_not_stack():
    """Note 12, whispey PR#494: per-rule retry budgets stack: 1 gave 3 retries."""
    story = Story()
    delays = {Outcome.BUSY: 1, Outcome.NO_ANSWER: 1, Outcome.FAILED: 1}
    story.start("1", attempts_max=2, retry=RetryPolicy(delays_s=delays))

    for outcome in delays:
        if story.up:
            story.end("1", outcome)
        story.tick(SECOND)

    assert len(story.heard(events.CallPlaced)) == 2
    assert story.view(1).reason == FailureReason.ATTEMPTS_USED_UP


def test_retries_show_the_same_caller_number():
    """Note 13, newfies-dialer#20: retries used another caller ID."""
    story = Story()
    first = story.start("1", caller_number="+39050123").decisions[0]

    again = story.end("1").decisions[0]

    assert (again.caller_number, again.display_name) == (first.caller_number, first.display_name)


# Wrong hour -------------------------------------------------------------------------------------


def test_end_of_the_hours_is_not_a_day_later():
    """Note 14, surveda#1602: not_after + 24 h: calls possible at 3 a.m."""
    story = Story()
    story.start("1", calling_hours=between("09:00", "17:00"), attempts_max=20)
    story.tick(5 * HOUR)

    assert story.up == []
    assert story.tick(10 * HOUR).decisions == ()
    assert story.now + story.wakeup() == NOON + 21 * HOUR


def test_hours_are_on_the_wall_clock_of_the_zone():
    """Note 15, newfies-dialer#11: campaigns 2 hours early (UTC vs local)."""
    story = Story()

    # At noon UTC it is 14:00 in Rome.
    start = story.start("1", calling_hours=between("14:00", "15:00"), time_zone="Europe/Rome")

    assert placed(start) == ["1"]


def test_hours_are_enforced_for_each_recipient_in_its_own_zone():
    """Notes 16 and 18, Spoke#441, rapidpro#1074: zone per contact, enforcement holes."""
    story = Story()
    people = [
        core.Recipient(number="1", time_zone="America/Los_Angeles"),
        core.Recipient(number="2", time_zone="Europe/London"),
    ]

    story.start(people, calling_hours=between("08:00", "21:00"))
    story.end("2", after=SECOND)

    assert [e.number for e in story.heard(events.CallPlaced)] == ["2", "2"]


def test_campaign_that_expired_does_not_go_on_the_next_morning():
    """Note 17, Spoke#1293: leftover sends resume next morning, a stale message."""
    story = Story()
    model_id = story.model("1", calling_hours=between("09:00", "12:00"))
    story.begin(model_id, expires_at=story.now + HOUR)

    story.tick(DAY)

    assert story.heard(events.CallPlaced) == []
    assert story.view(1).reason == FailureReason.EXPIRED


def test_explanation_names_the_zone_that_keeps_everybody_waiting():
    """Note 19, warmbly#103: default UTC silently excludes everything, the error misleads."""
    story = Story()
    story.start("1", calling_hours=between("13:00", "14:00"))

    (reason,) = core.explain(story.state, 1, 1, story.now).reasons

    assert reason.sentence == "outside the calling hours in UTC"
    assert reason.change == "at 2025-06-15 13:00:00 UTC"


@pytest.mark.parametrize("zone", ["Rome", "Europe/Rom", "", "UTC+1", "CET/../UTC"])
def test_unknown_zone_is_refused_and_never_means_open(zone):
    """Note 20, AVA PR#539: invalid windows must fail closed."""
    for kind, given in ((core.Recipient, {"number": "1"}), (core.CampaignModel, {"name": "A"})):
        if kind is core.CampaignModel:
            given["caller_number"] = "1"
        with pytest.raises(SettingsError) as refused:
            kind(**given, time_zone=zone)
        assert refused.value.field == "time_zone"


# Why is nobody being called? --------------------------------------------------------------------


def test_every_recipient_that_is_not_called_has_a_reason():
    """Notes 21 to 23 and 25: leads not picked, "0 dialable leads", and nobody can say why."""
    story = Story(
        call_limits=CallLimits(external=1), frequency_cap=FrequencyCap(attempts=5, per_h=1)
    )
    story.tell(commands.AddToDoNotCall(numbers=("4",)))
    story.start("1 2 3 4 i5", calling_hours=between("09:00", "17:00"))

    why = [str(core.explain(story.state, 1, position, story.now)) for position in range(1, 6)]
    full = "external limit of the service reached (1 of 1)"

    assert why == [
        "in a call now",
        full,
        f"{full}; waiting: 1 recipient of this campaign ahead on the same line",
        "failed: do not call",
        "in a call now",
    ]


def test_campaign_without_recipients_does_not_start():
    """Note 24, newfies-dialer#53: a campaign starts with zero contacts."""
    story = Story()
    story.model("")

    with pytest.raises(SettingsError, match="at least one recipient"):
        story.begin(1)


# Control and reach ------------------------------------------------------------------------------


def test_barred_number_is_called_by_no_campaign_whatever_was_queued():
    """Notes 26 and 27, newfies-dialer#21, phonebank#149: an inactive contact is still called."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2")
    story.start("2 3")

    story.tell(commands.AddToDoNotCall(numbers=("2",)))
    story.reach("1")
    story.reach("3")

    assert "2" not in [e.number for e in story.heard(events.CallPlaced)]
    assert [story.view(2, 1).reason, story.view(1, 2).reason] == [FailureReason.DO_NOT_CALL] * 2


def test_calls_stop_once_somebody_confirmed():
    """Note 28, oncall#4654: notifications go on after the acknowledgement."""
    story = Story()
    story.start(
        "1 2 3",
        threshold=1,
        stop_at_threshold=True,
        script=CallScript(confirm_listening=True),
        call_limits=CallLimits(total=1),
    )
    story.answer("1")
    story.played("1")
    story.dial("1", "9")
    story.end("1")

    assert (story.up, story.status()) == ([], core.Status.COMPLETED)


def test_voicemail_box_is_not_reached():
    """Notes 29 and 30, goalert#921, redcall#344: voicemail swallowed the message."""
    story = Story()
    story.start("1", attempts_max=1, script=CallScript(confirm_answer=True))
    story.answer("1")
    while story.up and not story.heard(events.HangUpOrdered):
        story.played("1", after=3 * SECOND)
        story.tick(5 * SECOND)
    story.end("1")

    # The message is not played to a machine.
    purposes = {e.purpose for e in story.heard(events.PlaybackStarted)}
    assert purposes == {core.Purpose.ANSWER_PROMPT}
    assert story.heard(events.CallEnded)[0].outcome == Outcome.NOT_CONFIRMED


def test_internal_numbers_are_called_as_external_ones_are():
    """Note 32, fusionpbx#2407: broadcast to internal numbers fails."""
    story = Story()

    start = story.start("i1 2")

    assert [(d.number, d.line.name) for d in start.decisions] == [
        ("1", "INTERNAL"),
        ("2", "EXTERNAL"),
    ]


def test_duplicates_in_a_list_are_refused():
    """Note 33, whatomate#562: duplicates in a campaign."""
    with pytest.raises(SettingsError, match="also at position 1"):
        core.RecipientList(listed("1 2 1"))


def test_person_is_called_at_most_so_often_over_all_campaigns():
    """Note 34, verboice#875: cap calls per person per channel."""
    story = Story(frequency_cap=FrequencyCap(attempts=3, per_h=24))
    for _ in range(3):
        story.start("1", attempts_max=2)
        while story.up:
            story.end("1", after=SECOND)

    assert len(story.heard(events.CallPlaced)) == 3


def test_retries_can_come_first():
    """Note 35, surveda#2306: retries should come before fresh ones to keep their window."""
    story = Story()
    story.start("1 2", order=Order.RETRIES_FIRST, call_limits=CallLimits(total=1))

    assert placed(story.end("1")) == ["1"]


def test_ends_in_quick_succession_never_start_more_than_allowed():
    """Note 36, MiRTA manual: too small a delay, and more calls than allowed are started."""
    story = Story(call_limits=CallLimits(total=2))
    numbers = " ".join(str(n) for n in range(100, 120))
    story.start(numbers, attempts_max=1)

    while story.up:
        story.end(story.up[0])
        assert len(story.up) <= 2

    assert len(story.heard(events.CallPlaced)) == 20


def test_restart_places_no_call_twice():
    """Note 37, QuickVoice#120: restart without duplicate calls."""
    story = Story(call_limits=CallLimits(total=2))
    story.start("1 2 3")

    story.state = core.replay(story.events)
    story.tell(reports.DriverDownReport())
    story.tell(reports.DriverUpReport())

    assert story.tick().decisions == ()
    assert story.up == ["1", "2"]


def test_changed_settings_need_no_draining():
    """Note 38, vicifast: config changes need draining the hopper by SQL."""
    story = Story(active_campaigns_max=1)
    story.start("1 2", call_limits=CallLimits(total=1))
    story.start("7")

    assert placed(story.settings(active_campaigns_max=2)) == ["7"]


def test_late_end_ends_no_later_call():
    """In one line: the wrong call flagged, an originate re-sent: events name the call."""
    story = Story()
    script = CallScript(confirm_answer=True, opt_out_digit="7")
    story.start("1", script=script)
    first = story.call("1")
    story.end("1")
    story.answer("1")

    story.tell(reports.DigitReport(call_id=first, digit="7"))
    story.tell(reports.EndReport(call_id=first))

    assert core.do_not_call(story.state) == ()
    assert story.up == ["1"]


def test_pause_holds_for_what_waits_and_for_what_comes_back():
    """In one line: queued tasks that check neither pause nor window again."""
    story = Story()
    story.start("1 2", retry=RetryPolicy(delays_s={Outcome.BUSY: 60}))
    story.tell(commands.PauseCampaign(campaign_id=1))
    story.end("1")
    story.end("2")

    assert story.tick(HOUR).decisions == ()
    assert placed(story.tell(commands.ResumeCampaign(campaign_id=1))) == ["1", "2"]
