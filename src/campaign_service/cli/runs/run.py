"""``campaign run``: from a campaign's file to its report."""

from __future__ import annotations

import sys
from pathlib import Path

import attrs
import click

from campaign_core import Status
from campaign_core.commands import StartImmediately
from campaign_core.errors import CommandRefusedError, Problem, SettingsError
from campaign_drivers import DriverError
from campaign_service.cli.failures import CommandFailedError
from campaign_service.cli.options import (
    EXISTING_FILE,
    MAX_SPEED,
    SpeedType,
    driver_option,
    list_options,
    merge_option,
    only_option,
    settings_option,
)
from campaign_service.cli.runs.display import Display, LiveDisplay, LogDisplay
from campaign_service.cli.runs.forms import form_remarks
from campaign_service.cli.runs.interrupts import Interrupts
from campaign_service.cli.runs.run_options import (
    RunOptions,
    first_instant,
    make_folder,
    refuse_unstartable,
)
from campaign_service.cli.runs.running import run_in_real_time, run_on_virtual_time
from campaign_service.cli.runs.summary_text import summary_text, why_not_completed
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import lacked_text
from campaign_service.config import CampaignFile, read_campaign
from campaign_service.engine import SoundsMissingError
from campaign_service.instants import zone_of
from campaign_service.report import Summary, limits_in_force

__all__ = ["out_option", "refuse_misplaced", "run", "run_file", "seed_option", "speed_option"]


seed_option = click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Of the simulated network: another seed, other calls.",
)
speed_option = click.option(
    "--speed",
    type=SpeedType(),
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
@merge_option
@only_option
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
def run(  # noqa: PLR0913 -- one for each option
    *,
    campaign: Path,
    driver: str,
    seed: int | None,
    speed: float | None,
    settings: Path | None,
    is_merged: bool,
    only: str | None,
    out: Path | None,
    journal: Path | None,
    no_journal: bool,
    now: bool,
    yes: bool,
) -> int:
    """Run the campaign of a file, from its first call to its report.

    While it runs, a terminal shows how far it is; where the output is no terminal, a line is
    written every few seconds. The report is a folder: recipients.csv and attempts.csv, the same
    and more in report.json, a picture of the calls in progress in calls.svg, and the journal, from
    which `campaign explain` and `campaign replay` answer questions later.

    Ctrl-C stops placing calls and lets those in progress end; a second one hangs up.
    """
    refuse_misplaced(driver == "simulated", seed, speed, no_journal=no_journal)
    file = read_campaign(campaign, settings, list_options(is_merged, only))
    if now:
        file = attrs.evolve(file, when=StartImmediately())
    return run_file(
        file,
        driver=driver,
        seed=seed,
        speed=speed,
        out=out,
        journal=journal,
        no_journal=no_journal,
        yes=yes,
    )


def run_file(
    file: CampaignFile,
    *,
    driver: str,
    seed: int | None,
    speed: float | None,
    out: Path | None,
    journal: Path | None = None,
    no_journal: bool = False,
    yes: bool,
) -> int:
    """Run a campaign that was read, and return the exit status."""
    is_simulated = driver == "simulated"
    for note in (*file.notes, *form_remarks(file)):
        click.echo(note, err=True)
    refuse_unstartable(file, first_instant(file, is_simulated=is_simulated))
    if journal is not None and not journal.parent.is_dir():
        rule = "a file in a folder that exists"
        raise SettingsError([Problem(field="--journal", value=str(journal), rule=rule)])
    folder = make_folder(out, file.model.name)
    journal = None if no_journal else journal or folder / "journal.jsonl"
    options = RunOptions(
        file=file,
        driver=driver,
        seed=file.simulation.seed if seed is None else seed,
        speed=MAX_SPEED if speed is None else speed,
        folder=folder,
        journal=journal,
        goes_without_sounds=yes,
    )
    with Interrupts() as interrupts:
        summary = _run(options, interrupts)
    click.echo(summary_text(summary, is_simulated=options.is_simulated))
    _tell_where(options)
    if interrupts.count:
        return ExitStatus.INTERRUPTED
    return _status(summary)


def _run(options: RunOptions, interrupts: Interrupts) -> Summary:
    display = _display(options.file)
    try:
        go = run_on_virtual_time if options.is_virtual else run_in_real_time
        return go(options, display, interrupts)
    except (DriverError, CommandRefusedError, SettingsError) as error:
        # All of them come before the first call alone.
        options.discard()
        if isinstance(error, SoundsMissingError):
            told = lacked_text([(str(one.name), one.advice) for one in error.missing])
            text = f"{told}\n--yes runs the campaign all the same"
            raise CommandFailedError(text, ExitStatus.BAD_INPUT) from error
        raise
    finally:
        display.close()


def refuse_misplaced(
    is_simulated: bool,  # noqa: FBT001 -- asked once
    seed: int | None,
    speed: float | None,
    *,
    no_journal: bool,
) -> None:
    """Refuse options of the simulation where calls are real.

    Raises:
        SettingsError: there is such an option.
    """
    if is_simulated:
        return
    for option, value in (("--seed", seed), ("--speed", speed), ("--no-journal", no_journal)):
        if value is not None and value is not False:
            rule = "only with the simulated driver"
            if option == "--no-journal":
                rule += ": real calls are placed once their event is safe on disk"
            raise SettingsError([Problem(field=option, value=value, rule=rule)])


def _display(file: CampaignFile) -> Display:
    zone = zone_of(file.model.time_zone)
    if not sys.stdout.isatty():
        return LogDisplay(zone)
    limits = limits_in_force(file.model.call_limits, file.settings.call_limits)
    return LiveDisplay(zone, limits)


def _tell_where(options: RunOptions) -> None:
    click.echo(f"Report: {click.format_filename(options.folder)}")
    names = sorted(path.name for path in options.folder.iterdir())
    click.echo(f"  {'  '.join(names)}")
    if options.journal is not None and options.journal.parent != options.folder:
        click.echo(f"Journal: {click.format_filename(options.journal)}")


def _status(summary: Summary) -> ExitStatus:
    if summary.status is Status.COMPLETED:
        return ExitStatus.COMPLETED
    advice = why_not_completed(summary.status)
    if advice:
        click.echo(advice)
    return ExitStatus.INCOMPLETE
