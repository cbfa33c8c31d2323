"""R3.7 in every comparison of numbers, and R3.2: what may stand twice in a list."""

from __future__ import annotations

import attrs
import pytest
from tests.core.stories import MINUTE, SECOND, Story, listed

import campaign_core as core
from campaign_core import (
    CallLimits,
    CallScript,
    Duplicates,
    FailureReason,
    FrequencyCap,
    Number,
    NumberPlan,
    Outcome,
    ReasonKind,
    Recipient,
    RetryPolicy,
    codec,
    commands,
    events,
    reports,
)
from campaign_core.errors import SettingsError

ITALY = NumberPlan(country_code="39", trunk_prefix="0", trunk_prefix_stays=True)
WAYS = ["+390105550101", "00390105550101", "0105550101"]
FULL, ABROAD, HERE = WAYS


def bar(*numbers: str) -> commands.AddToDoNotCall:
    return commands.AddToDoNotCall(numbers=numbers)


def unbar(*numbers: str) -> commands.RemoveFromDoNotCall:
    return commands.RemoveFromDoNotCall(numbers=numbers)


def kinds(story: Story, position: int, campaign_id: int = 1) -> list[ReasonKind]:
    found = core.explain(story.state, campaign_id, position, story.now)
    return [reason.kind for reason in found.reasons]


# R3.7 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed_as", WAYS)
@pytest.mark.parametrize("barred_as", WAYS)
def test_person_who_said_no_is_not_called_however_the_number_is_written(listed_as, barred_as):
    """R3.7 with R6.12: the do-not-call list is looked at by the canonical form."""
    story = Story(number_plan=ITALY)
    story.tell(bar(barred_as))

    story.start(listed_as)

    assert (story.up, story.view(1).reason) == ([], FailureReason.DO_NOT_CALL)


@pytest.mark.parametrize("barred_as", WAYS)
def test_idle_recipient_fails_when_its_number_is_barred_in_another_form(barred_as):
    story = Story(number_plan=ITALY, call_limits=CallLimits(external=0))
    story.start(HERE)

    story.tell(bar(barred_as))

    assert story.view(1).reason is FailureReason.DO_NOT_CALL


@pytest.mark.parametrize("taken_off_as", WAYS)
def test_number_is_taken_off_in_whatever_form_it_was_put_on(taken_off_as):
    story = Story(number_plan=ITALY)
    story.tell(bar(*WAYS))

    story.tell(unbar(taken_off_as))
    story.start(FULL)

    assert (core.do_not_call(story.state), story.up) == ((), [FULL])


def test_internal_number_is_its_own_form():
    """R3.7: internal numbers are their own form."""
    story = Story(number_plan=ITALY)
    story.tell(bar(FULL))

    story.start(f"i{HERE}")

    assert story.up == [HERE]


def test_opt_out_bars_every_form():
    """R3.7 with R7.7."""
    story = Story(number_plan=ITALY)
    story.start(HERE, script=CallScript(confirm_answer=True, opt_out_digit="7"))
    story.answer(HERE)
    story.dial(HERE, "7")
    story.end(HERE)

    story.start(FULL)

    assert story.view(1, 2).reason is FailureReason.DO_NOT_CALL


def test_number_in_a_call_is_not_called_in_another_form():
    """R3.7 with R6.14: one call per number."""
    story = Story(number_plan=ITALY)
    story.start(HERE)
    story.start(FULL)
    assert (story.up, kinds(story, 1, 2)) == ([HERE], [ReasonKind.NUMBER_BUSY])

    story.reach(HERE)

    assert story.up == [FULL]


def test_frequency_cap_counts_every_form():
    """R3.7 with R6.15."""
    cap = FrequencyCap(attempts=2, per_h=1)
    story = Story(number_plan=ITALY, frequency_cap=cap)
    story.start(HERE, attempts_max=1)
    story.end(HERE)
    story.start(ABROAD, attempts_max=1)
    story.end(ABROAD)

    story.start(FULL)

    assert (story.up, kinds(story, 1, 3)) == ([], [ReasonKind.FREQUENCY_CAP])
    story.tick(60 * MINUTE)
    assert story.up == [FULL]


