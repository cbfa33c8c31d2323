"""``campaign doctor``: what a telephony lacks for campaigns to be called over it."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from zoneinfo import available_timezones

import click

from campaign_core import ServiceId, sounds_of
from campaign_drivers import Finding, Severity
from campaign_service.cli.options import EXISTING_FILE
from campaign_service.cli.statuses import ExitStatus
from campaign_service.config import read_campaign
from campaign_service.engine import examine

__all__ = ["doctor"]

_MARKS = {Severity.FINE: "fine ", Severity.NOTE: "note ", Severity.WRONG: "WRONG"}
_NOBODYS = ServiceId("00000000")
"""No campaign's calls begin so: the doctor touches none of them."""


@click.command(short_help="Tell what a telephony lacks, and what to write where.")
@click.argument("url", envvar="CAMPAIGN_DRIVER")
@click.option("--sound", "sounds", multiple=True, metavar="SOUND", help="Look for this sound too.")
@click.option(
    "--campaign",
    "campaign",
    type=EXISTING_FILE,
    metavar="CAMPAIGN.toml",
    help="Look for what this campaign plays too, its prompts and the general ones.",
)
@click.option(
    "--call", "number", metavar="NUMBER", help="Ring this internal number for one test call."
)
def doctor(*, url: str, sounds: tuple[str, ...], campaign: Path | None, number: str | None) -> int:
    """Connect to a telephony, look at all that a campaign needs, and say what is missing.

    URL is as for `campaign run --driver`, such as asterisk://user:secret@host/. It may be given by
    CAMPAIGN_DRIVER instead, where a secret is not seen in the list of processes. No telephone rings
    unless --call asks for it. The exit status is 1 where something is wrong.
    """
    wanted = frozenset(sounds)
    if campaign is not None:
        file = read_campaign(campaign)
        wanted |= sounds_of(file.model, file.settings)
    findings = asyncio.run(examine(url, service_id=_NOBODYS, sounds=wanted, number=number))
    findings = (*findings, _time_zones())
    advised: dict[str, str] = {}
    for finding in findings:
        click.echo(_text(finding, advised))
    is_wrong = any(finding.severity is Severity.WRONG for finding in findings)
    return ExitStatus.INCOMPLETE if is_wrong else ExitStatus.COMPLETED


def _time_zones() -> Finding:
    """Say whether calling hours can be told here, in zones other than UTC (R3.6)."""
    what, count = "time zones", len(available_timezones())
    if count > 1:
        return Finding(what=what, severity=Severity.FINE, says=f"this machine knows {count}")
    return Finding(
        what=what,
        severity=Severity.NOTE,
        says="this machine has no time zone data: it knows none but UTC, refuses models and"
        " recipients with any other, and calls nobody whose calling hours are in one",
        advice="install the system's tzdata, or the Python package of that name, and start again",
    )


def _text(finding: Finding, advised: dict[str, str]) -> str:
    """Return a finding in words; what one before it advised already is not said again.

    Args:
        advised: advice to what it was given for; the finding's is added.
    """
    text = f"{_MARKS[finding.severity]} {finding.what}: {finding.says}"
    if not finding.advice:
        return text
    advice = finding.advice
    if advice in advised:
        advice = f"As above, for {advised[advice]}."
    advised.setdefault(finding.advice, finding.what)
    return f"{text}\n{textwrap.indent(advice, ' ' * 6)}"
