"""Proving by a password who one is: how often it may be tried, and what stays on record.

Whatever is wrong with name and password, the answer is the same and takes as long, so that nobody
finds out which names there are.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.audit import AccessAction, record
from campaign_service.access.changing import in_turn
from campaign_service.access.errors import (
    LoginLimitedError,
    NotAuthenticatedError,
    PasswordExpiredError,
)
from campaign_service.access.interface import ANONYMOUS, Actor
from campaign_service.access.login_limit import begin_try, delay_ms
from campaign_service.access.passwords import Passwords
from campaign_service.access.user_rows import read_row
from campaign_service.database import Database

__all__ = ["check_unchanged", "proven"]

_EXPIRED = "one-time password used or expired"


def proven(
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

    Args:
        database: where.
        passwords: compares.
        name: of the user, as it is kept.
        password: as it was typed.
        address: where the request came from.
        now: when.
        is_logged_in: whether it is somebody who is in already: that one may still know a one-time
            password, though it is good for no other log-in.

    Raises:
        NotAuthenticatedError: it is nobody's, or that one may not come in.
        LoginLimitedError: too many have failed; this was not looked at.
    """
    # Who tries a thousand times a second shall not hold up whoever has something to write.
    with database.reading() as connection:
        _check_limit(connection, name=name, address=address, now=now)
    with in_turn(database) as connection:
        _check_limit(connection, name=name, address=address, now=now)
        begin_try(connection, name=name, address=address, now=now)
        row = read_row(connection, name)
    is_right = passwords.are_same(None if row is None else row.password_hash, password)
    why = _why_not(row, is_right=is_right, now=None if is_logged_in else now)
    if row is not None and why is None:
        return row
    with in_turn(database) as connection:
        by = Actor(name=ANONYMOUS, address=address)
        # What is no user's name may be a password that was typed in the wrong place.
        subject = "" if row is None else name
        details: dict[str, object] = {"why": why}
        record(
            connection,
            AccessAction.LOGIN_FAILED,
            by=by,
            subject=subject,
            now=now,
            details=details,
        )
        wait_ms = delay_ms(connection, name=name, address=address, now=now)
        if wait_ms:
            details = {"for_s": -(-wait_ms // 1_000)}
            limited = AccessAction.LOGIN_LIMITED
            record(connection, limited, by=by, subject=subject, now=now, details=details)
    if why == _EXPIRED:
        raise PasswordExpiredError("the one-time password was used or has expired; ask for another")
    raise NotAuthenticatedError("name or password is wrong")


def _check_limit(connection: sa.Connection, *, name: str, address: str, now: Instant) -> None:
    wait_ms = delay_ms(connection, name=name, address=address, now=now)
    if wait_ms:
        raise LoginLimitedError(-(-wait_ms // 1_000))


def _why_not(row: sa.Row[Any] | None, *, is_right: bool, now: Instant | None) -> str | None:
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


def check_unchanged(connection: sa.Connection, row: sa.Row[Any]) -> None:
    """Go on only if the user is as before the password was compared: that takes a while."""
    found = read_row(connection, row.name)
    if found is None or (found.version, found.enabled) != (row.version, True):
        raise NotAuthenticatedError("the user has been changed just now; try again")
