"""What a password is good for: to begin a session, or to set another password.

Whatever is wrong with name and password, the answer is the same and takes as long, so that nobody
finds out which names there are.
"""

from __future__ import annotations

from typing import Any

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service.access.audit import AccessAction, write_event
from campaign_service.access.errors import (
    LoginLimitedError,
    NotAuthenticatedError,
    PasswordExpiredError,
    PasswordRefusedError,
)
from campaign_service.access.login_limit import clear_failures, count_failure, login_delay_ms
from campaign_service.access.passwords import (
    OneTimePassword,
    Passwords,
    check_strength,
    chosen_password,
)
from campaign_service.access.principal import ANONYMOUS, Actor, Principal
from campaign_service.access.sessions import first_end, last_end
from campaign_service.access.tables import access_token, access_user
from campaign_service.access.tokens import TokenRecord, drop_old_tokens, new_token_id, write_token
from campaign_service.access.transactions import changing_access, serialized
from campaign_service.access.users import (
    changing_user,
    end_tokens,
    password_values,
    read_row,
    read_user,
    write_user,
)
from campaign_service.access.values import normalized_name
from campaign_service.database import Database

__all__ = ["NewSession", "change_password", "login", "logout", "reset_password"]

_EXPIRED = "one-time password used or expired"


@attrs.frozen(kw_only=True)
class NewSession:
    """A session that began just now."""

    name: str
    """Of the user, as it is kept."""
    token: str = attrs.field(repr=False)
    """To be shown with each request."""
    token_id: str
    expires_at: Instant
    """Of a browser's: unless it is used, which moves this on."""
    ends_at: Instant
    """At the latest, however much it is used."""
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
    is_browser: bool = False,
) -> NewSession:
    """Begin a session.

    Args:
        name: as it was typed, in any case, with blanks around it.
        is_browser: whether a browser keeps it: then it ends when it is not used.

    Raises:
        NotAuthenticatedError: there is no such user, the password is another, or the user may
            not come in; or, as PasswordExpiredError, a one-time password came too late, or again.
        LoginLimitedError: too many log-ins have failed; this one was not looked at.
        OSError: the database is away.
    """
    name = normalized_name(name)
    row = _verified_row(database, passwords, name=name, password=password, address=address, now=now)
    rehashed = passwords.kept(password) if passwords.is_outdated(row.password_hash) else None
    expires_at = first_end(now, is_browser=is_browser)
    session = TokenRecord(
        id=new_token_id(),
        user_name=name,
        is_session=True,
        label=f"log-in from {address}",
        created_at=now,
        expires_at=expires_at,
        last_used_at=now,
        permissions=None,
        tenants=None,
    )
    with serialized(database) as connection:
        _check_unchanged(connection, row)
        clear_failures(connection, name=name)
        drop_old_tokens(connection, name, now=now)
        secret = write_token(connection, session)
        if row.must_change_password:
            # It was for this log-in, and is void from now on.
            user = read_user(connection, name, command="login")
            write_user(connection, user, now=now, password_expires_at=now)
        if rehashed is not None:
            mine = access_user.c.name == name
            connection.execute(sa.update(access_user).where(mine).values(password_hash=rehashed))
        by, details = Actor(name=name, address=address), {"token": session.id}
        write_event(connection, AccessAction.LOGGED_IN, name, details, by=by, now=now)
    return NewSession(
        name=name,
        token=secret,
        token_id=session.id,
        expires_at=expires_at,
        ends_at=last_end(now),
        must_change_password=row.must_change_password,
    )


def logout(database: Database, principal: Principal, *, now: Instant) -> None:
    """End the session that somebody is in; a program's token goes on.

    Raises:
        CommandRefusedError: it is no session.
    """
    if principal.token_id is None or principal.is_program:
        raise CommandRefusedError("logout", "only a session ends so; a token is revoked")
    with changing_access(database) as connection:
        table = access_token.c
        ended = sa.delete(access_token).where(table.id == principal.token_id, table.is_session)
        connection.execute(ended)
        action, details = AccessAction.LOGGED_OUT, {"token": principal.token_id}
        write_event(connection, action, principal.name, details, by=principal.actor, now=now)


