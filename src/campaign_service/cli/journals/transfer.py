"""``campaign export`` and ``import``: out of a service's database (R9.2), and into it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TextIO

import click

from campaign_core import CampaignId
from campaign_service.cli.databases import (
    DatabaseFinder,
    existing_tenant,
    tenant_option,
    with_finder,
)
from campaign_service.cli.options import EXISTING_FILE
from campaign_service.cli.value_text import counted
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import CampaignExport, JournalQueries, import_journal
from campaign_service.report.rows import ATTEMPT_COLUMNS, RECIPIENT_COLUMNS, Row, csv_row

__all__ = ["export", "import_"]


@click.command(short_help="Write a campaign's recipients, attempts and log to files.")
@tenant_option
@click.option("--campaign", "number", metavar="ID", type=int, required=True)
@click.option(
    "--out",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Where to; it is made if it is not there. Files of these names are replaced.",
)
@with_finder
def export(*, finder: DatabaseFinder, tenant: str, number: int, folder: Path) -> None:
    """Write recipients.csv, attempts.csv and log.jsonl of a campaign.

    Also of one that was deleted, as it was just before. The service may be running: the files
    tell of one moment, that of the last event which is printed.
    """
    with closing(finder.open(is_read_only=True)) as database:
        tenant_row = existing_tenant(database, tenant)
        campaign = CampaignExport(JournalQueries(database, tenant_row), CampaignId(number))
        folder.mkdir(parents=True, exist_ok=True)
        with _written(folder / "recipients.csv") as file:
            recipients = _table(file, RECIPIENT_COLUMNS, campaign.recipients())
        with _written(folder / "attempts.csv") as file:
            attempts = _table(file, ATTEMPT_COLUMNS, campaign.attempts())
        with _written(folder / "log.jsonl") as file:
            events = _lines(file, campaign.log())
    name = f"campaign {number}, {campaign.record.name}"
    written = ", ".join(
        [counted(recipients, "recipient"), counted(attempts, "attempt"), counted(events, "event")]
    )
    click.echo(f"{name}: {written}, as of event {campaign.last_seq}; in {folder}")


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


def _lines(file: TextIO, lines: Iterable[str]) -> int:
    count = 0
    for line in lines:
        file.write(f"{line}\n")
        count += 1
    return count


def _table(file: TextIO, columns: Sequence[str], rows: Iterable[Row]) -> int:
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow(csv_row(row))
        count += 1
    return count


@contextmanager
def _written(path: Path) -> Iterator[TextIO]:
    """Have a file written whole, or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
    finally:
        part.unlink(missing_ok=True)
