"""What all methods of the client share: paths, commands, pages, and answers read as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeVar, cast

import msgspec

from campaign_service.client.connection import Connection, Parameters, Response
from campaign_service.client.errors import ResponseError
from campaign_service.client.json_data import Json
from campaign_service.client.reading import read
from campaign_service.schemas.responses import Taken

__all__ = ["Requests", "confirmation", "moment", "order"]

_T = TypeVar("_T")
_PAGE = 1_000


class Requests:
    """Requests to a tenant of a running service.

    Args:
        connection: to the service.
        tenant: which PBX's.
    """

    def __init__(self, connection: Connection, *, tenant: str = "main") -> None:
        self.connection = connection
        self.tenant = tenant

    def _path(self, *parts: str | int) -> str:
        return "/".join(["tenants", self.tenant, *map(str, parts)])

    def _ask(self, path: str, parameters: Parameters | None = None) -> Json:
        return self.connection.ask(path, parameters).data

    def _seen(self, path: str, parameters: Parameters | None = None) -> dict[str, Json]:
        """Return an object as the API has it."""
        return self._members(self._ask(path, parameters))

    def _tagged(
        self, path: str, parameters: Parameters | None = None
    ) -> tuple[dict[str, Json], str | None]:
        """Return an object as the API has it, and its tag for a change."""
        answer = self.connection.ask(path, parameters)
        return self._members(answer.data), answer.etag

    def _items(self, kind: type[_T], path: str) -> list[_T]:
        """Return a list that has no pages."""
        return self._read(list[kind], self._seen(path).get("items"))  # type: ignore[valid-type]

    def _command(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        key: str | None = None,
        tag: str | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Taken:
        answer = self.connection.command(
            method, path, body, key=key, if_match=tag, parameters=parameters
        )
        return self._read(Taken, answer.data)

    def _change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        tag: str | None = None,
        is_repeatable: bool = True,
    ) -> Response:
        """Change what is no command of the core: those that make something are sent once."""
        return self.connection.change(method, path, body, if_match=tag, is_repeatable=is_repeatable)

    def _pages(
        self,
        kind: type[_T],
        path: str,
        parameters: Parameters | None = None,
        *,
        after: int | str = 0,
    ) -> Iterator[_T]:
        following: Json = after
        while following is not None:
            asked = {**(parameters or {}), "after": cast("int | str", following), "limit": _PAGE}
            page = self._seen(path, asked)
            yield from self._read(list[kind], page.get("items"))  # type: ignore[valid-type]
            following = page.get("next")

    def _members(self, data: Json) -> dict[str, Json]:
        if not isinstance(data, dict):
            raise ResponseError(self.connection.url, "no object where one is expected")
        return data

    def _read(self, kind: type[_T], data: Json) -> _T:
        try:
            return read(kind, data)
        except msgspec.ValidationError as error:
            raise ResponseError(self.connection.url, str(error)) from None


def moment(at: datetime | None) -> str | None:
    """Return a moment as the API takes it."""
    return None if at is None else at.isoformat()


def confirmation(confirmed: bool) -> dict[str, str | int]:  # noqa: FBT001 -- its one word
    """Return the query by which a command is confirmed; without a confirmation, none."""
    return {"confirmed": "true"} if confirmed else {}


def order(*, newest_first: bool) -> dict[str, str]:
    """Return the query that asks for the newest first; oldest first, none: every service knows."""
    return {"order": "NEWEST_FIRST"} if newest_first else {}
