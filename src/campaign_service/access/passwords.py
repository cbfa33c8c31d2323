"""Passwords: how they are kept, what is asked of a new one, and those that are used once.

They are kept as argon2id makes them, with the parameters that the library advises; a password
that was kept with others is kept anew when its user next logs in. What is asked of a new one is
length, and that it is not among those that many people have; not signs of all kinds: those make
passwords that are hard to remember and easy to guess.
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from campaign_core import Instant
from campaign_service.access.errors import LoginLimitedError, PasswordRefusedError

__all__ = [
    "ONE_TIME_DAYS",
    "ONE_TIME_MS",
    "OneTimePassword",
    "Passwords",
    "check_strength",
    "chosen_password",
    "make_one_time",
]

ONE_TIME_DAYS = 7
"""So long a one-time password may be used: over a weekend and a holiday."""

ONE_TIME_MS = ONE_TIME_DAYS * 86_400_000

_LENGTH_MIN, _LENGTH_MAX = 12, 256
_GUESSES_MIN = 100_000_000
"""What is found within fewer is "somewhat guessable" to the library, not "safely unguessable"."""
_LOOKED_AT = 32
"""So many characters at either end: the work grows with the square of the length, and more."""
_SLOT_WAIT_S = 2.0
# No l, o, 0 and 1: it is read from a screen and typed.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_SIZE = 4, 5


@attrs.frozen(kw_only=True)
class OneTimePassword:
    """A password that must be changed at the first log-in; to be shown once, and never logged."""

    name: str
    """Whose it is."""
    text: str = attrs.field(repr=False)
    expires_at: Instant
    """Later, nobody can log in with it."""


class Passwords:
    """Makes what is kept of passwords, and compares; one for a process.

    Each comparison takes some 50 ms and 64 MiB on purpose, in the thread that asks for it. So
    only some are worked on at once; who would wait long for a place is told to come again.

    Args:
        hasher: with other parameters than the library advises, for tests.
        at_once: how many are worked on at one time.
    """

    def __init__(self, *, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = PasswordHasher() if hasher is None else hasher
        self._slots = threading.BoundedSemaphore(at_once)
        self._dummy_hash = self._hasher.hash(secrets.token_bytes(32))

    def kept(self, password: str) -> str:
        """Return what is kept of a password.

        Raises:
            LoginLimitedError: too many are being worked on.
        """
        with self._slot():
            return self._hasher.hash(_bytes(password))

    def are_same(self, kept: str | None, password: str) -> bool:
        """Return whether a password is the one that something was kept of.

        Args:
            kept: what was kept; ``None`` for a user that does not exist, which takes as long.

        Raises:
            LoginLimitedError: too many are being worked on.
        """
        # What is longer was never taken; the work is done all the same.
        given = _bytes(password[: _LENGTH_MAX + 1])
        with self._slot():
            try:
                self._hasher.verify(self._dummy_hash if kept is None else kept, given)
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Return whether a password was kept with other parameters than those of now."""
        return self._hasher.check_needs_rehash(kept)

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=_SLOT_WAIT_S):
            raise LoginLimitedError(int(_SLOT_WAIT_S))
        try:
            yield
        finally:
            self._slots.release()


def check_strength(password: str, *, name: str, field: str = "password") -> None:
    """Go on only with a password that is good enough.

    Raises:
        PasswordRefusedError: it is too short, too long, little more than the user's name, or one
            that many people have.
    """
    if not _LENGTH_MIN <= len(password) <= _LENGTH_MAX:
        rule = f"{_LENGTH_MIN} to {_LENGTH_MAX} characters"
        raise PasswordRefusedError(f"{rule}, not {len(password)}", field=field)
    rest = password.casefold().replace(name.casefold(), "")
    if len(rest) < _LENGTH_MIN // 2:
        raise PasswordRefusedError("more than the user's name", field=field)
    if max(map(_guesses, {password[:_LOOKED_AT], password[-_LOOKED_AT:]})) < _GUESSES_MIN:
        rule = "not one that many people have, nor one that is made of such, of a row of keys, of a"
        raise PasswordRefusedError(f"{rule} date, or of one part again and again", field=field)


def _guesses(password: str) -> float:
    """Return after how many guesses it is found by whoever knows what people like to choose."""
    # Loaded where it is needed: its lists take a moment, and most commands ask for no password.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # noqa: PLC0415

    return float(zxcvbn(password)["guesses"])


def chosen_password(
    password: str | None, *, name: str, now: Instant
) -> tuple[str, OneTimePassword | None]:
    """Return the password that a user gets: the one given, or one that is made up and returned too.

    Raises:
        PasswordRefusedError: the one given is not good enough.
    """
    one_time = make_one_time(name, now=now) if password is None else None
    chosen = one_time.text if one_time is not None else password or ""
    check_strength(chosen, name=name)
    return chosen, one_time


def make_one_time(name: str, *, now: Instant) -> OneTimePassword:
    """Return a password of 100 random bits, for a user to log in with once."""
    groups = ("".join(map(secrets.choice, [_LETTERS] * _GROUP_SIZE)) for _ in range(_GROUPS))
    expires_at = Instant(now + ONE_TIME_MS)
    return OneTimePassword(name=name, text="-".join(groups), expires_at=expires_at)


def _bytes(password: str) -> bytes:
    # The same letter can be typed in two ways, and half of a pair is no letter.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
