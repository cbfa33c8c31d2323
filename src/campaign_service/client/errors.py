"""What can go wrong between a program and a running service, by who must act.

::

    ClientError
    ├── UnreachableError(ConnectionError)        the service is away: try later, or mend the URL
    │   └── UntrustedError                       its certificate is not one that is trusted
    ├── ResponseError(ValueError)                what answers is no call campaign service
    └── ProblemError                             the service says no, and why
        ├── NotLoggedInError(PermissionError)    no token, or one that does not hold any more
        ├── NotAllowedError(PermissionError)     the user may not do this (R10.1)
        ├── NotFoundError(LookupError)
        └── BadValueError(ValueError)            a value must be changed; it names every one

No error holds a token or a password. Of a command, :attr:`ClientError.may_be_taken` says whether it
may be carried out all the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import ValidationError

from campaign_core.errors import PortableError
from campaign_service.client.json_data import Json
from campaign_service.client.reading import read
from campaign_service.schemas.problems import BadValue

__all__ = [
    "BadValueError",
    "ClientError",
    "NotAllowedError",
    "NotFoundError",
    "NotLoggedInError",
    "ProblemError",
    "ResponseError",
    "UnreachableError",
    "UntrustedError",
]


class ClientError(PortableError):
    """Any error of the client."""

    may_be_taken = False
    """Whether the command may have been taken: it was sent, and no answer says what became of it.

    Given again under the same key it is taken once; under another it may be taken twice."""


class UnreachableError(ClientError, ConnectionError):
    """Nobody answers at the URL, though it was tried for a while."""

    def __init__(self, url: str, why: str) -> None:
        """Take the URL, and what the connection said."""
        self.url = url
        super().__init__(f"{url} cannot be reached: {why}")


class UntrustedError(UnreachableError):
    """Who answers at the URL shows a certificate that is not trusted; nothing was sent."""

    def __init__(self, url: str, why: str) -> None:
        """Take the URL, and what is wrong with the certificate."""
        super().__init__(url, f"its certificate is not trusted, {why}")


class ResponseError(ClientError, ValueError):
    """What answers is not a service that this client understands."""

    def __init__(self, url: str, why: str) -> None:
        """Take the URL, and what is odd about the answer."""
        self.url = url
        super().__init__(f"{url} answers otherwise than a call campaign service does: {why}")


class ProblemError(ClientError):
    """The service refused a request, with problem details (RFC 9457)."""

    def __init__(
        self, *, status: int, title: str, detail: str, members: Mapping[str, Json]
    ) -> None:
        """Take the HTTP status, and what the answer's body says."""
        self.status = status
        self.title = title
        self.detail = detail
        """A sentence for a person."""
        self.members = dict(members)
        """All members of the problem, for a program."""
        super().__init__(detail or title)

    @property
    def kind(self) -> str:
        """The last part of the problem's type, such as ``not-leading``."""
        return str(self.members.get("type", "")).rstrip("/").rpartition("/")[2]

    @property
    def fields(self) -> Sequence[BadValue]:
        """Every value that was not taken; empty where the problem is another one."""
        try:
            return read(list[BadValue], self.members.get("errors"))
        except ValidationError:
            return ()


class NotLoggedInError(ProblemError, PermissionError):
    """There is no token, or it does not hold any more."""


class NotAllowedError(ProblemError, PermissionError):
    """The user may not do this (R10.1)."""


class NotFoundError(ProblemError, LookupError):
    """There is no such thing."""


class BadValueError(ProblemError, ValueError):
    """Values must be changed; :attr:`fields` names every one at once (R3.3)."""


_BY_STATUS: Mapping[int, type[ProblemError]] = {
    400: BadValueError,
    401: NotLoggedInError,
    403: NotAllowedError,
    404: NotFoundError,
    422: BadValueError,
}


def problem_of(status: int, members: Mapping[str, Json]) -> ProblemError:
    """Return the error for the problem details of an answer."""
    kind = _BY_STATUS.get(status, ProblemError)
    return kind(
        status=status,
        title=str(members.get("title", f"HTTP status {status}")),
        detail=str(members.get("detail", "")),
        members=members,
    )
