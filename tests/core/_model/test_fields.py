"""R3.2, field by field: what may be, what may not, and what the refusal says."""

from __future__ import annotations

from typing import Any
from unicodedata import category

import pytest

import campaign_core as core
from campaign_core import commands
from campaign_core.errors import SettingsError

DIGITS = "0123456789"


def built(kind: Any, name: str, value: object) -> Any:
    """Return a value of a class with one field given, its other fields good."""
    return kind(**{**GOOD.get(kind, {}), name: value})


GOOD: dict[Any, dict[str, Any]] = {
    core.CampaignModel: {"name": "A", "caller_number": "100"},
    core.Recipient: {"number": "1"},
    core.Number: {"number": "1"},
    core.CallRate: {"calls": 1, "per_s": 1},
    core.FrequencyCap: {"attempts": 1, "per_h": 1},
    core.Breaker: {"calls": 1, "failed_percent": 0},
    core.TransferOption: {"digit": "8", "extension": "800"},
    core.CallingHours: {"days": {core.Weekday.MONDAY}, "opens_min": 0, "closes_min": 1440},
    commands.AddAttempts: {"campaign_id": 1, "attempts": 1},
    commands.StopAttempts: {"campaign_id": 1},
    commands.StartCampaign: {"model_id": 1},
    commands.CloneModel: {"model_id": 1, "name": "A"},
    commands.EditModel: {"model_id": 1, "model": core.CampaignModel(name="A", caller_number="1")},
    commands.DeleteModels: {"model_ids": (1,)},
    commands.StopCampaign: {"campaign_id": 1},
}

# Whole numbers: class, field, least, most.
RANGES: list[tuple[Any, str, int, int | None]] = [
    # R2
    (core.Settings, "active_campaigns_max", 0, None),
    (core.CallLimits, "total", 0, None),
    (core.CallLimits, "internal", 0, None),
    (core.CallLimits, "external", 0, None),
    # R3.2
    (core.CampaignModel, "priority", 0, 1_000),
    (core.CampaignModel, "ring_timeout_s", 1, 600),
    (core.CampaignModel, "attempts_max", 1, 100),
    (core.CampaignModel, "threshold", 1, None),
    # R3.2, where the beyond values live
    (core.CallRate, "calls", 1, 10_000),
    (core.CallRate, "per_s", 1, 3_600),
    (core.FrequencyCap, "attempts", 1, 1_000),
    (core.FrequencyCap, "per_h", 1, 8_760),
    (core.CallScript, "digit_timeout_s", 1, 60),
    (core.CallScript, "answer_prompts_max", 1, 20),
    (core.CallScript, "message_plays_max", 1, 20),
    (core.CallScript, "call_duration_max_s", 10, 7_200),
    # R6.11
    (core.CallingHours, "opens_min", 0, 1_439),
    (core.CallingHours, "closes_min", 1, 1_440),
    # R6.17
    (core.Breaker, "calls", 1, 1_000),
    (core.Breaker, "failed_percent", 0, 99),
    # R4.2, R4.11, R5.2
    (commands.StartAfter, "minutes", 0, 5_256_000),
    (commands.AddAttempts, "attempts", 1, 100),
]

# Fields that may be left empty: R2, R3.2, R4.1, R4.11.
MAY_BE_NONE = {
    (core.Settings, "active_campaigns_max"),
    (core.Settings, "call_rate"),
    (core.Settings, "frequency_cap"),
    (core.Settings, "answer_prompt"),
    (core.Settings, "listening_prompt"),
    (core.CallLimits, "total"),
    (core.CallLimits, "internal"),
    (core.CallLimits, "external"),
    (core.CampaignModel, "threshold"),
    (core.CampaignModel, "routing_class"),
    (core.CampaignModel, "sound"),
    (core.CampaignModel, "call_rate"),
    (core.CampaignModel, "breaker"),
    (core.Recipient, "time_zone"),
    (core.CallScript, "opt_out_digit"),
    (core.CallScript, "transfer"),
    (core.CallScript, "answer_prompt"),
    (core.CallScript, "listening_prompt"),
    (commands.StartCampaign, "name"),
    (commands.StartCampaign, "sound"),
    (commands.StartCampaign, "recipients"),
    (commands.StartCampaign, "expires_at"),
}

