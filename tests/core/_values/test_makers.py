"""A value from a maker is one from the constructor, to everybody and in every way."""

import copy
import inspect
import pickle

import attrs
import pytest

from campaign_core import Line, Outcome, Purpose, decisions, events
from campaign_core._state.call import Call, Ending, Placement
from campaign_core._values.makers import maker_of

HEAD = {"seq": 7, "at": 1_000, "actor": "driver", "call_id": "0" * 32}
PLACEMENT = {
    "call_id": "0" * 32,
    "key": 1 << 32 | 1,
    "campaign_id": 1,
    "position": 1,
    "attempt": 1,
    "number": "201",
    "number_index": 0,
    "line": Line.INTERNAL,
    "placed_at": 1_000,
    "record_before": 12,
}
EXAMPLES = [
    (events.CallAnswered, HEAD),
    (
        events.PlaybackStarted,
        HEAD | {"play": 1, "purpose": Purpose.MESSAGE, "round": 1, "sound": "m"},
    ),
    (events.HangUpOrdered, HEAD | {"outcome": Outcome.REACHED}),
    (events.CallEnded, HEAD | {"outcome": Outcome.BUSY, "hangup_cause": 17, "detail": "why"}),
    (decisions.HangUp, {"call_id": "0" * 32}),
    (decisions.Play, {"call_id": "0" * 32, "play": 1, "sound": "m", "stop_digits": ""}),
    (Placement, PLACEMENT),
    (Call, {"placement": Placement(**PLACEMENT), "deadline_at": 2_000}),
    (Ending, {"outcome": Outcome.LOST, "by_deadline": True}),
]


@pytest.mark.parametrize(("kind", "given"), EXAMPLES, ids=lambda one: getattr(one, "__name__", ""))
def test_it_is_the_same_value(kind, given):
    made, expected = maker_of(kind)(**given), kind(**given)

    assert type(made) is kind
    assert made == expected
    assert expected == made
    assert hash(made) == hash(expected)
    assert repr(made) == repr(expected)
    assert attrs.asdict(made) == attrs.asdict(expected)
    assert pickle.dumps(made) == pickle.dumps(expected)
    assert pickle.loads(pickle.dumps(made)) == expected
    assert copy.copy(made) == copy.deepcopy(made) == expected
    assert attrs.evolve(made) == expected


@pytest.mark.parametrize(("kind", "given"), EXAMPLES, ids=lambda one: getattr(one, "__name__", ""))
def test_nobody_can_change_it(kind, given):
    made = maker_of(kind)(**given)
    name = next(iter(given))

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(made, name, given[name])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        delattr(made, name)
    with pytest.raises(AttributeError):
        made.of_its_own = 1


def test_it_takes_what_the_constructor_takes():
    for kind, _ in EXAMPLES:
        of_maker = inspect.signature(maker_of(kind)).parameters.values()
        of_kind = inspect.signature(kind).parameters.values()
        assert [(one.name, one.kind, one.default) for one in of_maker] == [
            (one.name, one.kind, one.default) for one in of_kind
        ]


def test_what_is_missing_or_unknown_is_refused():
    make = maker_of(events.CallAnswered)
    with pytest.raises(TypeError):
        make(seq=1)
    with pytest.raises(TypeError):
        make(**HEAD, sound="m")
    with pytest.raises(TypeError):
        make(1, 2, "driver", "0")


@attrs.frozen
class Checked:
    count: int = attrs.field(validator=attrs.validators.ge(0))


@attrs.frozen
class Converted:
    count: int = attrs.field(converter=int)


@attrs.frozen
class Anew:
    counts: list[int] = attrs.Factory(list)


@pytest.mark.parametrize("kind", [Checked, Converted, Anew])
def test_class_that_looks_at_what_it_is_given_has_no_maker(kind):
    """Nothing goes round a check: the values of users are made by the constructor alone."""
    with pytest.raises(TypeError, match="not only kept as it is given"):
        maker_of(kind)
