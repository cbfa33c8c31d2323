"""Every value to plain JSON data and back; what was stored once is read for ever."""

import json
from enum import IntEnum
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from tests.core.codec.example import EVERY_KIND, STORIES, story_of_everything

import campaign_core as core
from campaign_core import codec, commands, decisions, events, reports
from campaign_core.errors import JournalError, SettingsError
from campaign_core.testing import campaign_models, histories, settings

DATA = Path(__file__).parents[1] / "data"


def through_json(value: object) -> object:
    return codec.from_data(json.loads(json.dumps(codec.to_data(value))))


# Round trips ------------------------------------------------------------------------------------


@profile(max_examples=60)
@given(histories())
def test_whatever_came_about_comes_back_from_json(history):
    """A codec: every value, state snapshot and event included, to plain JSON data and back."""
    assert through_json(history.state) == history.state
    for event in history.events:
        assert through_json(event) == event
    for message, _ in history.messages:
        assert through_json(message) == message
    for transition in history.transitions:
        for decision in transition.decisions:
            assert through_json(decision) == decision


@profile(max_examples=60)
@given(histories(), st.data())
def test_state_that_was_stored_goes_on_as_if_it_had_not_been(history, data):
    """R9.3: after a crash, limits hold: equal states give equal answers."""
    stored = through_json(history.state)
    assert core.check(stored) == ()
    up = core.calls(history.state)
    messages = [reports.Tick(), commands.AddToDoNotCall(numbers=("1",))]
    messages += [reports.EndReport(call_id=call.placement.call_id) for call in up]
    message = data.draw(st.sampled_from(messages))

    one = core.handle(history.state, message, history.now)
    other = core.handle(stored, message, history.now)

    assert (one.events, one.decisions) == (other.events, other.decisions)
    assert one.state == other.state


@given(campaign_models())
def test_models_come_back_from_json(model):
    assert through_json(model) == model


@given(settings())
def test_settings_come_back_from_json(general):
    assert through_json(commands.ChangeSettings(settings=general)).settings == general


def test_example_holds_every_event_every_message_and_every_decision():
    unions = (
        *events.Event.__args__,
        *commands.Command.__args__,
        *reports.Report.__args__,
        *decisions.Decision.__args__,
        *reports.HostReport.__args__,
    )

    assert {type(value) for value in EVERY_KIND} >= set(unions)


@pytest.mark.parametrize("value", EVERY_KIND, ids=lambda value: type(value).__name__)
def test_every_word_comes_back_from_json(value):
    assert through_json(value) == value
    assert codec.to_data(value)["format"] == codec.FORMAT
    assert codec.to_data(value)["type"] == type(value).__name__


def written_by_way_of_data(event: events.Event, *, is_ascii: bool) -> str:
    return json.dumps(codec.to_data(event), ensure_ascii=is_ascii, separators=(",", ":"))


@pytest.mark.parametrize("is_ascii", [False, True])
def test_text_of_an_event_is_that_of_its_data(is_ascii):
    told = [event for make in STORIES.values() for event in make().events]
    assert {type(event) for event in told} >= set(events.Event.__args__)
    for event in told:
        assert codec.to_json(event, is_ascii=is_ascii) == written_by_way_of_data(
            event, is_ascii=is_ascii
        )


@profile(max_examples=60)
@given(histories())
def test_text_of_whatever_happened_is_that_of_its_data(history):
    for event in history.events:
        assert codec.to_json(event) == written_by_way_of_data(event, is_ascii=False)


@pytest.mark.parametrize("is_ascii", [False, True])
@pytest.mark.parametrize("hangup_cause", [None, 0, 16, IntEnum("Cause", {"BUSY": 17}).BUSY])
@pytest.mark.parametrize("sounds_missing", [0, 3])
def test_awkward_values_of_an_event_are_written_as_its_data(is_ascii, hangup_cause, sounds_missing):
    event = events.CallEnded(
        seq=1,
        at=core.Instant(0),
        actor='"%s" \\ {0}',
        call_id=core.CallId("0" * 32),
        outcome=core.Outcome.FAILED,
        hangup_cause=hangup_cause,
        detail="\x00\n\u2028 zu Österreich 😀 \ud800",
        sounds_missing=sounds_missing,
    )

    assert codec.to_json(event, is_ascii=is_ascii) == written_by_way_of_data(
        event, is_ascii=is_ascii
    )


@pytest.mark.parametrize("value", [None, 5, core.Settings(), reports.Tick()])
def test_what_is_no_event_has_no_text(value):
    with pytest.raises(TypeError, match="not an event of the core"):
        codec.to_json(value)


@pytest.mark.parametrize("value", [None, 5, "x", object(), core.Status.ACTIVE, [], core.State])
def test_what_is_no_value_of_the_core_is_not_written(value):
    with pytest.raises(TypeError, match="not a value of the core"):
        codec.to_data(value)


# What was stored --------------------------------------------------------------------------------


def stored_as(name: str) -> dict:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def test_every_kind_of_event_is_stored_somewhere():
    written = {data["type"] for name in STORIES for data in stored_as(name)["events"]}

    assert written == {kind.__name__ for kind in events.Event.__args__}


