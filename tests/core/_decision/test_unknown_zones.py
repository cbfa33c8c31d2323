"""R3.6: a time zone is checked when it comes in; what this machine does not know is closed.

The zone of another machine stands here for any that this one does not know: it is put into what
that machine wrote.
"""

import json
import os
import subprocess
import sys

import pytest
from tests.core.stories import NOON, Story

import campaign_core as core
from campaign_core import CallingHours, Line, ReasonKind, Recipient, Weekday, codec, commands
from campaign_core._model import calling_hours
from campaign_core.errors import SettingsError
from campaign_core.reports import Tick

HERE, ELSEWHERE = "Asia/Tokyo", "Moon/Tranquility"
ALWAYS = (CallingHours(days=frozenset(Weekday), opens_min=0, closes_min=1_440),)


def somebody(number, zone=None):
    return Recipient(number=number, line=Line.INTERNAL, time_zone=zone)


def written_elsewhere(value):
    """Return data as a machine wrote them that knows one zone more."""
    return json.loads(json.dumps(codec.to_data(value)).replace(HERE, ELSEWHERE))


def read_here(events):
    return core.replay([codec.from_data(written_elsewhere(event)) for event in events])


@pytest.fixture
def story():
    """A campaign that is to start in an hour, with one recipient in a zone of their own."""
    story = Story()
    model = story.model([somebody("201"), somebody("202", HERE)], calling_hours=ALWAYS)
    story.tell(commands.StartCampaign(model_id=model, when=commands.StartAfter(minutes=60)))
    return story


@pytest.fixture
def state(story):
    """The state that this machine makes of the journal of that one."""
    return read_here(story.events)


STARTS = NOON + 60 * 60_000


def numbers(transition):
    return [event.number for event in transition.events if hasattr(event, "is_retry")]


def test_journal_of_a_machine_that_knew_more_is_read(story, state):
    """Reading an accepted event never refuses it, whatever machine reads."""
    again = read_here(story.events)

    assert state == again
    assert core.campaign(state, 1, NOON).recipients[1].time_zone == ELSEWHERE


def test_states_and_snapshots_keep_the_zone(state):
    for kept in (codec.from_data(codec.to_data(state)), codec.state_of(codec.snapshot_of(state))):
        assert kept == state
        assert core.campaign(kept, 1, NOON).recipients[1].time_zone == ELSEWHERE


def test_recipient_in_an_unknown_zone_is_not_called_and_others_are(state):
    """What this machine does not know (a time zone) is closed where hours are looked at."""
    after = core.handle(state, Tick(), STARTS)

    assert numbers(after) == ["201"]
    assert core.check(after.state) == ()


def test_explain_names_the_zone(state):
    state = core.handle(state, Tick(), STARTS).state

    (reason,) = core.explain(state, 1, 2, STARTS).reasons

    assert reason.kind is ReasonKind.UNKNOWN_TIME_ZONE
    assert ELSEWHERE in reason.sentence
    assert "tzdata" in reason.change
    assert reason.until is None


def test_operator_is_told_whom_it_concerns(state):
    """... and a note to the operator."""
    (unknown,) = core.unknown_time_zones(state)

    assert (unknown.campaign_id, unknown.time_zone, unknown.recipients) == (1, ELSEWHERE, 1)


def test_nobody_is_woken_for_hours_that_never_open(state):
    """R6.6: a host never spins."""
    state = core.handle(state, Tick(), STARTS).state
    (call,) = core.calls(state)

    wakes = [STARTS]
    while (wake := core.next_wakeup(state, wakes[-1])) is not None:
        state = core.handle(state, Tick(), wake).state
        wakes.append(wake)
        assert len(wakes) < 50

    assert call.deadline_at in wakes
    assert core.status(state, 1, wakes[-1]).name == "ACTIVE"


def test_without_calling_hours_no_zone_is_looked_at():
    story = Story()
    model = story.model([somebody("202", HERE)], time_zone=HERE)
    story.tell(commands.StartCampaign(model_id=model, when=commands.StartAfter(minutes=60)))
    state = read_here(story.events)

    assert numbers(core.handle(state, Tick(), STARTS)) == ["202"]
    assert core.unknown_time_zones(state) == ()


def test_machine_that_has_learned_the_zone_calls_after_a_restart(state, monkeypatch):
    """... and that recipient is not called meanwhile."""
    state = core.handle(state, Tick(), STARTS).state
    kept = codec.snapshot_of(state)
    known = calling_hours._zone
    monkeypatch.setattr(
        calling_hours, "_zone", lambda name: known("UTC" if name == ELSEWHERE else name)
    )
    state = codec.state_of(kept)
    wake = core.next_wakeup(state, STARTS)

    assert wake is not None
    assert numbers(core.handle(state, Tick(), wake)) == ["202"]


