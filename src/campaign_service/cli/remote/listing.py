"""``campaign list``, ``models`` and ``status``: what a running service has, and is doing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import get_args

import click
import msgspec

from campaign_core import SIMULATED, CallLimits, Status
from campaign_service.cli.options import json_option, states_option
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import (
    as_json,
    clock,
    lines_of,
    show_campaigns,
    show_list,
    show_recipients,
)
from campaign_service.cli.remote.watch import watch_campaign
from campaign_service.cli.value_text import SIMULATED_TEXT, counted, echo_lines, limits_text
from campaign_service.client import Client, ServiceStatus
from campaign_service.instants import zone_of
from campaign_service.schemas.requests import CampaignSort

__all__ = ["list_", "models", "status"]

_HERE = zone_of("UTC")
"""The clock of what belongs to no campaign: each of those has a zone of its own."""


@click.command("list", short_help="List the campaigns of a running service.")
@click.option(
    "--status",
    "statuses",
    type=click.Choice([entry.name.lower() for entry in Status], case_sensitive=False),
    multiple=True,
    help="Only campaigns with this status; may be given more than once.",
)
@click.option("--search", metavar="TEXT", help="Only campaigns with this in their name.")
@click.option(
    "--sort",
    type=click.Choice([name.lower() for name in get_args(CampaignSort)], case_sensitive=False),
    help="By what; else by their creation.",
)
@click.option("--descending", is_flag=True, help="Highest, latest or last first.")
@json_option
@with_client
def list_(
    client: Client,
    /,
    *,
    statuses: tuple[str, ...],
    search: str | None,
    sort: str | None,
    descending: bool,
    is_json: bool,
) -> None:
    """List the campaigns of a running service, in the order of their creation.

    Times are on the clock of UTC.
    """
    found = client.campaigns(
        statuses=[name.upper() for name in statuses],
        search=search,
        sort=None if sort is None else sort.upper(),
        descending=descending,
    )
    rows = list(found)
    if is_json:
        click.echo(as_json(rows))
    elif rows:
        show_campaigns(rows, _HERE)
    else:
        click.echo("No campaigns.")


@click.command(short_help="List the models of a running service.")
@json_option
@with_client
def models(client: Client, *, is_json: bool) -> None:
    """List the models, from which campaigns are started by name or by id."""
    show_list(
        list(client.models()),
        {
            "id": lambda row: str(row.model_id),
            "name": lambda row: row.name,
            "enabled": lambda row: "yes" if row.enabled else "no",
            "recipients": lambda row: str(row.recipient_count),
            "caller": lambda row: row.caller_number,
            "sound": lambda row: row.sound or "–",
            "priority": lambda row: str(row.priority),
            "time zone": lambda row: row.time_zone,
        },
        right=("id", "recipients", "priority"),
        is_json=is_json,
        otherwise="No models.",
    )


@click.command(short_help="Show how a running service, or one of its campaigns, fares.")
@click.argument("wanted", metavar="[CAMPAIGN]", required=False)
@states_option
@click.option("--no-recipients", is_flag=True, help="The campaign alone.")
@click.option("--watch", is_flag=True, help="Go on showing it until it has ended.")
@json_option
@with_client
def status(
    client: Client,
    /,
    *,
    wanted: str | None,
    states: tuple[str, ...],
    no_recipients: bool,
    watch: bool,
    is_json: bool,
) -> int | None:
    """Show a campaign and its recipients; without CAMPAIGN, how the service itself fares.

    CAMPAIGN is the id or the name of a campaign of the running service. With --watch the view is
    drawn anew as things happen, and the exit status is 0 where the campaign was completed and 1
    where it was not.
    """
    if wanted is None:
        if watch:
            raise click.UsageError("--watch needs a CAMPAIGN")
        now = client.status()
        echo_lines([as_json(now)] if is_json else _service_lines(now))
        return None
    found = find_campaign(client, wanted)
    if watch:
        return watch_campaign(client, found)
    kept = [name.upper() for name in states]
    rows = [] if no_recipients else list(client.recipients(found.campaign_id, states=kept))
    if is_json:
        click.echo(as_json({**msgspec.structs.asdict(found), "recipients": rows}))
        return None
    zone = zone_of(found.parameters.time_zone)
    echo_lines(lines_of(found, zone))
    if rows:
        click.echo()
        show_recipients(rows, zone)
    return None


def _service_lines(now: ServiceStatus) -> Iterator[str]:
    zone = zone_of("UTC")
    yield f"Tenant {now.tenant}, {now.role.lower()}, at {clock(now.now, zone)} UTC"
    if now.leader is not None:
        yield f"  leader      {now.leader}"
    if now.trouble is not None:
        yield f"  TROUBLE     {now.trouble}"
    away = now.journal_away_since
    journal = "is written" if away is None else f"AWAY since {clock(away, zone)} UTC: no new calls"
    waiting = f", {now.events_waiting} events wait for it" if now.events_waiting else ""
    yield f"  journal     {journal}; event {now.last_seq} is the last{waiting}"
    deferred = now.link.deferred_until
    link = "connected" if now.link.is_up else "NOT CONNECTED: no new calls"
    if now.link.telephony == SIMULATED:
        link = f"{link}; {SIMULATED_TEXT}"
    later = "" if deferred is None else f"; takes no call before {clock(deferred, zone)} UTC"
    takes = limits_text(now.link.call_limits)
    most = f"; takes {takes}" if takes != limits_text(CallLimits()) else ""
    yield f"  telephony   {link}{later}{most}"
    yield (
        f"  calls       {now.calls.internal} internal, {now.calls.external} external;"
        f" {limits_text(now.calls.limits)}"
    )
    counts = ", ".join(f"{count} {name.lower()}" for name, count in now.campaigns.items() if count)
    yield f"  campaigns   {counts or 'none'}"
    if now.calendar_ahead_ms:
        way = "ahead of" if now.calendar_ahead_ms > 0 else "behind"
        apart = timedelta(seconds=abs(now.calendar_ahead_ms) // 1_000)
        yield f"  clock       stands {apart} {way} the service's time, by which events are told"
    for unknown in now.unknown_time_zones:
        yield (
            f"  NOT CALLED  {counted(unknown.recipients, 'recipient')} of campaign"
            f" {unknown.campaign_id}: the server does not know the time zone {unknown.time_zone}"
        )
    if now.is_draining:
        yield "  The service is being stopped: no new calls."
