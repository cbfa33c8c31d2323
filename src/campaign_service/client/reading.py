"""Answers read as schemas, those of a newer service too."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType, ValidationError

from campaign_service.client.json_data import Json
from campaign_service.schemas.wire import read_time

__all__ = ["read"]

_T = TypeVar("_T")


def read(kind: type[_T], data: Json) -> _T:
    """Return an answer as a value.

    What a newer service tells beside what is known here is passed over; and where it allows more
    than it did, such as a longer name or another name in a list, that is taken as it is.

    Raises:
        ValidationError: it is no such answer.
    """
    try:
        return msgspec.convert(data, kind, dec_hook=read_time)
    except ValidationError:
        return cast("_T", _loosely(kind, data, "$"))


def _loosely(hint: Any, data: Any, path: str) -> object:  # noqa: ANN401 -- types and JSON of any kind
    """Return data as a value of a type, whatever narrows it."""
    origin = get_origin(hint)
    if origin is Annotated:
        return _loosely(get_args(hint)[0], data, path)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in get_args(hint):
            return None
        return _loosely(next(one for one in get_args(hint) if one not in _NOTHING), data, path)
    if origin is list:
        rows = enumerate(_plain(list, data, path))
        return [_loosely(get_args(hint)[0], row, f"{path}[{index}]") for index, row in rows]
    if origin is dict:
        members = _plain(dict, data, path).items()
        return {name: _loosely(get_args(hint)[1], one, f"{path}.{name}") for name, one in members}
    if isinstance(hint, type) and issubclass(hint, Struct):
        return _struct(hint, _plain(dict, data, path), path)
    return _plain(str if origin is Literal else hint, data, path)


_NOTHING = (type(None), UnsetType)


def _struct(kind: type[Struct], members: dict[str, object], path: str) -> Struct:
    found = {}
    for field in msgspec.structs.fields(kind):
        if field.name in members:
            found[field.name] = _loosely(field.type, members[field.name], f"{path}.{field.name}")
        elif field.required:
            raise ValidationError(f"Object missing required field `{field.name}` - at `{path}`")
    return kind(**found)


def _plain(kind: Any, data: object, path: str) -> Any:  # noqa: ANN401
    try:
        return msgspec.convert(data, kind, dec_hook=read_time)
    except ValidationError as error:
        raise ValidationError(f"{error} - at `{path}`") from None
