"""R5, row by row: every state of a recipient beside every event that names one."""

import itertools

import pytest
from tests.core.stories import MINUTE, NOON, SECOND, Story, placed

import campaign_core as core
from campaign_core import (
    FailureReason,
    Outcome,
    RecipientStatus,
    RetryPolicy,
    commands,
    events,
    reports,
)
from campaign_core._state import record as rec
from campaign_core._transition.recipient import RECIPIENT_ARROWS, Context, next_record
from campaign_core.errors import JournalError

IDLE, ACTIVE, CONTACTED, FAILED = RecipientStatus

EVENTS = [
    events.CallPlaced,
    events.CallGivenBack,
    events.CallEnded,
    events.AttemptsAdded,
    events.AttemptsStopped,
    events.RecipientsFailed,
]

# R5, R5.1 to R5.5, read off the page.
RULES = {
    (IDLE, events.CallPlaced): {ACTIVE},
    (IDLE, events.AttemptsAdded): {IDLE},
    (IDLE, events.AttemptsStopped): {FAILED},
    (IDLE, events.RecipientsFailed): {FAILED},
    (ACTIVE, events.CallEnded): {CONTACTED, IDLE, FAILED},
    (ACTIVE, events.CallGivenBack): {IDLE, FAILED},
    (ACTIVE, events.AttemptsAdded): {ACTIVE},
    (ACTIVE, events.AttemptsStopped): {ACTIVE},
    (FAILED, events.AttemptsAdded): {IDLE},
}

IMPOSSIBLE = {
    # R6.8: two calls at once to one recipient; a call to a contacted one; R5: to a failed one.
    *itertools.product((ACTIVE, CONTACTED, FAILED), [events.CallPlaced]),
    # What is in no call has none that ends or is given back.
    *itertools.product((IDLE, CONTACTED, FAILED), [events.CallEnded, events.CallGivenBack]),
    # R5: contacted is final, and R5.2 refuses it.
    (CONTACTED, events.AttemptsAdded),
    # R5.3: idle or active.
    *itertools.product((CONTACTED, FAILED), [events.AttemptsStopped]),
    # R6.12: an active one when its call ends; who is settled stays settled.
    *itertools.product((ACTIVE, CONTACTED, FAILED), [events.RecipientsFailed]),
}

STAMP = {"seq": 1, "at": NOON, "actor": "someone"}
CALL = {**STAMP, "call_id": "f" * 32}
EXAMPLES = {
    events.CallPlaced: [
        events.CallPlaced(
            **CALL,
            campaign_id=1,
            position=1,
            attempt=3,
            number="1",
            line=core.Line.EXTERNAL,
            is_retry=True,
            rank=1,
            in_use=(0, 0, 0, 0),
        )
    ],
    events.CallGivenBack: [
        events.CallGivenBack(**CALL, reason=reason) for reason in events.GiveBackReason
    ],
    events.CallEnded: [
        events.CallEnded(**CALL, outcome=outcome, hangup_cause=None) for outcome in Outcome
    ],
    events.AttemptsAdded: [
        events.AttemptsAdded(**STAMP, campaign_id=1, positions=(1,), attempts=n) for n in (1, 100)
    ],
    events.AttemptsStopped: [events.AttemptsStopped(**STAMP, campaign_id=1, positions=(1,))],
    events.RecipientsFailed: [
        events.RecipientsFailed(**STAMP, campaign_id=1, positions=(1,), reason=reason)
        for reason in FailureReason
    ],
}


def records_in(status: RecipientStatus) -> list[int]:
    """Return records of a status: fresh, called before, stopped, at the last attempt."""
    plain = {
        "status": list(RecipientStatus).index(status),
        "allowed": 5,
        "used": 1,
        "counted": 2,
        "attempts": 3,
        "placed_at": NOON - MINUTE,
    }
    if status is FAILED:
        return [rec.pack(**plain, reason=reason) for reason in FailureReason]
    if status is ACTIVE:
        return [rec.pack(**{**plain, "counted": n}, stopped=s) for n in (1, 5) for s in (0, 1)]
    return [rec.pack(**plain)]


def status_of(record: int) -> RecipientStatus:
    return rec.view(record).status


