"""What screens are told: what changed, in short; told together it is the state, at any time."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule
from tests.core.stories import MINUTE, SECOND, Story, listed

import campaign_core as core
from campaign_core import CallLimits, commands, reports
from campaign_core.testing import CampaignMachine
from campaign_service.api.stream import view_history
from campaign_service.api.stream.view_feed import pause_s
from campaign_service.api.stream.view_history import ViewHistory, ranges_of, view_of

FIRST = 1
COUNTS = ("contacted", "failed", "idle", "internal_calls", "external_calls")
PER_S = 1_000


def message(text):
    """Return a message's fields, and its data as JSON."""
    fields = dict(line.split(": ", 1) for line in text.decode().splitlines() if line)
    return fields | {"data": json.loads(fields["data"])}


class Screen:
    """Shows what it is told: campaigns, and the recipients of the first."""

    def __init__(self):
        self.number, self.seq = 0, 0
        self.rows = {}
        self.recipients = None

    def hear(self, history, state, *, is_resumed=False):
        if is_resumed:
            self.number = history.number_as_of(self.seq)
        text = history.text_since(self.number, FIRST, is_resumed=is_resumed)
        self.number = history.number
        told = message(text)
        digest = told["data"]
        assert int(told["id"]) == digest["seq"] == state.sequence
        self.seq = digest["seq"]
        if told["event"] == "reset":
            self.rows.clear()
            self.recipients = None
        self.rows |= {row["campaign_id"]: row for row in digest["campaigns"]}
        for campaign_id in digest.get("deleted", []):
            self.rows.pop(campaign_id, None)
        self._read(state, digest.get("positions", []))
        return told

    def _read(self, state, ranges):
        """Read again whose state changed, or everybody, as a page does."""
        if FIRST not in core.campaign_ids(state):
            self.recipients = None
        elif self.recipients is None:
            self.recipients = list(core.recipients(state, FIRST))
        else:
            for first, last in ranges:
                shown = [core.recipient(state, FIRST, one) for one in range(first, last + 1)]
                self.recipients[first - 1 : last] = shown

    def shows(self, state, now):
        """Tell whether this is what is so."""
        found = {row.campaign_id: row for row in core.campaigns(state, now)}
        assert self.rows.keys() == found.keys()
        for campaign_id, row in found.items():
            shown = self.rows[campaign_id]
            assert shown["status"] == row.status.name
            assert shown["recipient_count"] == len(row.recipients)
            assert shown.get("is_expired", False) == row.is_expired
            reason = None if row.pause_reason is None else row.pause_reason.name
            assert shown.get("pause_reason") == reason
            assert [shown.get(name, 0) for name in COUNTS] == [getattr(row, n) for n in COUNTS]
        if FIRST in found:
            assert self.recipients == list(core.recipients(state, FIRST))


class Screens(CampaignMachine):
    """Screens that look when they like, leave, and come back to this process or another."""

    def __init__(self):
        super().__init__()
        self.processes = [ViewHistory(), ViewHistory()]
        self.staying, self.roaming = Screen(), Screen()

    @rule(process=st.integers(0, 1))
    def a_view_is_made(self, process):
        self.processes[process].take(view_of(self.host.state, self.now))

    @rule()
    def a_screen_that_stays_is_told(self):
        history = self.processes[0]
        history.take(view_of(self.host.state, self.now))
        self.staying.hear(history, self.host.state)
        self.staying.shows(self.host.state, self.now)

    @rule(process=st.integers(0, 1))
    def a_screen_comes_back(self, process):
        history = self.processes[process]
        history.take(view_of(self.host.state, self.now))
        self.roaming.hear(history, self.host.state, is_resumed=True)
        self.roaming.shows(self.host.state, self.now)

    @rule(process=st.integers(0, 1))
    def earlier_views_are_forgotten(self, process):
        self.processes[process].forget()


TestScreens = Screens.TestCase
TestScreens.settings = settings(max_examples=60, stateful_step_count=40)


def watched(story):
    """Return a history of a story that has one view, and a screen that was told of it."""
    history, screen = ViewHistory(), Screen()
    history.take(view_of(story.state, story.now))
    screen.hear(history, story.state)
    return history, screen


def test_first_message_is_a_reset_and_the_next_tells_what_changed():
    story = Story(call_limits=CallLimits(total=1))
    story.start("201 202")
    history, screen = ViewHistory(), Screen()
    history.take(view_of(story.state, story.now))
    first = screen.hear(history, story.state)
    story.start("301")
    history.take(view_of(story.state, story.now))

    second = screen.hear(history, story.state)

    assert (first["event"], second["event"]) == ("reset", "digest")
    assert [row["campaign_id"] for row in first["data"]["campaigns"]] == [1]
    assert [row["campaign_id"] for row in second["data"]["campaigns"]] == [2]


def test_blocked_comes_and_goes_though_it_is_no_event():
    """R4.4: it is derived from the state and the time."""
    story = Story(call_limits=CallLimits(total=1))
    story.start("201")
    story.start("301", priority=1)
    history, screen = watched(story)
    assert [row["status"] for row in screen.rows.values()] == ["ACTIVE", "BLOCKED"]

    story.end("201")
    history.take(view_of(story.state, story.now))
    screen.hear(history, story.state)

    assert screen.rows[2]["status"] == "ACTIVE"
    assert screen.rows[2]["external_calls"] == 1


