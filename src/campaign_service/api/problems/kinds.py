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


_KINDS = {
    "malformed-body": (400, "The body is no JSON", "the body is no JSON"),
    "bad-request": (400, "The request is malformed", "the request is malformed"),
    "not-authenticated": (
        401,
        "It is not known who asks",
        "no token, or one that holds no more: log in",
    ),
    "not-permitted": (
        403,
        "This may not be done",
        "the permission is missing, or the password must be changed first",
    ),
    "foreign-origin": (
        403,
        "Another site's page asks",
        (
            "a browser's session was shown with an `Origin` other than the service's own, or a"
            " change without one; behind a proxy see `public_url` and `trusted_proxies`"
        ),
    ),
    "not-found": (
        404,
        "There is no such thing",
        "there is nothing of this name or number (of a tenant: for whoever may see all of them)",
    ),
    "method-not-allowed": (405, "That cannot be done with this", "`Allow` says what can be done"),
    "not-acceptable": (
        406,
        "No acceptable form of an answer",
        "the answer has none of the forms of `Accept`",
    ),
    "too-slow": (408, "The request has not come in time", "the request has not come in time"),
    "refused": (
        409,
        "The state does not allow it",
        (
            "the state does not allow it: `command` and `why`; where it must be confirmed,"
            " `campaigns` started from a model, or `sounds` that the telephony lacks"
        ),
    ),
    "key-reused": (
        409,
        "The idempotency key belongs to another request",
        "the idempotency key was used for another request",
    ),
    "precondition-failed": (
        412,
        "Somebody has changed it meanwhile",
        "somebody has changed it: read it again",
    ),
    "body-too-large": (
        413,
        "The body is too large",
        (
            "1 MiB is taken; 256 MiB where there may be a list of recipients, numbers or positions"
            " (of `what-if`: from who has `MANAGE_CAMPAIGNS`); 16 KiB where no permission is"
            " needed: a log-in, one's own password and tokens"
        ),
    ),
    "unsupported-body": (415, "The body is of another kind", "the body must be `application/json`"),
    "bad-value": (
        422,
        "Values must be changed",
        "`errors` names every bad value: `field`, `value`, `rule`",
    ),
    "precondition-needed": (428, "If-Match is needed", "send `If-Match`"),
    "login-limited": (
        429,
        "Too many log-ins have failed",
        "too many log-ins have failed, or too many come at once: `Retry-After`",
    ),
    "head-too-large": (
        431,
        "The head of the request is too long",
        "line and headers may have 64 KiB",
    ),
    "internal": (
        500,
        "The service has made a mistake",
        "a mistake of ours; the log has more of it under `id`",
    ),
    "not-leading": (
        503,
        "Another process leads",
        "another process leads: `leader` says where it listens",
    ),
    "busy": (
        503,
        "Too much is asked just now",
        (
            "too many wait for this kind of work already, or bodies take all the room there is: "
            "`Retry-After`"
        ),
    ),
    "away": (
        503,
        "It cannot be written or read just now",
        "the database cannot be written or read just now, the log says why: `Retry-After`",
    ),
    "not-ready": (
        503,
        "The process is of no use just now",
        "of `/ready`; and of what is not answered when the service stops",
    ),
}
PROBLEMS: Mapping[str, ProblemKind] = {
    name: ProblemKind(name, *rest) for name, rest in _KINDS.items()
}
"""Every kind of problem by its name."""
