"""A journal in a file: what was appended is read again, and what was damaged is told."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

import campaign_core
from campaign_core import CampaignModel, Instant, Recipient, Settings
from campaign_core.codec import from_data, state_of, to_data
from campaign_core.commands import AddModel, PauseCampaign, ResumeCampaign, StartCampaign
from campaign_core.errors import JournalError
from campaign_service.journal import (
    AppendConflictError,
    JournalDamagedError,
    JsonLinesJournal,
    TornTail,
)

DATA = Path(__file__).parent / "data"
CORE_DATA = Path(__file__).parents[2] / "core" / "data"
NOON = Instant(1_768_219_200_000)


@pytest.fixture(scope="module")
def events():
    """Eight or so, of different kinds, a second apart."""
    found = list(campaign_core.open_service("00000001", Settings(), NOON).events)
    state = campaign_core.replay(found)
    model = CampaignModel(
        name="Zoë", caller_number="100", sound="m", recipients=[Recipient(number="201")]
    )
    commands = [
        AddModel(model=model),
        StartCampaign(model_id=1),
        PauseCampaign(campaign_id=1),
        ResumeCampaign(campaign_id=1),
    ]
    for second, command in enumerate(commands, 1):
        transition = campaign_core.handle(state, command, Instant(NOON + second * 1_000))
        state = transition.state
        found += transition.events
    return found


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


@pytest.fixture
def written(path, events):
    """A journal of all events, closed."""
    journal = JsonLinesJournal.create(path)
    journal.append(events, expected=0)
    journal.close()
    return path


def test_what_was_appended_is_read_again(path, events):
    journal = JsonLinesJournal.create(path)
    for event in events:
        journal.append([event], expected=event.seq - 1)

    assert journal.last_seq == len(events)
    assert list(journal.read()) == events
    journal.close()
    assert list(JsonLinesJournal.open(path).read()) == events


def test_reading_may_begin_behind_an_event_and_end_at_a_time(written, events):
    journal = JsonLinesJournal.open(written)

    assert list(journal.read(after=3)) == events[3:]
    until = Instant(NOON + 2_000)
    assert list(journal.read(until=until)) == [event for event in events if event.at <= until]


def test_append_is_on_the_disk_when_it_returns(path, events, monkeypatch):
    """R9.3: its event is durable before a call is placed."""
    synced = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.stat().st_size))
    journal = JsonLinesJournal.create(path)
    journal.append(events, expected=0)

    assert synced[-1] == path.stat().st_size
    assert path.read_bytes().count(b"\n") == len(events) + 1
    journal.close()


def test_journal_of_a_simulation_need_not_wait_for_the_disk(path, events, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("waits"))
    journal = JsonLinesJournal.create(path, is_durable=False)
    journal.append(events, expected=0)

    assert list(journal.read()) == events
    journal.close()


def test_append_that_expects_another_event_is_refused(path, events):
    """Of two writers, one at most succeeds."""
    journal = JsonLinesJournal.create(path)
    journal.append(events[:2], expected=0)

    with pytest.raises(AppendConflictError, match="ends with event 2, not 1"):
        journal.append(events[1:], expected=1)
    assert list(journal.read()) == events[:2]
    journal.close()


def test_journal_is_never_overwritten(written):
    with pytest.raises(FileExistsError):
        JsonLinesJournal.create(written)


def test_journal_that_was_opened_is_only_read(written, events):
    with pytest.raises(OSError, match="reading alone"):
        JsonLinesJournal.open(written).append(events[:1], expected=len(events))


def test_nothing_is_written_behind_an_append_that_failed(path, events, monkeypatch):
    journal = JsonLinesJournal.create(path)
    journal.append(events[:1], expected=0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _disk_full)
        with pytest.raises(OSError, match="No space left"):
            journal.append(events[1:2], expected=1)

    with pytest.raises(OSError, match="reading alone"):
        journal.append(events[1:2], expected=1)
    assert list(JsonLinesJournal.open(path).read()) == events[:1]


def _disk_full(_):
    raise OSError(28, "No space left on device")


def test_torn_tail_is_told_wherever_it_was_cut(written, events):
    """Found and reported, never silently dropped."""
    whole = written.read_bytes()
    last = whole[:-1].rindex(b"\n") + 1
    for cut in range(last + 1, len(whole)):
        written.write_bytes(whole[:cut])
        journal = JsonLinesJournal.open(written)

        assert list(journal.read()) == events[:-1]
        assert journal.torn_tail == TornTail(line=len(events) + 1, size=cut - last)


def test_journal_that_was_cut_between_two_lines_has_no_torn_tail(written, events):
    whole = written.read_bytes()
    written.write_bytes(whole[: whole[:-1].rindex(b"\n") + 1])
    journal = JsonLinesJournal.open(written)

    assert list(journal.read()) == events[:-1]
    assert journal.torn_tail is None


def test_blank_lines_at_the_end_do_no_harm(written, events):
    whole = written.read_bytes()
    written.write_bytes(whole + b"\n\n")
    journal = JsonLinesJournal.open(written)

    assert list(journal.read()) == events
    assert journal.torn_tail is None

    written.write_bytes(whole[: whole[:-1].rindex(b"\n") + 1] + b"\n\n" + whole[-20:])
    with pytest.raises(JournalDamagedError, match="the line is no event"):
        list(JsonLinesJournal.open(written).read())


def lines(path):
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def test_missing_event_is_told(written):
    found = lines(written)
    written.write_text("".join(found[:3] + found[4:]), encoding="utf-8")

    with pytest.raises(JournalDamagedError, match=r":4: event 3 is missing: event 4 stands in its"):
        list(JsonLinesJournal.open(written).read())


@pytest.mark.parametrize("garbage", ["x\n", "{}\n", "[]\n", '{"format": 1, "type": "Tick"}\n'])
def test_line_that_is_no_event_is_told(written, garbage):
    found = lines(written)
    found[3] = garbage
    written.write_text("".join(found), encoding="utf-8")

    with pytest.raises(JournalError, match=r"journal.jsonl:4: "):
        list(JsonLinesJournal.open(written).read())


def test_journal_of_a_newer_release_is_refused(written):
    found = lines(written)
    found[0] = json.dumps({"journal": "call-campaign", "format": 2}) + "\n"
    written.write_text("".join(found), encoding="utf-8")

    with pytest.raises(JournalError, match=r"newer release wrote it \(format 2\).*up to format 1"):
        JsonLinesJournal.open(written)


def test_event_of_a_newer_release_is_refused(written):
    found = lines(written)
    data = json.loads(found[3])
    found[3] = json.dumps({**data, "format": 99}) + "\n"
    written.write_text("".join(found), encoding="utf-8")

    with pytest.raises(JournalError, match=r":4: format 99 is of a newer release"):
        list(JsonLinesJournal.open(written).read())


@pytest.mark.parametrize("content", [b"", b"name,number\n", b'{"format": 1}\n', b"\xff\xfe\n"])
def test_file_that_is_no_journal_is_refused(path, content):
    path.write_bytes(content)

    with pytest.raises(JournalError, match=r"journal.jsonl:1: not a journal"):
        JsonLinesJournal.open(path)


@pytest.mark.parametrize("order", [[1, 2, 3], [0, 2], [0, 1, 1, 2], [1, 0]])
def test_events_that_are_not_numbered_on_are_refused(tmp_path, events, order):
    """R9.1: an append that does not follow is refused, and nothing of it is written."""
    path = tmp_path / "journal.jsonl"
    journal = JsonLinesJournal.create(path)
    before = path.read_bytes()

    with pytest.raises(JournalError, match="not numbered on from 0"):
        journal.append([events[place] for place in order], expected=0)

    journal.append(events, expected=0)
    journal.close()
    assert path.read_bytes().startswith(before)
    assert list(JsonLinesJournal.open(path).read()) == events


# What an older release wrote ----------------------------------------------------------------


def test_journal_of_an_older_release_opens_and_gives_the_state_it_gave():
    """R8.3: the same events give an equal state; the snapshot is of the same moment."""
    path = DATA / "journal-0.1-evening.jsonl"
    snapshot = CORE_DATA / "snapshot-0.1-evening.bin"

    state = campaign_core.replay(JsonLinesJournal.open(path).read())

    assert state_of(snapshot.read_bytes()) == state
    assert campaign_core.check(state) == ()


def test_events_of_an_older_release_are_written_as_they_were():
    """What has not changed is written as before: an older release reads it too."""
    lines = (DATA / "journal-0.1-evening.jsonl").read_text(encoding="utf-8").splitlines()[1:]

    assert [json.loads(line) for line in lines] == [
        to_data(from_data(json.loads(line))) for line in lines
    ]


# Whether anybody altered it ---------------------------------------------------------------------


def read_whole(path):
    """Return the events, and raise where anything is wrong, a torn tail included."""
    journal = JsonLinesJournal.open(path)
    found = list(journal.read())
    if journal.torn_tail is not None:
        raise JournalDamagedError(str(journal.torn_tail))
    return found


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_flipped_bit_is_found(written, data):
    original = written.read_bytes()
    bit = data.draw(st.integers(0, len(original) * 8 - 1))
    altered = bytearray(original)
    altered[bit // 8] ^= 1 << bit % 8
    path = written.with_name("altered.jsonl")
    path.write_bytes(altered)
    with pytest.raises(JournalError):
        read_whole(path)


@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_lines_that_are_taken_out_swapped_or_doubled_are_found(written, data):
    header, *lines = written.read_bytes().splitlines(keepends=True)
    one, other = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), min_size=2, max_size=2)))
    altered = data.draw(
        st.sampled_from(
            [
                [*lines[:one], *lines[one + 1 :]],
                [*lines[:one], lines[other], *lines[one + 1 : other], lines[one]],
                [*lines[: one + 1], *lines[one:]],
                [*lines[:one], lines[one][: len(lines[one]) // 2], *lines[one + 1 :]],
            ]
        )
    )
    path = written.with_name("altered.jsonl")
    path.write_bytes(b"".join([header, *altered]))
    with pytest.raises(JournalError):
        read_whole(path)


def test_journal_of_an_older_release_has_no_chain_and_opens(written):
    journal = JsonLinesJournal.open(DATA / "journal-0.1-evening.jsonl")
    assert not journal.is_chained
    assert len(list(journal.read())) == journal.last_seq > 0
    assert JsonLinesJournal.open(written).is_chained


def test_chain_cannot_be_taken_off_by_the_header_alone(written):
    """Whoever alters the header to that of an older release is found by the lines."""
    text = written.read_text()
    written.write_text(text.replace(',"chain":"sha-256"}', "}", 1))
    with pytest.raises(JournalError):
        read_whole(written)
