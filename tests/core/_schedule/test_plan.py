"""R6, row by row: who is called, in which order, how many."""

import pytest
from tests.core.stories import MINUTE, NOON, SECOND, Story, listed, placed

import campaign_core as core
from campaign_core import (
    CallingHours,
    CallLimits,
    CallRate,
    FrequencyCap,
    Order,
    Outcome,
    RetryPolicy,
    Status,
    Weekday,
    codec,
    commands,
    events,
    reports,
)
from campaign_core.reports import PlaybackEnd

HOUR = 60 * MINUTE


def order_of(story: Story) -> list[tuple[int, str]]:
    return [(event.campaign_id, event.number) for event in story.heard(events.CallPlaced)]


# R6.1, R6.2 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # By priority (higher number first).
        ({"priority": 1}, {"priority": 2}, [2, 1]),
        ({"priority": 1_000}, {"priority": 999}, [1, 2]),
        # Then by start time (earlier first).
        ({"after": 2}, {"after": 1}, [2, 1]),
        # Then in order of creation.
        ({}, {}, [1, 2]),
        # A higher priority goes before an earlier start.
        ({"after": 1}, {"after": 2, "priority": 1}, [2, 1]),
    ],
)
def test_campaigns_are_ranked_by_priority_start_and_creation(first, second, expected):
    """R6.1."""
    story = Story()
    for number, given in enumerate((first, second), 1):
        priority = given.get("priority", 0)
        model_id = story.model(str(number), priority=priority)
        story.begin(model_id, when=commands.StartAfter(given.get("after", 1)))

    story.tick(5 * MINUTE)

    assert [campaign_id for campaign_id, _ in order_of(story)] == expected
    assert [event.rank for event in story.heard(events.CallPlaced)] == [1, 2]


@pytest.mark.parametrize(("most", "expected"), [(0, []), (1, [1]), (2, [1, 2]), (None, [1, 2, 3])])
def test_first_campaigns_that_compete_may_place_calls(most, expected):
    """R6.2: the first ``active_campaigns_max`` of them may place calls."""
    story = Story(active_campaigns_max=most)

    for number in ("1", "2", "3"):
        story.start(number)

    assert [campaign_id for campaign_id, _ in order_of(story)] == expected
    blocked = [c for c in (1, 2, 3) if story.status(c) is Status.BLOCKED]
    assert blocked == [c for c in (1, 2, 3) if c not in expected]


def test_later_campaign_of_higher_priority_takes_the_place_of_a_lower_one():
    """R6.2: ranked anew at each pass; the calls of a lower one go on."""
    story = Story(active_campaigns_max=1)
    story.start("1 2", call_limits=CallLimits(total=1))
    story.start("8", priority=1)
    assert story.up == ["1", "8"]

    story.end("1")
    assert story.up == ["8"]
    story.reach("8")

    assert story.up == ["2"]


def test_campaign_with_a_limit_of_none_competes():
    """R6.2: so a campaign with a limit of 0 competes."""
    story = Story(active_campaigns_max=1)
    story.start("1", call_limits=CallLimits(total=0))

    story.start("2")

    assert (story.up, story.status(2)) == ([], Status.BLOCKED)


def test_paused_campaign_does_not_compete():
    """R6.2: paused and ended campaigns do not compete."""
    story = Story(active_campaigns_max=1)
    story.start("1")
    story.start("2")

    story.tell(commands.PauseCampaign(campaign_id=1))

    assert story.up == ["1", "2"]


def test_campaign_that_only_waits_for_its_hour_does_not_compete():
    """R6.2: a recipient that could be called now were there no capacity limits."""
    story = Story(active_campaigns_max=1)
    monday = CallingHours(days={Weekday.MONDAY}, opens_min=0, closes_min=60)
    story.start("1", calling_hours=[monday])

    story.start("2")

    assert (story.up, story.status(1)) == (["2"], Status.ACTIVE)


