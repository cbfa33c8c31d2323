"""R4.3, row by row: every status beside every event of a campaign."""

import itertools

import pytest
from tests.core.stories import MINUTE, Story, listed

import campaign_core as core
from campaign_core import (
    FailureReason,
    Outcome,
    PauseReason,
    Status,
    codec,
    commands,
    events,
    reports,
)
from campaign_core._transition.campaign import CAMPAIGN_ARROWS
from campaign_core.errors import JournalError

HOUR = 60 * MINUTE

STORED = [status for status in Status if status is not Status.BLOCKED]
"""R4.4: ``BLOCKED`` is derived, never stored."""

EVENTS = [
    events.CampaignStarted,
    events.CampaignPaused,
    events.CampaignResumed,
    events.CampaignEnded,
    events.CampaignStopped,
    events.CampaignExpired,
    events.RecipientsAppended,
    events.AttemptsAdded,
    events.AttemptsStopped,
    events.RecipientsFailed,
]
"""``CampaignScheduled`` makes a campaign and ``CampaignDeleted`` takes it away."""

S, A, P, N, T, C = STORED

# R4.3 and R4.7, read off the page: in this status, by this event, to one of these.
RULES = {
    (S, events.CampaignStarted): {A},
    (S, events.CampaignStopped): {T},
    (A, events.CampaignPaused): {P},
    (A, events.CampaignStopped): {T},
    (A, events.CampaignEnded): {C, N},
    (P, events.CampaignResumed): {A},
    (P, events.CampaignStopped): {T},
    (P, events.CampaignEnded): {C, N},
    (N, events.AttemptsAdded): {A},
    (N, events.RecipientsAppended): {A},
    (N, events.CampaignStopped): {T},
    # R4.7: accepted also on a terminated campaign with calls in progress.
    (T, events.CampaignStopped): {T},
    # Nothing else moves it.
    **{(status, events.RecipientsAppended): {status} for status in (S, A, P)},
    **{(status, events.AttemptsAdded): {status} for status in (S, A, P)},
    **{(status, events.AttemptsStopped): {status} for status in (S, A, P)},
    **{(status, events.RecipientsFailed): {status} for status in (S, A, P)},
    # R4.11: from then on no new call in any state that is not final.
    **{(status, events.CampaignExpired): {status} for status in (A, P, N)},
}

IMPOSSIBLE = {
    # It starts once.
    *itertools.product((A, P, N, T, C), [events.CampaignStarted]),
    # R4.7: pause only active, resume only paused.
    *itertools.product((S, P, N, T, C), [events.CampaignPaused]),
    *itertools.product((S, A, N, T, C), [events.CampaignResumed]),
    # R4.5, R4.6: only what runs, or is paused, ends.
    *itertools.product((S, N, T, C), [events.CampaignEnded]),
    # Completed is final.
    (C, events.CampaignStopped),
    # It expires after its start, and what is final does not expire.
    *itertools.product((S, T, C), [events.CampaignExpired]),
    # R4.10, R5.2, R5.3: refused in a final campaign.
    *itertools.product(
        (T, C), [events.RecipientsAppended, events.AttemptsAdded, events.AttemptsStopped]
    ),
    *itertools.product((T, C), [events.RecipientsFailed]),
    # R4.5: in an incomplete campaign nobody is idle or active.
    *itertools.product((N,), [events.AttemptsStopped, events.RecipientsFailed]),
}


def campaign_in(status: Status) -> core.State:
    """Tell a campaign into a status: recipient 1 is in a call or failed, 2 is idle or reached."""
    story = Story()
    model_id = story.model(
        "1" if status is N else "1 2", attempts_max=1, call_limits=core.CallLimits(total=1)
    )
    expires_at = story.now + 24 * HOUR
    if status is S:
        story.begin(model_id, when=commands.StartAfter(60), expires_at=expires_at)
        return story.state
    story.begin(model_id, expires_at=expires_at)
    match status:
        case Status.PAUSED:
            story.tell(commands.PauseCampaign(campaign_id=1))
        case Status.INCOMPLETE:
            story.end("1")
        case Status.TERMINATED:
            story.tell(commands.StopCampaign(campaign_id=1))
        case Status.COMPLETED:
            story.reach("1")
            story.reach("2")
    assert story.status() in (status, Status.BLOCKED)
    return story.state