def context(before: int = 0, **retry: object) -> Context:
    return Context(RetryPolicy(**retry), 0, before)


def test_arrows_are_those_of_the_rules():
    """R5: state, and what it leaves by."""
    targets = {pair: set(arrow.targets) for pair, arrow in RECIPIENT_ARROWS.items()}

    assert targets == RULES


def test_every_state_and_event_is_an_arrow_or_impossible_and_not_both():
    product = set(itertools.product(RecipientStatus, EVENTS))

    assert product == set(RECIPIENT_ARROWS) | IMPOSSIBLE
    assert set(RECIPIENT_ARROWS) & IMPOSSIBLE == set()


@pytest.mark.parametrize(
    ("source", "event"), [pytest.param(s, e, id=f"{s.name}-{e.__name__}") for s, e in RULES]
)
def test_arrow_leads_to_each_of_its_targets_and_nowhere_else(source, event):
    befores = [rec.fresh(5), rec.pack(status=0, allowed=1, counted=1, used=1, attempts=1)]
    reached = {
        status_of(next_record(record, e, context(before)))
        for record in records_in(source)
        for e in EXAMPLES[event]
        for before in befores
        # Given back, a recipient has the attempts allowed that it has now.
    }
    if event is events.CallGivenBack:
        stopped = rec.stopped(rec.placed(rec.fresh(5), 0, NOON))
        reached.add(status_of(next_record(stopped, EXAMPLES[event][0], context(rec.fresh(5)))))

    assert reached == RULES[source, event]


@pytest.mark.parametrize(
    ("source", "event"),
    [
        pytest.param(s, e, id=f"{s.name}-{e.__name__}")
        for s, e in sorted(IMPOSSIBLE, key=lambda pair: (pair[0].name, pair[1].__name__))
    ],
)
def test_what_is_impossible_has_no_arrow(source, event):
    for record, example in itertools.product(records_in(source), EXAMPLES[event]):
        with pytest.raises(KeyError):
            next_record(record, example, context())


def test_journal_cannot_hold_a_call_to_whom_was_reached():
    """R6.8: never a call to a contacted recipient."""
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))
    (first,) = story.heard(events.CallPlaced)
    story.reach("1")

    again = core.events.CallPlaced(
        seq=story.state.sequence + 1,
        at=story.now,
        actor="someone",
        call_id=first.call_id[:-1] + "2",
        campaign_id=1,
        position=1,
        attempt=2,
        number="1",
        line=first.line,
        is_retry=True,
        rank=1,
        in_use=(0, 1, 0, 1),
    )
    with pytest.raises(JournalError):
        core.evolve(story.state, again)


# R5.1 -------------------------------------------------------------------------------------------


def test_attempt_counts_when_its_call_is_placed():
    """R5.1: an attempt counts when its call is placed."""
    story = Story()

    story.start("1")

    assert story.view(1) == core.Active(attempts=1, counted=1, allowed=5, is_stopped=False)


@pytest.mark.parametrize("outcome", sorted(core.UNANSWERED, key=str))
def test_recipient_is_idle_while_attempts_are_left_and_failed_after_the_last(outcome):
    """R5.1: ``IDLE`` while counted attempts < attempts allowed, else ``FAILED``."""
    story = Story()
    story.start("1", attempts_max=2, retry=RetryPolicy(delays_s={outcome: 60}))

    story.end("1", outcome)
    due_at = story.now + MINUTE
    assert story.view(1) == core.Idle(attempts=1, counted=1, allowed=2, due_at=due_at)
    story.tick(MINUTE)
    story.end("1", outcome)

    assert story.view(1) == core.Failed(
        attempts=2, counted=2, allowed=2, reason=FailureReason.ATTEMPTS_USED_UP
    )


def test_recipient_reached_is_contacted_for_good():
    """R5: reached, all required confirmations given."""
    story = Story()
    story.start("1 2")

    story.reach("1")

    assert story.view(1) == core.Contacted(attempts=1, counted=1, allowed=5)


# R5.2 -------------------------------------------------------------------------------------------


