"""``campaign log`` and ``campaign audit``: what happened, and who had it happen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from campaign_service.cli.options import moment_of
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import as_json, clock
from campaign_service.client import AdminEvent, Client, LogEntry
from campaign_service.instants import zone_of

__all__ = ["audit", "event_details", "log"]

_OF_EVERY_EVENT = ("type", "seq", "at", "actor", "campaign_id", "format")
_SHOWN_MAX = 120
"""Characters of one value: a campaign's start holds its recipients."""
_NEWEST = click.option("--newest", is_flag=True, help="Newest first.")
_JSON = click.option("--json", "is_json", is_flag=True, help="As JSON, an object a line.")


@click.command(short_help="Show what happened in a campaign of a running service.")
@click.argument("wanted", metavar="CAMPAIGN")
@click.option("--follow", is_flag=True, help="Go on with what happens from now on, until Ctrl-C.")
@click.option("--after", metavar="N", type=click.IntRange(0), default=0, help="Behind event N.")
@_NEWEST
@_JSON
@with_client
def log(
    client: Client, /, *, wanted: str, follow: bool, after: int, newest: bool, is_json: bool
) -> None:
    """Show every event of a campaign, oldest first.

    CAMPAIGN is the id or the name of a campaign of the running service, also of one that was
    deleted. With --newest, what is behind event N happened before it.
    """
    if follow and newest:
        raise click.UsageError("--follow goes on with what is newest: it takes no --newest")
    campaign_id, zone = _campaign_and_zone(client, wanted)

    def entries() -> Iterator[LogEntry]:
        last = after
        for entry in client.log(campaign_id, after=after, newest_first=newest):
            yield entry
            last = entry.seq
        if follow:
            yield from client.follow(after=last, campaign_id=campaign_id)

    _show(entries(), zone, is_json=is_json)


def _campaign_and_zone(client: Client, wanted: str) -> tuple[int, ZoneInfo]:
    """Return the campaign that a person means, and its clock."""
    try:
        found = find_campaign(client, wanted)
    except click.BadParameter:
        past = [
            row for row in client.past_campaigns() if wanted in (str(row.campaign_id), row.name)
        ]
        # Of those on the list, it was said already what is wrong.
        if len(past) != 1 or past[0].deleted_at is None:
            raise
        gone = client.past_campaign(past[0].campaign_id)
        return gone.campaign_id, zone_of(gone.parameters.time_zone)
    return found.campaign_id, zone_of(found.parameters.time_zone)


@click.command(short_help="Show who commanded a running service what, and when.")
@click.option("--by", "actor", metavar="USER", help="Only what this one did.")
@click.option("--since", metavar="TIME", help="Not before then: 2026-01-12T08:30:00+01:00.")
@click.option("--until", metavar="TIME", help="Not after then.")
@click.option(
    "--users", is_flag=True, help="What was done to users and nodes instead, log-ins too."
)
@_NEWEST
@_JSON
@with_client
def audit(
    client: Client,
    /,
    *,
    actor: str | None,
    since: str | None,
    until: str | None,
    users: bool,
    newest: bool,
    is_json: bool,
) -> None:
    """Show what people commanded, oldest first.

    Times, those without an offset too, are on the clock of UTC.
    """
    asked = {"actor": actor, "since": _moment("--since", since), "until": _moment("--until", until)}
    entries: Iterable[LogEntry | AdminEvent] = (
        client.admin_audit(asked, newest_first=newest)
        if users
        else client.audit(asked, newest_first=newest)
    )
    _show(entries, zone_of("UTC"), is_json=is_json)


def event_details(event: dict[str, object], zone: ZoneInfo, *, without: Iterable[str] = ()) -> str:
    """Return what an event tells beside its kind, its time and whose it is."""
    hidden = {*_OF_EVERY_EVENT, *without}
    return ", ".join(
        f"{name} {_moment_text(name, value, zone) or _short(value)}"
        for name, value in event.items()
        if name not in hidden and value not in (None, "", [], {})
    )


def _show(entries: Iterable[LogEntry | AdminEvent], zone: ZoneInfo, *, is_json: bool) -> None:
    for index, entry in enumerate(entries):
        if is_json:
            click.echo(as_json(entry, indent=0))
            continue
        if not index:
            click.echo(f"{'event':>7}  {f'time ({zone.key})':19}  {'by':12}  what")
        line = _line(entry, zone) if isinstance(entry, LogEntry) else _admin_line(entry, zone)
        click.echo(line)


def _line(entry: LogEntry, zone: ZoneInfo) -> str:
    details = event_details(entry.event, zone)
    return (
        f"{entry.seq:>7}  {clock(entry.at, zone)}  {entry.actor:12}  {entry.kind}"
        f"{': ' if details else ''}{details}"
    )


def _admin_line(event: AdminEvent, zone: ZoneInfo) -> str:
    details = event_details(event.details, zone)
    shown = "" if event.token is None else f" with token {event.token}"
    return (
        f"{event.id:>7}  {clock(event.at, zone)}  {event.actor:12}  {event.action}"
        f" {event.subject} from {event.address}{shown}{': ' if details else ''}{details}"
    )


def _moment_text(name: str, value: object, zone: ZoneInfo) -> str:
    """Return an instant within an event as all times are shown; empty for what is none."""
    if not name.endswith("_at") or not isinstance(value, int):
        return ""
    return clock(datetime.fromtimestamp(value / 1_000, zone), zone)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= _SHOWN_MAX:
        return text
    if isinstance(value, dict | list):
        # A model, or a list of recipients: who wants it asks for JSON.
        return "{…}" if isinstance(value, dict) else f"[{len(value)} entries]"
    return f"{text[: _SHOWN_MAX - 1]}…"


def _moment(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    moment = moment_of(option, text, "a date and time, such as 2026-01-12T08:30:00+01:00")
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone_of("UTC"))).isoformat()
