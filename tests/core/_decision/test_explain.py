"""R8.1: it asks the scheduler's own code, so it cannot lie."""

import pytest
from hypothesis import assume, given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.stories import MINUTE, NOON, SECOND, Story

import campaign_core as core
from campaign_core import (
    CallingHours,
    CallLimits,
    CallRate,
    FrequencyCap,
    Outcome,
    ReasonKind,
    RetryPolicy,
    Weekday,
    codec,
    commands,
    events,
    reports,
)
from campaign_core.errors import UnknownCampaignError, UnknownRecipientError
from campaign_core.testing import histories

HOUR = 60 * MINUTE


def why(story: Story, position: int, campaign_id: int = 1) -> list[str]:
    explanation = core.explain(story.state, campaign_id, position, story.now)
    return [reason.kind.name for reason in explanation.reasons]


def reason(story: Story, position: int, kind: ReasonKind, campaign_id: int = 1) -> core.Reason:
    explanation = core.explain(story.state, campaign_id, position, story.now)
    (found,) = [each for each in explanation.reasons if each.kind is kind]
    return found


# Laws -------------------------------------------------------------------------------------------


@profile(max_examples=120)
@given(histories(), st.integers(0, 3), st.sampled_from([0, 1, 1_000, 61_000, 3_600_000]))
def test_no_reason_exactly_when_the_next_pass_calls_the_recipient(history, which, later):
    """R8.1: no reason <=> the next pass calls this recipient."""
    assume(core.campaign_ids(history.state))
    now = history.now + later
    called = {
        (event.campaign_id, event.position)
        for event in core.handle(history.state, reports.Tick(), now).events
        if isinstance(event, events.CallPlaced)
    }

    for campaign_id in core.campaign_ids(history.state):
        count = len(core.campaign(history.state, campaign_id, now).recipients)
        for position in range(1, count + 1):
            explanation = core.explain(history.state, campaign_id, position, now)
            is_called = (campaign_id, position) in called
            assert (explanation.reasons == ()) == is_called
            assert explanation.is_called_next == is_called


@profile(max_examples=120)
@given(histories())
def test_reason_that_time_alone_changes_holds_until_then_and_no_longer(history):
    """R8.1: and what would change it ("at 09:00 Europe/Rome")."""
    for campaign_id in core.campaign_ids(history.state):
        count = len(core.campaign(history.state, campaign_id, history.now).recipients)
        for position in range(1, count + 1):
            explained = core.explain(history.state, campaign_id, position, history.now)
            for each in explained.reasons:
                assert each.sentence
                if each.until is None:
                    continue
                assert each.until > history.now
                if each.kind is ReasonKind.OUTSIDE_CALLING_HOURS:
                    continue
                ticked = core.handle(history.state, reports.Tick(), each.until).state
                after = core.explain(ticked, campaign_id, position, each.until)
                assert (each.kind, each.until) not in [(r.kind, r.until) for r in after.reasons]


@profile(max_examples=60)
@given(histories())
def test_explaining_changes_nothing(history):
    before = codec.to_data(history.state)

    for campaign_id in core.campaign_ids(history.state):
        core.explain(history.state, campaign_id, 1, history.now)
    core.starvation(history.state, history.now)

    assert codec.to_data(history.state) == before


# Examples ---------------------------------------------------------------------------------------


def test_recipient_called_next_has_no_reason_and_is_said_to_be_called():
    story = Story(call_limits=CallLimits(total=0))
    story.start("1 2", call_limits=CallLimits(total=1))
    raised = core.handle_batch(
        story.state, [reports.DriverDownReport(), reports.DriverUpReport()], story.now
    )
    assert raised.decisions == ()
    story.begin(1, when=commands.StartAfter(1))
    story.settings()
    story.tick()
    story.end("1")
    assert core.campaign_ids(story.state) == (1, 2)

    later = story.now + MINUTE
    explanation = core.explain(story.state, 2, 2, later)

    assert explanation.is_called_next is False or str(explanation).startswith("called")
    assert str(core.explain(story.state, 2, 1, later)) == (
        "called by the next pass of the scheduler"
    )


def test_settled_recipients_say_how():
    story = Story()
    story.start("1 2 3", attempts_max=1)
    story.reach("1")
    story.end("2")

    assert [why(story, position) for position in (1, 2, 3)] == [
        ["CONTACTED"],
        ["FAILED"],
        ["IN_CALL"],
    ]
    failed = reason(story, 2, ReasonKind.FAILED)
    assert (failed.sentence, failed.change) == (
        "failed: attempts used up",
        "when attempts are added",
    )
    assert reason(story, 3, ReasonKind.IN_CALL).change == "when the call ends"


def test_scheduled_campaign_says_when_it_starts():
    story = Story()
    story.begin(story.model("1"), when=commands.StartAfter(30))

    found = reason(story, 1, ReasonKind.SCHEDULED)

    assert found.until == NOON + 30 * MINUTE
    assert found.sentence == "the campaign starts at 2025-06-15 12:30:00 UTC"