FLAGS: list[tuple[Any, str]] = [
    (core.Settings, "one_call_per_number"),
    (core.CampaignModel, "enabled"),
    (core.CampaignModel, "stop_at_threshold"),
    (core.CallScript, "confirm_answer"),
    (core.CallScript, "confirm_listening"),
    (commands.EditModel, "confirmed"),
    (commands.DeleteModels, "confirmed"),
    (commands.StopCampaign, "hang_up"),
]

CONTROL = ["\n", "\r", "\0", "\t", "\x1b", "\x7f", "\x85", "\u2028", "\u200b", "\ud800"]
"""Control characters of several kinds, breaks of lines, and what is no character at all."""

NAMES: list[tuple[Any, str]] = [
    (core.CampaignModel, "name"),
    (commands.StartCampaign, "name"),
    (commands.CloneModel, "name"),
]
GOOD_NAMES = ["A", "x" * 64, "Città 2-b_c", "Ωμέγα", "हिन्दी", "学校", "٣", "-", "_"]
BAD_NAMES = ["", " ", "   ", "x" * 65, "a.b", "a/b", "a,b", 'a"b', "<a>", "a@b", "é!", 5, b"a"]

NUMBERS: list[tuple[Any, str]] = [
    (core.CampaignModel, "caller_number"),
    (core.Recipient, "number"),
    (core.Number, "number"),
    (core.TransferOption, "extension"),
]
GOOD_NUMBERS = ["0", "+39050", "*21#", "+" + "9" * 31, "9" * 31]
BAD_NUMBERS = ["", "+", "9" * 32, "+" + "9" * 32, "1+", "++1", "1 2", "1-2", "a", "A", "٣", "1,2"]
BAD_NUMBERS += [1, None, ["1"]]

SOUNDS: list[tuple[Any, str]] = [
    (core.CampaignModel, "sound"),
    (commands.StartCampaign, "sound"),
    (core.Settings, "answer_prompt"),
    (core.Settings, "listening_prompt"),
    (core.CallScript, "answer_prompt"),
    (core.CallScript, "listening_prompt"),
]
GOOD_SOUNDS = ["a", "x" * 255, "en/press-1", "custom/my_sound.v2", ".", "/"]
BAD_SOUNDS = ["", "x" * 256, "..", "a/../b", "a b", "é", "a&b", "a|b", "a,b", "http:a", 1, ["a"]]

TEXTS: list[tuple[Any, str, list[Any], list[Any]]] = [
    *[(kind, name, GOOD_NAMES, BAD_NAMES) for kind, name in NAMES],
    *[(kind, name, GOOD_NUMBERS, BAD_NUMBERS) for kind, name in NUMBERS],
    *[(kind, name, GOOD_SOUNDS, BAD_SOUNDS) for kind, name in SOUNDS],
    (
        core.CampaignModel,
        "routing_class",
        ["a", "x" * 64, "Trunk_1.b-c", DIGITS],
        ["", "x" * 65, "a b", "a/b", "é", 1],
    ),
    (core.Recipient, "name", ["", "x" * 128, "Anna D’Angelo (3B)"], ["x" * 129, 1, None]),
    (
        core.Recipient,
        "email",
        ["", "a@b", "x" * 250 + "@b.c", "anna+3b@scuola.it"],
        ["a", "@", "a@", "@b", "a@b@c", "a b@c", "x" * 251 + "@b.c", 1, None],
    ),
    (
        core.Recipient,
        "time_zone",
        ["UTC", "Europe/Rome", "America/Argentina/Buenos_Aires", "Etc/GMT+5"],
        ["", "Europe", "Rome", "Europe/Nowhere", "../UTC", "/etc/passwd", "UTC ", 1, "Europe/"],
    ),
    (
        core.CampaignModel,
        "time_zone",
        ["UTC", "Australia/Lord_Howe"],
        ["", "Europe", "Europe/Nowhere", "../UTC", "a/../UTC", None, 1],
    ),
    (core.TransferOption, "digit", list("02345678*#"), ["1", "9", "", "00", "A", "+", 0, None]),
    (core.CallScript, "opt_out_digit", list("02345678*#"), ["1", "9", "", "00", "A", "+", 0]),
    (commands.PauseCampaign, "actor", ["", "x" * 128, "Anna"], ["x" * 129, 1, None]),
]
GOOD[commands.PauseCampaign] = {"campaign_id": 1}


