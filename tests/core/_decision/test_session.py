"""A session gives what `handle` gives, and changes nothing that it handed out."""

import pytest
from hypothesis import settings as profile
from tests.core.stories import SECOND, Story
from typing_extensions import override

import campaign_core as core
from campaign_core import Session, codec, commands, events, handle, handle_batch, reports
from campaign_core._schedule import plan
from campaign_core.errors import CommandRefusedError, SettingsError, UnknownCampaignError
from campaign_core.testing import CampaignMachine, CoreHost


def what_came_of(take, *given):
    """Return the events and the decisions, or why it was refused."""
    try:
        taken = take(*given)
    except (CommandRefusedError, SettingsError) as error:
        return str(error)
    return taken.events, taken.decisions


class SessionHost(CoreHost):
    """A host that works each message in a session, and by `handle`: both must give the same.

    A second session is handed everything too, and its state is seldom asked for.
    """

    def __init__(self, settings, now):
        super().__init__(settings, now)
        self.sessions = Session(self.state), Session(self.state)
        self.kept = []
        self.count = 0

    @override
    def take(self, message, now):
        self.count += 1
        before = self.state
        taken = [what_came_of(session.take, message, now) for session in self.sessions]
        expected = what_came_of(handle, before, message, now)
        assert taken == [expected, expected]
        try:
            return super().take(message, now)
        finally:
            self._compare(now)

    def _compare(self, now):
        at = max(now, self.state.now)
        often, seldom = self.sessions
        assert often.next_wakeup(at) == core.next_wakeup(self.state, at)
        assert seldom.next_wakeup(at) == core.next_wakeup(self.state, at)
        for session in self.sessions if self.count % 7 == 0 else (often,):
            state = session.state
            assert state == self.state
            assert session.state is state
            self.kept.append((state, codec.snapshot_of(state)))

    @override
    def restart(self):
        for state, as_it_was in self.kept:
            assert codec.snapshot_of(state) == as_it_was, "a state that was handed out changed"
        super().restart()
        self.sessions = Session(self.state), Session(self.state)


class Sessions(CampaignMachine):
    """An operator, a telephony and a clock play with a host that has sessions."""

    @override
    def make_host(self, settings, now):
        return SessionHost(settings, now)

    @override
    def teardown(self):
        super().teardown()
        self.host.restart()


Sessions.TestCase.settings = profile(max_examples=40, stateful_step_count=20)
TestSessions = Sessions.TestCase


def story_in_calls() -> Story:
    story = Story(call_limits=core.CallLimits(total=5))
    story.start("1 2 3 4 5 6 7 8 9")
    return story


def ends_of(state):
    return [reports.EndReport(call_id=call.placement.call_id) for call in core.calls(state)]


def test_many_at_once_are_what_a_batch_is():
    """R6.6: one moment, one pass; who is refused is told, the others stand."""
    story = story_in_calls()
    messages = [
        *ends_of(story.state)[:3],
        commands.PauseCampaign(campaign_id=7),
        commands.PauseCampaign(campaign_id=1),
    ]
    batch = handle_batch(story.state, messages, story.now + SECOND)
    session = Session(story.state)
    taken = session.take_all(messages, story.now + SECOND)
    assert (taken.events, taken.decisions) == (batch.events, batch.decisions)
    assert [refusal.message for refusal in taken.refusals] == [messages[3]]
    assert session.state == batch.state


def test_refused_command_takes_nothing_that_was_due_with_it():
    """R6.6: nothing was changed, not even by what was due by then."""
    story = story_in_calls()
    session = Session(story.state)
    session.take(ends_of(story.state)[0], story.now + 1)
    expected = handle(story.state, ends_of(story.state)[0], story.now + 1).state
    long_after = story.now + 3_600 * SECOND
    for _ in range(3):
        with pytest.raises(UnknownCampaignError):
            session.take(commands.PauseCampaign(campaign_id=7), long_after)
    assert session.next_wakeup(story.now + 1) == core.next_wakeup(expected, story.now + 1)
    assert session.state == expected
    # What was due is still to come, and comes with the next message.
    due = session.take(reports.Tick(), long_after).events
    assert due == handle(expected, reports.Tick(), long_after).events
    assert events.DeadlinePassed in map(type, due)


class PowerCut(BaseException):
    """Nobody in the core knows it."""


def test_interrupt_in_the_middle_changes_nothing(monkeypatch):
    """What was left halfway is dropped; all that was taken before is still so."""
    story = story_in_calls()
    session, state = Session(story.state), story.state
    for report in ends_of(state)[:3]:
        story.now += SECOND
        session.take(report, story.now)
        state = handle(state, report, story.now).state
    with monkeypatch.context() as patched:
        patched.setattr(plan, "rate_window_start", lambda _: (_ for _ in ()).throw(PowerCut))
        with pytest.raises(PowerCut):
            session.take(ends_of(state)[0], story.now)
        with pytest.raises(PowerCut):
            session.take_all(ends_of(state), story.now)
    report = ends_of(state)[1]
    assert session.take(report, story.now).events == handle(state, report, story.now).events
    assert session.state == handle(state, report, story.now).state


def test_what_is_no_message_or_no_time_changes_nothing():
    """R9.1: it is a mistake of the caller, who is told."""
    story = story_in_calls()
    session = Session(story.state)
    with pytest.raises(TypeError):
        session.take("message", story.now)
    with pytest.raises(SettingsError):
        session.take(reports.Tick(), -1)
    assert session.state == story.state


def test_states_stay_as_they_were_when_handed_out():
    """However many moments follow, sealed or not."""
    story = Story(call_limits=core.CallLimits(total=20))
    story.start([core.Recipient(number=str(1_000 + at)) for at in range(300)])
    session, kept = Session(story.state), []
    expected = story.state
    for step in range(400):
        story.now += SECOND
        calls = core.calls(expected)
        if not calls:
            break
        report = reports.EndReport(call_id=calls[step % len(calls)].placement.call_id)
        taken = session.take(report, story.now)
        transition = handle(expected, report, story.now)
        assert taken.events == transition.events
        expected = transition.state
        if step % 3 == 0:
            kept.append((session.state, expected, codec.snapshot_of(expected)))
    assert len(kept) > 100
    for state, same, as_it_was in kept:
        assert core.check(state) == ()
        assert state == same
        assert codec.snapshot_of(state) == as_it_was