def test_paused_and_ended_campaigns_say_so():
    story = Story(call_limits=CallLimits(total=0))
    story.start("1")
    story.tell(commands.PauseCampaign(campaign_id=1))
    paused = reason(story, 1, ReasonKind.PAUSED)
    assert paused.sentence == "the campaign is paused (by the user)"

    story.tell(commands.StopCampaign(campaign_id=1))

    assert reason(story, 1, ReasonKind.ENDED).sentence == "the campaign is terminated"
    assert why(story, 1) == ["ENDED"]


def test_threshold_reached_is_a_reason():
    story = Story()
    story.start("1 2 3", threshold=1, stop_at_threshold=True, call_limits=CallLimits(total=2))
    story.reach("1")

    assert why(story, 3) == ["THRESHOLD_REACHED"]


def test_limits_say_how_many_are_in_use():
    """R8.1: "waiting: 17 recipients ahead; external limit of this campaign reached (6 of 6)"."""
    numbers = " ".join(str(n) for n in range(100, 124))
    story = Story()
    story.start(numbers, call_limits=CallLimits(external=6))

    explanation = core.explain(story.state, 1, 24, story.now)

    assert str(explanation) == (
        "external limit of this campaign reached (6 of 6); "
        "waiting: 17 recipients of this campaign ahead on the same line"
    )
    limit, queue = explanation.reasons
    assert (limit.kind, limit.count, limit.limit) == (ReasonKind.CAMPAIGN_LIMIT, 6, 6)
    assert limit.change == "when an external call of this campaign ends, or the limit is raised"
    assert (queue.kind, queue.count) == (ReasonKind.QUEUED_BEHIND, 17)


def test_one_recipient_ahead_is_one_recipient():
    story = Story()
    story.start("1 2 3", call_limits=CallLimits(total=1))

    assert reason(story, 3, ReasonKind.QUEUED_BEHIND).sentence.startswith("waiting: 1 recipient of")
    assert why(story, 2) == ["CAMPAIGN_LIMIT"]


def test_limits_of_the_service_and_of_the_total_are_told_apart():
    story = Story(call_limits=CallLimits(total=1, internal=0))
    story.start("1 2 i3")

    sentences = [r.sentence for r in core.explain(story.state, 1, 3, story.now).reasons]

    assert sentences == [
        "total limit of the service reached (1 of 1)",
        "internal limit of the service reached (0 of 0)",
    ]
    assert why(story, 2) == ["SERVICE_LIMIT"]


def test_retry_delay_says_when():
    """R8.1: what would change it ("at 09:00 Europe/Rome")."""
    story = Story()
    story.start("1", retry=RetryPolicy(delays_s={Outcome.BUSY: 600}), time_zone="Europe/Rome")
    story.end("1")

    found = reason(story, 1, ReasonKind.RETRY_DELAY)

    assert found.until == NOON + 10 * MINUTE
    assert found.change == "at 2025-06-15 14:10:00 Europe/Rome"


def test_hours_say_when_they_open_and_in_which_zone():
    story = Story()
    monday = CallingHours(days={Weekday.MONDAY}, opens_min=540, closes_min=1_020)
    story.start("1", calling_hours=[monday], time_zone="Europe/Rome")

    found = reason(story, 1, ReasonKind.OUTSIDE_CALLING_HOURS)

    assert found.sentence == "outside the calling hours in Europe/Rome"
    assert found.change == "at 2025-06-16 09:00:00 Europe/Rome"
    assert found.until == NOON + 19 * HOUR


def test_number_that_is_busy_or_capped_says_so():
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=2))
    story.start("1")
    story.start("1")
    capped = reason(story, 1, ReasonKind.FREQUENCY_CAP, 2)
    assert (capped.until, capped.count, capped.limit) == (NOON + 2 * HOUR, 1, 1)

    story.settings()

    assert why(story, 1, 2) == ["NUMBER_BUSY"]


def test_driver_down_deferred_and_rates_are_reasons():
    story = Story(call_rate=CallRate(calls=1, per_s=60))
    story.start("1 2", call_rate=CallRate(calls=1, per_s=120))
    assert why(story, 2) == ["CAMPAIGN_RATE", "SERVICE_RATE"] or why(story, 2) == [
        "SERVICE_RATE",
        "CAMPAIGN_RATE",
    ]
    assert reason(story, 2, ReasonKind.SERVICE_RATE).until == NOON + MINUTE
    assert reason(story, 2, ReasonKind.CAMPAIGN_RATE).until == NOON + 2 * MINUTE
    story.settings()
    story.tell(reports.DeferralReport(call_id=story.call("1"), until=NOON + 30 * SECOND))
    assert reason(story, 2, ReasonKind.DRIVER_DEFERRED).until == NOON + 30 * SECOND

    story.tell(reports.DriverDownReport())

    assert "DRIVER_DOWN" in why(story, 2)


