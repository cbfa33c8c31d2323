"""``campaign import``: the journal of a run, taken into a service's database."""

from __future__ import annotations

from pathlib import Path

import click

from campaign_service.cli.options import EXISTING_FILE
from campaign_service.cli.statuses import ExitStatus
from campaign_service.database import Database
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import DEFAULT_TENANT, import_journal

__all__ = ["import_"]


@click.command("import", short_help="Take the journal of a run into a service's database.")
@click.argument("journal", type=EXISTING_FILE, metavar="JOURNAL")
@click.option(
    "--db",
    "url",
    metavar="FILE|URL",
    required=True,
    envvar="CAMPAIGN_DB",
    show_envvar=True,
    help="A file of SQLite, made if there is none, or postgresql://USER:PASSWORD@HOST/NAME.",
)
@click.option(
    "--tenant",
    metavar="NAME",
    default=DEFAULT_TENANT,
    show_default=True,
    help="The tenant that it becomes; there must be none of this name.",
)
def import_(*, journal: Path, url: str, tenant: str) -> int:
    """Take the journal that `campaign run` wrote into a database, for a service to go on with.

    All of it is taken, or nothing: a journal whose events do not follow from each other is
    refused.
    """
    source = JsonLinesJournal.open(journal)
    database = Database.open(url)
    try:
        taken = import_journal(database, source, tenant=tenant)
    finally:
        database.close()
    if taken.torn_tail is not None:
        click.echo(f"{journal}: {taken.torn_tail}", err=True)
    click.echo(f"{taken.head.seq} events are tenant {tenant} of {database.shown} now")
    click.echo(f"head {taken.head}")
    return ExitStatus.COMPLETED