def pairs(table: list[Any], values: int) -> list[Any]:
    """Return a row for each single value of a table, named so that it can be found."""
    return [
        pytest.param(row[0], row[1], value, id=f"{row[0].__name__}.{row[1]}-{value!r:.20}")
        for row in table
        for value in row[values]
    ]


def refusal(kind: Any, name: str, value: object) -> SettingsError:
    with pytest.raises(SettingsError) as refused:
        built(kind, name, value)
    return refused.value


# Whole numbers ----------------------------------------------------------------------------------

each_range = pytest.mark.parametrize(
    ("kind", "name", "least", "most"),
    [pytest.param(*row, id=f"{row[0].__name__}.{row[1]}") for row in RANGES],
)


@each_range
def test_bounds_of_a_number_are_taken(kind, name, least, most):
    bounds = [least, 10**9 if most is None else most]
    if (kind, name) == (core.CallingHours, "opens_min"):
        bounds = [0, 1_439]

    assert [getattr(built(kind, name, bound), name) for bound in bounds] == bounds


@each_range
def test_number_beyond_its_bounds_is_refused_by_field_value_and_rule(kind, name, least, most):
    """R3.3: refused with an error that names the field, the value and the rule."""
    beyond = [least - 1] if most is None else [least - 1, most + 1]

    for value in beyond:
        error = refusal(kind, name, value)
        assert (error.field, error.value) == (name, value)
        assert str(least) in error.rule
        assert most is None or str(most) in error.rule
        assert str(error) == f"{name} = {value}: {error.rule}"


@each_range
@pytest.mark.parametrize("value", [True, False, 1.0, "1", float("nan"), [1], object])
def test_what_is_no_whole_number_is_refused(kind, name, least, most, value):
    """True is an int to Python; to an operator it is a mistake."""
    error = refusal(kind, name, value)

    assert (error.field, error.value) == (name, value)
    assert error.rule.startswith("a whole number")


@each_range
def test_nothing_is_refused_where_there_must_be_a_number(kind, name, least, most):
    if (kind, name) in MAY_BE_NONE:
        assert getattr(built(kind, name, None), name) is None
    else:
        assert refusal(kind, name, None).value is None


# Flags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), FLAGS)
def test_flag_is_true_or_false_and_nothing_else(kind, name):
    assert [getattr(built(kind, name, value), name) for value in (True, False)] == [True, False]

    for value in (1, 0, None, "true", ""):
        error = refusal(kind, name, value)
        assert (error.field, error.value, error.rule) == (name, value, "true or false")


# Text -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name", "value"), pairs(TEXTS, 2))
def test_good_text_is_taken_as_it_is(kind, name, value):
    assert getattr(built(kind, name, value), name) == value


@pytest.mark.parametrize(("kind", "name", "value"), pairs(TEXTS, 3))
def test_bad_text_is_refused_by_field_value_and_rule(kind, name, value):
    """R3.3: refused with an error that names the field, the value and the rule."""
    error = refusal(kind, name, value)

    assert (error.field, error.value) == (name, value)
    assert error.rule
    assert str(error).startswith(f"{name} = ")


@pytest.mark.parametrize(
    ("kind", "name", "good"),
    [pytest.param(*row[:3], id=f"{row[0].__name__}.{row[1]}") for row in TEXTS],
)
@pytest.mark.parametrize("bad", CONTROL, ids=[f"{ord(c):x}" for c in CONTROL])
def test_no_value_holds_a_control_character(kind, name, good, bad):
    """R3.2: no value may hold a control character; names are told of in ``test_names``."""
    if (kind, name) == (core.Recipient, "name") and category(bad) == "Cf":
        # Of what only joins or parts letters a script may have need.
        return
    sample = next(value for value in reversed(good) if value)

    for value in (sample + bad, bad + sample, sample[:1] + bad + sample[1:], bad):
        assert refusal(kind, name, value).field == name


@pytest.mark.parametrize(("kind", "name"), sorted(MAY_BE_NONE, key=str))
def test_none_is_taken_where_it_means_something(kind, name):
    assert getattr(built(kind, name, None), name) is None


def test_rule_says_where_nothing_may_be_given():
    """R3.3: an error that names the rule."""
    assert refusal(core.Settings, "active_campaigns_max", -1).rule == (
        "a whole number >= 0, or none"
    )


