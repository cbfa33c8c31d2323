"""Schemas of requests and answers in step with the core: fields, defaults, ranges, and back."""

import json

import attrs
import msgspec
import pytest
from hypothesis import given
from msgspec import UNSET

import campaign_core as core
from campaign_core.errors import SettingsError
from campaign_core.testing import campaign_models, settings
from campaign_service.api.document.examples import EXAMPLES
from campaign_service.api.reading.values import read_body
from campaign_service.schemas import core_values
from campaign_service.schemas.accounts import Login, LoginAnswer, NewUserAnswer, User
from campaign_service.schemas.conversion import PAIRS, built, schema_of, schema_with
from campaign_service.schemas.fields import (
    DuplicatesName,
    LineName,
    OrderName,
    RetriedOutcome,
    UtcTime,
    WeekdayName,
    verbatim,
)
from campaign_service.schemas.records import LogEntry, ServiceStatus
from campaign_service.schemas.wire import components, encoded

ABOVE_THE_CORE = {core_values.Model: {"model_id", "recipient_count", "merge_duplicates"}}
"""What an answer shows beside the core's fields."""
LEFT_OUT = {core_values.Parameters: {"recipients"}}
"""What stands elsewhere, having too many rows."""

each_pair = pytest.mark.parametrize(
    ("schema", "kind"), [pytest.param(*pair, id=pair[0].__name__) for pair in PAIRS.items()]
)


@each_pair
def test_schema_has_the_fields_of_the_core(schema, kind):
    """A new field of the core cannot be forgotten."""
    fields = {field.name for field in attrs.fields(kind) if field.init}

    assert fields - LEFT_OUT.get(schema, set()) == (
        set(schema.__struct_fields__) - ABOVE_THE_CORE.get(schema, set())
    )


