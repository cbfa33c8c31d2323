"""``campaign pause``, ``resume``, ``stop`` and ``delete``: what is done to a whole campaign."""

from __future__ import annotations

import click

from campaign_service.cli.remote.confirming import without_sounds
from campaign_service.cli.remote.failure_text import tell_done
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.service_access import key_option, with_client
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import Campaign, Client

__all__ = ["delete", "pause", "resume", "stop"]

_ARGUMENT = click.argument("wanted", metavar="CAMPAIGN")


@click.command(short_help="Place no new calls of a campaign.")
@_ARGUMENT
@key_option
@with_client
def pause(client: Client, /, *, wanted: str, key: str | None) -> int:
    """Place no new calls; those in progress go on, and their results count.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    client.pause(found.campaign_id, key=key)
    return _tell(client, found, "paused")


@click.command(short_help="Place calls of a paused campaign again.")
@_ARGUMENT
@click.option("--yes", is_flag=True, help="Also where the telephony lacks a sound of it.")
@key_option
@with_client
def resume(client: Client, /, *, wanted: str, yes: bool, key: str | None) -> int:
    """Place calls of a paused campaign again.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    without_sounds(
        lambda is_confirmed: client.resume(found.campaign_id, confirmed=is_confirmed, key=key),
        yes=yes,
    )
    return _tell(client, found, "resumed")


@click.command(short_help="Close a campaign for good.")
@_ARGUMENT
@click.option("--hang-up", is_flag=True, help="End its calls in progress at once.")
@key_option
@with_client
def stop(client: Client, /, *, wanted: str, hang_up: bool, key: str | None) -> int:
    """Close a campaign for good; calls in progress go on to their end unless --hang-up is given.

    CAMPAIGN is the id or the name of a campaign of the running service. A campaign that is to go on
    later is paused instead.
    """
    found = find_campaign(client, wanted)
    client.stop(found.campaign_id, hang_up=hang_up, key=key)
    return _tell(client, found, "stopped")


@click.command(short_help="Take a campaign off the list.")
@_ARGUMENT
@with_client
def delete(client: Client, /, *, wanted: str) -> int:
    """Take a campaign off the list that has not begun, or has ended; its log stays.

    CAMPAIGN is the id or the name of a campaign of the running service.
    """
    found = find_campaign(client, wanted)
    client.delete_campaign(found.campaign_id)
    click.echo(f"{found.campaign_id}  {found.name}: deleted; its log stays")
    return ExitStatus.COMPLETED


def _tell(client: Client, found: Campaign, done: str) -> int:
    def look() -> str:
        now = client.campaign(found.campaign_id)
        calls = now.internal_calls + now.external_calls
        rest = f"; {calls} in a call" if calls else ""
        return f"{now.campaign_id}  {now.name}: {now.status}{rest}"

    return tell_done(f"{found.campaign_id}  {found.name}: {done}", look)