def test_long_value_is_shown_short():
    error = refusal(core.CampaignModel, "name", "x" * 10_000)

    assert len(str(error)) < 200


# Words of a closed list -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "bad", "rule"),
    [
        (core.Recipient, "line", "EXTERNAL", "one of INTERNAL, EXTERNAL"),
        (core.Number, "line", None, "one of INTERNAL, EXTERNAL"),
        (core.CampaignModel, "order", "FRESH_FIRST", "one of FRESH_FIRST, RETRIES_FIRST"),
        (core.CampaignModel, "script", None, "CallScript"),
        (core.CampaignModel, "call_limits", None, "CallLimits"),
        (core.CampaignModel, "call_rate", 5, "CallRate, or none"),
        (core.CampaignModel, "retry", None, "RetryPolicy"),
        (core.CampaignModel, "breaker", 1, "Breaker, or none"),
        (core.CampaignModel, "calling_hours", ["9-17"], "calling hours"),
        (core.Settings, "call_limits", None, "CallLimits"),
        (core.Settings, "call_rate", 1, "CallRate, or none"),
        (core.Settings, "frequency_cap", 1, "FrequencyCap, or none"),
        (core.CallScript, "transfer", "8", "TransferOption, or none"),
        (commands.StartCampaign, "when", None, "one of StartImmediately, StartAfter, StartAt"),
    ],
)
def test_value_of_another_kind_is_refused(kind, name, bad, rule):
    error = refusal(kind, name, bad)

    assert (error.field, error.rule) == (name, rule)


# Between fields ---------------------------------------------------------------------------------


def test_hours_close_after_they_open():
    """R6.11: half open [opens, closes)."""
    for closes_min in (599, 600):
        with pytest.raises(SettingsError) as refused:
            core.CallingHours(days={core.Weekday.MONDAY}, opens_min=600, closes_min=closes_min)
        assert (refused.value.field, refused.value.value) == ("closes_min", closes_min)
        assert refused.value.rule == "later than opens_min (600)"


@pytest.mark.parametrize("days", [set(), {0}, {"MONDAY"}, {core.Weekday.MONDAY, 1}])
def test_hours_are_on_days_of_the_week(days):
    error = refusal(core.CallingHours, "days", days)

    assert error.field == "days"
    assert "MONDAY" in error.rule


def test_opt_out_and_transfer_digit_differ():
    """R7.7: both are digits other than 1 and 9, and differ."""
    transfer = core.TransferOption(digit="8", extension="800")

    with pytest.raises(SettingsError) as refused:
        core.CallScript(opt_out_digit="8", transfer=transfer)

    assert (refused.value.field, refused.value.value) == ("transfer", "8")


# Retry policy: R6.10 ----------------------------------------------------------------------------

TRIED_AGAIN = sorted(set(core.Outcome) - {core.Outcome.REACHED, core.Outcome.OPTED_OUT}, key=str)


@pytest.mark.parametrize("outcome", TRIED_AGAIN)
def test_retry_delay_is_up_to_a_week(outcome):
    """R3.2: retry delays 0 to 604,800 s."""
    for delay_s in (0, 604_800):
        assert core.RetryPolicy(delays_s={outcome: delay_s}).delay_s(outcome) == delay_s
    for delay_s in (-1, 604_801, True, 1.5, "1"):
        error = refusal(core.RetryPolicy, "delays_s", {outcome: delay_s})
        assert (error.field, error.value) == (f"delays_s[{outcome.name}]", delay_s)


@pytest.mark.parametrize("outcome", [core.Outcome.REACHED, core.Outcome.OPTED_OUT, "BUSY", None])
def test_what_is_not_tried_again_has_no_delay_and_needs_no_never(outcome):
    """R7.10: tried again by default; not ``REACHED``, not ``OPTED_OUT``."""
    assert refusal(core.RetryPolicy, "delays_s", {outcome: 1}).value == outcome
    assert refusal(core.RetryPolicy, "never_again", {outcome}).value == outcome


def test_outcome_without_a_delay_waits_for_nothing():
    """R6.10: default 0."""
    policy = core.RetryPolicy(delays_s={core.Outcome.BUSY: 60})

    assert policy.delay_s(core.Outcome.NO_ANSWER) == 0
    assert core.RetryPolicy().delay_s(core.Outcome.BUSY) == 0