def change_password(
    database: Database,
    passwords: Passwords,
    principal: Principal,
    *,
    old: str,
    new: str,
    now: Instant,
) -> None:
    """Change one's own password; all one's other sessions end.

    Args:
        old: the password of now; a wrong one counts as a log-in that failed.

    Raises:
        PasswordRefusedError: the new one is not good enough, or it is the old one.
        NotAuthenticatedError: the old one is wrong.
        LoginLimitedError: too many log-ins have failed; this was not looked at.
        CommandRefusedError: it is a program that asks.
    """
    if principal.is_program:
        raise CommandRefusedError("change_password", "a program's token changes no password")
    name = principal.name
    check_strength(new, name=name, field="new")
    if new == old:
        raise PasswordRefusedError("another than the old one", field="new")
    row = _verified_row(
        database,
        passwords,
        name=name,
        password=old,
        address=principal.address,
        now=now,
        is_logged_in=True,
    )
    kept = passwords.kept(new)
    change = changing_user(database, name, command="change_password", expected=None)
    with change as (connection, before):
        _check_unchanged(connection, row)
        clear_failures(connection, name=name)
        end_tokens(connection, name, sessions_alone=True, keep=principal.token_id)
        write_user(connection, before, now=now, **password_values(kept, now=now, must_change=False))
        write_event(connection, AccessAction.PASSWORD_CHANGED, name, by=principal.actor, now=now)


def reset_password(
    database: Database,
    passwords: Passwords,
    name: str,
    *,
    by: Actor,
    now: Instant,
    password: str | None = None,
    must_change: bool = True,
    expected: int | None = None,
) -> OneTimePassword | None:
    """Give a user another password; that one's sessions end, and tokens of programs go on.

    Args:
        password: the new one; ``None``: a one-time password is made up.
        must_change: whether one that was given must be changed at the next log-in.
        expected: the version that the user must have; ``None``: whatever it is.

    Returns:
        The password that was made up, to be shown once; ``None`` where one was given.

    Raises:
        PasswordRefusedError: it is not good enough.
        UnknownUserError: nobody is called so.
        VersionConflictError: the user has another version.
        LoginLimitedError: too many passwords are being worked on.
    """
    chosen, one_time = chosen_password(password, name=name, now=now)
    kept = passwords.kept(chosen)
    change = changing_user(database, name, command="reset_password", expected=expected)
    with change as (connection, before):
        must_change = one_time is not None or must_change
        clear_failures(connection, name=name)
        end_tokens(connection, name, sessions_alone=True)
        values = password_values(kept, now=now, must_change=must_change)
        write_user(connection, before, now=now, **values)
        details = {"must_change": must_change}
        write_event(connection, AccessAction.PASSWORD_RESET, name, details, by=by, now=now)
    return one_time


# Whose password it is ------------------------------------------------------------------------


def _verified_row(
    database: Database,
    passwords: Passwords,
    *,
    name: str,
    password: str,
    address: str,
    now: Instant,
    is_logged_in: bool = False,
) -> sa.Row[Any]:
    """Return what is kept of the user whose password this is; a failure is on record.

    Who is logged in already may still know a one-time password, good for no other log-in.
    """
    # Who tries a thousand times a second shall not hold up whoever has something to write.
    with database.reading() as connection:
        _check_limit(connection, name=name, address=address, now=now)
    with serialized(database) as connection:
        _check_limit(connection, name=name, address=address, now=now)
        count_failure(connection, name=name, address=address, now=now)
        row = read_row(connection, name)
    is_right = passwords.are_same(None if row is None else row.password_hash, password)
    why = _refusal_reason(row, is_right=is_right, now=None if is_logged_in else now)
    if row is not None and why is None:
        return row
    with serialized(database) as connection:
        by = Actor(name=ANONYMOUS, address=address)
        # What is no user's name may be a password that was typed in the wrong place.
        subject = "" if row is None else name
        write_event(connection, AccessAction.LOGIN_FAILED, subject, {"why": why}, by=by, now=now)
        wait_ms = login_delay_ms(connection, name=name, address=address, now=now)
        if wait_ms:
            details = {"for_s": _whole_s(wait_ms)}
            write_event(connection, AccessAction.LOGIN_LIMITED, subject, details, by=by, now=now)
    if why == _EXPIRED:
        raise PasswordExpiredError("the one-time password was used or has expired; ask for another")
    raise NotAuthenticatedError("name or password is wrong")


def _check_limit(connection: sa.Connection, *, name: str, address: str, now: Instant) -> None:
    wait_ms = login_delay_ms(connection, name=name, address=address, now=now)
    if wait_ms:
        raise LoginLimitedError(_whole_s(wait_ms))


def _whole_s(duration_ms: int) -> int:
    return -(-duration_ms // 1_000)


def _refusal_reason(row: sa.Row[Any] | None, *, is_right: bool, now: Instant | None) -> str | None:
    """Return why somebody may not come in; without a time, whatever the time is."""
    if row is None:
        return "no such user"
    if not is_right:
        return "wrong password"
    if not row.enabled:
        return "disabled"
    expires_at = row.password_expires_at
    if now is not None and expires_at is not None and expires_at <= now:
        return _EXPIRED
    return None


def _check_unchanged(connection: sa.Connection, row: sa.Row[Any]) -> None:
    """Go on only if the user is as before the password was compared: that takes a while."""
    found = read_row(connection, row.name)
    if found is None or (found.version, found.enabled) != (row.version, True):
        raise NotAuthenticatedError("the user has been changed just now; try again")
