"""Large bodies, decoded piece by piece.

While the decoder runs no other thread does: for a body of a hundred megabytes, seconds. So a large
one is first taken apart, which is fast, and then its parts are decoded one after the other. Others
run between them, and the calls in progress are seen to.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, ValidationError

from campaign_service.api.hints import hints_of, list_item, shape_for

__all__ = ["decoded", "loose"]

_PIECE = 256 << 10
"""Bytes that are decoded in one go: it takes some milliseconds."""
_Rows = Annotated[list[Raw], Meta(max_length=10_000_000)]


def decoded(data: bytes | Raw, hint: Any) -> Any:  # noqa: ANN401 -- of the type that is asked for
    """Return JSON as a value of a type, such as the decoder itself makes of it.

    Raises:
        ValidationError: it does not fit.
        DecodeError: it is no JSON.
    """
    if memoryview(data).nbytes > _PIECE:
        if list_item(hint) is not None:
            return _decoded_list(data, hint)
        if shape_for(hint, {}) is not None or _begins(data) == b"{":
            return _decoded_struct(data, hint)
    return msgspec.json.decode(data, type=hint)


def _decoded_list(data: bytes | Raw, hint: Any) -> list[Any]:  # noqa: ANN401
    rows = msgspec.json.decode(data, type=_Rows)
    item = list_item(hint)
    row = msgspec.json.Decoder(item)
    return [
        row.decode(raw) if memoryview(raw).nbytes <= _PIECE else decoded(raw, item) for raw in rows
    ]


def _decoded_struct(data: bytes | Raw, hint: Any) -> Struct:  # noqa: ANN401
    small: dict[str, object] = {}
    large: dict[str, Raw] = {}
    for name, raw in msgspec.json.decode(data, type=dict[str, Raw]).items():
        if memoryview(raw).nbytes > _PIECE:
            large[name] = raw
        else:
            small[name] = msgspec.json.decode(raw)
    shape = shape_for(hint, small)
    if shape is None:
        raise ValidationError("none of the shapes")
    hints = hints_of(shape)
    unknown = large.keys() - hints.keys()
    if unknown:
        raise ValidationError(f"unknown: {', '.join(unknown)}")
    parts = {name: decoded(raw, hints[name]) for name, raw in large.items()}
    # Of a list its first row stands in for the others while the rest is looked at.
    stand_ins = {name: part[:1] if isinstance(part, list) else part for name, part in parts.items()}
    made = msgspec.convert({**small, **stand_ins}, shape)
    return msgspec.structs.replace(made, **parts)


def loose(data: bytes | Raw) -> object:
    """Return JSON as plain values, whatever it holds.

    Raises:
        DecodeError: it is no JSON.
    """
    if memoryview(data).nbytes > _PIECE:
        first = _begins(data)
        if first == b"[":
            return [loose(raw) for raw in msgspec.json.decode(data, type=list[Raw])]
        if first == b"{":
            parts = msgspec.json.decode(data, type=dict[str, Raw])
            return {name: loose(raw) for name, raw in parts.items()}
    return msgspec.json.decode(data)


def _begins(data: bytes | Raw) -> bytes:
    """Return the first byte that says something."""
    view = memoryview(data)
    start = 0
    while start < view.nbytes and view[start] in b" \t\r\n":
        start += 1
    return bytes(view[start : start + 1])