def test_further_number_in_another_form_is_a_duplicate():
    """R3.7 with R5.6."""
    story = Story(number_plan=ITALY)

    with pytest.raises(SettingsError, match="stands twice there, as"):
        story.model([Recipient(number=HERE, further_numbers=[Number(number=FULL)])])


def test_number_never_tried_again_is_not_tried_in_another_form():
    """R3.7 with R6.10: a list that was accepted before the plan stays."""
    story = Story()
    both = Recipient(number=HERE, further_numbers=[Number(number=FULL)])
    retry = RetryPolicy(never_again={Outcome.INVALID_NUMBER})
    story.start([both], retry=retry)
    story.settings(number_plan=ITALY)

    story.end(HERE, Outcome.INVALID_NUMBER)

    assert (story.up, story.view(1).reason) == ([], FailureReason.NO_NUMBER_LEFT)


@pytest.mark.parametrize("second", WAYS[1:])
def test_same_number_in_another_form_twice_is_refused_naming_both_positions(second):
    """R3.7 with R3.2."""
    story = Story(number_plan=ITALY)

    with pytest.raises(SettingsError) as refused:
        story.model(f"{FULL} 3331234567 {second}")

    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == ("recipients[3].number", second)
    assert problem.rule.endswith(f"EXTERNAL {second} stands also at position 1, as {FULL}")


def test_own_list_of_a_run_and_those_appended_are_compared_by_form():
    story = Story(number_plan=ITALY, call_limits=CallLimits(external=0))
    model_id = story.model(HERE)
    story.begin(model_id)
    before = story.state

    for command in (
        commands.StartCampaign(model_id=model_id, recipients=listed(f"{HERE} {FULL}")),
        commands.AppendRecipients(campaign_id=1, recipients=listed(FULL)),
        commands.AppendRecipients(campaign_id=1, recipients=listed("3331234567 +393331234567")),
    ):
        with pytest.raises(SettingsError, match="each number once on a line"):
            story.tell(command)

    assert story.state == before


def test_list_that_was_accepted_stays_when_a_plan_comes():
    """R3.7: a plan that is changed holds for comparisons from then on."""
    story = Story()
    model_id = story.model(f"{HERE} {FULL}")
    story.settings(number_plan=ITALY)
    model = core.models(story.state)[model_id]

    story.tell(commands.EditModel(model_id=model_id, model=attrs.evolve(model, priority=5)))
    story.begin(model_id)

    assert story.up == [HERE]
    story.reach(HERE)
    assert story.up == [FULL]


def test_change_of_the_plan_holds_at_once_for_who_waits():
    """R3.7: barred, in a call, capped: all by the new plan."""
    story = Story(call_limits=CallLimits(external=1))
    story.start(f"{HERE} {FULL} 0207946095")
    story.tell(bar("+390207946095"))
    assert story.view(3).status is core.RecipientStatus.IDLE

    story.settings(number_plan=ITALY)

    assert story.view(3).reason is FailureReason.DO_NOT_CALL
    assert kinds(story, 2) == [ReasonKind.NUMBER_BUSY]