def test_blocked_that_comes_with_time_alone_is_a_message_of_the_same_event():
    story = Story(call_limits=CallLimits(total=1))
    story.start("201 202", retry=core.RetryPolicy(delays_s={core.Outcome.BUSY: 60}), attempts_max=2)
    story.end("201")
    story.end("202")
    story.start("301")
    history, screen = watched(story)
    seq, row = screen.seq, screen.rows[1]
    assert row["status"] == "ACTIVE"

    history.take(view_of(story.state, story.now + 2 * MINUTE))
    told = screen.hear(history, story.state)

    assert (told["event"], screen.seq) == ("digest", seq)
    assert screen.rows[1]["status"] == "BLOCKED"


def test_nothing_new_is_no_view():
    story = Story()
    story.start("201")
    history, _ = watched(story)

    assert not history.take(view_of(story.state, story.now + SECOND))
    assert history.number == 1


def test_whoever_was_away_too_long_is_told_all_anew():
    story = Story()
    story.start("201")
    history, screen = watched(story)
    for _ in range(view_history._KEPT_MAX):
        story.tell(commands.AddToDoNotCall(numbers=(str(900_000 + story.state.sequence),)))
        history.take(view_of(story.state, story.now))

    assert screen.hear(history, story.state)["event"] == "reset"


@pytest.mark.parametrize("seq", [0, 10**6])
def test_event_of_no_view_is_answered_by_a_reset(seq):
    """Before a restart, of another journal, or yet to come."""
    story = Story()
    story.start("201")
    history, screen = watched(story)
    screen.seq = seq

    assert screen.hear(history, story.state, is_resumed=True)["event"] == "reset"


def test_campaign_that_was_deleted_is_told():
    story = Story()
    story.start("201")
    history, screen = watched(story)
    story.tell(commands.StopCampaign(campaign_id=1, hang_up=True))
    story.end("201")
    story.tell(commands.DeleteCampaign(campaign_id=1))
    history.take(view_of(story.state, story.now))

    assert screen.hear(history, story.state)["data"]["deleted"] == [1]
    assert screen.rows == {}


def test_message_is_made_once_for_all_who_ask():
    story = Story()
    story.start("201")
    history, _ = watched(story)

    assert history.text_since(0, FIRST) is history.text_since(0, FIRST)


# Positions ---------------------------------------------------------------------------------------


@given(st.sets(st.integers(1, 500), max_size=120).map(sorted))
def test_ranges_hold_every_position_and_are_few(positions):
    ranges = ranges_of(positions)

    held = {one for first, last in ranges for one in range(first, last + 1)}
    assert held >= set(positions)
    assert len(ranges) <= 32
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(ranges))
    if len(ranges) < 32:
        assert held == set(positions)


def test_when_very_many_changed_everybody_is_said_to_have(monkeypatch):
    monkeypatch.setattr(view_history, "_POSITIONS_MAX", 100)
    story = Story(call_limits=CallLimits(total=0))
    story.start(listed(" ".join(str(200_000 + 2 * n) for n in range(300))))
    history, screen = watched(story)
    story.tell(commands.AddAttempts(campaign_id=1, attempts=1, positions=tuple(range(2, 301, 2))))
    history.take(view_of(story.state, story.now))

    assert screen.hear(history, story.state)["data"]["positions"] == [[1, 300]]


# Bytes -------------------------------------------------------------------------------------------


def test_hundred_ends_a_second_are_told_in_five_kilobytes_and_ten_messages_a_second():
    """Each end is of another part of a long list, and lets another call be placed."""
    story = Story(call_limits=CallLimits(total=300))
    count = 4_000
    for first in range(3):
        numbers = " ".join(str(10_000_000 * (first + 1) + n) for n in range(count))
        story.start(listed(numbers), attempts_max=1, call_limits=CallLimits(total=100))
    history, screen = watched(story)
    began, look_at, ends, sizes = story.now, story.now, 0, []
    state = story.state
    while story.now < began + 10 * PER_S:
        story.now += 10
        calls = core.calls(state)
        call = calls[ends * 37 % len(calls)].placement
        ended = reports.EndReport(call_id=call.call_id, unanswered_as=core.Outcome.BUSY)
        state = core.handle(state, ended, story.now).state
        ends += 1
        if story.now >= look_at:
            history.take(view_of(state, story.now))
            text = history.text_since(screen.number, FIRST)
            screen.hear(history, state)
            sizes.append(len(text))
            look_at = story.now + PER_S * pause_s(size=len(text), took_s=0)
    history.take(view_of(state, story.now))
    screen.hear(history, state)
    screen.shows(state, story.now)

    assert ends == 1_000
    assert 20 <= len(sizes) <= 100
    assert sum(sizes) < 5_000 * 10


@given(size=st.integers(0, 40_000), took_s=st.floats(0, 0.4))
def test_pause_keeps_to_ten_messages_five_kilobytes_and_a_twentieth_of_a_processor(size, took_s):
    pause = pause_s(size=size, took_s=took_s)

    assert pause >= 0.1
    assert size / pause <= 5_000
    assert took_s <= pause / 20 + 1e-9
    assert pause_s(size=10**9, took_s=0) == 10
