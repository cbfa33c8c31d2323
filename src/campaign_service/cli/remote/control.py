"""What is done to a campaign of a running service, and to its recipients (R5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from campaign_core.errors import SettingsError
from campaign_service.cli.options import EXISTING_FILE, campaign_argument, list_options
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.lists import read_list
from campaign_service.cli.remote.refusals import tell_done, without_sounds
from campaign_service.cli.remote.service_access import key_option, with_client
from campaign_service.cli.value_text import counted
from campaign_service.client import Campaign, CampaignDetail, Client
from campaign_service.config import ListOptions
from campaign_service.numbers import read_number

__all__ = [
    "add_attempts",
    "append",
    "delete",
    "listed_under",
    "pause",
    "resume",
    "stop",
    "stop_attempts",
]

_ATTEMPTS_MAX = 100
_ROWS_A_PAGE = 1_000
_SHORT = 6
"""Digits of a number that is its own form, whatever the number plan (R3.7)."""
_NUMBER = re.compile(r"\+?[0-9*#]{1,31}")


@click.command(short_help="Place no new calls of a campaign.")
@campaign_argument
@key_option
@with_client
def pause(client: Client, *, wanted: str, key: str | None) -> None:
    """Place no new calls; those in progress go on, and their results count.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    client.pause(found.campaign_id, key=key)
    _tell(client, found, "paused", _calls)


@click.command(short_help="Place calls of a paused campaign again.")
@campaign_argument
@click.option("--yes", is_flag=True, help="Also where the telephony lacks a sound of it.")
@key_option
@with_client
def resume(client: Client, *, wanted: str, yes: bool, key: str | None) -> None:
    """Place calls of a paused campaign again.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    without_sounds(
        lambda is_confirmed: client.resume(found.campaign_id, confirmed=is_confirmed, key=key),
        yes=yes,
    )
    _tell(client, found, "resumed", _calls)


@click.command(short_help="Close a campaign for good.")
@campaign_argument
@click.option("--hang-up", is_flag=True, help="End its calls in progress at once.")
@key_option
@with_client
def stop(client: Client, *, wanted: str, hang_up: bool, key: str | None) -> None:
    """Close a campaign for good; calls in progress go on to their end unless --hang-up is given.

    CAMPAIGN is the id or the name of a campaign of the running service. A campaign that is to go on
    later is paused instead.
    """
    found = find_campaign(client, wanted)
    client.stop(found.campaign_id, hang_up=hang_up, key=key)
    _tell(client, found, "stopped", _calls)


@click.command(short_help="Take a campaign off the list.")
@campaign_argument
@with_client
def delete(client: Client, *, wanted: str) -> None:
    """Take a campaign off the list that has not begun, or has ended; its log stays.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    client.delete_campaign(found.campaign_id)
    click.echo(f"{found.campaign_id}  {found.name}: deleted; its log stays")


# Recipients ----------------------------------------------------------------------------------


@click.command("add-attempts", short_help="Allow recipients more call attempts.")
@campaign_argument
@click.argument("attempts", metavar="N", type=click.IntRange(1, _ATTEMPTS_MAX))
@click.argument("whom", metavar="[RECIPIENT...]", nargs=-1)
@click.option("--all-failed", is_flag=True, help="Every recipient that has failed.")
@key_option
@with_client
def add_attempts(
    client: Client,
    *,
    wanted: str,
    attempts: int,
    whom: tuple[str, ...],
    all_failed: bool,
    key: str | None,
) -> None:
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
    _tell(client, found, f"{counted(attempts, 'more attempt')} for {to}")


@click.command("stop-attempts", short_help="Try recipients no more.")
@campaign_argument
@click.argument("whom", metavar="RECIPIENT...", nargs=-1, required=True)
@key_option
@with_client
def stop_attempts(client: Client, *, wanted: str, whom: tuple[str, ...], key: str | None) -> None:
    """Try recipients no more; one that is in a call keeps it.

    CAMPAIGN is the id or the name of a campaign of the running service. RECIPIENT is a number of
    the list, or else a position in it.
    """
    found = find_campaign(client, wanted)
    positions = _positions(client, found, whom)
    client.stop_attempts(found.campaign_id, positions, key=key)
    _tell(client, found, f"no more attempts for {counted(len(positions), 'recipient')}")


@click.command(short_help="Add recipients to a campaign.")
@campaign_argument
@click.argument("csv", metavar="LIST.csv", type=EXISTING_FILE)
@list_options
@key_option
@with_client
def append(client: Client, *, lists: ListOptions, wanted: str, csv: Path, key: str | None) -> None:
    """Add recipients behind those that a campaign has.

    CAMPAIGN is the id or the name of a campaign of the running service, LIST.csv a file as for
    `campaign run`.
    """
    more = read_list(client, csv, lists)
    found = find_campaign(client, wanted)
    client.append_recipients(found.campaign_id, more, key=key)
    what = counted(len(more), "more recipient")
    _tell(client, found, what, lambda now: f"{what}, {now.recipient_count} in all")


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


def _calls(now: CampaignDetail) -> str:
    calls = now.internal_calls + now.external_calls
    return f"{calls} in a call" if calls else ""


def _tell(
    client: Client,
    found: Campaign,
    done: str,
    details: Callable[[CampaignDetail], str] | None = None,
) -> None:
    def describe(now: CampaignDetail) -> str:
        more = done if details is None else details(now)
        return f"{now.campaign_id}  {now.name}: {now.status}{'; ' if more else ''}{more}"

    tell_done(client, found.campaign_id, f"{found.campaign_id}  {found.name}: {done}", describe)
