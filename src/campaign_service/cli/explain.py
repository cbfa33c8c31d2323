"""``campaign explain``: what happened to a recipient, and why it is not being called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import click

from campaign_core import Campaign, Failed, Number, Position, campaign, recipient
from campaign_core import explain as explain_recipient
from campaign_service.cli.campaign_text import attempt_line, reason_lines, word
from campaign_service.cli.journals.past_state import AT_HELP, PastState, positions_of, read_past
from campaign_service.cli.remote.control import listed_under
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.log import event_details
from campaign_service.cli.remote.service_access import ServiceAccess, with_service_access
from campaign_service.cli.remote.tables import clock
from campaign_service.cli.value_text import echo_lines
from campaign_service.client import Client, Explanation, RecipientDetail, RecipientRow
from campaign_service.instants import TimeWriter, zone_of
from campaign_service.report import Attempt
from campaign_service.report.rows import event_rows
from campaign_service.schemas import core_values, responses

__all__ = ["explain"]


@click.command(short_help="Tell why somebody is, or is not, being called.")
@click.argument("source", metavar="JOURNAL|CAMPAIGN")
@click.argument("wanted", metavar="RECIPIENT")
@click.option("--at", metavar="TIME", help=f"Of a journal. {AT_HELP}")
@click.option("--brief", is_flag=True, help="Leave out what happened within each call.")
@with_service_access
def explain(
    *, access: ServiceAccess, source: str, wanted: str, at: str | None, brief: bool
) -> None:
    """Tell what happened to a recipient by a time, and why it is not called then.

    JOURNAL is the file that `campaign run` wrote. Where there is no such file, CAMPAIGN is the id
    or the name of a campaign of the running service. RECIPIENT is a number, a name, or a position
    in the list, whichever is found first.
    """
    journal = Path(source)
    if journal.is_file():
        _explain_past(journal, wanted, at, brief=brief)
        return
    if len(journal.parts) > 1 or journal.suffix == ".jsonl":
        # Nobody calls a campaign so: the file was meant, and a service is not asked for it.
        raise click.BadParameter(f"File {source!r} does not exist.", param_hint="JOURNAL")
    if at is not None:
        raise click.UsageError("--at is for journals: a service tells how it is now")
    with access.client() as client:
        _explain_present(client, source, wanted, brief=brief)


def _explain_past(journal: Path, wanted: str, at: str | None, *, brief: bool) -> None:
    past = read_past(journal, at, wanted=wanted)
    is_first = True
    for campaign_id in past.panels:
        shown = campaign(past.state, campaign_id, past.at)
        for position in positions_of(wanted, shown.recipients, past.state.settings.number_plan):
            if not is_first:
                click.echo()
            is_first = False
            echo_lines(_lines(past, shown, position, brief=brief))
    if is_first:
        rule = "no recipient of the journal has this number, name or position at that time"
        raise click.BadParameter(f"{wanted!r}: {rule}", param_hint="RECIPIENT")


def _lines(past: PastState, shown: Campaign, position: Position, *, brief: bool) -> Iterator[str]:
    who = shown.recipients.at(position)
    yield f"{shown.name}, recipient {position}: {_name(who.name, who.numbers)}"
    now = recipient(past.state, shown.campaign_id, position)
    reason = f" ({now.reason.name})" if isinstance(now, Failed) else ""
    yield (
        f"At {past.text(past.at)} {past.zone.key}: {now.status.name}{reason},"
        f" {now.counted} of {now.allowed} attempts made"
    )
    for attempt in past.attempts:
        if (attempt.campaign_id, attempt.position) == (shown.campaign_id, position):
            yield ""
            yield attempt_line(attempt, past.text(attempt.placed_at))
            yield from () if brief else _event_lines(attempt, past.zone)
    yield ""
    explanation = explain_recipient(past.state, shown.campaign_id, position, past.at)
    yield from reason_lines(explanation, past.zone, "that moment")


def _event_lines(attempt: Attempt, zone: ZoneInfo) -> Iterator[str]:
    for row in event_rows(attempt.events, TimeWriter(zone)):
        time, event = str(row.pop("at"))[11:23], row.pop("event")
        details = ", ".join(
            f"{name} {value}" for name, value in row.items() if value not in (None, "")
        )
        yield f"  {time}  {event}{': ' if details else ''}{details}"


def _name(name: str, numbers: Iterable[Number | core_values.Number]) -> str:
    shown = ", ".join(f"{one.number} ({word(one.line).lower()})" for one in numbers)
    return f"{name}, {shown}" if name else shown


# Of a running service ------------------------------------------------------------------------


def _explain_present(client: Client, wanted: str, who: str, *, brief: bool) -> None:
    """Tell what happened to a recipient, and why it is not called now."""
    found = find_campaign(client, wanted)
    positions = listed_under(client, found.campaign_id, who)
    if not positions:
        positions = _present_positions(client.recipients(found.campaign_id), who)
    if not positions:
        rule = "no recipient of the campaign has this number, name or position"
        raise click.BadParameter(f"{who!r}: {rule}", param_hint="RECIPIENT")
    zone = zone_of(found.parameters.time_zone)
    service = client.status()
    if service.journal_away_since is not None:
        # What the state says follows from it: calls are deferred, and the campaign is blocked.
        click.echo(
            "Nothing can be written to the journal since"
            f" {clock(service.journal_away_since, zone)} {zone.key} (is the disk full, or the"
            " database away?): no calls are placed, of anybody.\n"
        )
    for index, position in enumerate(positions):
        if index:
            click.echo()
        detail = client.recipient(found.campaign_id, position)
        explanation = client.explain(found.campaign_id, position)
        echo_lines(_present_lines(found, detail, explanation, zone, brief=brief))


def _present_positions(rows: Iterator[RecipientRow], wanted: str) -> list[int]:
    """Return whom a person may mean by a name or a position, whichever is first."""
    by_name, by_position = [], []
    name = wanted.casefold()
    for row in rows:
        if row.name.casefold() == name:
            by_name.append(row.position)
        if wanted == str(row.position):
            by_position.append(row.position)
    return by_name or by_position


def _present_lines(
    found: responses.Campaign,
    row: RecipientDetail,
    explanation: Explanation,
    zone: ZoneInfo,
    *,
    brief: bool,
) -> Iterator[str]:
    first = core_values.Number(number=row.number, line=row.line)
    who = _name(row.name, [first, *row.further_numbers])
    yield f"{found.name}, recipient {row.position}: {who}"
    reason = f" ({row.reason})" if row.reason else ""
    yield f"Now: {row.state}{reason}, {row.attempts} of {row.attempts_allowed} attempts made"
    for attempt in row.history:
        yield ""
        yield attempt_line(attempt, clock(attempt.placed_at, zone))
        for event in () if brief else attempt.events:
            details = event_details(event, zone, without=["call_id"])
            yield f"  {_time(event, zone)}  {event.get('type')}{': ' if details else ''}{details}"
    yield ""
    yield from reason_lines(explanation, zone, "this moment")


def _time(event: dict[str, object], zone: ZoneInfo) -> str:
    at = event.get("at")
    if isinstance(at, int):
        moment = datetime.fromtimestamp(at / 1_000, zone)
    else:
        moment = datetime.fromisoformat(cast("str", at)).astimezone(zone)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1_000:03d}"
