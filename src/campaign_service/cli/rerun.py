"""``campaign rerun``: call the rest again, of a report or of a campaign of a running service."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from campaign_core import do_not_call
from campaign_service.cli.journals.past_state import read_past
from campaign_service.cli.options import driver_option, gathered, only_option
from campaign_service.cli.remote.finding import find_campaign
from campaign_service.cli.remote.refusals import tell_done, without_sounds
from campaign_service.cli.remote.service_access import (
    ServiceAccess,
    key_option,
    with_service_access,
)
from campaign_service.cli.runs.campaign_run import RunOptions
from campaign_service.cli.runs.run import out_option, run_file, seed_option, speed_option
from campaign_service.cli.value_text import counted
from campaign_service.client import CampaignDetail
from campaign_service.config import CampaignFile, ListOptions, ReportSelection, read_report

__all__ = ["rerun"]

_JOURNAL = "journal.jsonl"


@click.command(short_help="Call the rest again: those who were not reached.")
@click.argument("wanted", metavar="REPORT|CAMPAIGN")
@only_option(
    default=ReportSelection.UNREACHED.name.lower(),
    show_default=True,
    help="Whom: all who were not reached, or those who failed.",
)
@click.option("--name", metavar="NAME", help="Of the new campaign. [default: as the one before]")
@click.option("--yes", is_flag=True, help="Call though the telephony lacks a sound.")
@driver_option
@seed_option
@speed_option
@out_option
@key_option
@with_service_access
@gathered("options", RunOptions)
def rerun(
    *,
    access: ServiceAccess,
    options: RunOptions,
    wanted: str,
    only: ReportSelection,
    name: str | None,
    key: str | None,
) -> int | None:
    """Call those again who were not reached, in one step.

    REPORT is the folder that `campaign run` left: its campaign is run once more, with those alone,
    to a report of its own; --driver, --seed, --speed and --out are as for `campaign run`.

    CAMPAIGN is the id or the name of a campaign of the running service, which calls no more: a new
    one is started there.

    Who opted out or is not to be called is not called again. All the others are to be reached.
    """
    folder = Path(wanted)
    if folder.is_dir():
        options.refuse_misplaced()
        return run_file(_of_report(folder, only, name, options), options)
    with access.client() as client:
        found = find_campaign(client, wanted)
        done = without_sounds(
            lambda is_confirmed: client.rerun(
                found.campaign_id, only=only.name, name=name, confirmed=is_confirmed, key=key
            ),
            yes=options.yes,
        )
        assert done.campaign_id is not None
        campaign_id = done.campaign_id

        def describe(now: CampaignDetail) -> str:
            people = counted(now.recipient_count, "recipient")
            return f"{campaign_id}  {now.name}: {now.status}, {people} of campaign {wanted}"

        what = f"{campaign_id}  started with the rest of campaign {wanted}"
        tell_done(client, campaign_id, what, describe)
    return None


def _of_report(
    folder: Path, only: ReportSelection, name: str | None, options: RunOptions
) -> CampaignFile:
    file = read_report(folder, ListOptions(only=only), is_simulated=options.is_simulated)
    if name is not None:
        file = attrs.evolve(file, model=attrs.evolve(file.model, name=name))
    journal = folder / _JOURNAL
    if not journal.is_file():
        return file
    # Whoever said no while that campaign ran, under whatever number, is not called by this one.
    return attrs.evolve(file, do_not_call=do_not_call(read_past(journal, None).state))