# R6.3 to R6.5 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, ["1", "2", "3", "4"]),
        ({"total": 0}, []),
        ({"total": 3}, ["1", "2", "3"]),
        ({"internal": 1}, ["1", "3", "4"]),
        ({"external": 0}, ["1", "2"]),
        ({"total": 2, "internal": 1}, ["1", "3"]),
        ({"internal": 5, "external": 5, "total": 1}, ["1"]),
    ],
)
@pytest.mark.parametrize("whose", ["service", "campaign"])
def test_calls_are_placed_until_a_limit_is_met(limits, expected, whose):
    """R6.3: its own or the global one, total or per line; when a line is full, the other."""
    limit = CallLimits(**limits)
    story = Story(call_limits=limit) if whose == "service" else Story()

    start = story.start("i1 i2 3 4", call_limits=limit if whose == "campaign" else CallLimits())

    assert placed(start) == expected


def test_next_campaign_takes_what_the_first_leaves():
    """R6.5: when nothing more can be selected in a campaign, the next one."""
    story = Story(call_limits=CallLimits(total=3))
    story.start("1 2 3", call_limits=CallLimits(total=2))

    story.start("7 8 9")

    assert order_of(story) == [(1, "1"), (1, "2"), (2, "7")]


def test_calls_of_a_stopped_campaign_count():
    """R6.7: calls in progress of paused or ended campaigns count against the limits."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1")
    story.tell(commands.StopCampaign(campaign_id=1))

    story.start("2")
    assert story.up == ["1"]
    story.end("1")

    assert story.up == ["2"]


def test_lower_limit_cuts_no_call_and_places_none_until_there_is_room():
    """R2.3: calls in progress are never cut by a lower limit."""
    story = Story()
    story.start("1 2 3 4", call_limits=CallLimits(total=3))

    changed = story.settings(call_limits=CallLimits(total=2))
    assert (changed.decisions, story.up) == ((), ["1", "2", "3"])
    story.end("1")
    assert story.up == ["2", "3"]
    story.end("2")

    assert story.up == ["3", "4"]


def test_higher_limit_takes_effect_at_once():
    """R2.3: a change takes effect at once: the scheduler runs again."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("1 2 3")

    assert placed(story.settings(call_limits=CallLimits(total=2))) == ["2"]


def test_never_called_come_first_in_list_order_then_those_called_longest_ago():
    """R6.4: ties by list order."""
    story = Story()
    story.start("3 1 2 4", call_limits=CallLimits(total=1))
    for number in ("3", "1", "2", "4", "3"):
        story.end(number, after=SECOND)

    assert [number for _, number in order_of(story)] == ["3", "1", "2", "4", "3", "1"]


def test_those_called_at_the_same_moment_are_called_again_in_list_order():
    """R6.4: the time their last attempt was placed; ties by list order."""
    story = Story()
    story.start("1 2 3", retry=RetryPolicy(delays_s={Outcome.BUSY: 10}))
    for number in ("3", "1", "2"):
        story.end(number, after=SECOND)

    assert placed(story.tick(MINUTE)) == ["1", "2", "3"]


def test_retries_first_puts_those_called_before_those_never_called():
    """R6.16: ``FRESH_FIRST`` (R6.4, default) or ``RETRIES_FIRST``."""
    story = Story()
    story.start("1 2 3", order=Order.RETRIES_FIRST, call_limits=CallLimits(total=1))

    story.end("1")

    assert story.up == ["1"]


# R6.10 ------------------------------------------------------------------------------------------


def test_short_list_is_dialled_again_at_once():
    """R6.10: default 0, as the seed has it."""
    story = Story()
    story.start("1")

    assert placed(story.end("1")) == ["1"]


def test_delay_is_counted_from_the_end_of_the_attempt():
    """R6.10: a least delay from the end of an attempt, by outcome."""
    story = Story()
    story.start("1", retry=RetryPolicy(delays_s={Outcome.BUSY: 60}))
    story.tick(20 * SECOND)
    story.end("1", Outcome.BUSY, after=5 * SECOND)
    assert story.wakeup() == 60 * SECOND

    assert placed(story.tick(60 * SECOND - 1)) == []
    assert placed(story.tick(1)) == ["1"]
    assert placed(story.end("1", Outcome.NO_ANSWER)) == ["1"]


def test_number_that_is_never_tried_again_fails_its_recipient():
    """R6.10: outcomes after which the number is never tried again."""
    story = Story()
    story.start("1 2", retry=RetryPolicy(never_again={Outcome.INVALID_NUMBER}))

    story.end("1", Outcome.INVALID_NUMBER)
    story.end("2", Outcome.BUSY)

    assert story.view(1).reason == core.FailureReason.NO_NUMBER_LEFT
    assert story.up == ["2"]


