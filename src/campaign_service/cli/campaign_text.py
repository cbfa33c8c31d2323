"""Campaigns and attempts in words: those of a journal, and those that a service shows."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from zoneinfo import ZoneInfo

from campaign_core import Campaign, Explanation
from campaign_service import report
from campaign_service.cli.value_text import SIMULATED_TEXT, in_zone, limits_text, paused_by
from campaign_service.schemas import explanations, responses

__all__ = ["attempt_line", "campaign_lines", "reason_lines", "word"]


def campaign_lines(row: Campaign | responses.Campaign, times: str) -> Iterator[str]:
    """Yield what the list of campaigns shows of one (R4.8); ``times`` of its start and expiry."""
    count = len(row.recipients) if isinstance(row, Campaign) else row.recipient_count
    own = row.parameters if isinstance(row, Campaign) else row
    script = row.parameters.script if isinstance(row, Campaign) else row
    by = "" if row.pause_reason is None else f" by {paused_by(word(row.pause_reason))}"
    yield f"{row.campaign_id}  {row.name}: {word(row.status)}{by}"
    if row.is_simulated:
        yield f"   {SIMULATED_TEXT}"
    calls = row.internal_calls + row.external_calls
    yield (
        f"   {row.contacted} of {count} reached, {row.failed} failed, {row.idle} waiting,"
        f" {calls} in a call ({row.internal_calls} internal, {row.external_calls} external)"
    )
    yield f"   {times}"
    threshold = "all" if own.threshold is None else str(own.threshold)
    yield (
        f"   model {row.model_name}, caller number {own.caller_number}, priority {own.priority},"
        f" ring timeout {own.ring_timeout_s} s, {own.attempts_max} attempts each,"
        f" threshold {threshold}"
    )
    yield (
        f"   answer confirmation {_on(script.confirm_answer)},"
        f" listening confirmation {_on(script.confirm_listening)};"
        f" calls at once: {limits_text(own.call_limits)}"
    )


def attempt_line(attempt: report.Attempt | responses.AttemptDetail, placed_at: str) -> str:
    """Return an attempt as one line; ``placed_at`` as it is to be shown."""
    result = "in progress" if attempt.outcome is None else word(attempt.outcome)
    if attempt.given_back is not None:
        result = f"given back, not counted ({word(attempt.given_back)})"
    cause = "" if attempt.hangup_cause is None else f", hangup cause {attempt.hangup_cause}"
    detail = f", {attempt.detail}" if attempt.detail else ""
    return (
        f"Attempt {attempt.attempt}, {placed_at}, to {attempt.number}"
        f" ({word(attempt.line).lower()}): {result}{cause}{detail}"
    )


def reason_lines(
    explanation: Explanation | explanations.Explanation, zone: ZoneInfo, moment: str
) -> Iterator[str]:
    """Yield why somebody is not called at ``this moment`` or ``that moment`` (R8.1)."""
    if not explanation.reasons:
        yield f"Why is it not being called? It is: the scheduler calls it at {moment}."
        return
    yield "Why is it not being called?"
    for reason in explanation.reasons:
        is_said = not reason.change or reason.change in reason.sentence
        change = "" if is_said else f" (changes {reason.change})"
        yield f"  {in_zone(f'{reason.sentence}{change}', zone)}"


def word(value: Enum | str) -> str:
    """Return a member's name; what a service tells is one already."""
    return value.name if isinstance(value, Enum) else value


def _on(flag: bool) -> str:  # noqa: FBT001 -- a word for a flag
    return "on" if flag else "off"
