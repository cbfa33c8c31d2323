"""The OpenAPI document (3.1), made of the same table that answers requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from campaign_core import __version__
from campaign_service.access import ServicePermission
from campaign_service.api.browser import PLAIN_COOKIE, SECURE_COOKIE
from campaign_service.api.document.examples import EXAMPLES
from campaign_service.api.etags import ETAGS_PATTERN
from campaign_service.api.operations import IfMatch, Operation, RequiredCaller
from campaign_service.api.problems.kinds import PROBLEMS
from campaign_service.schemas.fields import REF
from campaign_service.schemas.problems import ProblemBody
from campaign_service.schemas.wire import components

__all__ = ["document_of", "document_text"]

Data: TypeAlias = "dict[str, object]"

_VARIABLE = re.compile(r"{(\w+)}")
_ABOUT = """Call campaigns: models, campaigns, recipients, what happened, and who may do what.

Times are RFC 3339 with an offset; answers have them in UTC, to the millisecond. Every error is a
problem (RFC 9457); bad values are all named at once. A command may be sent again with the same
Idempotency-Key: it is taken once. An answer that shows a state tells in Campaign-Seq the last event
that it knows of."""

_NUMBER: Data = {"type": "integer", "minimum": 1, "maximum": 999_999_999_999_999}
_PATHS: dict[str, Data] = {
    "campaign_id": {**_NUMBER, "description": "A campaign's number."},
    "model_id": {**_NUMBER, "description": "A model's number."},
    "position": {**_NUMBER, "description": "A recipient's place in the list, from 1."},
    "seq": {**_NUMBER, "description": "An event's number."},
    "kind": {"type": "string", "minLength": 1, "description": "The last part of a type."},
    "tenant": {"type": "string", "minLength": 1, "description": "One PBX's service."},
    "name": {"type": "string", "minLength": 1, "description": "A user's name."},
    "role": {"type": "string", "minLength": 1, "description": "A role's name."},
    "token_id": {"type": "string", "minLength": 1, "description": "A token's id."},
}
_CHAPTERS: Mapping[str, str] = {
    "Who asks": "Who one is, and what one may do.",
    "Users": "Log-in, users, roles, tokens, and the record of who changed them.",
    "Service": "Tenants, how each fares, calls in progress, forecasts, events as they happen.",
    "Nodes": "The nodes of a telephony that is a pool of several.",
    "Settings": "The general settings and the do-not-call list (R2, R6.12).",
    "Models": "The templates from which campaigns are started (R3).",
    "Campaigns": "Campaigns, and what a command would do (R4, R8.5).",
    "Recipients": "The recipients of a campaign, and why they are not called (R5, R8.1).",
    "What happened": "Logs, past campaigns, the record of commands, exports (R9).",
    "Health": "What monitors ask.",
    "Problems": "What the type of a problem means.",
}
"""What each chapter of the document is about."""


def _parameter(
    where: str, name: str, schema: Data, *, is_required: bool = False, description: str = ""
) -> Data:
    described = {"description": description} if description else {}
    return {"name": name, "in": where, "required": is_required, **described, "schema": schema}


_COOKIES: dict[str, Data] = {
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_COOKIE,
        "description": f"A browser's session, by its log-in; `{PLAIN_COOKIE}` over plain HTTP.",
    }
}
_KEY = _parameter(
    "header",
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    description="Sent again with the same request, the command is taken once.",
)
_KNOWN = _parameter(
    "header",
    "If-None-Match",
    {"type": "string", "pattern": ETAGS_PATTERN},
    description="The ETag as it was read: answered with 304 while it is the same.",
)
_LAST_EVENT = _parameter(
    "header",
    "Last-Event-ID",
    {"type": "string", "pattern": "^[0-9]{1,15}$"},
    description="The stream goes on behind this event.",
)


def document_text(operations: Sequence[Operation]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.encode(document_of(operations))


def document_of(operations: Sequence[Operation]) -> Data:
    """Return the document as data."""
    schemas = _schemas(operations)
    paths: dict[str, Data] = {}
    for operation in operations:
        entry = paths.setdefault(operation.path, {})
        entry[operation.method.lower()] = _operation(operation, operations, schemas)
    used = {operation.query.__name__ for operation in operations}
    cookies = _COOKIES if any(one.response.has_cookie for one in operations) else {}
    statuses = sorted({kind.status for kind in PROBLEMS.values()})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Call campaigns", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/", "description": "The service that answers with this document."}],
        "paths": paths,
        "components": {
            "schemas": {name: one for name, one in schemas.items() if name not in used},
            "responses": {str(status): _problem(status) for status in statuses},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a log-in, or one made for a program.",
                },
                **cookies,
            },
        },
        "security": [{"token": []}, *({name: []} for name in cookies)],
        "tags": [
            {"name": tag, "description": _CHAPTERS[tag]}
            for tag in dict.fromkeys(one.tag for one in operations)
        ],
    }


def _schemas(operations: Iterable[Operation]) -> dict[str, Data]:
    kinds: dict[type[Struct], None] = {ProblemBody: None}
    for operation in operations:
        response = operation.response
        for kind in (operation.query, operation.body, response.schema, response.message):
            if kind is not None:
                kinds[kind] = None
    schemas = components(kinds)
    for kind in kinds:
        if kind.__struct_config__.omit_defaults:
            _leave_out_defaults(schemas[kind.__name__])
    return schemas


def _leave_out_defaults(schema: Any) -> None:  # noqa: ANN401 -- JSON
    """Say of an answer that what is not so is left out of it, and not null."""
    for name, one in schema["properties"].items():
        if "default" in one:
            rest = {key: value for key, value in one.items() if key != "default"}
            schema["properties"][name] = _without_null(rest)


# One operation -------------------------------------------------------------------------------


def _operation(
    operation: Operation, everything: Sequence[Operation], schemas: dict[str, Data]
) -> Data:
    entry: Data = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _description(operation),
        "tags": [operation.tag],
        "parameters": _parameters(operation, schemas),
        "responses": _responses(operation, everything),
    }
    if operation.needs is RequiredCaller.ANYBODY:
        entry["security"] = []
    if operation.body is not None:
        content: Data = {"schema": {"$ref": REF.format(name=operation.body.__name__)}}
        example = EXAMPLES.get(operation.body)
        if example is not None:
            content["example"] = example
        entry["requestBody"] = {
            "required": not operation.body_may_be_missing,
            "content": {"application/json": content},
        }
    return entry


def _description(operation: Operation) -> str:
    needs = operation.needs
    if isinstance(needs, ServicePermission):
        told = f"Needs the permission `{needs.name}`."
    elif needs is RequiredCaller.ANYBODY:
        told = "Anybody may."
    else:
        told = "Needs a token, whatever it permits."
    return f"{operation.description} {told}".strip()


def _parameters(operation: Operation, schemas: dict[str, Data]) -> list[Data]:
    found = [
        _parameter("path", name, _PATHS[name], is_required=True)
        for name in _VARIABLE.findall(operation.path)
    ]
    query = schemas[operation.query.__name__]
    properties, required = query.get("properties", {}), query.get("required", [])
    assert isinstance(properties, dict)
    assert isinstance(required, list)
    for name, schema in properties.items():
        shown = _without_null(schema)
        found.append(_parameter("query", name, shown, is_required=name in required))
    if operation.commands:
        found.append(_KEY)
    if operation.if_match is not IfMatch.IGNORED:
        found.append(
            _parameter(
                "header",
                "If-Match",
                {"type": "string", "pattern": ETAGS_PATTERN},
                is_required=operation.if_match is IfMatch.REQUIRED,
                description="The ETag as it was read: refused when somebody has changed it since.",
            )
        )
    if operation.may_be_known:
        found.append(_KNOWN)
    if "text/event-stream" in operation.response.media:
        found.append(_LAST_EVENT)
    return found


def _without_null(schema: Data) -> Data:
    """Return a schema without null: what is ``None`` in Python is left out of what is sent."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    return {**left[0], **rest} if len(left) == 1 else {**rest, "anyOf": left}


