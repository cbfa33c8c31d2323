"""What happened to a recipient of a running service, and why it is not being called (R8.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

import click

from campaign_service.cli.remote.attempts import listed_under
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.log import event_details
from campaign_service.cli.remote.tables import clock
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import in_zone
from campaign_service.client import (
    AttemptDetail,
    Campaign,
    Client,
    Explanation,
    RecipientDetail,
    RecipientRow,
)
from campaign_service.instants import zone_of

__all__ = ["explain_remote"]


def explain_remote(client: Client, wanted: str, recipient: str, *, brief: bool) -> int:
    """Tell what happened to a recipient, and why it is not called now."""
    found = find_campaign(client, wanted)
    positions = listed_under(client, found.campaign_id, recipient)
    if not positions:
        positions = _positions(client.recipients(found.campaign_id), recipient)
    if not positions:
        rule = "no recipient of the campaign has this number, name or position"
        raise click.BadParameter(f"{recipient!r}: {rule}", param_hint="RECIPIENT")
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
        for line in _lines(found, detail, explanation, zone, brief=brief):
            click.echo(line)
    return ExitStatus.COMPLETED


def _positions(rows: Iterator[RecipientRow], wanted: str) -> list[int]:
    """Return whom a person may mean by a name or a position, whichever is first."""
    by_name, by_position = [], []
    name = wanted.casefold()
    for row in rows:
        if row.name.casefold() == name:
            by_name.append(row.position)
        if wanted == str(row.position):
            by_position.append(row.position)
    return by_name or by_position


def _lines(
    found: Campaign,
    row: RecipientDetail,
    explanation: Explanation,
    zone: ZoneInfo,
    *,
    brief: bool,
) -> Iterator[str]:
    numbers = [
        (row.number, row.line),
        *((one.number, one.line) for one in row.further_numbers),
    ]
    who = ", ".join(f"{number} ({line.lower()})" for number, line in numbers)
    yield f"{found.name}, recipient {row.position}: {f'{row.name}, ' if row.name else ''}{who}"
    reason = f" ({row.reason})" if row.reason else ""
    yield f"Now: {row.state}{reason}, {row.attempts} of {row.attempts_allowed} attempts made"
    for attempt in row.history:
        yield ""
        yield from _attempt_lines(attempt, zone, brief=brief)
    yield ""
    yield from _why(explanation, zone)


def _why(explanation: Explanation, zone: ZoneInfo) -> Iterator[str]:
    if not explanation.reasons:
        yield "Why is it not being called? It is: the scheduler calls it at this moment."
        return
    yield "Why is it not being called?"
    for reason in explanation.reasons:
        is_said = not reason.change or reason.change in reason.sentence
        change = "" if is_said else f" (changes {reason.change})"
        yield f"  {in_zone(f'{reason.sentence}{change}', zone)}"


def _attempt_lines(attempt: AttemptDetail, zone: ZoneInfo, *, brief: bool) -> Iterator[str]:
    result = attempt.outcome or "in progress"
    if attempt.given_back is not None:
        result = f"given back, not counted ({attempt.given_back})"
    cause = "" if attempt.hangup_cause is None else f", hangup cause {attempt.hangup_cause}"
    detail = f", {attempt.detail}" if attempt.detail else ""
    yield (
        f"Attempt {attempt.attempt}, {clock(attempt.placed_at, zone)}, to {attempt.number}"
        f" ({attempt.line.lower()}): {result}{cause}{detail}"
    )
    if brief:
        return
    for event in attempt.events:
        details = event_details(event, zone, without=["call_id"])
        yield f"  {_time(event, zone)}  {event.get('type')}{': ' if details else ''}{details}"


def _time(event: dict[str, object], zone: ZoneInfo) -> str:
    at = event.get("at")
    if isinstance(at, int):
        moment = datetime.fromtimestamp(at / 1_000, zone)
    else:
        moment = datetime.fromisoformat(cast("str", at)).astimezone(zone)
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1_000:03d}"