def samples(kind: type, state: core.State) -> list[events.Event]:
    """Return events of a kind that follow the state by number and time."""
    stamp = {"seq": state.sequence + 1, "at": state.now, "actor": "someone", "campaign_id": 1}
    count = len(core.campaign(state, 1, state.now).recipients)
    match kind:
        case events.CampaignStarted:
            return [kind(starts_at=state.now, **stamp)]
        case events.CampaignPaused:
            return [kind(reason=reason, **stamp) for reason in PauseReason]
        case events.CampaignEnded:
            return [kind(status=to, contacted=0, **stamp) for to in (C, N)]
        case events.RecipientsAppended:
            return [kind(recipients=core.RecipientList(listed("77 i78")), **stamp)]
        case events.AttemptsAdded:
            return [kind(positions=(1,), attempts=3, **stamp)]
        case events.AttemptsStopped:
            return [kind(positions=(count,), **stamp)]
        case events.RecipientsFailed:
            reasons = (FailureReason.DO_NOT_CALL, FailureReason.EXPIRED)
            return [kind(positions=(count,), reason=reason, **stamp) for reason in reasons]
        case _:
            return [kind(**stamp)]


def stored_status(state: core.State) -> Status:
    status = core.status(state, 1, state.now)
    return Status.ACTIVE if status is Status.BLOCKED else status


each_rule = pytest.mark.parametrize(
    ("source", "event"),
    [pytest.param(s, e, id=f"{s.name}-{e.__name__}") for s, e in RULES],
)


def test_arrows_are_those_of_the_rules():
    """R4.3: status, and what drives it."""
    targets = {pair: set(arrow.targets) for pair, arrow in CAMPAIGN_ARROWS.items()}

    assert targets == RULES


def test_every_status_and_event_is_an_arrow_or_impossible_and_not_both():
    product = set(itertools.product(STORED, EVENTS))

    assert product == set(CAMPAIGN_ARROWS) | IMPOSSIBLE
    assert set(CAMPAIGN_ARROWS) & IMPOSSIBLE == set()


def test_every_event_of_a_campaign_is_looked_at():
    kinds = {kind for kind in events.Event.__args__ if issubclass(kind, events.CampaignEvent)}

    assert kinds == {*EVENTS, events.CampaignScheduled, events.CampaignDeleted}


def test_no_arrow_has_anything_to_do_with_blocked():
    """R4.4: ``BLOCKED`` is derived, never stored."""
    touched = {source for source, _ in CAMPAIGN_ARROWS}
    touched |= {target for arrow in CAMPAIGN_ARROWS.values() for target in arrow.targets}

    assert Status.BLOCKED not in touched


def test_nothing_leads_out_of_a_final_status():
    """R4.3: ``TERMINATED`` and ``COMPLETED`` are final."""
    out = {
        (source, arrow.targets)
        for (source, _), arrow in CAMPAIGN_ARROWS.items()
        if source.is_final and arrow.targets != {source}
    }

    assert out == set()


@each_rule
def test_arrow_leads_to_each_of_its_targets_and_nowhere_else(source, event):
    state = campaign_in(source)

    reached = {stored_status(core.evolve(state, e)) for e in samples(event, state)}

    assert reached == RULES[source, event]


@pytest.mark.parametrize(
    ("source", "event"),
    [
        pytest.param(s, e, id=f"{s.name}-{e.__name__}")
        for s, e in sorted(IMPOSSIBLE, key=lambda pair: (pair[0].name, pair[1].__name__))
    ],
)
def test_journal_cannot_hold_what_is_impossible(source, event):
    state = campaign_in(source)

    for impossible in samples(event, state):
        with pytest.raises(JournalError):
            core.evolve(state, impossible)


@pytest.mark.parametrize("status", STORED)
def test_state_is_sound_in_every_status(status):
    state = campaign_in(status)

    assert core.check(state) == ()
    assert stored_status(state) == status


def test_scheduled_campaign_becomes_active_when_its_time_comes():
    """R4.3: its time comes -> ``ACTIVE``."""
    story = Story()
    story.begin(story.model("1"), when=commands.StartAfter(1))
    story.tick(MINUTE - 1)
    assert story.status() == Status.SCHEDULED

    story.tick(1)

    assert story.status() == Status.ACTIVE
    assert core.campaign(story.state, 1, story.now).starts_at == story.now


