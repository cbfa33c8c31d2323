"""``campaign verify``: whether a journal still is what was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import attrs
import click

from campaign_core import replay
from campaign_core.errors import JournalError
from campaign_core.events import Event, ServiceOpened
from campaign_service.access import AuditHead, verify_audit
from campaign_service.cli.databases import DatabaseFinder, existing_tenant, with_finder
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import counted
from campaign_service.database import Database
from campaign_service.journal import JournalAwayError, JsonLinesJournal
from campaign_service.journal.sql import ChainHead, TenantRow, head_of_text, heads_of, list_tenants
from campaign_service.journal.sql import verify as verify_tenant

__all__ = ["verify"]

_SHOWN_MAX = 20
"""So many problems of one journal are shown."""
_Head = TypeVar("_Head", ChainHead, AuditHead)
_NO_CHAIN = (
    "it can be read; whether it was altered cannot be told, for it has no chain of checksums: an"
    " older release wrote it"
)


@click.command(short_help="Tell whether a journal is what was written.")
@click.argument("journal", metavar="[JOURNAL]", required=False)
@click.option("--tenant", metavar="NAME", help="Only this tenant of a database. [default: all]")
@click.option(
    "--head",
    "head",
    metavar="SEQ:HEX",
    help="A head that was noted earlier: it must still be in the chain of checksums.",
)
@click.option(
    "--replay",
    "replays",
    is_flag=True,
    help="Replay all events too, and compare the snapshots with what comes of them. Slow.",
)
@click.option(
    "--audit-head",
    "audit_head",
    metavar="ID:HEX",
    help="A head of the audit of users that was noted earlier.",
)
@with_finder
def verify(
    *,
    finder: DatabaseFinder,
    journal: str | None,
    tenant: str | None,
    head: str | None,
    replays: bool,
    audit_head: str | None,
) -> int:
    """Tell whether a journal is what was written, event by event.

    JOURNAL is the file of a run, the SQLite file of a service, or the URL of its PostgreSQL
    database; without it, the service's database is found as by `campaign serve`. A service may go
    on writing meanwhile.

    Of a database the audit of users is looked at too, unless --tenant names a single journal.

    The head that is printed stands for everything before it. Note it somewhere else: who can
    write to the database can make a chain anew, but not one that has the head you noted.
    """
    noted = _noted(head, head_of_text, "--head")
    noted_audit = _noted(audit_head, AuditHead.of_text, "--audit-head")
    if journal is not None and finder.is_given:
        raise click.UsageError("JOURNAL and an option that names a database exclude each other")
    if journal is not None and _is_of_lines(journal):
        if tenant is not None:
            raise click.BadParameter("the file of a run has no tenants", param_hint="--tenant")
        return _verify_lines(Path(journal), noted, replays=replays)
    with closing(
        finder.open(is_read_only=True)
        if journal is None
        else Database.open(journal, is_read_only=True)
    ) as database:
        chosen = list_tenants(database) if tenant is None else [existing_tenant(database, tenant)]
        if noted is not None and len(chosen) > 1:
            rule = "of which tenant it is, --tenant must say"
            raise click.BadParameter(rule, param_hint="--head")
        are_sound = [_verify(database, one, noted, replays=replays) for one in chosen]
        if tenant is None or noted_audit is not None:
            are_sound.append(_verify_audit(database, noted_audit))
    return ExitStatus.COMPLETED if all(are_sound) else ExitStatus.INCOMPLETE


def _noted(text: str | None, read: Callable[[str], _Head | None], option: str) -> _Head | None:
    """Return a head that was noted, as the command prints it."""
    head = None if text is None else read(text)
    if text is not None and head is None:
        what = "an event's" if option == "--head" else "a line's"
        rule = f"{what} number and 64 hex digits, as this command prints them"
        raise click.BadParameter(f"{text!r}: {rule}", param_hint=option)
    return head


def _verify_audit(database: Database, noted: AuditHead | None) -> bool:
    name = f"{database.shown}, audit of users"
    found = verify_audit(database, noted=noted)
    if found is None:
        click.echo(f"{name}: no checksums; they come when a service of this release opens it")
        return noted is None
    _tell(name, counted(found.lines, "line"), found.head, found.problems)
    return not found.problems


def _verify(
    database: Database, tenant: TenantRow, noted: ChainHead | None, *, replays: bool
) -> bool:
    found = verify_tenant(database, tenant, noted=noted, replays=replays)
    is_replayed = ", replayed" if replays and not found.problems else ""
    _tell(
        f"{database.shown}, tenant {tenant.name}",
        f"{counted(found.head.seq, 'event')}{is_replayed}, {counted(found.attempts, 'attempt')},"
        f" {counted(found.campaigns, 'campaign')}, {counted(found.snapshots, 'snapshot')}",
        found.head,
        found.problems,
    )
    return not found.problems


def _tell(
    name: str,
    numbers: str,
    head: ChainHead | AuditHead | None,
    problems: Sequence[str],
    otherwise: str = "all is as it was written",
) -> None:
    click.echo(f"{name}: {numbers}")
    if head is not None:
        click.echo(f"  head {head}")
    for problem in problems[:_SHOWN_MAX]:
        click.echo(f"  WRONG: {problem}")
    if len(problems) > _SHOWN_MAX:
        click.echo(f"  and {len(problems) - _SHOWN_MAX} more")
    if not problems:
        click.echo(f"  {otherwise}")


# The file of a run --------------------------------------------------------------------------


def _is_of_lines(journal: str) -> bool:
    """Return whether this is a file that is no database: then it must be the file of a run."""
    path = Path(journal)
    if "://" in journal or not path.is_file():
        return False
    with path.open("rb") as file:
        return not file.read(16).startswith(b"SQLite format 3")


@attrs.define
class _ChainFollower:
    """Follows the chain of checksums while events pass by."""

    noted: ChainHead | None
    head: ChainHead | None = None

    def following(self, events: Iterator[Event]) -> Iterator[Event]:
        for event, head in heads_of(events):
            self.head = head
            if self.noted is not None and self.noted.seq == head.seq and self.noted != head:
                raise JournalError(f"event {head.seq} or one before it is altered: its head {head}")
            yield event


def _verify_lines(path: Path, noted: ChainHead | None, *, replays: bool) -> int:
    journal = JsonLinesJournal.open(path)
    chain, problems = _ChainFollower(noted), []
    events = chain.following(journal.read())
    try:
        if replays:
            replay(events)
        elif not isinstance(next(events, None), ServiceOpened):
            problems.append("it does not begin with the opening of a service")
        for _ in events:
            pass
    except JournalAwayError:
        raise
    except JournalError as error:
        problems.append(str(error))
    if journal.torn_tail is not None:
        problems.append(str(journal.torn_tail))
    last_seq = 0 if chain.head is None else chain.head.seq
    if noted is not None and noted.seq > last_seq and not problems:
        problems.append(f"event {noted.seq}, whose head was noted, is not there")
    otherwise = () if journal.is_chained else (_NO_CHAIN,)
    _tell(str(path), counted(last_seq, "event"), chain.head, problems, *otherwise)
    return ExitStatus.INCOMPLETE if problems else ExitStatus.COMPLETED
