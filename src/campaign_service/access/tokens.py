"""Tokens: what is shown with each request instead of a password.

A *session* begins with a log-in and ends by itself; a *program's token* is made for a program,
has a label that says which, and may be narrowed to fewer permissions and to some tenants. What a
user may do no more, none of the tokens may. Of a token's secret only a digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service.access.audit import AccessAction, write_event
from campaign_service.access.errors import UnknownTokenError
from campaign_service.access.grants import check_tenants
from campaign_service.access.principal import Actor
from campaign_service.access.tables import access_token
from campaign_service.access.transactions import changing_access
from campaign_service.access.users import read_user
from campaign_service.access.values import bad_value, checked_label
from campaign_service.database import Database
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "TOKEN_PREFIX",
    "IssuedToken",
    "TokenRecord",
    "digest_of",
    "drop_old_tokens",
    "make_token",
    "new_token_id",
    "revoke_token",
    "token_from_row",
    "tokens",
    "write_token",
]

TOKEN_PREFIX = "cc_"  # noqa: S105 -- what all tokens begin with, so that a leaked one is found
_SECRET_BYTES = 32
_ID_BYTES = 6
_TOKENS_MAX = 100
"""Of one user."""


@attrs.frozen(kw_only=True)
class TokenRecord:
    """What is known of a token; its secret is not."""

    id: str
    user_name: str
    is_session: bool
    """Whether it comes from a log-in; else it is a program's."""
    label: str
    """What a program's is for; where a session began."""
    created_at: Instant
    expires_at: Instant | None
    """``None``: it stays until it is revoked."""
    last_used_at: Instant | None
    """To some minutes; ``None``: never yet."""
    permissions: frozenset[ServicePermission] | None
    """No more than these; ``None``: all that the user has."""
    tenants: frozenset[str] | None
    """For no others than these; ``None``: for all of them."""


@attrs.frozen(kw_only=True)
class IssuedToken:
    """A token that was made just now."""

    token: TokenRecord
    secret: str = attrs.field(repr=False)
    """To be shown with each request; nobody can tell it a second time."""


def tokens(database: Database, user_name: str, *, now: Instant) -> list[TokenRecord]:
    """Return a user's tokens that are good, sessions too, oldest first.

    Raises:
        UnknownUserError: nobody is called so.
    """
    table = access_token.c
    with database.reading() as connection:
        read_user(connection, user_name, command="tokens")
        good = sa.select(access_token).where(table.user_name == user_name, _is_valid(now))
        rows = connection.execute(good.order_by(table.created_at, table.id)).all()
    return [token_from_row(row) for row in rows]


def make_token(
    database: Database,
    user_name: str,
    *,
    label: str,
    by: Actor,
    now: Instant,
    expires_at: Instant | None = None,
    permissions: Collection[ServicePermission] | None = None,
    tenants: Collection[str] | None = None,
) -> IssuedToken:
    """Make a token for a program that acts for a user.

    Args:
        user_name: whose; that one's name is the actor of what the program does.
        label: what it is for.
        expires_at: when it ends; ``None``: it stays.
        permissions: no more than these; ``None``: all that the user has.
        tenants: for no others than these; ``None``: for all of them.

    Raises:
        UnknownUserError: nobody is called so.
        SettingsError: a value is bad.
        CommandRefusedError: the user is disabled, or has very many tokens.
    """
    new = TokenRecord(
        id=new_token_id(),
        user_name=user_name,
        is_session=False,
        label=label,
        created_at=now,
        expires_at=expires_at,
        last_used_at=None,
        permissions=None if permissions is None else frozenset(permissions),
        tenants=None if tenants is None else frozenset(tenants),
    )
    _check_values(new)
    with changing_access(database) as connection:
        _check_token_limit(connection, user_name, now)
        check_tenants(connection, new.tenants or ())
        secret = write_token(connection, new)
        details = _audit_details(new)
        write_event(connection, AccessAction.TOKEN_MADE, user_name, details, by=by, now=now)
    return IssuedToken(token=new, secret=secret)


def _check_values(new: TokenRecord) -> None:
    checked_label(new.label)
    if new.expires_at is not None and new.expires_at <= new.created_at:
        raise bad_value("expires_at", new.expires_at, "a time to come")
    if new.permissions is not None and not new.permissions:
        raise bad_value("permissions", [], "one at least; left out: all that the user has")
    if new.tenants is not None and not new.tenants:
        raise bad_value("tenants", [], "one at least; left out: all of them")


