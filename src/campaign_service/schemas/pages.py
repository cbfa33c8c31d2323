"""Lists in answers: a page of one, or all of it; and the queries that ask for a page."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Struct

from campaign_service.schemas.fields import Ask, Seq, about

__all__ = ["HistoryQuery", "Page", "PositionsQuery", "WholeList"]

T = TypeVar("T")
Cursor = TypeVar("Cursor", bound=int | str)


class Page(Struct, Generic[T, Cursor], kw_only=True, frozen=True):
    """Some entries of a list, and where it goes on."""

    items: Annotated[list[T], about("Of this page.")]
    next: Annotated[
        Cursor | None, about("Give it as `after` for the next page; null: this was the last.")
    ]


class WholeList(Struct, Generic[T], kw_only=True, frozen=True):
    """The entries of a short list."""

    items: Annotated[list[T], about("All of them: there are no pages.")]


class PositionsQuery(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of a list in the order of numbers."""

    after: Annotated[Seq, about("Entries behind this one: the `next` of a page.")] = 0
    limit: Ask = 100


class HistoryQuery(PositionsQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of what has been, from its beginning or from its end."""

    after: Annotated[
        Seq, about("Entries behind this one in the order asked for: the `next` of a page.")
    ] = 0
    order: Annotated[
        Literal["OLDEST_FIRST", "NEWEST_FIRST"],
        about("From the first, or from the last backwards; what comes meanwhile moves nothing."),
    ] = "OLDEST_FIRST"

    @property
    def is_newest_first(self) -> bool:
        """Whether it goes backwards."""
        return self.order == "NEWEST_FIRST"
