"""Schemas as JSON: written by the server, read by the client, told of by the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from campaign_service.schemas.fields import LISTS, REF, UtcTime

__all__ = ["components", "encoded", "read_time", "written"]


def encoded(value: object) -> bytes:
    """Return a value as JSON."""
    return msgspec.json.encode(value, enc_hook=written)


def written(time: object) -> str:
    """Return a time of an answer as text."""
    assert isinstance(time, UtcTime)
    return f"{time.isoformat(timespec='milliseconds')[:23]}Z"


def read_time(kind: type[object], value: object) -> object:
    """Return a time of an answer, and what may be any JSON as it is; a hook of msgspec."""
    return UtcTime.fromisoformat(str(value)) if kind is UtcTime else value


def components(kinds: Iterable[type[msgspec.Struct]]) -> dict[str, dict[str, object]]:
    """Return the JSON schemas of schemas, by name, and of all that is in them."""
    _, found = msgspec.json.schema_components([*kinds, *LISTS], ref_template=REF)
    return {name: _plain(schema) for name, schema in found.items()}


def _plain(schema: Any) -> Any:  # noqa: ANN401 -- JSON, of any depth
    """Return a JSON schema in which the name of a list's member is that list, and no more."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    hidden = ("type", "enum") if "$ref" in schema else ()
    return {name: _plain(one) for name, one in schema.items() if name not in hidden}