# R6.11 ------------------------------------------------------------------------------------------

AFTERNOON = CallingHours(days=set(Weekday), opens_min=13 * 60, closes_min=14 * 60)


def test_recipient_is_called_when_its_hours_open_and_not_after_they_close():
    """R6.11: half open [opens, closes)."""
    story = Story()
    story.start("1", calling_hours=[AFTERNOON])
    assert (story.up, story.wakeup()) == ([], HOUR)
    assert placed(story.tick(HOUR - 1)) == []
    assert placed(story.tick(1)) == ["1"]

    # The call is lost meanwhile; the next attempt waits for tomorrow.
    assert placed(story.tick(HOUR)) == []

    assert story.wakeup() == 23 * HOUR


def test_hours_are_those_of_the_recipient_s_own_zone():
    """R6.11: in the recipient's time zone (the campaign's by default)."""
    story = Story()
    people = [
        core.Recipient(number="1", time_zone="Europe/Rome"),
        core.Recipient(number="2"),
        core.Recipient(number="3", time_zone="Asia/Kolkata"),
    ]

    # At noon UTC it is 14:00 in Rome, 13:00 in London, 17:30 in India.
    start = story.start(people, calling_hours=[AFTERNOON], time_zone="Europe/London")

    assert placed(start) == ["2"]


# R6.14, R6.15 -----------------------------------------------------------------------------------


def test_number_in_a_call_is_not_called_again_and_its_recipient_waits():
    """R6.14: while a number is in a call of any campaign, its recipient waits."""
    story = Story()
    story.start("1 2")
    start = story.start("1 3")
    assert (placed(start), story.status(2)) == (["3"], Status.BLOCKED)

    story.reach("1")

    assert [c for c, n in order_of(story) if n == "1"] == [1, 2]


def test_same_number_on_the_other_line_is_another_number():
    """R6.14: while a number (with its line) is in a call."""
    story = Story()
    story.start("1")

    assert placed(story.start("i1")) == ["1"]


def test_one_call_per_number_can_be_switched_off():
    """R6.14: a setting, on by default."""
    story = Story()
    story.start("1")
    story.start("1")
    assert story.up == ["1"]

    assert placed(story.settings(one_call_per_number=False)) == ["1"]


def test_waiting_for_a_number_leaves_the_place_in_line():
    """R6.4: in list order, also after having waited."""
    story = Story()
    story.start("1", call_limits=CallLimits(total=1))
    story.start("1 2 3", call_limits=CallLimits(total=1))
    assert story.up == ["1", "2"]
    story.reach("1")

    story.end("2")

    assert story.up == ["1"]


def test_number_is_called_at_most_so_often_in_so_many_hours_over_all_campaigns():
    """R6.15: at most N attempts to one number in any M hours over all campaigns."""
    story = Story(frequency_cap=FrequencyCap(attempts=2, per_h=1))
    story.start("1")
    story.end("1", after=MINUTE)
    story.reach("1")
    again = story.start("1 2")
    assert (placed(again), story.status(2)) == (["2"], Status.ACTIVE)
    story.reach("2")

    assert story.wakeup() == 59 * MINUTE
    assert placed(story.tick(59 * MINUTE - 1)) == []
    assert placed(story.tick(1)) == ["1"]


