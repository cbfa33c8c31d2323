"""R9.1: a report's constructor refuses what is not of its type; whatever is taken is read again."""

import itertools
import json
from enum import IntEnum, StrEnum

import attrs
import pytest
from tests.core.codec.example import EVERY_KIND

import campaign_core as core
from campaign_core import CallLimits, Outcome, codec, commands, reports
from campaign_core.errors import SettingsError
from campaign_core.reports import (
    WHY_MAX,
    AnswerReport,
    CallsAdriftReport,
    CallsUpReport,
    CapacityReport,
    DeferralReport,
    DigitReport,
    DriverDownReport,
    EndReport,
    PlaybackEnd,
    PlaybackReport,
    RefusalReport,
    telling,
)

ID = "a1b2c3d4" * 4


class Cause(IntEnum):
    BUSY = 17


class Text(str):
    __slots__ = ()


class Odd(StrEnum):
    VALUE = "5"


REFUSED = [
    (EndReport, "hangup_cause", ["17", 17.0, True, float("nan"), -1, 1 << 31, [17], b"17"]),
    (EndReport, "unanswered_as", ["BUSY", None, Outcome.REACHED, [], 1]),
    (EndReport, "took_commands", [None, 1, "yes"]),
    (EndReport, "call_id", [None, 7, b"x", "\ud800", "a\nb", "x" * 256, [ID]]),
    (AnswerReport, "call_id", [None, 7, "\ud800"]),
    (RefusalReport, "why", [None, 7, b"no", "\ud800", "a\x00b", "a\u2028b", "x" * (WHY_MAX + 1)]),
    (DeferralReport, "until", [None, 1.5e3, "1500", True, -1, float("inf")]),
    (PlaybackReport, "play", [None, "1", 1.0, True]),
    (PlaybackReport, "end", [None, "FINISHED", 1]),
    (DigitReport, "digit", [None, 5, "", "12", "a", "٣", ["5"]]),
    (CapacityReport, "call_limits", [None, 5, {"total": 5}]),
    (DriverDownReport, "returned", [None, "abc", b"abc", 5, [None], [7]]),
    (CallsUpReport, "call_ids", [None, "abc", 5, [None], [["a"]]]),
    (CallsUpReport, "among", ["abc", 5, [None]]),
    (CallsAdriftReport, "call_ids", [None, "abc", [5]]),
]
GOOD = {
    "call_id": ID,
    "why": "no route",
    "until": 5,
    "play": 1,
    "digit": "5",
    "call_limits": CallLimits(),
    "call_ids": (),
}


def make(kind, **fields):
    needed = {
        f.name: GOOD[f.name] for f in attrs.fields(kind) if f.default is attrs.NOTHING
    } | fields
    placed = [needed.pop(f.name) for f in attrs.fields(kind) if not f.kw_only and f.name in needed]
    return kind(*placed, **needed)


def through_bytes(value):
    written = json.dumps(codec.to_data(value), ensure_ascii=False, allow_nan=False).encode()
    return codec.from_data(json.loads(written))


@pytest.mark.parametrize(
    ("kind", "field", "values"),
    REFUSED,
    ids=[f"{kind.__name__}-{name}" for kind, name, _ in REFUSED],
)
def test_report_refuses_what_is_not_of_its_type(kind, field, values):
    for value in values:
        with pytest.raises(SettingsError) as refused:
            make(kind, **{field: value})

        listed = {"call_id"} if field in ("returned", "call_ids", "among") else set()
        assert refused.value.field in {field} | listed