def test_attempts_added_to_an_idle_recipient_add_up():
    """R5.2: idle or active: allowed += N."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1")

    story.tell(commands.AddAttempts(campaign_id=1, positions=(1,), attempts=3))

    assert story.view(1) == core.Idle(attempts=0, counted=0, allowed=8, due_at=0)


def test_attempts_added_to_an_active_recipient_add_up():
    """R5.2: idle or active: allowed += N."""
    story = Story()
    story.start("1")

    story.tell(commands.AddAttempts(campaign_id=1, positions=(1,), attempts=3))

    assert story.view(1) == core.Active(attempts=1, counted=1, allowed=8, is_stopped=False)


def test_attempts_added_to_a_failed_recipient_follow_those_that_counted():
    """R5.2: failed: allowed = counted + N, and it becomes idle, and the campaign active again."""
    story = Story()
    story.start("1", attempts_max=5)
    story.end("1")
    story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))
    story.end("1")
    assert story.status() == core.Status.INCOMPLETE

    again = story.tell(commands.AddAttempts(campaign_id=1, attempts=1))

    assert placed(again) == ["1"]
    assert story.view(1) == core.Active(attempts=3, counted=3, allowed=3, is_stopped=False)
    assert story.status() == core.Status.ACTIVE


def test_attempts_added_revoke_that_they_were_stopped():
    """R5.2: it also revokes an earlier R5.3."""
    story = Story()
    story.start("1")
    story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))

    story.tell(commands.AddAttempts(campaign_id=1, positions=(1,), attempts=1))
    story.end("1")

    assert story.up == ["1"]


def test_attempts_added_revoke_never_again():
    """R5.2: "never again" (R6.10) is revoked by it."""
    story = Story()
    story.start("1", retry=RetryPolicy(never_again={Outcome.INVALID_NUMBER}))
    story.end("1", Outcome.INVALID_NUMBER)
    assert story.view(1).reason == FailureReason.NO_NUMBER_LEFT

    story.tell(commands.AddAttempts(campaign_id=1, positions=(1,), attempts=1))

    assert story.up == ["1"]


def test_attempts_added_to_all_failed_leave_out_those_who_failed_for_good():
    """R5.2: works on all failed; not on one failed by do-not-call, opt-out or expiry."""
    story = Story()
    story.start("1 2 3", attempts_max=1)
    story.tell(commands.AddToDoNotCall(numbers=("2",)))
    for number in ("1", "2", "3"):
        story.end(number)

    story.tell(commands.AddAttempts(campaign_id=1, attempts=1))

    assert story.up == ["1", "3"]


# R5.3 -------------------------------------------------------------------------------------------


def test_stopped_idle_recipient_is_failed():
    """R5.3: makes an idle recipient failed."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1 2")

    story.tell(commands.StopAttempts(campaign_id=1, positions=(2,)))

    assert story.view(2).reason == FailureReason.STOPPED


def test_stopped_active_recipient_keeps_its_call_and_may_be_reached():
    """R5.3: an active one keeps its call: reached counts."""
    story = Story()
    story.start("1")
    stopped = story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))
    assert stopped.decisions == ()

    story.reach("1")

    assert story.recipient(1) == CONTACTED


def test_stopped_active_recipient_is_failed_unless_reached():
    """R5.3: anything else is failed."""
    story = Story()
    story.start("1")
    story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))

    story.end("1")

    assert story.view(1).reason == FailureReason.STOPPED


# R5.5 -------------------------------------------------------------------------------------------


def test_call_given_back_does_not_count_and_its_number_is_not_used_again():
    """R5.5: the attempt does not count; its attempt number and call id are not used again."""
    story = Story()
    story.start("1")
    first = story.call("1")

    story.tell(reports.DeferralReport(call_id=first, until=story.now + 2 * SECOND))
    assert story.view(1) == core.Idle(attempts=1, counted=0, allowed=5, due_at=0)
    story.tick(2 * SECOND)

    placed_again = story.heard(events.CallPlaced)[-1]
    assert (placed_again.attempt, placed_again.is_retry) == (2, False)
    assert placed_again.call_id != first


def test_recipient_given_back_stands_where_it_stood():
    """R5.5: a recipient with no counted attempt is again one never called."""
    story = Story()
    story.start("1 2 3", call_limits=core.CallLimits(total=2))
    story.end("2")
    assert story.up == ["1", "3"]

    deferral = reports.DeferralReport(call_id=story.call("1"), until=story.now + SECOND)
    story.tell(deferral)
    again = story.tick(SECOND)

    assert placed(again) == ["1"]