def test_attempt_given_back_is_none_for_the_cap():
    """R5.5: the frequency cap sees counted attempts only."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.start("1")

    story.tell(reports.DeferralReport(call_id=story.call("1"), until=0))

    assert placed(story.tick(SECOND)) == ["1"]


def test_telephony_that_takes_few_calls_is_given_no_more():
    """R5.5: as a limit of the settings would (R2.3): calls in progress are never cut by it."""
    story = Story()
    story.start("1 2 3 4 i5 i6")
    assert len(core.calls(story.state)) == 6

    assert placed(story.tell(reports.CapacityReport(CallLimits(total=3, external=2)))) == []
    assert len(core.calls(story.state)) == 6
    assert placed(story.tell(commands.AppendRecipients(campaign_id=1, recipients=MORE))) == []
    assert story.status() is Status.BLOCKED
    for number in "1234":
        story.reach(number)
    # Two internal ones are left, and of three in all one may be external.
    assert [event.number for event in story.heard(events.CallPlaced)[6:]] == ["7"]
    assert placed(story.tell(reports.CapacityReport(CallLimits(total=4)))) == ["8"]
    # The same again is no news.
    assert story.tell(reports.CapacityReport(CallLimits(total=4))).events == ()


def test_telephony_that_comes_up_takes_any_number_until_it_says_otherwise():
    """R5.5: it may be another one than before."""
    story = Story()
    story.tell(reports.CapacityReport(CallLimits(total=0)))
    story.start("1 2")
    assert story.status() is Status.BLOCKED

    story.tell(reports.DriverDownReport())

    assert placed(story.tell(reports.DriverUpReport())) == ["1", "2"]


MORE = listed("7 8")

CAP = FrequencyCap(attempts=1, per_h=1)


def three_campaigns(most: int) -> Story:
    """Two campaigns want the same number, a third another one; then so many may call."""
    story = Story(call_limits=CallLimits(total=0))
    for number in ("1", "1", "2"):
        story.start(number)
    story.settings(active_campaigns_max=most, frequency_cap=CAP)
    return story


def test_campaign_whose_last_recipient_is_capped_by_a_call_of_this_pass_does_not_compete():
    """R6.9: where a placement changes who competes, as a cap can, the pass ranks again."""
    story = three_campaigns(most=2)

    assert order_of(story) == [(1, "1"), (3, "2")]
    assert [story.status(c) for c in (1, 2, 3)] == [Status.ACTIVE] * 3


def test_capped_campaign_without_room_of_its_own_does_not_compete_either():
    """R6.2: a campaign with a limit of 0 competes, but for its recipients' cap (R4.4)."""
    story = Story(call_limits=CallLimits(total=0))
    story.start("1")
    story.start("1", call_limits=CallLimits(total=0))
    story.start("2")

    story.settings(active_campaigns_max=2, frequency_cap=CAP)

    assert order_of(story) == [(1, "1"), (3, "2")]


def test_under_a_cap_too_only_so_many_campaigns_place_calls():
    """R6.2: the first ``active_campaigns_max`` of them may place calls."""
    story = Story(active_campaigns_max=2, frequency_cap=CAP)

    for number in ("1", "2", "3"):
        story.start(number)

    assert order_of(story) == [(1, "1"), (2, "2")]
    assert story.status(3) == Status.BLOCKED


def test_what_a_message_frees_is_seen_beside_what_is_due_and_what_is_not_yet():
    """R6.6: first everything due by ``now``, then the message, then one pass."""
    story = Story()
    for number, delay_s in (("1", 60), ("2", 120), ("3", 0)):
        story.start(number, retry=RetryPolicy(delays_s={Outcome.BUSY: delay_s}))
    story.end("1")
    story.end("2")

    assert placed(story.end("3", after=MINUTE)) == ["1", "3"]


def test_capped_recipient_found_while_ranking_is_woken_up_for():
    """R6.6: ``next_wakeup`` tells of the cap."""
    story = three_campaigns(most=2)
    story.reach("1")
    story.reach("2")

    assert story.wakeup() == HOUR
    assert placed(story.tick(HOUR)) == ["1"]


def test_campaign_with_nothing_but_a_call_in_progress_competes():
    """R6.2: a call in progress, or a recipient that could be called now."""
    story = Story(active_campaigns_max=1, frequency_cap=FrequencyCap(attempts=9, per_h=1))
    story.start("1")

    story.start("2")

    assert (story.up, story.status(2)) == (["1"], Status.BLOCKED)


def test_campaign_that_waits_for_a_busy_number_competes_while_its_hours_are_open():
    """R4.4: the number being in another call is want of capacity; closed hours are not."""
    story = Story()
    story.start("1", script=core.CallScript(call_duration_max_s=7_200))
    noon = CallingHours(days=set(Weekday), opens_min=12 * 60, closes_min=12 * 60 + 5)
    story.start("1", calling_hours=[noon])
    assert story.status(2) is Status.BLOCKED

    story.tick(5 * MINUTE)

    assert (story.up, story.status(2)) == (["1"], Status.ACTIVE)


