"""Log-ins and log-outs: what begins and ends a session."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service.access.audit import AccessAction, record
from campaign_service.access.changing import changing, in_turn
from campaign_service.access.interface import Actor, Principal
from campaign_service.access.login_limit import end_tries
from campaign_service.access.passwords import Passwords
from campaign_service.access.proving import check_unchanged, proven
from campaign_service.access.tables import access_token, access_user
from campaign_service.access.tokens import TokenRecord, make_room, new_token_id, write_token
from campaign_service.access.user_rows import read_user, write_user
from campaign_service.access.values import typed_name
from campaign_service.database import Database

__all__ = ["SESSION_H", "NewSession", "login", "logout"]

SESSION_H = 12
"""So long a session lasts: a day at work, and no night after it."""

_SESSION_MS = SESSION_H * 3_600_000


@attrs.frozen(kw_only=True)
class NewSession:
    """A session that began just now."""

    name: str
    """Of the user, as it is kept."""
    token: str = attrs.field(repr=False)
    """To be shown with each request."""
    token_id: str
    expires_at: Instant
    must_change_password: bool
    """Until that is done, the token is good for nothing else."""


def login(
    database: Database,
    passwords: Passwords,
    *,
    name: str,
    password: str,
    address: str,
    now: Instant,
) -> NewSession:
    """Begin a session.

    Args:
        database: where.
        passwords: compares the password.
        name: as it was typed, in any case, with blanks around it.
        password: as it was typed.
        address: where the request came from.
        now: when.

    Raises:
        NotAuthenticatedError: there is no such user, the password is another, or the user may
            not come in; or, as PasswordExpiredError, a one-time password came too late, or again.
        LoginLimitedError: too many log-ins have failed; this one was not looked at.
        OSError: the database is away.
    """
    name = typed_name(name)
    row = proven(database, passwords, name=name, password=password, address=address, now=now)
    kept = passwords.kept(password) if passwords.is_outdated(row.password_hash) else None
    with in_turn(database) as connection:
        check_unchanged(connection, row)
        end_tries(connection, name=name)
        make_room(connection, name, now=now)
        session = _session(name, address, now)
        secret = write_token(connection, session)
        if row.must_change_password:
            # It was for this log-in, and is void from now on.
            user = read_user(connection, name, command="login")
            write_user(connection, user, now=now, password_expires_at=now)
        if kept is not None:
            mine = access_user.c.name == name
            connection.execute(sa.update(access_user).where(mine).values(password_hash=kept))
        record(
            connection,
            AccessAction.LOGGED_IN,
            by=Actor(name=name, address=address),
            subject=name,
            now=now,
            details={"token": session.id},
        )
    return NewSession(
        name=name,
        token=secret,
        token_id=session.id,
        expires_at=Instant(now + _SESSION_MS),
        must_change_password=row.must_change_password,
    )


def _session(name: str, address: str, now: Instant) -> TokenRecord:
    return TokenRecord(
        id=new_token_id(),
        user_name=name,
        is_session=True,
        label=f"log-in from {address}",
        created_at=now,
        expires_at=Instant(now + _SESSION_MS),
        last_used_at=now,
        permissions=None,
        tenants=None,
    )


def logout(database: Database, principal: Principal, *, now: Instant) -> None:
    """End the session that somebody is in; a program's token goes on.

    Raises:
        CommandRefusedError: it is no session.
    """
    if principal.token_id is None or principal.is_program:
        raise CommandRefusedError("logout", "only a session ends so; a token is revoked")
    with changing(database) as connection:
        table = access_token.c
        ended = sa.delete(access_token).where(table.id == principal.token_id, table.is_session)
        connection.execute(ended)
        record(
            connection,
            AccessAction.LOGGED_OUT,
            by=principal.actor,
            subject=principal.name,
            now=now,
            details={"token": principal.token_id},
        )
