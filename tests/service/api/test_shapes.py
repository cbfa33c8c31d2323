"""Shapes of requests and answers in step with the core: fields, defaults, ranges, and back."""

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
from campaign_service.api.shapes import wanted
from campaign_service.api.shapes.building import PAIRS, built, shape_of
from campaign_service.api.shapes.words import RetriedOutcome, WeekdayName

ABOVE_THE_CORE = {wanted.Model: {"model_id", "recipient_count", "merge_duplicates"}}
"""What an answer shows beside the core's fields."""
LEFT_OUT = {wanted.Parameters: {"recipients"}}
"""What stands elsewhere, having too many rows."""

each_pair = pytest.mark.parametrize(
    ("shape", "kind"), [pytest.param(*pair, id=pair[0].__name__) for pair in PAIRS.items()]
)


@each_pair
def test_shape_has_the_fields_of_the_core(shape, kind):
    """A new field of the core cannot be forgotten."""
    fields = {field.name for field in attrs.fields(kind) if field.init}

    assert fields - LEFT_OUT.get(shape, set()) == (
        set(shape.__struct_fields__) - ABOVE_THE_CORE.get(shape, set())
    )


@each_pair
def test_what_is_left_out_is_the_core_s_default(shape, kind):
    needed = {field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    found = {
        field.name
        for field in msgspec.structs.fields(shape)
        if field.required and field.name not in ABOVE_THE_CORE.get(shape, set())
    }
    # The general settings are given whole, so that none is reset unawares; what came later and is
    # left out stays as it was.
    whole = set(wanted.Settings.__struct_fields__) - {"number_plan"}
    assert found == (whole if shape is wanted.Settings else needed)


def test_a_model_of_what_is_needed_alone_is_the_core_s():
    body = read_body(b'{"name": "School", "caller_number": "100"}', wanted.Model)

    assert built(body) == core.CampaignModel(name="School", caller_number="100")


@given(campaign_models())
def test_any_model_comes_back_as_it_was(model):
    rows = [shape_of(one, wanted.Recipient) for one in model.recipients]
    shape = shape_of(model, wanted.Model, recipients=rows)

    assert built(read_body(msgspec.json.encode(shape), wanted.Model)) == model


@given(settings())
def test_any_settings_come_back_as_they_were(wanted_settings):
    shape = shape_of(wanted_settings, wanted.Settings)

    assert built(read_body(msgspec.json.encode(shape), wanted.Settings)) == wanted_settings


def test_prompt_left_out_is_the_settings_and_null_is_silence():
    """R2.5: a model may override them; None: no prompt."""
    inherited = shape_of(core.CallScript(), wanted.CallScript)
    silent = shape_of(core.CallScript(answer_prompt=None), wanted.CallScript)

    assert inherited.answer_prompt is UNSET
    assert silent.answer_prompt is None
    assert built(inherited).answer_prompt is core.FROM_SETTINGS


def test_names_of_days_and_outcomes_are_the_core_s():
    assert WeekdayName.__args__ == tuple(day.name for day in core.Weekday)
    assert set(RetriedOutcome.__args__) == {
        outcome.name for outcome in core.Outcome if outcome.name not in ("REACHED", "OPTED_OUT")
    }


def bounds():
    """Yield every field with a range: its shape, its name, and the range."""
    _, schemas = msgspec.json.schema_components(list(PAIRS), ref_template="{name}")
    for shape in PAIRS:
        for name, schema in schemas[shape.__name__]["properties"].items():
            for one in (schema, *schema.get("anyOf", ())):
                if "minimum" in one and name not in ABOVE_THE_CORE.get(shape, ()):
                    yield pytest.param(
                        shape, name, one["minimum"], one["maximum"], id=f"{shape.__name__}.{name}"
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


@pytest.mark.parametrize(("shape", "name", "least", "most"), [*bounds()])
def test_ranges_are_those_of_the_core(shape, name, least, most):
    """R3.2: the document promises what the core takes, and no more."""
    kind = PAIRS[shape]
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


@pytest.mark.parametrize("shape", [*EXAMPLES], ids=lambda shape: shape.__name__)
def test_examples_of_the_document_can_be_read(shape):
    read = read_body(msgspec.json.encode(EXAMPLES[shape]), shape)

    assert not isinstance(read, dict)
    if shape in PAIRS:
        built(read)