def test_what_the_rules_bring_about_has_the_scheduler_for_its_actor():
    """R10.1: every event carries its actor."""
    story = Story()
    story.start("1 2", attempts_max=9, breaker=core.Breaker(calls=1, failed_percent=0))
    story.tell(commands.AddToDoNotCall(numbers=("2",)))
    story.end("2", Outcome.FAILED)
    story.begin(1, when=commands.StartAfter(1), expires_at=story.now + 2 * MINUTE)
    story.tick(MINUTE)
    story.tick(MINUTE)

    by_rule = [
        events.CampaignPaused,
        events.RecipientsFailed,
        events.CampaignExpired,
        events.CallPlaced,
        events.CampaignStarted,
    ]
    actors = {kind.__name__: {e.actor for e in story.heard(kind)} for kind in by_rule}
    assert actors == {
        "CampaignPaused": {"scheduler"},
        "RecipientsFailed": {"scheduler"},
        "CampaignExpired": {"scheduler"},
        "CallPlaced": {"scheduler"},
        "CampaignStarted": {"operator", "scheduler"},
    }


# R2.4 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["service", "campaign"])
def test_rate_is_an_exact_sliding_window(whose):
    """R2.4: at most N in any half-open window of M seconds, not a bucket that lets 2N through."""
    rate = CallRate(calls=2, per_s=10)
    story = Story(call_rate=rate) if whose == "service" else Story()
    own = {"call_rate": rate} if whose == "campaign" else {}
    story.start("1", **own)
    story.end("1", after=9 * SECOND)
    assert story.up == ["1"]
    story.reach("1")
    story.start("2 3 4", **({} if whose == "service" else own))
    expected = [] if whose == "service" else ["2", "3"]
    assert story.up == expected

    first = story.tick(1 * SECOND - 1)
    assert placed(first) == []
    second = story.tick(1)
    assert placed(second) == (["2"] if whose == "service" else [])
    story.tick(9 * SECOND)

    times = [event.at - NOON for event in story.heard(events.CallPlaced)]
    assert times == (
        [0, 9_000, 10_000, 19_000] if whose == "service" else [0, 9_000, 9_000, 9_000, 19_000]
    )


def test_rate_sees_calls_given_back():
    """R5.5: ``call_rate`` sees all."""
    story = Story(call_rate=CallRate(calls=1, per_s=10))
    story.start("1")

    story.tell(reports.DeferralReport(call_id=story.call("1"), until=0))

    assert placed(story.tick(SECOND)) == []
    assert story.wakeup() == 9 * SECOND
    assert placed(story.tick(9 * SECOND)) == ["1"]


# R6.17 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([Outcome.CONGESTION, Outcome.FAILED], Status.ACTIVE),
        ([Outcome.CONGESTION, Outcome.FAILED, Outcome.CONGESTION], Status.PAUSED),
        ([Outcome.BUSY, Outcome.FAILED, Outcome.CONGESTION], Status.PAUSED),
        ([Outcome.BUSY, Outcome.BUSY, Outcome.CONGESTION], Status.ACTIVE),
        ([Outcome.FAILED, Outcome.FAILED, Outcome.BUSY, Outcome.BUSY], Status.PAUSED),
        ([Outcome.BUSY] * 3 + [Outcome.FAILED] * 1, Status.ACTIVE),
        ([Outcome.BUSY] * 3 + [Outcome.FAILED] * 2, Status.PAUSED),
    ],
)
def test_breaker_pauses_a_campaign_whose_last_calls_failed_for_technical_causes(outcomes, expected):
    """R6.17: whose last N calls failed for technical causes at a rate above a threshold."""
    story = Story()
    story.start("1", attempts_max=20, breaker=core.Breaker(calls=3, failed_percent=50))

    for outcome in outcomes:
        if story.up:
            story.end("1", outcome)

    assert story.status() == expected
    if expected is Status.PAUSED:
        shown = core.campaign(story.state, 1, story.now)
        assert shown.pause_reason is core.PauseReason.BREAKER


