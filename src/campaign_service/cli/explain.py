"""``campaign explain``: what happened to a recipient, and why it is not being called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from campaign_core import (
    Campaign,
    CampaignId,
    Failed,
    Position,
    Recipient,
    campaign,
    recipient,
)
from campaign_core import explain as explain_recipient
from campaign_service.cli.journals.past_state import AT_HELP, PastState, positions_of, read_past
from campaign_service.cli.remote.explaining import explain_remote
from campaign_service.cli.remote.service_access import ServiceAccess, with_service_access
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import in_zone
from campaign_service.report import Attempt
from campaign_service.report.rows import event_rows
from campaign_service.report.times import TimeWriter

__all__ = ["explain"]


@click.command(short_help="Tell why somebody is, or is not, being called.")
@click.argument("source", metavar="JOURNAL|CAMPAIGN")
@click.argument("wanted", metavar="RECIPIENT")
@click.option("--at", metavar="TIME", help=f"Of a journal. {AT_HELP}")
@click.option("--brief", is_flag=True, help="Leave out what happened within each call.")
@with_service_access
def explain(*, access: ServiceAccess, source: str, wanted: str, at: str | None, brief: bool) -> int:
    """Tell what happened to a recipient by a time, and why it is not called then.

    JOURNAL is the file that `campaign run` wrote. Where there is no such file, CAMPAIGN is the id
    or the name of a campaign of the running service. RECIPIENT is a number, a name, or a position
    in the list, whichever is found first.
    """
    journal = Path(source)
    if journal.is_file():
        return _explain_past(journal, wanted, at, brief=brief)
    if len(journal.parts) > 1 or journal.suffix == ".jsonl":
        # Nobody calls a campaign so: the file was meant, and a service is not asked for it.
        raise click.BadParameter(f"File {source!r} does not exist.", param_hint="JOURNAL")
    if at is not None:
        raise click.UsageError("--at is for journals: a service tells how it is now")
    with access.client() as client:
        return explain_remote(client, source, wanted, brief=brief)


def _explain_past(journal: Path, wanted: str, at: str | None, *, brief: bool) -> int:
    past = read_past(journal, at, wanted=wanted)
    found = False
    for campaign_id in past.panels:
        shown = campaign(past.state, campaign_id, past.at)
        for position in positions_of(wanted, shown.recipients, past.state.settings.number_plan):
            if found:
                click.echo()
            found = True
            for line in _lines(past, shown, position, brief=brief):
                click.echo(line)
    if not found:
        rule = "no recipient of the journal has this number, name or position at that time"
        raise click.BadParameter(f"{wanted!r}: {rule}", param_hint="RECIPIENT")
    return ExitStatus.COMPLETED


def _lines(past: PastState, shown: Campaign, position: Position, *, brief: bool) -> Iterator[str]:
    who = shown.recipients.at(position)
    yield f"{shown.name}, recipient {position}: {_name(who)}"
    now = recipient(past.state, shown.campaign_id, position)
    reason = f" ({now.reason.name})" if isinstance(now, Failed) else ""
    yield (
        f"At {past.text(past.at)} {past.zone.key}: {now.status.name}{reason},"
        f" {now.counted} of {now.allowed} attempts made"
    )
    attempts = [one for one in past.attempts if _is_of(one, shown.campaign_id, position)]
    for attempt in attempts:
        yield ""
        yield from _attempt_lines(attempt, past, brief=brief)
    yield ""
    yield from _why(past, shown.campaign_id, position)


def _why(past: PastState, campaign_id: CampaignId, position: Position) -> Iterator[str]:
    explanation = explain_recipient(past.state, campaign_id, position, past.at)
    if not explanation.reasons:
        yield "Why is it not being called? It is: the scheduler calls it at that moment."
        return
    yield "Why is it not being called?"
    for reason in explanation.reasons:
        is_said = not reason.change or reason.change in reason.sentence
        change = "" if is_said else f" (changes {reason.change})"
        yield f"  {in_zone(f'{reason.sentence}{change}', past.zone)}"


def _attempt_lines(attempt: Attempt, past: PastState, *, brief: bool) -> Iterator[str]:
    if attempt.outcome is not None:
        result = attempt.outcome.name
    elif attempt.given_back is not None:
        result = f"given back, not counted ({attempt.given_back.name})"
    else:
        result = "in progress"
    cause = "" if attempt.hangup_cause is None else f", hangup cause {attempt.hangup_cause}"
    detail = f", {attempt.detail}" if attempt.detail else ""
    yield (
        f"Attempt {attempt.attempt}, {past.text(attempt.placed_at)}, to {attempt.number}"
        f" ({attempt.line.name.lower()}): {result}{cause}{detail}"
    )
    if brief:
        return
    for row in event_rows(attempt.events, TimeWriter(past.zone)):
        time, event = str(row.pop("at"))[11:23], row.pop("event")
        details = ", ".join(
            f"{name} {value}" for name, value in row.items() if value not in (None, "")
        )
        yield f"  {time}  {event}{': ' if details else ''}{details}"


def _name(who: Recipient) -> str:
    numbers = ", ".join(f"{one.number} ({one.line.name.lower()})" for one in who.numbers)
    return f"{who.name}, {numbers}" if who.name else numbers


def _is_of(attempt: Attempt, campaign_id: CampaignId, position: Position) -> bool:
    return (attempt.campaign_id, attempt.position) == (campaign_id, position)
