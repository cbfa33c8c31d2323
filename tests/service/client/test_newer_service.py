"""What a newer service tells beside what is known here is passed over (docs/stability.md)."""

import json
import types
from typing import Annotated, Literal, Union, get_args, get_origin

import msgspec
import pytest
from msgspec import Struct, UnsetType, ValidationError

from campaign_service import client
from campaign_service.client.reading import read
from campaign_service.schemas.fields import UtcTime
from campaign_service.schemas.wire import encoded

ANSWERS = [
    found
    for name in client.__all__
    if isinstance(found := getattr(client, name), type) and issubclass(found, Struct)
]
PLAIN = {int: -1, float: 0.5, bool: True, object: {"a": [1, None]}, UtcTime: "2026-01-12T08:00:00Z"}
each_answer = pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)


def said(hint, more):
    """What a service may say for a type, with further members in each object."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return said(inner[0], more)
    if origin in (Union, types.UnionType):
        return said(next(one for one in inner if one not in (type(None), UnsetType)), more)
    if origin is list:
        return [said(inner[0], more)] * 2
    if origin is dict:
        return {"A_NAME": said(inner[1], more)}
    if hint is str or origin is Literal:
        return "UNHEARD_OF " * 1_000
    if hint in PLAIN:
        return PLAIN[hint]
    fields = {field.name: said(field.type, more) for field in msgspec.structs.fields(hint)}
    return {**fields, **more}


def written(value):
    """What is read, as it would be written again."""
    return json.loads(encoded(value).replace(b"08:00:00.000Z", b"08:00:00Z"))


@each_answer
def test_answer_of_a_newer_service_is_read(kind):
    """Other members, names that are in no list here, other ranges."""
    found = read(kind, said(kind, {"of_a_newer_release": {"a": 1}}))

    assert type(found) is kind
    assert written(found) == said(kind, {})


@each_answer
def test_what_may_be_null_is_read_as_none(kind):
    """Whatever else an answer holds that is new."""
    may_be_null = [
        field.name
        for field in msgspec.structs.fields(kind)
        if type(None) in get_args(field.type)
        or any(type(None) in get_args(one) for one in get_args(field.type))
    ]
    data = {**said(kind, {"of_a_newer_release": 1}), **dict.fromkeys(may_be_null)}

    found = read(kind, data)

    assert [getattr(found, name) for name in may_be_null] == [None] * len(may_be_null)


@each_answer
@pytest.mark.parametrize("odd", [[], "text", None], ids=repr)
def test_what_is_no_object_is_no_answer(kind, odd):
    with pytest.raises(ValidationError):
        read(kind, odd)


@each_answer
def test_member_of_another_type_or_none_at_all_is_refused(kind):
    """Also where the answer holds something new."""
    for field in msgspec.structs.fields(kind):
        data = said(kind, {"of_a_newer_release": 1})
        if field.required:
            with pytest.raises(ValidationError, match=f"missing.*`{field.name}`"):
                read(kind, {name: value for name, value in data.items() if name != field.name})
        if data[field.name] != PLAIN[object]:
            odd = 1 if data[field.name] == said(str, {}) else "text"
            with pytest.raises(ValidationError, match=rf"`\$\.{field.name}`"):
                read(kind, {**data, field.name: odd})
