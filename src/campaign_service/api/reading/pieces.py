"""Large bodies, decoded piece by piece.

While the decoder runs no other thread does: for a body of a hundred megabytes, seconds. So a large
one is first taken apart, which is fast, and then its parts are decoded one after the other. Others
run between them, and the calls in progress are seen to.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct, ValidationError
from typing_extensions import Buffer

from campaign_service.api.reading.hints import hints_of, list_item, schema_for
from campaign_service.journal import json_pieces
from campaign_service.journal.json_pieces import begins_with

__all__ = ["decoded"]

_Rows = Annotated[list[Raw], Meta(max_length=10_000_000)]


def decoded(data: Buffer, hint: Any) -> Any:
    """Return JSON as a value of a type, such as the decoder itself makes of it.

    Raises:
        ValidationError: it does not fit.
        DecodeError: it is no JSON.
    """
    if memoryview(data).nbytes > json_pieces.PIECE_BYTES:
        if list_item(hint) is not None:
            return _decoded_list(data, hint)
        if schema_for(hint, {}) is not None or begins_with(b"{", data):
            return _decoded_struct(data, hint)
    return msgspec.json.decode(data, type=hint)


def _decoded_list(data: Buffer, hint: Any) -> list[Any]:
    rows = msgspec.json.decode(data, type=_Rows)
    item = list_item(hint)
    row = msgspec.json.Decoder(item)
    return [
        row.decode(raw) if memoryview(raw).nbytes <= json_pieces.PIECE_BYTES else decoded(raw, item)
        for raw in rows
    ]


def _decoded_struct(data: Buffer, hint: Any) -> Struct:
    small: dict[str, object] = {}
    large: dict[str, Raw] = {}
    for name, raw in msgspec.json.decode(data, type=dict[str, Raw]).items():
        if memoryview(raw).nbytes > json_pieces.PIECE_BYTES:
            large[name] = raw
        else:
            small[name] = msgspec.json.decode(raw)
    schema = schema_for(hint, small)
    if schema is None:
        raise ValidationError("none of the schemas")
    hints = hints_of(schema)
    unknown = large.keys() - hints.keys()
    if unknown:
        raise ValidationError(f"unknown: {', '.join(unknown)}")
    parts = {name: decoded(raw, hints[name]) for name, raw in large.items()}
    # Of a list its first row stands in for the others while the rest is looked at.
    stand_ins = {name: part[:1] if isinstance(part, list) else part for name, part in parts.items()}
    made = msgspec.convert({**small, **stand_ins}, schema)
    return msgspec.structs.replace(made, **parts)