@each_pair
def test_what_is_left_out_is_the_core_s_default(schema, kind):
    needed = {field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    found = {
        field.name
        for field in msgspec.structs.fields(schema)
        if field.required and field.name not in ABOVE_THE_CORE.get(schema, set())
    }
    # The general settings are given whole, so that none is reset unawares; what came later and is
    # left out stays as it was.
    whole = set(core_values.Settings.__struct_fields__) - {"number_plan"}
    assert found == (whole if schema is core_values.Settings else needed)


def test_a_model_of_what_is_needed_alone_is_the_core_s():
    body = read_body(b'{"name": "School", "caller_number": "100"}', core_values.Model)

    assert built(body) == core.CampaignModel(name="School", caller_number="100")


@given(campaign_models())
def test_any_model_comes_back_as_it_was(model):
    rows = [schema_of(one, core_values.Recipient) for one in model.recipients]
    schema = schema_of(model, core_values.Model, recipients=rows)

    assert built(read_body(msgspec.json.encode(schema), core_values.Model)) == model


@given(settings())
def test_any_settings_come_back_as_they_were(wanted_settings):
    schema = schema_of(wanted_settings, core_values.Settings)

    assert built(read_body(msgspec.json.encode(schema), core_values.Settings)) == wanted_settings


def test_prompt_left_out_is_the_settings_and_null_is_silence():
    """R2.5: a model may override them; None: no prompt."""
    inherited = schema_of(core.CallScript(), core_values.CallScript)
    silent = schema_of(core.CallScript(answer_prompt=None), core_values.CallScript)

    assert inherited.answer_prompt is UNSET
    assert silent.answer_prompt is None
    assert built(inherited).answer_prompt is core.FROM_SETTINGS


def test_names_of_days_and_outcomes_are_the_core_s():
    assert WeekdayName.__args__ == tuple(day.name for day in core.Weekday)
    assert set(RetriedOutcome.__args__) == {
        outcome.name for outcome in core.Outcome if outcome.name not in ("REACHED", "OPTED_OUT")
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [(LineName, core.Line), (OrderName, core.Order), (DuplicatesName, core.Duplicates)],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_names_of_a_list_are_the_core_s(name, kind):
    assert name.__origin__.__args__ == tuple(member.name for member in kind)


def test_what_a_schema_names_it_takes_as_json_has_it():
    """An instant is a time, a member of a list its name, a set in the order of its list."""
    with_hours = core.CallingHours(
        days={core.Weekday.FRIDAY, core.Weekday.MONDAY}, opens_min=0, closes_min=60
    )

    hours = schema_of(with_hours, core_values.CallingHours)
    held = schema_with(
        NewUserAnswer,
        user=schema_with(
            User,
            name="anna",
            enabled=True,
            must_change_password=False,
            password_expires_at=None,
            created_at=1_768_219_200_007,
            grants=(),
        ),
        one_time_password=None,
    )

    assert hours.days == ["MONDAY", "FRIDAY"]
    assert json.loads(encoded(held))["user"]["created_at"] == "2026-01-12T12:00:00.007Z"


def test_event_goes_out_as_it_stands():
    text = '{"type": "CallPlaced",   "odd": 1.50}'
    entry = LogEntry(
        seq=1,
        at=UtcTime.of(0),
        actor="driver",
        kind="CallPlaced",
        campaign_id=None,
        event=verbatim(text),
        is_abridged=False,
    )

    assert text.encode() in encoded(entry)
    assert b'"at":"1970-01-01T00:00:00.000Z"' in encoded(entry)


def test_secrets_are_in_no_repr():
    login = Login(name="anna", password="a passing phrase")
    token = LoginAnswer(token="cc_secret", expires_at=UtcTime.of(0), must_change_password=False)

    assert repr(login) == "Login(…)"
    assert repr(token) == "LoginAnswer(…)"
    assert list(token.__rich_repr__()) == []


def test_document_has_the_list_of_which_an_answer_has_a_name():
    """Text in the client, and all the same a closed list for who reads the document."""
    found = components([ServiceStatus])

    assert found["ServiceStatus"]["properties"]["role"] == {
        "$ref": "#/components/schemas/ProcessRole"
    }
    assert found["ProcessRole"]["enum"] == ["FOLLOWING", "LEADING"]


def bounds():
    """Yield every field with a range: its schema, its name, and the range."""
    _, schemas = msgspec.json.schema_components(list(PAIRS), ref_template="{name}")
    for kind in PAIRS:
        for name, schema in schemas[kind.__name__]["properties"].items():
            for one in (schema, *schema.get("anyOf", ())):
                if "minimum" in one and name not in ABOVE_THE_CORE.get(kind, ()):
                    yield pytest.param(
                        kind, name, one["minimum"], one["maximum"], id=f"{kind.__name__}.{name}"
                    )


SOME = {
    "calls": 5,
    "per_s": 5,
    "attempts": 5,
    "per_h": 5,
    "failed_percent": 5,
    "opens_min": 0,
    "closes_min": 1440,
    "days": [core.Weekday.MONDAY],
    "name": "a",
    "caller_number": "1",
    "number": "1",
    "digit": "2",
    "extension": "1",
    "country_code": "39",
}


@pytest.mark.parametrize(("schema", "name", "least", "most"), [*bounds()])
def test_ranges_are_those_of_the_core(schema, name, least, most):
    """R3.2: the document promises what the core takes, and no more."""
    kind = PAIRS[schema]
    needed = [field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING]
    others = {field: SOME[field] for field in needed if field != name}

    taken = [value for value in (least - 1, least, most) if is_taken(kind, name, value, others)]

    assert taken == [least, most]
    # 2**53 - 1 stands for no bound at all.
    assert is_taken(kind, name, most + 1, others) == (most == 2**53 - 1)


def is_taken(kind, name, value, others):
    try:
        kind(**others, **{name: value})
    except SettingsError:
        return False
    return True


@pytest.mark.parametrize("schema", [*EXAMPLES], ids=lambda schema: schema.__name__)
def test_examples_of_the_document_can_be_read(schema):
    read = read_body(msgspec.json.encode(EXAMPLES[schema]), schema)

    assert not isinstance(read, dict)
    if schema in PAIRS:
        built(read)