def test_policies_are_equal_whatever_the_order_of_their_delays():
    one = core.RetryPolicy(delays_s={core.Outcome.BUSY: 1, core.Outcome.LOST: 2})
    other = core.RetryPolicy(delays_s=[(core.Outcome.LOST, 2), (core.Outcome.BUSY, 1)])

    assert one == other
    assert hash(one) == hash(other)


# Defaults ---------------------------------------------------------------------------------------


def test_defaults_of_a_model_are_those_of_the_rules():
    """R3.1, R3.2: default 5 attempts, 30 s, confirmations off, priority 0, no limits."""
    model = core.CampaignModel(name="A", caller_number="100")

    assert (model.attempts_max, model.ring_timeout_s, model.priority) == (5, 30, 0)
    assert (model.enabled, model.threshold, model.stop_at_threshold) == (True, None, False)
    assert model.call_limits == core.CallLimits(total=None, internal=None, external=None)
    assert (model.call_rate, model.breaker, model.routing_class) == (None, None, None)
    assert (model.calling_hours, model.time_zone) == ((), "UTC")
    assert model.order is core.Order.FRESH_FIRST
    assert model.retry == core.RetryPolicy(delays_s={}, never_again=())
    assert len(model.recipients) == 0


def test_defaults_of_a_script_are_those_of_the_rules():
    """R3.2: ``digit_timeout_s``, ``answer_prompts_max``, ``message_plays_max``: 5, 3, 5."""
    script = core.CallScript()

    assert (script.confirm_answer, script.confirm_listening) == (False, False)
    assert (script.digit_timeout_s, script.answer_prompts_max) == (5, 3)
    assert (script.message_plays_max, script.call_duration_max_s) == (5, 600)
    assert (script.opt_out_digit, script.transfer) == (None, None)
    assert script.answer_prompt is script.listening_prompt is core.FROM_SETTINGS


def test_defaults_of_the_settings_are_those_of_the_rules():
    """R2.5: a sound that we ship (``press-1``), and ``None``; R6.14: on by default."""
    assert core.Settings() == core.Settings(
        active_campaigns_max=None,
        call_limits=core.CallLimits(),
        call_rate=None,
        answer_prompt="press-1",
        listening_prompt=None,
        one_call_per_number=True,
        frequency_cap=None,
    )


# Commands ---------------------------------------------------------------------------------------

POSITIONS = [(), (0,), (-1,), (True,), (1.0,), ("1",), "1", (1, None), 5, None, ([1],)]


@pytest.mark.parametrize("positions", POSITIONS, ids=repr)
@pytest.mark.parametrize("kind", [commands.AddAttempts, commands.StopAttempts])
def test_positions_are_whole_numbers_from_one(kind, positions):
    """R3.3: a bad value is refused with an error that names the field."""
    if positions is None and kind is commands.AddAttempts:
        positions = 1.5

    assert refusal(kind, "positions", positions).field == "positions"


def test_recipient_named_twice_is_named_once():
    command = commands.AddAttempts(campaign_id=1, positions=(3, 1, 3), attempts=1)

    assert command.positions == (3, 1)


def test_all_failed_is_no_selection_whose_attempts_can_be_stopped():
    """R5.3: idle or active."""
    error = refusal(commands.StopAttempts, "positions", commands.ALL_FAILED)

    assert error.rule == "positions of idle or active recipients"


@pytest.mark.parametrize("kind", [commands.AddToDoNotCall, commands.RemoveFromDoNotCall])
def test_every_bad_number_of_a_list_is_named_at_once(kind):
    """R3.3: a bad list names every bad row at once, not the first alone."""
    with pytest.raises(SettingsError) as refused:
        kind(numbers=["1", "x", "+39", "", "1 2"])

    found = [(problem.field, problem.value) for problem in refused.value.problems]
    assert found == [("numbers[2]", "x"), ("numbers[4]", ""), ("numbers[5]", "1 2")]


@pytest.mark.parametrize("kind", [commands.AddToDoNotCall, commands.RemoveFromDoNotCall])
@pytest.mark.parametrize("numbers", [(), "123", 5, None])
def test_numbers_are_a_list_of_at_least_one(kind, numbers):
    """Text is no list: the number 123 must not become the numbers 1, 2 and 3."""
    assert refusal(kind, "numbers", numbers).field == "numbers"