def test_start_time_is_the_moment_of_the_start_now():
    """R4.2: the due instant, or the moment of "start now", set once."""
    story = Story()
    story.begin(story.model("1"), when=commands.StartAfter(10))

    story.tell(commands.StartNow(campaign_id=1), after=MINUTE)

    assert core.campaign(story.state, 1, story.now).starts_at == story.now
    assert story.up == ["1"]


def test_start_time_stays_the_due_instant_when_the_tick_comes_late():
    """R4.2: the campaign's start time is the due instant."""
    story = Story()
    due_at = story.now + MINUTE
    story.begin(story.model("1"), when=commands.StartAt(due_at))

    story.tick(5 * MINUTE)

    assert core.campaign(story.state, 1, story.now).starts_at == due_at


def test_blocked_is_active_for_the_table():
    """R4.3: else as active."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1")
    assert story.status() == Status.BLOCKED

    story.tell(commands.PauseCampaign(campaign_id=1))

    assert story.status() == Status.PAUSED


@pytest.mark.parametrize(
    ("reached", "threshold", "expected"),
    [
        (2, None, Status.COMPLETED),
        (1, None, Status.INCOMPLETE),
        (1, 1, Status.COMPLETED),
        (0, 1, Status.INCOMPLETE),
        (2, 1, Status.COMPLETED),
    ],
)
def test_campaign_ends_complete_when_enough_were_reached(reached, threshold, expected):
    """R4.5: ``COMPLETED`` if the number contacted >= the threshold (all, when ``None``)."""
    story = Story()
    story.start("1 2", attempts_max=1, threshold=threshold)

    for number in ("1", "2")[:reached]:
        story.reach(number)
    for number in ("1", "2")[reached:]:
        story.end(number)

    assert story.status() == expected


def test_reaching_the_threshold_does_not_stop_the_calls():
    """R4.5, settled: reaching the threshold earlier does not stop the calls."""
    story = Story()
    story.start("1 2", threshold=1, call_limits=core.CallLimits(total=1))

    story.reach("1")

    assert story.up == ["2"]
    assert story.status() == Status.ACTIVE


def test_campaign_that_stops_at_its_threshold_places_no_new_call():
    """R4.5: with ``stop_at_threshold``, ``COMPLETED`` once the calls in progress have ended."""
    story = Story()
    story.start("1 2 3", threshold=1, stop_at_threshold=True, call_limits=core.CallLimits(total=2))
    story.reach("1")
    assert (story.up, story.status()) == (["2"], Status.ACTIVE)

    story.end("2")

    assert (story.up, story.status()) == ([], Status.COMPLETED)


def test_campaign_that_stops_at_its_threshold_counts_those_contacted_alone():
    """R4.5: it counts ``CONTACTED``: a call that will reach counts when it has ended."""
    story = Story()
    story.start("1 2 3", threshold=1, stop_at_threshold=True, call_limits=core.CallLimits(total=2))
    story.answer("1")
    story.played("1")

    story.end("2")

    assert story.up == ["1", "3"]


@pytest.mark.parametrize(("reach", "expected"), [(True, C), (False, N)])
def test_paused_campaign_ends_too(reach, expected):
    """R4.6: a paused campaign ends as R4.5 says too."""
    story = Story()
    story.start("1", attempts_max=1)
    story.tell(commands.PauseCampaign(campaign_id=1))

    story.reach("1") if reach else story.end("1")

    assert story.status() == expected


def test_paused_campaign_ends_when_its_last_recipient_is_stopped():
    """R4.6: however its last recipient is settled."""
    story = Story()
    story.start("1", call_limits=core.CallLimits(total=0))
    story.tell(commands.PauseCampaign(campaign_id=1))

    story.tell(commands.StopAttempts(campaign_id=1, positions=(1,)))

    assert story.status() == Status.INCOMPLETE


@pytest.mark.parametrize("reach", [True, False])
def test_call_that_ends_after_a_stop_is_recorded_and_leaves_the_status(reach):
    """R4.7: calls in progress go on to their end and are recorded; the status stays."""
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))
    story.tell(commands.StopCampaign(campaign_id=1))

    story.reach("1") if reach else story.end("1")

    first = core.RecipientStatus.CONTACTED if reach else core.RecipientStatus.IDLE
    assert (story.recipient(1), story.recipient(2)) == (first, core.RecipientStatus.IDLE)
    assert (story.up, story.status()) == ([], Status.TERMINATED)


def test_stop_that_hangs_up_ends_the_calls_at_once():
    """R4.7: with ``hang_up=True`` calls are ended at once; R7.10: ``CANCELLED``."""
    story = Story()
    story.start("1 2")
    story.answer("2")

    stopped = story.tell(commands.StopCampaign(campaign_id=1, hang_up=True))
    story.end("1")
    story.end("2")

    assert len(stopped.decisions) == 2
    ended = [event.outcome for event in story.heard(events.CallEnded)]
    assert ended == [Outcome.CANCELLED, Outcome.REACHED]


def test_terminated_campaign_with_calls_can_be_told_to_hang_up():
    """R4.7: accepted also on a terminated campaign with calls in progress."""
    story = Story()
    story.start("1")
    story.tell(commands.StopCampaign(campaign_id=1))

    again = story.tell(commands.StopCampaign(campaign_id=1, hang_up=True))

    assert [type(d).__name__ for d in again.decisions] == ["HangUp"]


def test_expired_campaign_places_no_call_and_fails_whom_it_did_not_reach():
    """R4.11: unsettled recipients become ``FAILED`` (expired) once idle."""
    story = Story()
    model_id = story.model("1 2", call_limits=core.CallLimits(total=1))
    story.begin(model_id, expires_at=story.now + MINUTE)
    story.tick(MINUTE)
    assert (story.recipient(1), story.recipient(2)) == (
        core.RecipientStatus.ACTIVE,
        core.RecipientStatus.FAILED,
    )

    story.end("1")

    assert story.view(1).reason == FailureReason.EXPIRED
    assert story.status() == Status.INCOMPLETE


def test_expiry_holds_for_a_paused_campaign_too():
    """R4.11: in any state that is not final."""
    story = Story()
    story.begin(
        story.model("1", call_limits=core.CallLimits(total=0)), expires_at=story.now + MINUTE
    )
    story.tell(commands.PauseCampaign(campaign_id=1))

    story.tick(MINUTE)

    assert story.status() == Status.INCOMPLETE


def test_call_in_progress_at_the_expiry_may_still_reach():
    """R4.11: no new call; what is in progress goes on."""
    story = Story()
    story.begin(story.model("1"), expires_at=story.now + MINUTE)
    story.answer("1")
    story.tick(MINUTE)

    story.tell(reports.PlaybackReport(call_id=story.call("1"), play=1))
    story.end("1")

    assert story.status() == Status.COMPLETED


@pytest.mark.parametrize("way", ["resumed", "ended", "stopped"])
def test_reason_of_a_pause_is_gone_however_the_pause_ends(way):
    """R4.3, R4.6, R4.7: nobody reads of an incomplete campaign that a user paused it."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1")
    story.tell(commands.PauseCampaign(campaign_id=1))
    assert core.campaign(story.state, 1, story.now).pause_reason is core.PauseReason.USER

    if way == "resumed":
        story.tell(commands.ResumeCampaign(campaign_id=1))
    elif way == "ended":
        story.tell(commands.StopAttempts(campaign_id=1, positions=[1]))
    else:
        story.tell(commands.StopCampaign(campaign_id=1))

    assert core.campaign(story.state, 1, story.now).pause_reason is None
    if way == "ended":
        story.tell(commands.AddAttempts(campaign_id=1, attempts=1))
        shown = core.campaign(story.state, 1, story.now)
        assert (shown.status, shown.pause_reason) == (core.Status.BLOCKED, None)


def test_reason_that_an_older_release_left_behind_is_not_read():
    """R4.3: it kept the reason of a pause that had ended otherwise than by a resume."""
    story = Story()
    story.start("1", attempts_max=1)
    story.tell(commands.PauseCampaign(campaign_id=1))
    story.end("1")
    written = codec.to_data(story.state)
    written["campaigns"][0]["pause_reason"] = "USER"

    assert codec.from_data(written) == story.state
