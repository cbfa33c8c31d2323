"""Snapshots: a whole state as bytes, and back; damaged ones are refused, whatever is wrong."""

import json
from hashlib import sha256
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.codec.example import story_of_everything
from tests.core.stories import Story

import campaign_core as core
from campaign_core import Line, Number, Recipient, codec, commands
from campaign_core.codec import SNAPSHOT_FORMAT, snapshot_of, state_of
from campaign_core.errors import CampaignError, JournalError
from campaign_core.testing import histories, messages_for

DATA = Path(__file__).parents[1] / "data"
FIRST_LINE = f"campaign snapshot {SNAPSHOT_FORMAT}\n".encode()
CONTENT_AT = len(FIRST_LINE) + 32


def everything() -> bytes:
    return snapshot_of(story_of_everything().state)


# Round trips ------------------------------------------------------------------------------------


@profile(max_examples=60)
@given(histories())
def test_every_state_comes_back_from_its_snapshot(history):
    for transition in history.transitions:
        stored = state_of(snapshot_of(transition.state))

        assert stored == transition.state
        assert core.check(stored) == ()


@profile(max_examples=60)
@given(histories(), st.data())
def test_state_that_was_opened_goes_on_as_if_it_had_never_stopped(history, data):
    """R9.3: after a crash, limits hold: equal states give equal answers."""
    one, other, now = history.state, state_of(snapshot_of(history.state)), history.now
    for _ in range(data.draw(st.integers(1, 4))):
        message = data.draw(messages_for(one))
        now += data.draw(st.sampled_from([0, 1_000, 61_000]))
        try:
            expected = core.handle(one, message, now)
        except CampaignError as error:
            with pytest.raises(type(error)):
                core.handle(other, message, now)
            continue
        actual = core.handle(other, message, now)
        assert (expected.events, expected.decisions) == (actual.events, actual.decisions)
        one, other = expected.state, actual.state
        assert one == other


def test_state_after_everything_comes_back():
    assert state_of(everything()) == story_of_everything().state


def test_equal_states_that_came_about_differently_have_equal_snapshots():
    state = story_of_everything().state
    from_json = codec.from_data(json.loads(json.dumps(codec.to_data(state))))

    assert snapshot_of(from_json) == snapshot_of(state)


def crowd(first: int, last: int) -> list[Recipient]:
    return [
        Recipient(
            number=f"+39{n}",
            line=Line.INTERNAL if n % 5 == 0 else Line.EXTERNAL,
            name=f"Città {n}" if n % 3 else "",
            email=f"p{n}@example.org" if n % 7 == 0 else "",
            time_zone=["Europe/Rome", "Asia/Kolkata", None][n % 3],
            further_numbers=[Number(number=f"{n}#", line=Line.INTERNAL)] * (n % 11 == 0),
        )
        for n in range(first, last)
    ]


@pytest.fixture(scope="module")
def busy() -> core.State:
    """Return a service with more recipients than one part of a snapshot holds."""
    story = Story(
        call_limits=core.CallLimits(total=30), frequency_cap=core.FrequencyCap(attempts=2, per_h=1)
    )
    story.start(crowd(0, 17_000), retry=core.RetryPolicy(delays_s={core.Outcome.BUSY: 60}))
    story.tell(commands.AppendRecipients(campaign_id=1, recipients=crowd(17_000, 34_000)))
    story.tell(commands.AddToDoNotCall(numbers=[f"+39{n}" for n in range(900, 999)]))
    for number in story.up[:4]:
        story.end(number, after=100)
    return story.state


def test_recipients_of_many_parts_come_back(busy):
    stored = state_of(snapshot_of(busy))

    assert stored == busy
    assert core.check(stored) == ()
    (mine,), (theirs,) = core.campaigns(busy, busy.now), core.campaigns(stored, busy.now)
    assert mine == theirs
    for number, line in [("+39170", None), ("16995#", Line.INTERNAL), ("+3933999", None)]:
        found = theirs.recipients.positions_of(number, line)
        assert found == mine.recipients.positions_of(number, line) != []
    with pytest.raises(CampaignError):
        core.handle(
            stored,
            commands.AppendRecipients(campaign_id=1, recipients=[Recipient(number="+3917003")]),
            busy.now,
        )


