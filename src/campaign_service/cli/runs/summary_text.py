"""How a campaign ended, as text for a person."""

from __future__ import annotations

from collections.abc import Iterator

from campaign_core import Status
from campaign_service.cli.runs.display import duration_text
from campaign_service.cli.value_text import SIMULATED_TEXT, counted, paused_by
from campaign_service.report import Summary

__all__ = ["summary_text"]


def summary_text(summary: Summary, *, is_simulated: bool) -> str:
    """Return the figures of a campaign, a line each."""
    return "\n".join(_lines(summary, is_simulated=is_simulated))


def _lines(summary: Summary, *, is_simulated: bool) -> Iterator[str]:
    lasted = "" if summary.lasted_s is None else f" after {duration_text(summary.lasted_s)}"
    reason = summary.pause_reason
    by = "" if reason is None else f" by {paused_by(reason.name)}"
    yield f"{summary.name}: {summary.status.name}{by}{lasted}"
    if is_simulated:
        yield f"  {SIMULATED_TEXT}"
    needed = summary.recipients if summary.threshold is None else summary.threshold
    yield f"  reached   {summary.reached} of {summary.recipients} recipients, {needed} needed"
    yield f"  failed    {summary.failed}{_others(summary)}"
    outcomes = ", ".join(f"{count} {outcome.name}" for outcome, count in summary.outcomes)
    yield f"  attempts  {summary.attempts}{': ' if outcomes else ''}{outcomes}"
    if summary.given_back:
        yield f"  given back by the telephony, not counted: {summary.given_back}"
    limits = summary.limits
    yield (
        "  at most   "
        f"{summary.most_internal} internal{_limit(limits.internal)},"
        f" {summary.most_external} external{_limit(limits.external)},"
        f" {counted(summary.most_at_once, 'call')}{_limit(limits.total)} at once"
    )


def _others(summary: Summary) -> str:
    parts = [
        f"{count} {text}"
        for count, text in (
            (summary.idle, "waiting"),
            (summary.in_progress, "in a call"),
        )
        if count
    ]
    return f", {', '.join(parts)}" if parts else ""


def _limit(limit: int | None) -> str:
    return "" if limit is None else f" (limit {limit})"


def why_not_completed(status: Status) -> str:
    """Return what can be done about a campaign that is not completed."""
    return {
        Status.INCOMPLETE: "Too few were reached; attempts can be added in a service that runs on.",
        Status.BLOCKED: "Limits keep every remaining recipient from being called.",
        Status.PAUSED: "It is paused; nobody is called.",
    }.get(status, "")
