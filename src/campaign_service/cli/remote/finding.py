"""Campaigns of a running service as a person names them: by id or by name."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from typing import TypeVar

import click

from campaign_service.client import Campaign, CampaignDetail, Client, ModelRow, NotFoundError

__all__ = ["called", "find_campaign", "find_with_retries"]

FOLLOWS_WITHIN_S = 5.0
"""By when a process that follows has read what the leader wrote, or leads itself."""
_LOOKS_EVERY_S = 0.25
_DIGITS_MAX = 18
"""Of an id."""

_Row = TypeVar("_Row")
_Named = TypeVar("_Named", Campaign, ModelRow)


def find_campaign(client: Client, wanted: str) -> CampaignDetail:
    """Return the campaign that a person means by its id, or by a name that only one has."""
    is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) <= _DIGITS_MAX
    number = int(wanted) if is_number else None
    if number is not None:
        numbered = find_with_retries(client, lambda: _numbered(client, number))
        if numbered:
            return numbered[0]
        # A number is an id and nothing else: by a name it might be another campaign than was meant.
        found = _named(client, wanted)
    else:
        found = find_with_retries(client, lambda: _named(client, wanted))
        if len(found) == 1:
            return client.campaign(found[0].campaign_id)
    if found:
        ids = ", ".join(f"{row.campaign_id} ({row.status})" for row in found)
        rule = (
            f"no campaign has this id; it is the name of {ids}: give its id"
            if number is not None
            else f"several campaigns have this name: give the id of one, {ids}"
        )
    else:
        rule = "no campaign on the list has this id or name"
    raise click.BadParameter(f"{wanted!r}: {rule}", param_hint="CAMPAIGN")


def called(rows: list[_Named], name: str) -> list[_Named]:
    """Return those of a name: written so, or else with letters that were typed otherwise."""
    exactly = [row for row in rows if row.name == name]
    return exactly or [row for row in rows if _as_compared(row.name) == _as_compared(name)]


def _as_compared(name: str) -> str:
    """Return a name as it is told from others, however its letters were typed (R3.2)."""
    return unicodedata.normalize("NFC", name).strip()


def find_with_retries(client: Client, look: Callable[[], list[_Row]]) -> list[_Row]:
    """Return what is found, looked for again where a process may not have read of it yet.

    One that follows another is behind by a moment: what the leader has done just now, the same
    person's next command must find.
    """
    found = look()
    deadline = time.monotonic() + FOLLOWS_WITHIN_S
    while not found and time.monotonic() < deadline:
        is_leading = client.status().role == "LEADING"
        found = look()
        if is_leading:
            break
        time.sleep(_LOOKS_EVERY_S)
    return found


def _numbered(client: Client, number: int) -> list[CampaignDetail]:
    try:
        return [client.campaign(number)]
    except NotFoundError:
        return []


def _named(client: Client, wanted: str) -> list[Campaign]:
    rows = list(client.campaigns())
    loosely = _as_compared(wanted).casefold()
    return called(rows, wanted) or [
        row for row in rows if _as_compared(row.name).casefold() == loosely
    ]