def test_without_the_plan_numbers_are_compared_as_written_again():
    story = Story(number_plan=ITALY, frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.start(HERE, attempts_max=1)
    story.start(FULL)
    story.end(HERE)
    assert story.up == []

    story.settings(frequency_cap=FrequencyCap(attempts=1, per_h=1))

    assert story.up == [FULL]
    story.start(HERE)
    assert kinds(story, 1, 3) == [ReasonKind.FREQUENCY_CAP]


def test_campaign_whose_numbers_are_capped_by_the_plan_holds_no_place():
    """R6.2 with R3.7: who has nobody to call does not compete, also after a restart."""
    cap = FrequencyCap(attempts=1, per_h=1)
    closed = {"frequency_cap": cap, "active_campaigns_max": 1}
    story = Story(**closed)
    story.start(HERE, attempts_max=1)
    story.end(HERE)
    story.settings(**closed, call_limits=CallLimits(external=0))
    story.start(FULL, priority=5)
    story.start("3331234567 i201")

    story.settings(**closed, call_limits=CallLimits(external=0), number_plan=ITALY)

    # The first has nobody whom it may call, for want of room or not; so the second has the place.
    assert story.up == ["201"]
    again = codec.from_data(codec.to_data(story.state))
    for state in (again, core.replay(story.events)):
        later = core.handle(state, reports.Tick(), story.now + SECOND)
        assert core.check(later.state) == ()
        assert later.decisions == ()


def test_campaign_whose_numbers_are_capped_holds_no_place_after_a_restart():
    """R6.2, R8.3: what a state decides does not depend on its having been stored."""
    cap = FrequencyCap(attempts=1, per_h=1)
    story = Story(frequency_cap=cap, active_campaigns_max=1)
    story.start("1", attempts_max=1)
    story.end("1")
    story.settings(
        frequency_cap=cap, active_campaigns_max=1, call_limits=CallLimits(external=0, internal=1)
    )
    story.start("1", priority=5)
    story.start("i201 i202")
    assert story.up == ["201"]
    end = reports.EndReport(call_id=story.call("201"), unanswered_as=Outcome.BUSY)

    again = codec.from_data(codec.to_data(story.state))

    live, restarted = (core.handle(one, end, story.now) for one in (story.state, again))
    assert [order.number for order in live.decisions] == ["202"]
    assert restarted.events == live.events


def test_number_is_dialled_as_it_is_written():
    """R3.7."""
    story = Story(number_plan=ITALY)

    story.start(ABROAD)

    assert [event.number for event in story.heard(events.CallPlaced)] == [ABROAD]


def test_state_with_a_plan_is_had_again_by_replay_and_from_a_snapshot():
    """R8.3: the same events give an equal state, and so does what was kept."""
    story = Story(frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.tell(bar("+390207946095"))
    story.start(f"{HERE} {FULL} 0207946095", attempts_max=2)
    story.settings(number_plan=ITALY, frequency_cap=FrequencyCap(attempts=1, per_h=1))
    story.tick(SECOND)

    for again in (core.replay(story.events), codec.from_data(codec.to_data(story.state))):
        assert again == story.state
        assert core.check(again) == ()
        later = core.handle(again, bar(FULL), story.now)
        assert later.events == core.handle(story.state, bar(FULL), story.now).events


# R3.2 -------------------------------------------------------------------------------------------


def test_siblings_under_one_number_are_each_called_and_never_at_once():
    """R3.2: EACH: each is called for itself, never at once (R6.14)."""
    story = Story()
    story.start("1 1 2", duplicates=Duplicates.EACH)
    assert story.up == ["1", "2"]

    story.reach("1")
    assert sorted(story.up) == ["1", "2"]
    story.reach("1")
    story.reach("2")

    assert story.status() is core.Status.COMPLETED


def test_siblings_may_be_in_the_list_of_one_run_and_appended():
    story = Story(call_limits=CallLimits(external=0))
    model_id = story.model("1", duplicates=Duplicates.EACH)
    story.begin(model_id, recipients=listed("1 1"))

    story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("1 2")))

    assert len(core.campaign(story.state, 1, story.now).recipients) == 4
    assert core.replay(story.events) == story.state
    assert codec.from_data(codec.to_data(story.state)) == story.state


def test_by_default_a_number_twice_in_one_list_is_refused():
    """R3.2: the default stays to refuse, for each way in which a list is given."""
    story = Story(call_limits=CallLimits(external=0))
    model_id = story.model("1")
    story.begin(model_id)

    with pytest.raises(SettingsError, match="stands also at position 1"):
        story.begin(model_id, recipients=listed("1 1"))
    with pytest.raises(SettingsError, match="stands also at position 1"):
        story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("1")))


def test_model_with_siblings_cannot_be_told_to_refuse_them():
    story = Story()
    model_id = story.model("1 1", duplicates=Duplicates.EACH)

    with pytest.raises(SettingsError, match="each number once on a line"):
        attrs.evolve(core.models(story.state)[model_id], duplicates=Duplicates.REFUSE)


def test_number_twice_within_one_recipient_is_refused_always():
    twice = Recipient(number="1", further_numbers=[Number(number="1")])

    with pytest.raises(SettingsError, match="stands twice there"):
        Story().model([twice], duplicates=Duplicates.EACH)