def test_list_of_a_model_and_of_its_campaigns_is_kept_once():
    """The recipients' part of a snapshot is the bulk of it."""
    story = Story(call_limits=core.CallLimits(total=5))
    story.model(crowd(0, 2_000))
    one = snapshot_of(story.state)
    story.begin(1)
    story.begin(1)
    # As after a replay from a journal: equal lists, each made anew.
    stored = [codec.to_data(event) for event in story.events]
    replayed = core.replay([codec.from_data(data) for data in stored])

    assert len(snapshot_of(story.state)) < len(one) + 2_500
    assert snapshot_of(replayed) == snapshot_of(story.state)
    opened = state_of(snapshot_of(replayed))
    lists = [campaign.recipients for campaign in core.campaigns(opened, opened.now)]
    assert lists[0][0] is lists[1][0] is core.models(opened)[1].recipients[0]


def test_every_field_of_a_recipient_is_kept():
    """A field that is added to recipients must be added to the columns of snapshots too."""
    full = Recipient(
        number="1",
        line=Line.INTERNAL,
        name="Anna",
        email="a@b.it",
        time_zone="Europe/Rome",
        further_numbers=[Number(number="2")],
    )
    left_out = [f.name for f in attrs.fields(Recipient) if getattr(full, f.name) == f.default]
    story = Story()
    story.model([full])

    assert left_out == []
    assert list(core.models(state_of(snapshot_of(story.state)))[1].recipients) == [full]


# What was stored --------------------------------------------------------------------------------


def test_snapshot_that_was_stored_in_format_1_is_read_for_ever():
    """Never change the stored files: a later format gets one of its own."""
    stored = json.loads((DATA / "format-1.json").read_text(encoding="utf-8"))

    assert state_of((DATA / "snapshot-1.bin").read_bytes()) == codec.from_data(stored["state"])


def test_snapshot_of_a_busy_evening_is_read_for_ever():
    """With calls in every step, a cap, rates and a breaker; written by release 0.1."""
    state = state_of((DATA / "snapshot-0.1-evening.bin").read_bytes())

    assert core.check(state) == ()
    assert (state.sequence, len(core.calls(state))) == (99, 5)


# What is refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("newer", [SNAPSHOT_FORMAT + 1, 10, 999_999_999])
def test_snapshot_of_a_newer_release_is_refused_by_its_format(newer):
    snapshot = f"campaign snapshot {newer}\n".encode() + everything()[len(FIRST_LINE) :]

    with pytest.raises(JournalError, match=f"snapshot format {newer} is of a newer release"):
        state_of(snapshot)


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{}", b"campaign snapshot", b"campaign snapshot 0\n", FIRST_LINE, FIRST_LINE * 3],
)
def test_what_is_no_snapshot_is_refused(garbage):
    with pytest.raises(JournalError):
        state_of(garbage)


@given(st.floats(0, 1, exclude_max=True))
def test_snapshot_that_ends_early_is_refused(share):
    whole = everything()

    with pytest.raises(JournalError):
        state_of(whole[: int(share * len(whole))])


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_snapshot_with_a_changed_byte_is_refused(share, bits):
    changed = bytearray(everything())
    changed[int(share * len(changed))] ^= bits

    with pytest.raises(JournalError):
        state_of(bytes(changed))


@profile(max_examples=200)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
def test_content_that_nobody_wrote_so_is_read_or_refused_and_nothing_else(share, bits):
    """Even where the digest is right, one error tells that a snapshot cannot be read."""
    content = bytearray(everything()[CONTENT_AT:])
    content[int(share * len(content))] ^= bits
    forged = FIRST_LINE + sha256(content).digest() + content

    try:
        state_of(forged)
    except JournalError as error:
        assert str(error)  # noqa: PT017 -- either is right