def test_rate_of_the_service_is_free_again_when_its_window_has_passed():
    """What ends a deferral is no reason of the rate."""
    story = Story(call_rate=CallRate(calls=1, per_s=10))
    story.start("1 2")
    story.tell(reports.DeferralReport(call_id=story.call("1"), until=NOON + MINUTE))

    assert reason(story, 2, ReasonKind.SERVICE_RATE).until == NOON + 10 * SECOND
    assert reason(story, 2, ReasonKind.DRIVER_DEFERRED).until == NOON + MINUTE


def test_what_the_telephony_takes_is_a_reason():
    story = Story()
    story.tell(reports.CapacityReport(CallLimits(total=1)))
    story.start("1 2")

    found = reason(story, 2, ReasonKind.DRIVER_LIMIT)

    assert (found.count, found.limit) == (1, 1)
    assert found.sentence == "total limit of the telephony reached (1 of 1)"


def test_places_of_active_campaigns_are_a_reason():
    story = Story(active_campaigns_max=1)
    story.start("1")
    story.start("2")

    found = reason(story, 1, ReasonKind.ACTIVE_CAMPAIGNS, 2)

    assert (found.count, found.limit) == (1, 1)


def test_deferral_into_the_far_future_can_be_explained():
    story = Story()
    story.start("1")
    story.tell(reports.DeferralReport(call_id=story.call("1"), until=2**60))

    assert why(story, 1) == ["DRIVER_DEFERRED"]


@pytest.mark.parametrize("position", [0, -1, 3])
def test_unknown_recipients_and_campaigns_are_refused(position):
    story = Story()
    story.start("1 2")

    with pytest.raises(UnknownRecipientError, match=f"position = {position}"):
        core.explain(story.state, 1, position, story.now)
    with pytest.raises(UnknownCampaignError, match="campaign_id = 9"):
        core.explain(story.state, 9, 1, story.now)
    with pytest.raises(UnknownRecipientError):
        core.recipient(story.state, 1, position)


# Every reason at once -----------------------------------------------------------------------------


def test_number_that_is_busy_and_capped_says_both():
    """R8.1: every reason: when the call ends, the number is capped still."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=2))
    story.start("1")

    story.start("1")

    assert why(story, 1, 2) == ["FREQUENCY_CAP", "NUMBER_BUSY"]


def test_driver_that_is_down_hides_neither_its_deferral_nor_the_rate():
    """R8.1: every reason: what holds when the telephony is connected again is told too."""
    story = Story(call_rate=CallRate(calls=2, per_s=600))
    story.start("1 2 3")
    story.tell(reports.DeferralReport(call_id=story.call("1"), until=NOON + MINUTE))

    story.tell(reports.DriverDownReport())

    found = ["DRIVER_DOWN", "DRIVER_DEFERRED", "SERVICE_RATE"]
    assert why(story, 1) == found
    assert why(story, 3) == [*found, "QUEUED_BEHIND"]


def test_paused_campaign_tells_what_else_would_keep_it():
    """R8.1: every reason: a resume alone would not do."""
    story = Story()
    story.start("1 2", call_limits=CallLimits(total=1))
    story.tell(commands.PauseCampaign(campaign_id=1))
    story.tell(reports.DriverDownReport())

    assert why(story, 2) == ["PAUSED", "DRIVER_DOWN", "CAMPAIGN_LIMIT"]


# Who is ahead -------------------------------------------------------------------------------------


def test_recipients_whose_zone_is_closed_are_not_ahead():
    """R8.1: the next call goes past them."""
    day = CallingHours(days=set(Weekday), opens_min=9 * 60, closes_min=18 * 60)
    people = [
        core.Recipient(number="1"),
        *[core.Recipient(number=number, time_zone="Asia/Tokyo") for number in "23"],
        core.Recipient(number="4"),
    ]
    story = Story()
    story.start(people, calling_hours=[day], call_limits=CallLimits(total=1))

    assert why(story, 4) == ["CAMPAIGN_LIMIT"]
    assert reason(story, 3, ReasonKind.CAMPAIGN_LIMIT).count == 1
    story.end("1", after=SECOND)
    assert story.up == ["4"]


@pytest.mark.parametrize("settings", [{}, {"frequency_cap": FrequencyCap(attempts=1, per_h=2)}])
def test_recipients_whose_number_is_busy_or_capped_are_not_ahead(settings):
    """R8.1: though there was no room yet to find that out."""
    story = Story(**settings)
    story.start("2 3")
    story.start("1 2 3 4 5", call_limits=CallLimits(total=1))

    assert why(story, 4, 2) == ["CAMPAIGN_LIMIT"]
    assert reason(story, 5, ReasonKind.QUEUED_BEHIND, 2).count == 1
