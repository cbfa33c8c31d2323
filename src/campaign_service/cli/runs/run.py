"""``campaign run``: from a campaign's file to its report."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import click

from campaign_core import Status
from campaign_core.commands import StartImmediately
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_drivers import DriverError
from campaign_service.cli.options import (
    EXISTING_FILE,
    driver_option,
    gathered,
    list_options,
    settings_option,
    speed,
)
from campaign_service.cli.runs.campaign_run import (
    CampaignRun,
    RunOptions,
    first_instant,
    refuse_unstartable,
)
from campaign_service.cli.runs.display import (
    Display,
    LiveDisplay,
    LogDisplay,
    summary_text,
    why_not_completed,
)
from campaign_service.cli.runs.remarks import form_remarks
from campaign_service.cli.runs.running import (
    Interrupts,
    counted_interrupts,
    run_in_real_time,
    run_on_virtual_time,
)
from campaign_service.cli.statuses import CommandFailedError, ExitStatus
from campaign_service.cli.value_text import lacked_text
from campaign_service.config import CampaignFile, ListOptions, read_campaign
from campaign_service.engine import SoundsMissingError
from campaign_service.instants import zone_of
from campaign_service.report import Summary, limits_in_force

__all__ = ["out_option", "run", "run_file", "seed_option", "speed_option"]


seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Of the simulated network: another seed, other calls.",
)
speed_option = click.option(
    "--speed",
    metavar="N|max",
    callback=speed,
    help="Of the simulation: N seconds in one of ours, or max, the default: no waiting at all.",
)
out_option = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for the report, new or empty. [default: a new one under reports/]",
)


@click.command(short_help="Run a campaign and leave a report.")
@click.argument("campaign", type=EXISTING_FILE, metavar="CAMPAIGN.toml")
@driver_option
@seed_option
@speed_option
@settings_option
@list_options
@out_option
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="A new file for the journal of all that happens. [default: journal.jsonl in the folder]",
)
@click.option("--no-journal", is_flag=True, help="Keep none; for simulations alone.")
@click.option("--now", is_flag=True, help="Start at once, whatever [start] says.")
@click.option("--yes", is_flag=True, help="Run also where the telephony lacks a sound.")
@gathered("options", RunOptions)
def run(
    *, lists: ListOptions, options: RunOptions, campaign: Path, settings: Path | None, now: bool
) -> int:
    """Run the campaign of a file, from its first call to its report.

    While it runs, a terminal shows how far it is; where the output is no terminal, a line is
    written every few seconds. The report is a folder: recipients.csv and attempts.csv, the same
    and more in report.json, a picture of the calls in progress in calls.svg, and the journal, from
    which `campaign explain` and `campaign replay` answer questions later.

    Ctrl-C stops placing calls and lets those in progress end; a second one hangs up.
    """
    options.refuse_misplaced()
    file = read_campaign(campaign, settings, lists)
    return run_file(attrs.evolve(file, when=StartImmediately()) if now else file, options)


def run_file(file: CampaignFile, options: RunOptions) -> int:
    """Run a campaign that was read, and return the exit status."""
    for note in (*file.notes, *form_remarks(file)):
        click.echo(note, err=True)
    refuse_unstartable(file, first_instant(file, is_simulated=options.is_simulated))
    one = CampaignRun.of(file, options)
    with counted_interrupts() as interrupts:
        summary = _summary_of(one, interrupts)
    click.echo(summary_text(summary, is_simulated=options.is_simulated))
    _tell_where(one)
    if interrupts.count:
        return ExitStatus.INTERRUPTED
    if summary.status is Status.COMPLETED:
        return ExitStatus.COMPLETED
    advice = why_not_completed(summary.status)
    if advice:
        click.echo(advice)
    return ExitStatus.INCOMPLETE


def _summary_of(one: CampaignRun, interrupts: Interrupts) -> Summary:
    display = _display(one.file)
    try:
        go = run_on_virtual_time if one.is_virtual else run_in_real_time
        return go(one, display, interrupts)
    except (DriverError, CommandRefusedError, SettingsError) as error:
        # All of them come before the first call alone.
        one.discard()
        if isinstance(error, SoundsMissingError):
            lacked = lacked_text([(str(each.name), each.advice) for each in error.missing])
            text = f"{lacked}\n--yes runs the campaign all the same"
            raise CommandFailedError(text, ExitStatus.BAD_INPUT) from error
        raise
    finally:
        display.close()


def _display(file: CampaignFile) -> Display:
    zone = zone_of(file.model.time_zone)
    if not sys.stdout.isatty():
        return LogDisplay(zone)
    limits = limits_in_force(file.model.call_limits, file.settings.call_limits)
    return LiveDisplay(zone, limits)


def _tell_where(one: CampaignRun) -> None:
    click.echo(f"Report: {click.format_filename(one.folder)}")
    names = sorted(path.name for path in one.folder.iterdir())
    click.echo(f"  {'  '.join(names)}")
    if one.journal is not None and one.journal.parent != one.folder:
        click.echo(f"Journal: {click.format_filename(one.journal)}")