def test_nobody_is_appended_by_an_empty_list():
    with pytest.raises(SettingsError) as refused:
        commands.AppendRecipients(campaign_id=1, recipients=[])

    assert (refused.value.field, refused.value.rule) == ("recipients", "at least one recipient")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (core.CallingHours, "days"),
        (core.CampaignModel, "calling_hours"),
        (core.Recipient, "further_numbers"),
        (core.RetryPolicy, "never_again"),
        (commands.DeleteModels, "model_ids"),
    ],
)
@pytest.mark.parametrize("value", [None, 5, "12", ["12"], [None]], ids=repr)
def test_what_is_no_list_of_the_right_kind_is_refused(kind, name, value):
    """R3.3: a bad value is refused with an error that names the field."""
    assert refusal(kind, name, value).field.startswith(name)


# All at once --------------------------------------------------------------------------------------

WRONG = {
    core.CallLimits: {"total": "x", "internal": -1, "external": 1.5},
    core.CallRate: {"calls": 0, "per_s": None},
    core.FrequencyCap: {"attempts": "1", "per_h": 0},
    core.TransferOption: {"digit": 8, "extension": "x"},
    core.Breaker: {"calls": None, "failed_percent": 100},
    core.RetryPolicy: {"delays_s": 5, "never_again": "BUSY"},
    core.CallingHours: {"days": 5, "opens_min": "x", "closes_min": None},
    core.CallScript: {
        "confirm_answer": 1,
        "confirm_listening": None,
        "answer_prompt": 5,
        "listening_prompt": "a b",
        "digit_timeout_s": "5",
        "answer_prompts_max": 0,
        "message_plays_max": True,
        "call_duration_max_s": 5,
        "opt_out_digit": "1",
        "transfer": "8",
    },
    core.Settings: {
        "active_campaigns_max": -1,
        "call_limits": 3,
        "call_rate": 3,
        "answer_prompt": 5,
        "listening_prompt": "",
        "one_call_per_number": "yes",
        "frequency_cap": 3,
    },
    core.CampaignModel: {
        "name": 5,
        "caller_number": None,
        "enabled": "x",
        "routing_class": 3,
        "priority": "x",
        "sound": 7,
        "threshold": "all",
        "stop_at_threshold": 1,
        "attempts_max": 1.5,
        "ring_timeout_s": True,
        "script": None,
        "call_limits": 5,
        "call_rate": 4,
        "retry": 3,
        "calling_hours": "mon",
        "time_zone": 4,
        "order": "x",
        "breaker": 3,
        "recipients": 5,
    },
}


@pytest.mark.parametrize("kind", WRONG, ids=lambda kind: kind.__name__)
def test_every_bad_field_is_named_at_once(kind):
    """R3.3: an error names the field, the value and the rule, of all bad fields, of any type."""
    with pytest.raises(SettingsError) as refused:
        kind(**WRONG[kind])

    told = {problem.field: problem.value for problem in refused.value.problems}
    assert told == WRONG[kind]
    assert [problem.field for problem in refused.value.problems] == list(WRONG[kind])
    assert all(problem.rule for problem in refused.value.problems)


def test_good_fields_are_not_named_among_bad_ones():
    good = {"name": "Fire drill", "caller_number": "100", "attempts_max": 3}

    with pytest.raises(SettingsError) as refused:
        core.CampaignModel(**good, sound=5, priority=-1)

    assert [problem.field for problem in refused.value.problems] == ["priority", "sound"]


def test_bad_rows_and_bad_fields_are_named_together():
    """R3.3: a bad list names every bad row at once."""
    people = [1, core.Recipient(number="2"), None]

    with pytest.raises(SettingsError) as refused:
        core.CampaignModel(name="", caller_number="100", recipients=people)

    told = [problem.field for problem in refused.value.problems]
    assert told == ["name", "recipients[1]", "recipients[3]"]


@pytest.mark.parametrize("given", [{}, {"name": 5}, {"name": "a", "caller_number": 5, "colour": 3}])
def test_mistake_of_a_program_is_python_s_to_tell(given):
    """A field that is missing or that nobody knows is no bad value."""
    with pytest.raises(TypeError, match="argument"):
        core.CampaignModel(**given)
