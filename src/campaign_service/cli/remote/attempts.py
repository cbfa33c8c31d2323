"""``campaign add-attempts``, ``stop-attempts`` and ``append``: who is tried, and how often (R5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from campaign_core.errors import SettingsError
from campaign_service.cli.options import EXISTING_FILE, list_options
from campaign_service.cli.remote.failure_text import tell_done
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.lists import read_list
from campaign_service.cli.remote.service_access import key_option, with_client
from campaign_service.cli.value_text import counted
from campaign_service.client import Campaign, Client
from campaign_service.config import ListOptions
from campaign_service.numbers import read_number

__all__ = ["add_attempts", "append", "listed_under", "stop_attempts"]

_ATTEMPTS_MAX = 100
_ROWS_A_PAGE = 1_000
_SHORT = 6
"""Digits of a number that is its own form, whatever the number plan (R3.7)."""
_NUMBER = re.compile(r"\+?[0-9*#]{1,31}")
_ARGUMENT = click.argument("wanted", metavar="CAMPAIGN")


@click.command("add-attempts", short_help="Allow recipients more call attempts.")
@_ARGUMENT
@click.argument("attempts", metavar="N", type=click.IntRange(1, _ATTEMPTS_MAX))
@click.argument("whom", metavar="[RECIPIENT...]", nargs=-1)
@click.option("--all-failed", is_flag=True, help="Every recipient that has failed.")
@key_option
@with_client
def add_attempts(
    client: Client,
    /,
    *,
    wanted: str,
    attempts: int,
    whom: tuple[str, ...],
    all_failed: bool,
    key: str | None,
) -> int:
    """Allow some recipients, or all failed ones, N more call attempts each.

    CAMPAIGN is the id or the name of a campaign of the running service. RECIPIENT is a number of
    the list, or else a position in it. Who has failed is tried again, and an incomplete campaign
    goes on.
    """
    if bool(whom) is all_failed:
        raise click.UsageError("name each RECIPIENT, or give --all-failed")
    found = find_campaign(client, wanted)
    positions = None if all_failed else _positions(client, found, whom)
    client.add_attempts(found.campaign_id, attempts, positions=positions, key=key)
    to = "all failed recipients" if positions is None else counted(len(positions), "recipient")
    return _tell(client, found, f"{counted(attempts, 'more attempt')} for {to}")


@click.command("stop-attempts", short_help="Try recipients no more.")
@_ARGUMENT
@click.argument("whom", metavar="RECIPIENT...", nargs=-1, required=True)
@key_option
@with_client
def stop_attempts(client: Client, /, *, wanted: str, whom: tuple[str, ...], key: str | None) -> int:
    """Try recipients no more; one that is in a call keeps it.

    CAMPAIGN is the id or the name of a campaign of the running service. RECIPIENT is a number of
    the list, or else a position in it.
    """
    found = find_campaign(client, wanted)
    positions = _positions(client, found, whom)
    client.stop_attempts(found.campaign_id, positions, key=key)
    return _tell(client, found, f"no more attempts for {counted(len(positions), 'recipient')}")


@click.command(short_help="Add recipients to a campaign.")
@_ARGUMENT
@click.argument("csv", metavar="LIST.csv", type=EXISTING_FILE)
@list_options
@key_option
@with_client
def append(client: Client, *, lists: ListOptions, wanted: str, csv: Path, key: str | None) -> int:
    """Add recipients behind those that a campaign has.

    CAMPAIGN is the id or the name of a campaign of the running service, LIST.csv a file as for
    `campaign run`.
    """
    more = read_list(client, csv, lists)
    found = find_campaign(client, wanted)
    client.append_recipients(found.campaign_id, more, key=key)
    return _tell(client, found, counted(len(more), "more recipient"), counts=True)


def listed_under(client: Client, campaign_id: int, text: str) -> list[int]:
    """Return the positions of those listed under a number; of what is no number, none."""
    try:
        number = read_number(text)
    except SettingsError:
        return []
    if _NUMBER.fullmatch(number) is None:
        return []
    return [row.position for row in client.recipients(campaign_id, number=number)]


def _positions(client: Client, campaign: Campaign, whom: Sequence[str]) -> list[int]:
    """Return the positions of those that a person means, each once."""
    listed: dict[str, list[int]] = {}
    is_whole = len(whom) > 1 + campaign.recipient_count // _ROWS_A_PAGE
    if is_whole:
        # The whole list takes fewer questions than each of them would.
        listed = _by_number(client, campaign.campaign_id)

    def find(text: str) -> list[int]:
        if text in listed:
            return listed[text]
        if is_whole and len(text) <= _SHORT:
            return []
        # It may be written in another form than on the list, which the service knows.
        return listed_under(client, campaign.campaign_id, text)

    return list(dict.fromkeys(_position(find(text), text) for text in whom))


def _by_number(client: Client, campaign_id: int) -> dict[str, list[int]]:
    """Return the positions of all that are listed, by their numbers."""
    found: dict[str, list[int]] = {}
    for row in client.recipients(campaign_id):
        numbers = [row.number, *(one.number for one in row.further_numbers)]
        for number in dict.fromkeys(numbers):
            found.setdefault(number, []).append(row.position)
    return found


def _position(found: list[int], text: str) -> int:
    if len(found) == 1:
        return found[0]
    if found:
        places = ", ".join(map(str, found))
        rule = f"several recipients have this number: give the position of one, {places}"
    elif text.isascii() and text.isdecimal() and int(text):
        # Whether the list is so long is for the service to say.
        return int(text)
    else:
        rule = "no recipient of the campaign has this number or position"
    raise click.BadParameter(f"{text!r}: {rule}", param_hint="RECIPIENT")


def _tell(client: Client, found: Campaign, what: str, *, counts: bool = False) -> int:
    def look() -> str:
        now = client.campaign(found.campaign_id)
        in_all = f", {now.recipient_count} in all" if counts else ""
        return f"{now.campaign_id}  {now.name}: {now.status}; {what}{in_all}"

    return tell_done(f"{found.campaign_id}  {found.name}: {what}", look)
