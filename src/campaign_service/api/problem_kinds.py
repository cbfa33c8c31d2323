"""The kinds of problems: what the type of one says, and what is to be done.

The last column is that of the table in docs/api.md, and what is answered to whoever follows the
type of a problem.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

__all__ = ["PROBLEMS", "ProblemKind"]


@attrs.frozen
class ProblemKind:
    """A kind of problem."""

    name: str
    """The last part of its type."""
    status: int
    title: str
    meaning: str
    """What it means, and what to do."""

    @property
    def type(self) -> str:
        """The type: a URL of the service, which answers with the meaning."""
        return f"/problems/{self.name}"


_KINDS = (
    ProblemKind("malformed-body", 400, "The body is no JSON", "the body is no JSON"),
    ProblemKind("bad-request", 400, "The request is malformed", "the request is malformed"),
    ProblemKind(
        "not-authenticated",
        401,
        "It is not known who asks",
        "no token, or one that holds no more: log in",
    ),
    ProblemKind(
        "not-permitted",
        403,
        "This may not be done",
        "the permission is missing, or the password must be changed first",
    ),
    ProblemKind(
        "not-found",
        404,
        "There is no such thing",
        "there is nothing of this name or number (of a tenant: for whoever may see all of them)",
    ),
    ProblemKind(
        "method-not-allowed", 405, "That cannot be done with this", "`Allow` says what can be done"
    ),
    ProblemKind(
        "not-acceptable",
        406,
        "No acceptable form of an answer",
        "the answer has none of the forms of `Accept`",
    ),
    ProblemKind(
        "too-slow", 408, "The request has not come in time", "the request has not come in time"
    ),
    ProblemKind(
        "refused",
        409,
        "The state does not allow it",
        "the state does not allow it: `command` and `why`; where it must be confirmed, `campaigns`"
        " started from a model, or `sounds` that the telephony lacks",
    ),
    ProblemKind(
        "key-reused",
        409,
        "The idempotency key belongs to another request",
        "the idempotency key was used for another request",
    ),
    ProblemKind(
        "precondition-failed",
        412,
        "Somebody has changed it meanwhile",
        "somebody has changed it: read it again",
    ),
    ProblemKind(
        "body-too-large",
        413,
        "The body is too large",
        "1 MiB is taken; 256 MiB where there may be a list of recipients, numbers or positions (of "
        "`what-if`: from who has `MANAGE_CAMPAIGNS`); 16 KiB where no permission is needed: a "
        "log-in, one's own password and tokens",
    ),
    ProblemKind(
        "unsupported-body",
        415,
        "The body is of another kind",
        "the body must be `application/json`",
    ),
    ProblemKind(
        "bad-value",
        422,
        "Values must be changed",
        "`errors` names every bad value: `field`, `value`, `rule`",
    ),
    ProblemKind("precondition-needed", 428, "If-Match is needed", "send `If-Match`"),
    ProblemKind(
        "login-limited",
        429,
        "Too many log-ins have failed",
        "too many log-ins have failed, or too many come at once: `Retry-After`",
    ),
    ProblemKind(
        "head-too-large",
        431,
        "The head of the request is too long",
        "line and headers may have 64 KiB",
    ),
    ProblemKind(
        "internal",
        500,
        "The service has made a mistake",
        "a mistake of ours; the log has more of it under `id`",
    ),
    ProblemKind(
        "not-leading",
        503,
        "Another process leads",
        "another process leads: `leader` says where it listens",
    ),
    ProblemKind(
        "busy",
        503,
        "Too much is asked just now",
        "too many wait for this kind of work already, or bodies take all the room there is: "
        "`Retry-After`",
    ),
    ProblemKind(
        "away",
        503,
        "It cannot be written or read just now",
        "the database cannot be written or read just now, the log says why: `Retry-After`",
    ),
    ProblemKind(
        "not-ready",
        503,
        "The process is of no use just now",
        "of `/ready`; and of what is not answered when the service stops",
    ),
)
PROBLEMS: Mapping[str, ProblemKind] = {kind.name: kind for kind in _KINDS}
"""Every kind of problem by its name."""
