"""Operations: what can be asked of the API, each told once.

From the same table come the routes, what is checked before a handler runs (who asks, what may be
done, the schemas of query and body), and the OpenAPI document; so the document cannot differ from
what is done.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from enum import Enum
from functools import partial
from typing import Any, TypedDict

import attrs
from msgspec import Struct
from typing_extensions import Unpack

from campaign_core.commands import Command
from campaign_service.access import ServicePermission, needed_for
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.schemas.requests import NoQuery

__all__ = [
    "IfMatch",
    "Operation",
    "OperationTable",
    "RequiredCaller",
    "ResponseForm",
    "operation_name",
]

PREFIX = "/api/v1"
"""Before every path but those of health and metrics."""
OF_TENANT = f"{PREFIX}/tenants/{{tenant}}"


class RequiredCaller(Enum):
    """Who may call an operation that needs no permission."""

    ANYBODY = "ANYBODY"
    """Nobody needs to show who it is."""
    AUTHENTICATED = "AUTHENTICATED"
    """Anybody who has shown who it is, even one who must change the password first."""


class IfMatch(Enum):
    """What becomes of the header If-Match."""

    IGNORED = "IGNORED"
    """It means nothing here."""
    OPTIONAL = "OPTIONAL"
    """Where it is given it must hold."""
    REQUIRED = "REQUIRED"
    """It must be given."""


@attrs.frozen(kw_only=True)
class ResponseForm:
    """A form that a good response can have."""

    schema: type[Struct] | None = None
    """Of a JSON body; ``None``: no body, or no JSON."""
    media: tuple[str, ...] = ("application/json",)
    message: type[Struct] | None = None
    """What the messages of a stream hold, where that is always one schema."""
    status: int = 200
    has_etag: bool = False
    tag_tells_all: bool = True
    """Whether the ETag is another whenever the answer is, so that who knows it needs no answer."""
    has_location: bool = False
    has_cookie: bool = False
    """Whether a browser is given a cookie to keep."""
    shows_state: bool = False
    """Whether it is made of a state, and says of which."""


Handler = Callable[[ApiRequest], Awaitable[ApiResponse | Struct | None]]
"""Gives a body alone where there is no more to a response, and nothing where there is no body."""


@attrs.frozen(kw_only=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    name: str
    """In words, such as ``start_campaign``."""
    summary: str
    description: str
    tag: str
    needs: ServicePermission | RequiredCaller
    handler: Handler = attrs.field(eq=False)
    response: ResponseForm
    query: type[Struct] = NoQuery
    body: type[Struct] | None = None
    body_may_be_missing: bool = False
    has_list: bool = False
    """Whether the body may hold a list of recipients, and so be a large one."""
    if_match: IfMatch = IfMatch.IGNORED
    commands: tuple[type[Any], ...] = ()
    """The core's commands that it gives."""
    problems: tuple[str, ...] = ()
    """Kinds of problems beside those that follow from the rest."""

    @property
    def is_of_tenant(self) -> bool:
        """Whether it asks something of one tenant."""
        return self.path.startswith(f"{OF_TENANT}/")

    @property
    def may_be_known(self) -> bool:
        """Whether who knows the answer already is told no more than that (If-None-Match)."""
        response = self.response
        return not self.is_change and response.has_etag and response.tag_tells_all

    @property
    def is_change(self) -> bool:
        """Whether something may be different after it."""
        return self.method != "GET"


def operation_name(command: type[Command]) -> str:
    """Return what the operation is called that gives a command: ``stop_campaign`` StopCampaign."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", command.__name__).lower()


class _FormOptions(TypedDict, total=False):
    """What more there is to an answer; see :class:`ResponseForm`."""

    media: tuple[str, ...]
    message: type[Struct]
    has_etag: bool
    tag_tells_all: bool
    shows_state: bool


class _RequestOptions(TypedDict, total=False):
    """What a request to change something may hold; see :class:`Operation`."""

    query: type[Struct]
    body: type[Struct] | None
    body_may_be_missing: bool
    has_list: bool
    if_match: IfMatch


class OperationTable:
    """Collects operations as they are declared, for one chapter of the document.

    Args:
        tag: the chapter.
        below: what every path of it begins with.
    """

    def __init__(self, tag: str, *, below: str) -> None:
        self.tag = tag
        self.below = below
        self.operations: list[Operation] = []

    def query(
        self,
        path: str,
        *,
        response: type[Struct] | None,
        query: type[Struct] = NoQuery,
        needs: ServicePermission | RequiredCaller = ServicePermission.VIEW,
        problems: tuple[str, ...] = (),
        **form: Unpack[_FormOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare a handler that answers and changes nothing."""
        answer = ResponseForm(schema=response, **form)
        return self._declare(
            "GET",
            path,
            partial(Operation, needs=needs, query=query, response=answer, problems=problems),
        )

    def command(
        self,
        method: str,
        path: str,
        *,
        gives: type[Command],
        response: ResponseForm,
        **options: Unpack[_RequestOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare a handler that gives a command of the core; the core says what it needs."""
        operation = partial(
            Operation,
            needs=needed_for(gives.__new__(gives)),
            response=response,
            commands=(gives,),
            problems=("refused", "key-reused", "not-leading", "away"),
            **options,
        )
        return self._declare(method, path, operation)

    def change(
        self,
        method: str,
        path: str,
        *,
        needs: ServicePermission | RequiredCaller,
        response: ResponseForm,
        problems: tuple[str, ...] = ("refused", "away"),
        **options: Unpack[_RequestOptions],
    ) -> Callable[[Handler], Handler]:
        """Declare a handler that changes something outside of the core: users, above all."""
        operation = partial(Operation, needs=needs, response=response, problems=problems, **options)
        return self._declare(method, path, operation)

    def _declare(
        self, method: str, path: str, operation: Callable[..., Operation]
    ) -> Callable[[Handler], Handler]:
        def declared(handler: Handler) -> Handler:
            text = (handler.__doc__ or "").strip()
            summary, _, rest = text.partition("\n")
            self.operations.append(
                operation(
                    method=method,
                    path=f"{self.below}{path}",
                    name=getattr(handler, "__name__", ""),
                    summary=summary.rstrip("."),
                    description=" ".join(rest.split()),
                    tag=self.tag,
                    handler=handler,
                )
            )
            return handler

        return declared