def find_sound_missing(story: Story) -> None:
    (number,) = story.up
    story.answer(number)
    story.played(number, PlaybackEnd.FAILED)
    story.end(number)


def test_three_calls_running_without_their_sound_pause_the_campaign():
    """R6.18: after three calls one after the other that ended ``SOUND_MISSING``: always on."""
    story = Story(call_limits=core.CallLimits(total=1))
    story.start("1 2 3 4", attempts_max=9)

    for _ in range(3):
        assert story.status() is Status.BLOCKED
        find_sound_missing(story)

    shown = core.campaign(story.state, 1, story.now)
    assert (shown.status, shown.pause_reason) == (Status.PAUSED, core.PauseReason.SOUND_MISSING)
    assert core.explain(story.state, 1, 1, story.now).reasons[0].sentence == (
        "the campaign is paused (its sound could not be played in three calls running)"
    )
    assert core.replay(story.events) == story.state


def test_sounds_missing_are_counted_only_one_after_the_other():
    """R6.18: three calls one after the other; any other end lets the count begin again."""
    story = Story(call_limits=core.CallLimits(total=1))
    story.start("1 2 3 4 5 6", attempts_max=9)

    for _ in range(2):
        find_sound_missing(story)
        find_sound_missing(story)
        story.end(story.up[0], Outcome.BUSY)

    assert story.status() is Status.BLOCKED


def test_sounds_missing_are_counted_anew_on_resume():
    """R6.18, and R6.17: counts anew on resume; a kept state remembers the count."""
    story = Story(call_limits=core.CallLimits(total=1))
    story.start("1 2 3 4 5 6", attempts_max=9)
    for _ in range(3):
        find_sound_missing(story)
    story.tell(commands.ResumeCampaign(campaign_id=1))

    find_sound_missing(story)
    find_sound_missing(story)
    story.state = codec.state_of(codec.snapshot_of(story.state))

    assert story.status() is Status.BLOCKED
    find_sound_missing(story)
    assert story.status() is Status.PAUSED


def test_breaker_starts_counting_anew_on_resume():
    """R6.17: and starts counting anew on resume."""
    story = Story()
    story.start("1", attempts_max=20, breaker=core.Breaker(calls=2, failed_percent=0))
    story.end("1", Outcome.FAILED)
    story.end("1", Outcome.BUSY)
    assert story.status() == Status.PAUSED

    story.tell(commands.ResumeCampaign(campaign_id=1))
    story.end("1", Outcome.FAILED)

    assert story.status() == Status.ACTIVE


# R8.4 -------------------------------------------------------------------------------------------


def test_every_call_records_why_it_was_chosen():
    """R8.4: fresh or retry, its rank, the limits then in use."""
    story = Story()
    story.start("1 i2", priority=1)
    story.start("3")
    story.end("1")

    found = [
        (e.number, e.attempt, e.is_retry, e.rank, e.in_use) for e in story.heard(events.CallPlaced)
    ]

    assert found == [
        ("1", 1, False, 1, (0, 0, 0, 0)),
        ("2", 1, False, 1, (0, 1, 0, 1)),
        ("3", 1, False, 2, (1, 1, 0, 0)),
        ("1", 2, True, 1, (1, 1, 1, 0)),
    ]


# R2.4, R6.15: a rate or a cap is switched off and on ---------------------------------------------


def test_cap_that_is_switched_off_and_on_within_its_window_counts_on():
    """R6.15: what it counted still matters, and so does what was placed meanwhile."""
    cap = FrequencyCap(attempts=2, per_h=1)
    story = Story(frequency_cap=cap)
    story.start("1", attempts_max=9)
    story.settings(frequency_cap=None)
    story.end("1", after=SECOND)
    assert len(story.up) == 1
    story.settings(frequency_cap=cap)

    story.end("1", after=SECOND)

    assert story.up == []
    assert story.wakeup() == HOUR - 2 * SECOND
    assert core.replay(story.events) == codec.state_of(codec.snapshot_of(story.state))


