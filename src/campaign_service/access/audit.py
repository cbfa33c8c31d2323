"""Who changed who may do what, who came in, and who was refused: a record that only grows.

What was done to campaigns and settings is told by the journal itself (R9.1); these are the events
that no journal has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.audit_chain import digest_of_line, last_digest
from campaign_service.access.principal import Actor, Principal
from campaign_service.access.tables import access_event
from campaign_service.access.transactions import serialized
from campaign_service.database import Database
from campaign_service.vocabulary import AccessAction

__all__ = [
    "AccessAction",
    "AccessEvent",
    "AuditedAction",
    "audit",
    "audit_action",
    "audit_actions",
    "audit_refusal",
    "write_event",
]

_REFUSAL_REST_MS = 60_000
"""The same refusal again within this time is not recorded again: whoever may do nothing else
could fill the disk with them."""
_ID_MAX = (1 << 63) - 1
"""A database takes no larger number, not even to look for it."""
_REFUSALS_MAX = 30
"""So many refusals of one user are recorded within that time: there is no end to what may be asked
for, and more of them would tell no more."""


@attrs.frozen(kw_only=True)
class AccessEvent:
    """One line of the record."""

    id: int
    """Numbered upwards, with gaps."""
    at: Instant
    actor: str
    """Who: a user, ``console:`` and the name of an account of the machine, or ``anonymous``."""
    address: str
    """From where."""
    action: AccessAction
    subject: str
    """To whom or what: a user's name, a role's, or what was asked for."""
    details: Mapping[str, object] = attrs.field(hash=False)
    """Plain JSON data; never a secret."""
    token: str | None = None
    """The id of the token that the actor showed; ``None``: none, such as at a log-in."""


def audit(  # noqa: PLR0913 -- one for each parameter of the query
    database: Database,
    *,
    actor: str | None = None,
    subject: str | None = None,
    action: AccessAction | None = None,
    since: Instant | None = None,
    until: Instant | None = None,
    after: int = 0,
    is_newest_first: bool = False,
    limit: int = 100,
) -> list[AccessEvent]:
    """Return who did what, in the order in which it was written, or the other way round.

    Args:
        actor: only what this one did.
        subject: only what was done to this one.
        since: not before this instant.
        until: not after this instant.
        after: only those with a higher id: that of the last one that was seen. Newest first, with
            a lower one; 0: from the newest on.
        is_newest_first: whether the order is the other way round.
    """
    if not all(text is None or text.isprintable() for text in (actor, subject)):
        return []
    table = access_event.c
    query = sa.select(access_event)
    if is_newest_first:
        query = query.where(table.id < (after or _ID_MAX)).order_by(table.id.desc())
    else:
        query = query.where(table.id > after).order_by(table.id)
    wanted = {
        table.actor: actor,
        table.subject: subject,
        table.action: None if action is None else action.value,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if since is not None:
        query = query.where(table.at >= since)
    if until is not None:
        query = query.where(table.at <= until)
    with database.reading() as connection:
        rows = connection.execute(query.limit(limit)).all()
    return [
        AccessEvent(
            id=row.id,
            at=Instant(row.at),
            actor=row.actor,
            address=row.address,
            action=AccessAction(row.action),
            subject=row.subject,
            details=json.loads(row.details),
            token=row.token,
        )
        for row in rows
    ]


def write_event(
    connection: sa.Connection,
    action: AccessAction,
    subject: str,
    details: Mapping[str, object] | None = None,
    *,
    by: Actor,
    now: Instant,
) -> None:
    """Write one line of the record, in the transaction of what it tells.

    Args:
        connection: a serialized transaction: the line before it must stay the last.
        subject: to whom or what.
        details: what else there is to tell.
    """
    values = {
        "at": now,
        "actor": by.name,
        "address": _printable(by.address),
        "action": action.value,
        "subject": _printable(subject),
        "details": json.dumps(details or {}, sort_keys=True),
        "token": by.token_id,
    }
    digest = digest_of_line(last_digest(connection), values)
    connection.execute(sa.insert(access_event).values(digest=digest, **values))


@attrs.frozen(kw_only=True)
class AuditedAction:
    """What was done outside of the record's own transactions."""

    action: AccessAction
    by: Actor
    subject: str
    at: Instant
    details: Mapping[str, object] = attrs.field(factory=dict, hash=False)


def audit_actions(database: Database, actions: Sequence[AuditedAction]) -> None:
    """Record what was done, in their order, in one transaction of their own.

    Raises:
        OSError: the database is away.
    """
    with serialized(database) as connection:
        for one in actions:
            write_event(connection, one.action, one.subject, one.details, by=one.by, now=one.at)


def audit_action(
    database: Database,
    action: AccessAction,
    *,
    by: Actor,
    subject: str,
    now: Instant,
    details: Mapping[str, object] | None = None,
) -> None:
    """Record what was done outside of the journal, in a transaction of its own."""
    with serialized(database) as connection:
        write_event(connection, action, subject, details, by=by, now=now)


def audit_refusal(database: Database, principal: Principal, *, asked: str, now: Instant) -> None:
    """Record that somebody asked for what that one may not do.

    Args:
        asked: what for, such as ``PUT /api/v1/tenants/main/settings``.
        now: when; the same again within a minute is recorded once, and of one user some alone.
    """
    table = access_event.c
    refused = AccessAction.REFUSED
    asked = _printable(asked)
    known = sa.select(table.id).where(
        table.actor == principal.name,
        table.action == refused.value,
        table.subject == asked,
        table.at > now - _REFUSAL_REST_MS,
    )
    mine = sa.select(table.action, table.at).where(table.actor == principal.name)
    latest = mine.order_by(table.id.desc()).limit(_REFUSALS_MAX)

    def is_recorded(connection: sa.Connection) -> bool:
        if connection.execute(known.limit(1)).first() is not None:
            return True
        rows = connection.execute(latest).all()
        since = now - _REFUSAL_REST_MS
        fresh = [row for row in rows if row.action == refused.value and row.at > since]
        return len(fresh) == _REFUSALS_MAX

    # Who asks a thousand times a second shall not hold up whoever has something to write.
    with database.reading() as connection:
        if is_recorded(connection):
            return
    with serialized(database) as connection:
        if not is_recorded(connection):
            write_event(connection, refused, asked, by=principal.actor, now=now)


def _printable(text: str) -> str:
    """Return a stranger's text as any database and any terminal can take it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
