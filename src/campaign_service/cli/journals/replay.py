"""``campaign replay``: what was so at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import attrs
import click

from campaign_core import RecipientStatus, campaign, link
from campaign_service.cli.campaign_text import campaign_lines
from campaign_service.cli.journals.past_state import AT_HELP, PastState, read_past
from campaign_service.cli.options import EXISTING_FILE, json_option, states_option
from campaign_service.cli.value_text import echo_lines
from campaign_service.instants import TimeWriter
from campaign_service.report import StatusPanel
from campaign_service.report.rows import recipient_row

__all__ = ["replay"]


@click.command(short_help="Show what was so at a time, from a journal.")
@click.argument("journal", type=EXISTING_FILE, metavar="JOURNAL")
@click.option("--at", metavar="TIME", help=AT_HELP)
@states_option
@click.option("--no-recipients", is_flag=True, help="The list of campaigns alone.")
@json_option
def replay(
    *, journal: Path, at: str | None, states: tuple[str, ...], no_recipients: bool, is_json: bool
) -> None:
    """Show the campaigns and their recipients as they were at a time.

    JOURNAL is the file that `campaign run` wrote.
    """
    past = read_past(journal, at)
    kept = {RecipientStatus[name.upper()] for name in states} or set(RecipientStatus)
    if no_recipients:
        kept = set()
    (_print_json if is_json else _print_text)(past, kept)


def _print_text(past: PastState, kept: set[RecipientStatus]) -> None:
    down = "" if link(past.state).is_up else "; the telephony was not connected"
    click.echo(f"At {past.text(past.at)} {past.zone.key}{down}")
    for panel in past.panels.values():
        found = campaign(past.state, panel.campaign_id, past.at)
        click.echo()
        starts, expires = past.text(found.starts_at), past.text(found.expires_at)
        echo_lines(campaign_lines(found, f"start {starts}, expiry {expires}"))
        if kept:
            echo_lines(_recipient_lines(panel, past, kept))


def _recipient_lines(
    panel: StatusPanel, past: PastState, kept: set[RecipientStatus]
) -> Iterator[str]:
    """Yield what the status panel shows of each recipient (R5.4)."""
    yield ""
    yield (
        f"   {'#':>6}  {'state':9}  {'attempts':>8}  {'last call':19}  {'outcome':14}"
        f"  {'answer':8}  {'listening':9}  {'line':8}  number and name"
    )
    for row in panel.rows(past.state):
        if row.status not in kept:
            continue
        outcome = "" if row.last_outcome is None else row.last_outcome.name
        yield (
            f"   {row.position:>6}  {row.status.name:9}  {row.attempts:>8}"
            f"  {past.text(row.last_call_at):19}  {outcome:14}"
            f"  {past.text(row.answer_confirmed_at)[-8:]:8}"
            f"  {past.text(row.listening_confirmed_at)[-8:]:9}"
            f"  {row.recipient.line.name.lower():8}  {row.recipient.number} {row.recipient.name}"
        ).rstrip()


def _print_json(past: PastState, kept: set[RecipientStatus]) -> None:
    text = TimeWriter(past.zone)
    campaigns = []
    for panel in past.panels.values():
        found = campaign(past.state, panel.campaign_id, past.at)
        model = found.parameters
        campaigns.append(
            {
                "campaign_id": found.campaign_id,
                "name": found.name,
                "model": found.model_name,
                "caller_number": model.caller_number,
                "priority": model.priority,
                "ring_timeout_s": model.ring_timeout_s,
                "attempts_max": model.attempts_max,
                "threshold": model.threshold,
                "confirm_answer": model.script.confirm_answer,
                "confirm_listening": model.script.confirm_listening,
                "call_limits": attrs.asdict(model.call_limits),
                "starts_at": text(found.starts_at),
                "expires_at": text(found.expires_at) or None,
                "recipients_count": len(found.recipients),
                "reached": found.contacted,
                "failed": found.failed,
                "idle": found.idle,
                "internal_calls": found.internal_calls,
                "external_calls": found.external_calls,
                "status": found.status.name,
                "is_simulated": found.is_simulated,
                "recipients": [
                    recipient_row(row, text, link(past.state).was_simulated)
                    for row in panel.rows(past.state)
                    if row.status in kept
                ],
            }
        )
    shown = {"at": text(past.at), "campaigns": campaigns}
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