# Answers -------------------------------------------------------------------------------------


def _responses(operation: Operation, everything: Sequence[Operation]) -> Data:
    response = operation.response
    good: Data = {"description": operation.summary or "Done"}
    if response.schema is not None:
        schema = {"$ref": REF.format(name=response.schema.__name__)}
        good["content"] = {"application/json": {"schema": schema}}
    elif response.media:
        good["content"] = {
            media: {"schema": _media_schema(media, response.message)} for media in response.media
        }
    headers: Data = {}
    if response.has_etag:
        headers["ETag"] = _response_header("To be sent as If-Match with a change.")
    if response.has_location:
        headers["Location"] = _response_header("Where it is.")
    if response.has_cookie:
        headers["Set-Cookie"] = _response_header("For the browser to keep, and no script to read.")
    if response.shows_state:
        headers["Campaign-Seq"] = _response_header(
            "The last event that the answer knows of: behind it the stream of events goes on."
        )
    if headers:
        good["headers"] = headers
    links = _links(operation, everything)
    if links:
        good["links"] = links
    responses: Data = {str(response.status): good}
    if operation.may_be_known:
        responses["304"] = {
            "description": "It is as it was read: see If-None-Match.",
            "headers": {name: headers[name] for name in headers if name != "Location"},
        }
    for status in sorted({PROBLEMS[name].status for name in _problems(operation)}):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    return responses


