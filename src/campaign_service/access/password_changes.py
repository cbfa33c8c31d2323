"""Passwords that change: one's own, and those that somebody who manages users sets anew."""

from __future__ import annotations

from campaign_core import Instant
from campaign_core.errors import CommandRefusedError
from campaign_service.access.audit import AccessAction, record
from campaign_service.access.errors import PasswordRefusedError
from campaign_service.access.interface import Actor, Principal
from campaign_service.access.login_limit import end_tries
from campaign_service.access.passwords import (
    OneTimePassword,
    Passwords,
    check_new,
    new_one_time,
)
from campaign_service.access.proving import check_unchanged, proven
from campaign_service.access.user_rows import (
    changing_user,
    end_tokens,
    password_values,
    write_user,
)
from campaign_service.database import Database

__all__ = ["change_password", "reset_password"]


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
        database: where.
        passwords: compares and keeps.
        principal: who does it.
        old: the password of now; a wrong one counts as a log-in that failed.
        new: the one to come.
        now: when.

    Raises:
        PasswordRefusedError: the new one is not good enough, or it is the old one.
        NotAuthenticatedError: the old one is wrong.
        LoginLimitedError: too many log-ins have failed; this was not looked at.
        CommandRefusedError: it is a program that asks.
    """
    if principal.is_program:
        raise CommandRefusedError("change_password", "a program's token changes no password")
    name = principal.name
    check_new(new, name=name, field="new")
    if new == old:
        raise PasswordRefusedError("another than the old one", field="new")
    row = proven(
        database,
        passwords,
        name=name,
        password=old,
        address=principal.address,
        now=now,
        is_logged_in=True,
    )
    kept = passwords.kept(new)
    with changing_user(database, name, command="change_password", expected=None) as (
        connection,
        before,
    ):
        check_unchanged(connection, row)
        end_tries(connection, name=name)
        end_tokens(connection, name, sessions_alone=True, keep=principal.token_id)
        values = password_values(kept, now=now, must_change=False)
        write_user(connection, before, now=now, **values)
        action = AccessAction.PASSWORD_CHANGED
        record(connection, action, by=principal.actor, subject=name, now=now)


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
        database: where.
        passwords: keeps it.
        name: of the user.
        by: who does it.
        now: when.
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
    one_time = new_one_time(name, now=now) if password is None else None
    chosen = one_time.text if one_time is not None else password or ""
    check_new(chosen, name=name)
    kept = passwords.kept(chosen)
    with changing_user(database, name, command="reset_password", expected=expected) as (
        connection,
        before,
    ):
        must_change = one_time is not None or must_change
        end_tries(connection, name=name)
        end_tokens(connection, name, sessions_alone=True)
        values = password_values(kept, now=now, must_change=must_change)
        write_user(connection, before, now=now, **values)
        details = {"must_change": must_change}
        action = AccessAction.PASSWORD_RESET
        record(connection, action, by=by, subject=name, now=now, details=details)
    return one_time