@pytest.mark.parametrize(
    "command",
    [
        commands.CloneModel(model_id=1, name="Copy"),
        commands.DisableModel(model_id=1),
        commands.StartCampaign(model_id=1, name="Again"),
        commands.StartCampaign(model_id=1, recipients=[somebody("203")]),
        commands.AppendRecipients(campaign_id=1, recipients=[somebody("203")]),
        commands.StartNow(campaign_id=1),
    ],
)
def test_what_was_accepted_is_not_checked_again(state, command):
    """A value is checked when it comes in, once."""
    after = core.handle(state, command, NOON)

    assert core.check(after.state) == ()
    assert core.replay(after.events, state) == after.state


def test_command_in_plain_data_is_input_and_is_checked():
    model = core.CampaignModel(
        name="A", caller_number="1", sound="s", recipients=[somebody("1", HERE)]
    )
    for command in (
        commands.AddModel(model=model),
        commands.AppendRecipients(campaign_id=1, recipients=model.recipients),
        commands.AddModel(model=core.CampaignModel(name="A", caller_number="1", time_zone=HERE)),
    ):
        with pytest.raises(SettingsError) as caught:
            codec.from_data(written_elsewhere(command))
        assert caught.value.field.endswith("time_zone")


def test_names_with_letters_of_a_later_unicode_are_read():
    """The tables of Unicode are the machine's too: a later Python knows more letters."""
    story = Story()
    story.model([Recipient(number="201", name="Ada")], name="Otto")
    data = json.dumps([codec.to_data(event) for event in story.events])
    unassigned = "\U0003fffd"
    data = data.replace("Ada", unassigned).replace("Otto", unassigned)

    state = core.replay(codec.from_data(event) for event in json.loads(data))

    model = core.models(state)[1]
    assert (model.name, model.recipients[0].name) == (unassigned, unassigned)


# Input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "localtime",
        "posixrules",
        "Factory",
        "right/Europe/Rome",
        "posix/Europe/Rome",
        "/usr/share/zoneinfo/Europe/Rome",
        "../zoneinfo/Europe/Rome",
        "Europe",
        "Europe/",
        "europe/rome",
        "EUROPE/ROME",
        "utc",
        "Moon/Tranquility",
        "zone.tab",
        "tzdata.zi",
        "leapseconds",
        "",
        "Europe/Rome\n",
        "Europe/Rome\0",
    ],
)
def test_what_is_no_name_of_iana_is_refused(name):
    """Names of time zones are IANA's (a file of the host is none)."""
    for make in (
        lambda: somebody("1", name),
        lambda: core.CampaignModel(name="A", caller_number="1", time_zone=name),
    ):
        with pytest.raises(SettingsError) as caught:
            make()
        assert "a known IANA time zone" in caught.value.rule


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "Europe/Rome", "Etc/GMT+5", "EST5EDT", "Japan"])
def test_names_of_iana_are_taken(name):
    assert somebody("1", name).time_zone == name


WITHOUT_DATA = """
import sys
sys.modules["tzdata"] = None
import campaign_core as core
from campaign_core import commands
from campaign_core.errors import SettingsError
hours = (core.CallingHours(days=list(core.Weekday), opens_min=0, closes_min=1440),)
model = core.CampaignModel(name="A", caller_number="1", sound="s", calling_hours=hours,
                           recipients=[core.Recipient(number="2", time_zone="UTC")])
state = core.open_service("a1b2c3d4", core.Settings(), 0).state
state = core.handle(state, commands.AddModel(model=model), 0).state
print(len(core.handle(state, commands.StartCampaign(model_id=1), 0).decisions))
try:
    core.Recipient(number="2", time_zone="Europe/Rome")
except SettingsError as error:
    print(error.rule)
"""


def test_without_zone_data_utc_works_and_others_are_refused_by_what_is_missing():
    """`UTC` is known without any zone data; another zone is refused with what is missing."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATA],
        env={**os.environ, "PYTHONTZPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    calls, rule = done.stdout.splitlines()
    assert calls == "1"
    assert "tzdata" in rule


def test_model_that_was_accepted_is_changed_without_asking_again(state):
    model = core.models(state)[1].changed(sound="other", recipients=[somebody("9")])
    other = core.models(codec.from_data(written_elsewhere(state)))[1]

    assert (model.sound, len(model.recipients)) == ("other", 1)
    assert other.changed(name="Copy").time_zone == other.time_zone
    with pytest.raises(SettingsError) as caught:
        other.changed(time_zone=ELSEWHERE)
    assert caught.value.field == "time_zone"