def _response_header(description: str) -> Data:
    return {"description": description, "schema": {"type": "string"}, "required": True}


def _media_schema(media: str, message: type[Struct] | None) -> Data:
    if message is not None:
        # Of the data of each message.
        schema = {"$ref": REF.format(name=message.__name__)}
        return {"type": "string", "contentMediaType": media, "contentSchema": schema}
    return {"type": "object"} if media == "application/json" else {"type": "string"}


def _problems(operation: Operation) -> set[str]:
    """Return the kinds of problems that can come of an operation."""
    found = {"bad-value", "not-acceptable", "internal", *operation.problems}
    if operation.needs is not RequiredCaller.ANYBODY:
        # Who asks is looked up in a database, which may be away.
        found |= {"not-authenticated", "not-permitted", "foreign-origin", "away"}
    if "{" in operation.path:
        found.add("not-found")
    if operation.is_of_tenant and not operation.is_change:
        # Questions wait for their turn.
        found.add("busy")
    if operation.is_change:
        # A large one needs room, and waits for its turn to be read.
        found |= {"body-too-large", "too-slow", "busy"}
    if operation.body is not None:
        found |= {"malformed-body", "unsupported-body"}
    if operation.if_match is not IfMatch.IGNORED:
        found.add("precondition-failed")
    if operation.if_match is IfMatch.REQUIRED:
        found.add("precondition-needed")
    if not operation.response.media:
        found.discard("not-acceptable")
    return found


def _links(operation: Operation, everything: Sequence[Operation]) -> Data:
    """Return where one may go on with what was made."""
    made = _ID_OF_CREATED.get(operation.name)
    if made is None:
        return {}
    return {
        other.name: {
            "operationId": other.name,
            "parameters": {"tenant": "$request.path.tenant", made: f"$response.body#/{made}"},
        }
        for other in everything
        if _VARIABLE.findall(other.path) == ["tenant", made]
    }


_ID_OF_CREATED = {
    "add_model": "model_id",
    "clone_model": "model_id",
    "start_campaign": "campaign_id",
}


def _problem(status: int) -> Data:
    kinds = [kind for kind in PROBLEMS.values() if kind.status == status]
    titles = "; ".join(f"{kind.title} (`{kind.type}`)" for kind in kinds)
    entry: Data = {
        "description": titles,
        "content": {
            "application/problem+json": {"schema": {"$ref": REF.format(name="ProblemBody")}}
        },
    }
    if status == 401:  # noqa: PLR2004 -- RFC 9110 asks for it there
        header = {"schema": {"type": "string"}, "required": True}
        entry["headers"] = {"WWW-Authenticate": header}
    return entry
