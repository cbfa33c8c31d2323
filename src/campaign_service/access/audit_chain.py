"""The chain of the record of administration: each line's checksum goes over all before it.

Whoever can write to the database can make it anew from any line on; but not so that it ends, or
passes, where it did when somebody noted a head elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import attrs
import sqlalchemy as sa
from typing_extensions import override

from campaign_service.access.tables import access_event
from campaign_service.database import Database

__all__ = ["GENESIS", "AuditHead", "VerifiedAudit", "digest_of_line", "last_digest", "verify_audit"]

GENESIS = hashlib.sha256(b"call-campaign audit").digest()
"""What stands before the first line."""

_ROWS = 1_000
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
_CHAINED = ("at", "actor", "address", "action", "subject", "details", "token")


@attrs.frozen(kw_only=True)
class AuditHead:
    """A place in the record: a line's number, and the chain's value there."""

    id: int
    """0 before the first line."""
    digest: bytes

    @override
    def __str__(self) -> str:
        """Return it as it is noted: ``ID:HEX``."""
        return f"{self.id}:{self.digest.hex()}"

    @classmethod
    def of_text(cls, text: str) -> AuditHead | None:
        """Return the head that somebody noted; ``None``: it is none."""
        found = _HEAD.fullmatch(text.strip().lower())
        return None if found is None else cls(id=int(found[1]), digest=bytes.fromhex(found[2]))


@attrs.frozen(kw_only=True)
class VerifiedAudit:
    """What was found of a record."""

    lines: int
    head: AuditHead
    problems: tuple[str, ...]
    """A sentence each; none: all is as it was written."""


def digest_of_line(before: bytes, values: dict[str, Any]) -> bytes:
    """Return the chain's value behind a line.

    Args:
        before: the value before it.
        values: of the line, by the names of their columns.
    """
    text = json.dumps([values[name] for name in _CHAINED], ensure_ascii=True)
    return hashlib.sha256(before + text.encode()).digest()


def last_digest(connection: sa.Connection) -> bytes:
    """Return the chain's value behind the last line, within a transaction that writes another."""
    table = access_event.c
    last = sa.select(table.digest).order_by(table.id.desc()).limit(1)
    return bytes(connection.execute(last).scalar() or GENESIS)


def verify_audit(database: Database, *, noted: AuditHead | None = None) -> VerifiedAudit | None:
    """Read the record through, and find whatever was altered, taken out or put in.

    Args:
        noted: a head that was noted earlier: the chain must pass there.

    Returns:
        ``None`` where an older release made the database, whose record has no chain.

    Raises:
        OSError: the database is away.
    """
    with database.reading() as connection:
        columns = sa.inspect(connection).get_columns(access_event.name)
        if "digest" not in {column["name"] for column in columns}:
            return None
        lines, digest, last_id = 0, GENESIS, 0
        problems: list[str] = []
        is_met = noted is None or not noted.id
        for row in _rows(connection):
            lines += 1
            digest, last_id = digest_of_line(digest, row._asdict()), row.id
            if row.digest is None or bytes(row.digest) != digest:
                problems.append(f"line {row.id} is altered, or lines before it are missing")
                # What follows is looked at on its own account.
                digest = bytes(row.digest or digest)
            if noted is not None and noted.id == row.id:
                is_met = True
                if noted.digest != digest:
                    problems.append(
                        f"line {row.id} or one before it is altered: it has no such head"
                    )
    if noted is not None and not is_met:
        # Numbers have gaps: a later line says nothing.
        problems.append(f"line {noted.id}, whose head was noted, is not there")
    head = AuditHead(id=last_id, digest=digest)
    return VerifiedAudit(lines=lines, head=head, problems=tuple(problems))


def _rows(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    table = access_event.c
    after = 0
    while True:
        page = sa.select(access_event).where(table.id > after).order_by(table.id).limit(_ROWS)
        rows = connection.execute(page).all()
        yield from rows
        if len(rows) < _ROWS:
            return
        after = rows[-1].id