def _check_token_limit(connection: sa.Connection, user_name: str, now: Instant) -> None:
    """Refuse a token for a user who is disabled or has very many."""
    command = "make_token"
    user = read_user(connection, user_name, command=command)
    if not user.enabled:
        raise CommandRefusedError(command, f"user {user_name!r} is disabled")
    _forget_expired(connection, user_name, now)
    table = access_token.c
    own = sa.select(sa.func.count()).where(table.user_name == user_name, ~table.is_session)
    if connection.execute(own).scalar_one() >= _TOKENS_MAX:
        why = f"user {user_name!r} has {_TOKENS_MAX} tokens; revoke one that is not needed"
        raise CommandRefusedError(command, why)


def _audit_details(new: TokenRecord) -> dict[str, object]:
    """Return what the record of a new token tells, beside whose it is."""
    details: dict[str, object] = {"token": new.id, "label": new.label}
    if new.permissions is not None:
        details["permissions"] = sorted(one.name for one in new.permissions)
    if new.tenants is not None:
        details["tenants"] = sorted(new.tenants)
    if new.expires_at is not None:
        details["expires_at"] = new.expires_at
    return details


def revoke_token(
    database: Database, user_name: str, token_id: str, *, by: Actor, now: Instant
) -> None:
    """End a token, or a session.

    Raises:
        UnknownUserError: nobody is called so.
        UnknownTokenError: the user has no such token.
    """
    command = "revoke_token"
    with changing_access(database) as connection:
        read_user(connection, user_name, command=command)
        row = _find_row(connection, user_name, token_id)
        if row is None:
            raise UnknownTokenError(command, f"user {user_name!r} has no token {token_id!r}")
        connection.execute(sa.delete(access_token).where(access_token.c.id == token_id))
        details = {"token": token_id, "label": row.label}
        write_event(connection, AccessAction.TOKEN_REVOKED, user_name, details, by=by, now=now)


def _find_row(connection: sa.Connection, user_name: str, token_id: str) -> sa.Row[Any] | None:
    """Return what is kept of a user's token."""
    if not token_id.isalnum():
        return None
    table = access_token.c
    wanted = sa.select(access_token).where(table.id == token_id, table.user_name == user_name)
    return connection.execute(wanted).first()


def new_token_id() -> str:
    """Return an id that no other token has: 48 random bits, and the table would refuse it."""
    return secrets.token_hex(_ID_BYTES)


def write_token(connection: sa.Connection, token: TokenRecord) -> str:
    """Keep a new token, and return its secret, which is kept nowhere."""
    secret = f"{TOKEN_PREFIX}{secrets.token_urlsafe(_SECRET_BYTES)}"
    values = attrs.asdict(token, recurse=False)
    if token.permissions is not None:
        values["permissions"] = " ".join(sorted(one.name for one in token.permissions))
    if token.tenants is not None:
        # No name of a tenant has a line's end in it.
        values["tenants"] = "\n".join(sorted(token.tenants))
    connection.execute(sa.insert(access_token).values(digest=digest_of(secret), **values))
    return secret


def drop_old_tokens(connection: sa.Connection, user_name: str, *, now: Instant) -> None:
    """Forget a user's tokens that are over, and end the oldest of very many sessions."""
    _forget_expired(connection, user_name, now)
    table = access_token.c
    sessions = sa.select(table.id).where(table.user_name == user_name, table.is_session)
    newest = sessions.order_by(table.created_at.desc(), table.id).limit(_TOKENS_MAX - 1)
    kept = connection.execute(newest).scalars().all()
    old = sa.delete(access_token).where(table.user_name == user_name, table.is_session)
    connection.execute(old.where(table.id.not_in(kept)))


def token_from_row(row: sa.Row[Any]) -> TokenRecord:
    """Return a token as the rest of the program knows it."""
    names = None if row.permissions is None else row.permissions.split()
    tenants = None if row.tenants is None else row.tenants.split("\n")
    return TokenRecord(
        id=row.id,
        user_name=row.user_name,
        is_session=row.is_session,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        permissions=None if names is None else frozenset(map(ServicePermission, names)),
        tenants=None if tenants is None else frozenset(tenants),
    )


def digest_of(secret: str) -> bytes:
    """Return what is kept of a token's secret: 256 bits of chance need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _forget_expired(connection: sa.Connection, user_name: str, now: Instant) -> None:
    table = access_token.c
    over = sa.delete(access_token).where(table.user_name == user_name, ~_is_valid(now))
    connection.execute(over)


def _is_valid(now: Instant) -> sa.ColumnElement[bool]:
    expires_at = access_token.c.expires_at
    return expires_at.is_(None) | (expires_at > now)
