"""``campaign import``: the journal of a run, taken into a service's database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from campaign_service.cli.databases import DatabaseFinder, tenant_option, with_finder
from campaign_service.cli.options import EXISTING_FILE
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import import_journal

__all__ = ["import_"]


@click.command("import", short_help="Take the journal of a run into a service's database.")
@click.argument("journal", type=EXISTING_FILE, metavar="JOURNAL")
@tenant_option
@with_finder
def import_(*, finder: DatabaseFinder, journal: Path, tenant: str) -> None:
    """Take the journal that `campaign run` wrote into a database, for a service to go on with.

    A file of SQLite is made where there is none; of the tenant's name there must be none yet.
    All of it is taken, or nothing: a journal whose events do not follow from each other is
    refused.
    """
    source = JsonLinesJournal.open(journal)
    with closing(finder.open()) as database:
        taken = import_journal(database, source, tenant=tenant)
    if taken.torn_tail is not None:
        click.echo(f"{journal}: {taken.torn_tail}", err=True)
    click.echo(f"{taken.head.seq} events are tenant {tenant} of {database.shown} now")
    click.echo(f"head {taken.head}")