@pytest.mark.parametrize("name", STORIES)
def test_what_was_stored_in_format_1_is_read_for_ever(name):
    """With a format number that a later release can still read. Never change a stored file."""
    stored = stored_as(name)

    journal = [codec.from_data(data) for data in stored["events"]]
    state = codec.from_data(stored["state"])

    assert core.replay(journal) == state
    assert core.check(state) == ()
    for data in [*stored["commands"], *stored["reports"], *stored["decisions"]]:
        assert type(codec.from_data(data)).__name__ == data["type"]


@pytest.mark.parametrize("name", STORIES)
def test_what_is_written_today_is_what_was_stored(name):
    """What is new is added to the examples by a new story and a new file, not to an old one."""
    stored = stored_as(name)
    story = STORIES[name]()

    assert stored["events"] == [codec.to_data(event) for event in story.events]
    assert stored["state"] == codec.to_data(story.state)


# What cannot be read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "x",
        5,
        {},
        {"type": "Tick"},
        {"format": None, "type": "Tick"},
        {"format": "1", "type": "Tick"},
        {"format": True, "type": "Tick"},
        {"format": 0, "type": "Tick"},
        {"format": -1, "type": "Tick"},
        {"format": 1},
        {"format": 1, "type": None},
        {"format": 1, "type": []},
        {"format": 1, "type": "Nothing"},
        {"format": 1, "type": "State"},
        {"format": 1, "type": "Tick", "more": 1},
        {"format": 1, "type": "AnswerReport"},
        {"format": 1, "type": "AnswerReport", "call_id": 5},
        {"format": 1, "type": "DriverCameUp", "seq": "1", "at": 0, "actor": "x"},
        {"format": 1, "type": "DriverCameUp", "seq": True, "at": 0, "actor": "x"},
        {"format": 1, "type": "CallsUpReport", "call_ids": 5},
        {"format": 1, "type": "EndReport", "call_id": "x", "unanswered_as": "NOTHING"},
    ],
)
def test_what_is_not_of_the_core_is_refused(data):
    with pytest.raises(JournalError):
        codec.from_data(data)


@pytest.mark.parametrize("newer", [2, 3, 1_000])
def test_what_a_newer_release_wrote_is_refused_by_its_format(newer):
    with pytest.raises(JournalError, match=f"format {newer} is of a newer release"):
        codec.from_data({"format": newer, "type": "Tick"})


def test_value_that_the_rules_do_not_allow_is_refused_by_them():
    data = codec.to_data(commands.StartAfter(5)) | {"minutes": -1}

    with pytest.raises(SettingsError) as refused:
        codec.from_data(data)

    assert refused.value.field == "minutes"


def test_field_that_is_missing_takes_its_default():
    """A later release reads what an earlier one wrote."""
    data = codec.to_data(core.CampaignModel(name="A", caller_number="1"))
    del data["breaker"], data["order"]

    assert codec.from_data(data) == core.CampaignModel(name="A", caller_number="1")


GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=3,
)


@st.composite
def garbled(draw: st.DrawFn) -> object:
    """Draw data of the core with something changed somewhere."""
    story = story_of_everything()
    value = draw(st.sampled_from([story.state, story.state, *EVERY_KIND]))
    data = json.loads(json.dumps(codec.to_data(value)))
    node = data
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return data
        key = draw(st.sampled_from(keys))
        if isinstance(node[key], dict | list) and node[key] and draw(st.integers(0, 3)):
            node = node[key]
            continue
        what = draw(st.sampled_from(["change", "change", "remove", "double"]))
        if what == "remove":
            del node[key]
        elif what == "double" and isinstance(node, list):
            node.append(node[key])
        else:
            node[key] = draw(GARBAGE)
        return data


@profile(max_examples=250)
@given(garbled())
def test_garbage_is_read_or_refused_and_nothing_else(data):
    """Stored data that this release cannot read raises one error, whatever is wrong in it."""
    try:
        codec.from_data(data)
    except (JournalError, SettingsError) as error:
        assert str(error)  # noqa: PT017 -- either is right


def test_value_in_the_place_of_another_is_refused():
    """R9.1: whatever is read again is of its type: another value of the core has no place there."""
    opened = codec.to_data(core.open_service("a1b2c3d4", core.Settings(), 0).events[0])
    start = codec.to_data(commands.StartCampaign(model_id=1))
    other = {"type": "Outcome", "name": "BUSY"}
    for garbled in ({**opened, "settings": other}, {**start, "when": other}):
        with pytest.raises(JournalError, match="Outcome is no"):
            codec.from_data(garbled)


@given(GARBAGE)
def test_what_is_no_data_at_all_is_refused(data):
    with pytest.raises(JournalError):
        codec.from_data(data)


def test_values_are_plain_json():
    """Dicts with text keys, lists, text, whole numbers, booleans, ``None``."""

    def is_plain(data: object) -> bool:
        match data:
            case dict():
                return all(isinstance(k, str) and is_plain(v) for k, v in data.items())
            case list():
                return all(map(is_plain, data))
            case None | str() | bool() | int():
                return True
        return False

    for value in [*EVERY_KIND, story_of_everything().state]:
        assert is_plain(codec.to_data(value))


def test_every_value_is_hashable_comparable_and_says_what_it_is():
    for value in EVERY_KIND:
        again = attrs.evolve(value)
        assert (again, hash(again)) == (value, hash(value))
        assert repr(value).startswith(type(value).__name__ + "(")
        assert value != object()