def test_recipient_given_back_after_it_was_stopped_is_failed():
    """R5.3, R5.5: anything but reached is failed."""
    story = Story()
    story.start("1")
    story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))

    story.tell(reports.DriverDownReport(returned=(story.call("1"),)))

    assert story.view(1).reason == FailureReason.STOPPED


def test_recipient_given_back_keeps_the_attempts_added_meanwhile():
    """R5.2: active: allowed += N."""
    story = Story()
    story.start("1", attempts_max=1)
    story.tell(commands.AddAttempts(campaign_id=1, positions=(1,), attempts=2))

    story.tell(reports.DriverDownReport(returned=(story.call("1"),)))

    assert story.view(1) == core.Idle(attempts=1, counted=0, allowed=3, due_at=0)


def test_retry_given_back_is_still_a_retry():
    """R5.5: retry delay and ``last placed`` see counted attempts only."""
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))
    story.end("1", after=SECOND)
    story.end("2", after=SECOND)
    assert story.up == ["1"]

    story.tell(reports.DeferralReport(call_id=story.call("1"), until=0))
    again = story.tick(SECOND)

    # Both were called once; the first one longer ago.
    assert placed(again) == ["1"]
    assert story.heard(events.CallPlaced)[-1].is_retry is True


def test_refused_call_counts():
    """R5.5: refused counts, outcome ``REFUSED``."""
    story = Story()
    story.start("1", attempts_max=1)

    story.tell(reports.RefusalReport(call_id=story.call("1"), why="no such route"))

    assert story.view(1).reason == FailureReason.ATTEMPTS_USED_UP
    (ended,) = story.heard(events.CallEnded)
    assert (ended.outcome, ended.detail) == (Outcome.REFUSED, "no such route")


# R5.6 -------------------------------------------------------------------------------------------


def numbers(*further: str) -> list[core.Recipient]:
    others = [core.Number(number=number) for number in further]
    return [core.Recipient(number="1", further_numbers=others)]


def test_further_numbers_are_taken_in_turn_and_round_again():
    """R5.6: taken in turn and round again over the counted attempts."""
    story = Story()
    story.start(numbers("2", "3"))

    for number in ("1", "2", "3"):
        story.end(number)

    assert [event.number for event in story.heard(events.CallPlaced)] == ["1", "2", "3", "1"]


def test_number_given_back_is_tried_again_before_the_next():
    """R5.6: over the counted attempts."""
    story = Story()
    story.start(numbers("2"))
    story.end("1")

    story.tell(reports.DeferralReport(call_id=story.call("2"), until=0))
    again = story.tick(SECOND)

    assert placed(again) == ["2"]


def test_barred_numbers_are_skipped():
    """R5.6: those barred (do-not-call, "never again") are skipped."""
    story = Story()
    story.tell(commands.AddToDoNotCall(numbers=("2",)))
    story.start(numbers("2", "3"), retry=RetryPolicy(never_again={Outcome.INVALID_NUMBER}))

    story.end("1", Outcome.INVALID_NUMBER)
    story.end("3")

    assert story.up == ["3"]


def test_recipient_fails_when_no_number_is_left():
    """R5.6: the recipient fails when none is left."""
    story = Story()
    story.start(numbers("2"), retry=RetryPolicy(never_again={Outcome.INVALID_NUMBER}))

    story.end("1", Outcome.INVALID_NUMBER)
    story.end("2", Outcome.INVALID_NUMBER)

    assert story.view(1).reason == FailureReason.NO_NUMBER_LEFT


def test_opt_out_fails_the_recipient_whatever_other_numbers_there_are():
    """R5.6: an opt-out fails the recipient, whatever other numbers there are."""
    story = Story()
    script = core.CallScript(confirm_answer=True, opt_out_digit="7")
    story.start(numbers("2", "3"), script=script)
    story.answer("1")

    story.dial("1", "7")
    story.end("1")

    assert story.view(1).reason == FailureReason.OPTED_OUT
    assert core.do_not_call(story.state) == ("1",)
