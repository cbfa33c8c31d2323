"""Problem details (RFC 9457): their body, and which error is which problem.

The type of a problem is a relative URI, which answers with what it means.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence

import attrs
import msgspec
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from campaign_core.errors import (
    CommandRefusedError,
    ConfirmationNeededError,
    Problem,
    SettingsError,
    UnknownCampaignError,
    UnknownModelError,
    UnknownRecipientError,
)
from campaign_service.access import (
    AccessError,
    LoginLimitedError,
    NotPermittedError,
    UnknownRoleError,
    UnknownTokenError,
    UnknownUserError,
    VersionConflictError,
)
from campaign_service.api.problems.errors import (
    BusyError,
    ClientGoneError,
    ForeignOriginError,
    MalformedBodyError,
    NotAcceptableError,
    NotFoundError,
    NotReadyError,
    PreconditionFailedError,
    PreconditionNeededError,
    TooLargeError,
    TooSlowError,
    UnsupportedBodyError,
)
from campaign_service.api.problems.kinds import PROBLEMS
from campaign_service.api.throttled_warning import ThrottledWarning
from campaign_service.api.times import rule_of
from campaign_service.engine import SoundsMissingError
from campaign_service.schemas.conversion import PROBLEMS_MAX, BadValuesError, in_json, plain
from campaign_service.schemas.problems import BadValue, CampaignName, LackedSound, ProblemBody
from campaign_service.serving import KeyReusedError, NotLeadingError

__all__ = [
    "PROBLEM_MEDIA",
    "ProblemResponse",
    "problem_from_error",
    "problem_response",
    "refused_by_field",
]

_log = logging.getLogger(__name__)
_refused = ThrottledWarning(_log, "a request was refused: %s")


PROBLEM_MEDIA = "application/problem+json"
_AWAY = "the database cannot be written or read just now; the service's log says why"


@attrs.frozen(kw_only=True)
class ProblemResponse:
    """The answer to a request that went wrong."""

    body: ProblemBody
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return self.body.status

    def encoded(self) -> bytes:
        """Return the body as JSON."""
        return msgspec.json.encode(self.body)


def refused_by_field(
    error: CommandRefusedError, field: str, value: object, *, unknown: Sequence[int] = ()
) -> SettingsError:
    """Return a refusal of what a body, and no URL, names as one of that value.

    Args:
        field: where the value stands in the body.
        value: what was given there.
        unknown: entries of it that are there no more; of a list these alone are named.
    """
    rule = error.why.rpartition(": ")[2]
    given = value if isinstance(value, list) else []
    bad = set(unknown)
    entries = [
        Problem(field=f"{field}[{index}]", value=entry, rule=rule)
        for index, entry in enumerate(given)
        if entry in bad
    ]
    return BadValuesError(entries[:PROBLEMS_MAX] or [Problem(field=field, value=value, rule=rule)])


def problem_from_error(error: Exception) -> ProblemResponse:
    """Return the answer to whatever went wrong; what nobody expected is logged."""
    if isinstance(error, SettingsError):
        return _bad_values_problem(error)
    if isinstance(error, HTTPException):
        return _framework_problem(error)
    if isinstance(error, AccessError):
        return _access_problem(error)
    if isinstance(error, CommandRefusedError):
        return _refusal_problem(error)
    match error:
        case NotFoundError():
            return problem_response("not-found", str(error))
        case PreconditionFailedError(etag=etag):
            return problem_response("precondition-failed", str(error), headers={"ETag": etag})
        case KeyReusedError():
            return problem_response("key-reused", str(error))
        case NotLeadingError(leader_url=leader):
            body = _body("not-leading", str(error), leader=leader)
            return ProblemResponse(body=body, headers={"Retry-After": "1"})
        case BusyError():
            return problem_response("busy", str(error), headers={"Retry-After": "2"})
        case OSError():
            # The journal, or the database that users are kept in; where that is, and what it says
            # of itself, is not for a stranger who tries to log in.
            _refused.warn(error)
            return problem_response("away", _AWAY, headers={"Retry-After": "2"})
        case _:
            pass
    for kind, name in _PLAIN.items():
        if isinstance(error, kind):
            return problem_response(name, str(error))
    return _internal_problem(error)


_PLAIN: Mapping[type[Exception], str] = {
    MalformedBodyError: "malformed-body",
    ClientGoneError: "bad-request",
    ForeignOriginError: "foreign-origin",
    NotAcceptableError: "not-acceptable",
    UnsupportedBodyError: "unsupported-body",
    TooLargeError: "body-too-large",
    PreconditionNeededError: "precondition-needed",
    TooSlowError: "too-slow",
    NotReadyError: "not-ready",
}
"""Problems that have nothing to tell but their sentence."""


def _bad_values_problem(error: SettingsError) -> ProblemResponse:
    is_path = isinstance(error, BadValuesError)
    errors = [
        BadValue(
            field=problem.field if is_path else in_json(problem.field),
            value=plain(problem.value),
            rule=rule_of(problem),
        )
        for problem in error.problems
    ]
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    detail = f"{first.field or 'the body'}: {first.rule}{more}"
    return ProblemResponse(body=_body("bad-value", detail, errors=errors))


def _refusal_problem(error: CommandRefusedError) -> ProblemResponse:
    if isinstance(
        error,
        UnknownCampaignError
        | UnknownModelError
        | UnknownRecipientError
        | UnknownUserError
        | UnknownRoleError
        | UnknownTokenError,
    ):
        return problem_response("not-found", error.why)
    if isinstance(error, VersionConflictError):
        return problem_response("precondition-failed", error.why)
    command = error.command
    name = command if isinstance(command, str) else type(command).__name__
    body = _body("refused", error.why, why=error.why, command=name)
    if isinstance(error, ConfirmationNeededError):
        named = [CampaignName(campaign_id=one, name=name) for one, name in error.campaigns]
        body = msgspec.structs.replace(body, campaigns=named)
    if isinstance(error, SoundsMissingError):
        lacked = [LackedSound(name=one.name or "", advice=one.advice) for one in error.missing]
        body = msgspec.structs.replace(body, sounds=lacked)
    return ProblemResponse(body=body)


def _access_problem(error: AccessError) -> ProblemResponse:
    match error:
        case LoginLimitedError(retry_after_s=after):
            return problem_response(
                "login-limited", str(error), headers={"Retry-After": str(after)}
            )
        case NotPermittedError():
            return problem_response("not-permitted", str(error))
        case _:
            # Whatever else an authenticator says, it does not know who asks.
            pass
    headers = {"WWW-Authenticate": 'Bearer realm="call-campaign"'}
    return problem_response("not-authenticated", str(error), headers=headers)


def _framework_problem(error: HTTPException) -> ProblemResponse:
    match error:
        case MethodNotAllowedException():
            return problem_response(
                "method-not-allowed", error.detail, headers=dict(error.headers or {})
            )
        case NotFoundException():
            return problem_response("not-found", "there is nothing at this URL")
        case RequestEntityTooLarge():
            return problem_response("body-too-large", "the body has more bytes than are taken here")
        case ClientException(status_code=400):
            return problem_response("bad-request", error.detail)
        case _:
            pass
    return _internal_problem(error)


def _internal_problem(error: Exception) -> ProblemResponse:
    number = secrets.token_hex(8)
    _log.error("request failed, %s", number, exc_info=error)
    detail = f"it is in the service's log under {number}"
    return ProblemResponse(body=_body("internal", detail, id=number))


def problem_response(
    name: str, detail: str, *, headers: Mapping[str, str] | None = None
) -> ProblemResponse:
    """Return the answer that says which kind of problem there is, and a sentence about it."""
    return ProblemResponse(body=_body(name, detail), headers=headers or {})


def _body(name: str, detail: str, **members: object) -> ProblemBody:
    kind = PROBLEMS[name]
    body = ProblemBody(type=kind.type, title=kind.title, status=kind.status, detail=detail)
    return msgspec.structs.replace(body, **members)