@pytest.mark.parametrize(
    ("report", "plain"),
    [
        (EndReport(call_id=ID, hangup_cause=Cause.BUSY), EndReport(call_id=ID, hangup_cause=17)),
        (DigitReport(call_id=Text(ID), digit=Odd.VALUE), DigitReport(call_id=ID, digit="5")),
        (RefusalReport(call_id=ID, why=Text("no")), RefusalReport(call_id=ID, why="no")),
        (DriverDownReport([Text(ID)]), DriverDownReport((ID,))),
    ],
)
def test_numbers_and_texts_are_kept_as_plain_ones(report, plain):
    """Whatever class of them a driver uses, what is kept is what is read again."""
    assert report == plain
    for field in attrs.fields(type(report)):
        mine, theirs = getattr(report, field.name), getattr(plain, field.name)
        assert type(mine) is type(theirs)
    assert through_bytes(report) == report


def test_instant_beyond_the_calendar_is_its_end():
    report = DeferralReport(call_id=ID, until=1 << 60)

    assert report == DeferralReport(call_id=ID, until=(1 << 43) - 1)


@pytest.mark.parametrize(
    "said", ["503\tno\r\ntrunk", "\ud83d", "x" * 5_000, "", "linea – è occupata"]
)
def test_what_a_telephony_said_can_be_told(said):
    """Whatever it was: a driver makes a sentence of it, and loses no report."""
    report = RefusalReport(call_id=ID, why=telling(said))

    assert through_bytes(report) == report
    assert telling("linea – è occupata") == "linea – è occupata"


# Everything that comes in ------------------------------------------------------------------------

NASTY = [
    None,
    True,
    0,
    -1,
    10**400,
    10**5_000,
    -(10**5_000),
    1.0,
    float("nan"),
    "",
    "5",
    "\ud800",
    "a\x00",
    "a\n",
    "\u2028",
    "x" * 5_000,
    b"5",
    [],
    [1],
    ["\ud800"],
    {},
    {"total": 1},
    (1, 2),
    object(),
    Cause.BUSY,
    Text("5"),
    Odd.VALUE,
    Outcome.BUSY,
    PlaybackEnd.FAILED,
]


def values_in(value):
    """Yield a value and all that it is made of, with what makes the whole anew around each."""
    yield value, lambda changed: changed
    if not attrs.has(type(value)):
        return
    for field in attrs.fields(type(value)):
        if not field.init:
            continue
        for inner, around in values_in(getattr(value, field.name)):

            def made(changed, field=field, around=around):
                return attrs.evolve(value, **{field.name: around(changed)})

            yield inner, made


INPUT = [
    value
    for value in EVERY_KIND
    if isinstance(value, (*reports.Report.__args__, *commands.Command.__args__))
]


@pytest.mark.parametrize("message", INPUT, ids=lambda message: type(message).__name__)
def test_whatever_a_message_takes_is_read_again(message):
    """R9.1, R3.3: a value is refused when it comes in, or can be kept and read again."""
    for inner, around in values_in(message):
        if inner is message:
            continue
        for value in NASTY:
            try:
                taken = around(value)
            except (SettingsError, TypeError):
                continue
            assert through_bytes(taken) == taken, (inner, value)


def test_service_is_opened_with_what_is_read_again_alone():
    """R8.3: the first event is as any other; who opens the service is named like any actor."""
    good = {"service_id": "a1b2c3d4", "settings": core.Settings(), "now": 5, "actor": "anna"}
    for name, value in itertools.product(good, NASTY):
        try:
            opened = core.open_service(**{**good, name: value})
        except SettingsError:
            continue
        assert [through_bytes(event) for event in opened.events] == list(opened.events)
        assert through_bytes(opened.state) == opened.state


def test_subclass_of_a_message_is_no_message():
    """It could not be told from the one that it is made of when it is read again."""

    class MyPause(commands.PauseCampaign):
        pass

    class MyEnd(EndReport):
        pass

    state = core.open_service("a1b2c3d4", core.Settings(), 0).state
    for message in (MyPause(campaign_id=1), MyEnd(call_id=ID), None, "stop"):
        with pytest.raises(TypeError, match="a command, a report or a tick is taken"):
            core.handle(state, message, 0)