def test_cap_that_is_switched_on_later_than_its_window_begins_anew():
    """R6.15: what it counted matters no more; a state that has no cap remembers nothing for it."""
    cap = FrequencyCap(attempts=1, per_h=1)
    story = Story(frequency_cap=cap)
    story.start("1", attempts_max=9)
    story.settings(frequency_cap=None)
    story.tick(HOUR)
    for _ in range(2):
        story.end(story.up[0])
    story.settings(frequency_cap=cap)

    story.end(story.up[0], after=SECOND)
    assert len(story.up) == 1
    story.end(story.up[0], after=SECOND)
    assert story.up == []


def test_rate_that_is_switched_off_and_on_within_its_window_counts_on():
    """R2.4: exact, whatever is switched meanwhile."""
    rate = CallRate(calls=2, per_s=60)
    story = Story(call_rate=rate)
    story.start("1 2 3", attempts_max=9)
    assert len(story.up) == 2
    story.settings(call_rate=None, call_limits=CallLimits(total=0))

    story.settings(call_rate=rate)

    assert len(story.up) == 2
    assert story.wakeup() == 60 * SECOND


def test_call_given_back_takes_only_its_own_attempt_out_of_the_cap():
    """R5.5, R6.15: not that of another call to the same number, placed in the same millisecond."""
    shared: dict[str, object] = {"one_call_per_number": False}
    story = Story(**shared)
    story.start("1", attempts_max=9)
    first = core.calls(story.state)[0].placement.call_id
    story.settings(**shared, frequency_cap=FrequencyCap(attempts=1, per_h=24))
    story.start("1", attempts_max=9)
    assert len(story.up) == 2
    story.state = codec.state_of(codec.snapshot_of(story.state))

    story.tell(reports.DeferralReport(call_id=first, until=story.now))

    assert order_of(story) == [(1, "1"), (2, "1")]
    assert story.tick(SECOND).decisions == ()


def test_rank_that_is_recorded_counts_competing_campaigns_alone():
    """R8.4, R6.2: not one whose only idle recipient is capped, though its line is full."""
    cap = FrequencyCap(attempts=1, per_h=1)
    story = Story(frequency_cap=cap, call_limits=CallLimits(external=1))
    story.start("200", priority=5)
    story.settings(frequency_cap=cap, call_limits=CallLimits(external=0))
    story.end("200", after=SECOND)

    story.start("i201")

    assert [event.rank for event in story.heard(events.CallPlaced)] == [1, 1]


def test_rank_is_that_at_the_moment_of_each_call():
    """R8.4: a call by which another campaign has nobody to call any more moves up the next one."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=1), one_call_per_number=False)
    story.start("i1", priority=5, call_limits=CallLimits(total=0))

    story.start("i1 i2")

    assert [event.rank for event in story.heard(events.CallPlaced)] == [2, 1]


def test_end_of_a_cap_is_a_wakeup_though_no_pass_had_room_to_look():
    """R6.6: the campaign becomes BLOCKED then, which somebody may wait for."""
    cap = FrequencyCap(attempts=1, per_h=1)
    story = Story(frequency_cap=cap, call_limits=CallLimits(external=1))
    story.start("200 201", call_limits=CallLimits(total=1))
    story.settings(frequency_cap=cap, call_limits=CallLimits(external=0))
    story.end("200", after=SECOND)
    story.tell(commands.StopAttempts(campaign_id=1, positions=[2]))

    assert story.status() is Status.ACTIVE
    assert story.wakeup() == HOUR - SECOND
    story.tick(HOUR - SECOND)
    assert story.status() is Status.BLOCKED


def test_number_that_another_campaign_caps_is_a_wakeup_too():
    """R6.6, R6.15: the cap counts over all campaigns, also for one that has no room."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.start("1", call_limits=CallLimits(total=0))
    assert story.status(1) is Status.BLOCKED

    story.start("1")
    story.reach("1")

    assert story.status(1) is Status.ACTIVE
    assert story.wakeup() == HOUR


def test_end_of_a_cap_is_a_wakeup_though_somebody_on_another_line_waits_for_room():
    """R6.9: after a pass nobody remains whom the rules would allow to call, on whatever line."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.start("200", attempts_max=1)
    story.end("200", after=SECOND)
    story.tell(reports.DriverDownReport())

    story.start("200 i201", call_limits=CallLimits(internal=0))

    assert story.wakeup() == HOUR - SECOND
    assert placed(story.tell(reports.DriverUpReport(), HOUR - SECOND)) == ["200"]
