"""The list of campaigns: searched, sorted, and told in pages (R4.8).

A page goes on from a *place*: what the list is sorted by, as it was of the last campaign that was
told, and its id. The id alone would not do. Where that campaign has been deleted since, or stands
elsewhere now, the rest of the list is told all the same: every campaign that did not move, once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from campaign_core import Campaign, Status
from campaign_core.errors import Problem
from campaign_service.api.views.responses import campaign_schema
from campaign_service.schemas import responses
from campaign_service.schemas.conversion import BadValuesError
from campaign_service.schemas.requests import CampaignSort, CampaignsQuery

__all__ = ["campaign_page"]

_Place = tuple[int, str, int]
"""A number or a text that is sorted by, and the campaign's id, by which no two are alike."""

_NEVER = 1 << 63
_SHARES = 1_000_000_000
"""In so many parts progress is told apart: a list has fewer recipients."""
_STATUSES = {status: index for index, status in enumerate(Status)}
_FROM_THE_FIRST = ("", "0")
_CURSOR = re.compile(r"([0-9]+)(?::(-?[0-9]+):(.*))?")


def _folded(text: str) -> str:
    """Return a text without what tells capital from small, accents behind their letters."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())


_KEYS: Mapping[CampaignSort, Callable[[Campaign], int | str]] = {
    "CREATION": lambda _: 0,
    "NAME": lambda one: _folded(one.name),
    "MODEL": lambda one: _folded(one.model_name),
    "STATUS": lambda one: _STATUSES[one.status],
    "PRIORITY": lambda one: one.parameters.priority,
    "START": lambda one: one.starts_at,
    "EXPIRY": lambda one: _NEVER if one.expires_at is None else one.expires_at,
    "RECIPIENTS": lambda one: len(one.recipients),
    "PROGRESS": lambda one: one.contacted * _SHARES // max(1, len(one.recipients)),
    "CALLS": lambda one: one.internal_calls + one.external_calls,
}


def campaign_page(found: Iterable[Campaign], query: CampaignsQuery) -> responses.CampaignPage:
    """Return a page of the campaigns that are asked for.

    Raises:
        BadValuesError: ``after`` is of a page in another order.
    """
    begun = _begun(query)
    is_reversed = query.order == "DESCENDING"
    searched = _folded(query.search)
    behind: list[tuple[_Place, Campaign]] = []
    for one in found:
        if query.status and one.status not in query.status:
            continue
        if searched not in _folded(one.name):
            continue
        place = _place(one, query.sort)
        if begun is None or (place < begun if is_reversed else place > begun):
            behind.append((place, one))
    behind.sort(key=lambda pair: pair[0], reverse=is_reversed)
    page = behind[: query.limit]
    is_last = len(page) == len(behind)
    return responses.CampaignPage(
        items=[campaign_schema(one, responses.Campaign) for _, one in page],
        next=None if is_last else _cursor(page[-1][0], query.sort),
    )


def _place(one: Campaign, sort: CampaignSort) -> _Place:
    key = _KEYS[sort](one)
    return (key, "", one.campaign_id) if isinstance(key, int) else (0, key, one.campaign_id)


def _cursor(place: _Place, sort: CampaignSort) -> int | str:
    number, text, campaign_id = place
    return campaign_id if sort == "CREATION" else f"{campaign_id}:{number}:{text}"


def _begun(query: CampaignsQuery) -> _Place | None:
    """Return the place behind which the page begins; ``None``: before all."""
    if query.after in _FROM_THE_FIRST:
        return None
    found = _CURSOR.fullmatch(query.after)
    if found is None or (found[2] is None) is not (query.sort == "CREATION"):
        rule = "the next of a page in the same order, or left out"
        raise BadValuesError([Problem(field="after", value=query.after, rule=rule)])
    return int(found[2] or 0), found[3] or "", int(found[1])
