"""A recipient's scheduling record, packed in one integer, and the classes to read it as.

A million recipients are kept, so a record is a number of some 170 bits instead of an object: a
status, the counters of R5, the last number used, the two instants that scheduling needs. What an
attempt was like is the journal's to tell (R5.4). Fields from the lowest bit on:

=========  ====  ==========================================================================
field      bits  meaning
=========  ====  ==========================================================================
status        2  idle, active, contacted, failed
reason        3  why failed; 0 otherwise
stopped       1  a user stopped the attempts while a call is in progress (R5.3)
used          4  the number of the last counted attempt, counted from 1; 0: none
never        10  numbers not to be tried again (R6.10), a bit each
counted      20  attempts that counted
allowed      20  attempts that may count
attempts     32  the last attempt's number; it only rises
placed_at    44  when the last counted attempt was placed
due_at       44  the next attempt not before then (R6.10)
=========  ====  ==========================================================================
"""

from __future__ import annotations

import attrs

from campaign_core._model.statuses import FailureReason, RecipientStatus
from campaign_core._values.instants import Instant

__all__ = [
    "ACTIVE",
    "ALLOWED_MAX",
    "CONTACTED",
    "FAILED",
    "IDLE",
    "Active",
    "Contacted",
    "Failed",
    "Idle",
    "RecipientState",
    "allowed",
    "allowed_of",
    "attempts_of",
    "barred",
    "barred_numbers_of",
    "contacted",
    "counted_of",
    "due",
    "due_at_of",
    "failed",
    "fresh",
    "idle",
    "is_stopped",
    "pack",
    "placed",
    "placed_at_of",
    "reason_of",
    "renumbered",
    "status_of",
    "stopped",
    "used_of",
    "view",
    "with_allowed",
    "with_instants",
    "with_never",
    "without_instants",
]

IDLE, ACTIVE, CONTACTED, FAILED = range(4)
"""The packed status; the order of :class:`RecipientStatus`."""

_STATUSES = tuple(RecipientStatus)
_REASONS = tuple(FailureReason)

_REASON, _STOPPED, _USED, _NEVER, _COUNTED, _ALLOWED = 2, 5, 6, 10, 20, 40
_ATTEMPTS, _PLACED_AT, _DUE_AT = 60, 92, 136

ALLOWED_MAX = (1 << 20) - 1
"""Attempts that one recipient can be allowed in all."""


def pack(
    *,
    status: int,
    allowed: int,
    reason: FailureReason | None = None,
    stopped: bool = False,
    used: int = 0,
    never: int = 0,
    counted: int = 0,
    attempts: int = 0,
    placed_at: int = 0,
    due_at: int = 0,
) -> int:
    """Return a record; see the module for the fields."""
    return (
        status
        | (0 if reason is None else _REASONS.index(reason)) << _REASON
        | stopped << _STOPPED
        | used << _USED
        | never << _NEVER
        | counted << _COUNTED
        | allowed << _ALLOWED
        | attempts << _ATTEMPTS
        | placed_at << _PLACED_AT
        | due_at << _DUE_AT
    )


def fresh(attempts_max: int) -> int:
    """Return the record of a recipient never called."""
    return attempts_max << _ALLOWED


def status_of(record: int) -> int:
    """Return ``IDLE``, ``ACTIVE``, ``CONTACTED`` or ``FAILED``."""
    return record & 3


def reason_of(record: int) -> FailureReason:
    """Return why a failed recipient failed."""
    return _REASONS[record >> _REASON & 7]


def is_stopped(record: int) -> bool:
    """Return whether the attempts were stopped while a call is in progress."""
    return bool(record >> _STOPPED & 1)


def used_of(record: int) -> int:
    """Return which number the last counted attempt used, from 1; 0: none."""
    return record >> _USED & 0xF


def barred_numbers_of(record: int) -> int:
    """Return the numbers not to be tried again, a bit each."""
    return record >> _NEVER & 0x3FF


def counted_of(record: int) -> int:
    """Return how many attempts counted."""
    return record >> _COUNTED & 0xFFFFF


def allowed_of(record: int) -> int:
    """Return how many attempts may count."""
    return record >> _ALLOWED & 0xFFFFF


def attempts_of(record: int) -> int:
    """Return the last attempt's number."""
    return record >> _ATTEMPTS & 0xFFFFFFFF


def placed_at_of(record: int) -> int:
    """Return when the last counted attempt was placed; 0: there was none."""
    return record >> _PLACED_AT & 0xFFFFFFFFFFF


def due_at_of(record: int) -> int:
    """Return before when the next attempt must not be made."""
    return record >> _DUE_AT


def without_instants(record: int) -> int:
    """Return the record but for its two instants: among many records few differ in the rest."""
    return record & (1 << _PLACED_AT) - 1


def with_instants(record: int, placed_at: int, due_at: int) -> int:
    """Return a record without instants with these."""
    return record | placed_at << _PLACED_AT | due_at << _DUE_AT


_KEPT_WHEN_PLACED = 0xFFFFF << _ALLOWED | 0x3FF << _NEVER


def placed(record: int, number_index: int, at: int) -> int:
    """Return the record once a call to one of its numbers is placed: R5, idle to active."""
    counted = (record >> _COUNTED & 0xFFFFF) + 1
    attempts = (record >> _ATTEMPTS & 0xFFFFFFFF) + 1
    return (
        record & _KEPT_WHEN_PLACED
        | ACTIVE
        | number_index + 1 << _USED
        | counted << _COUNTED
        | attempts << _ATTEMPTS
        | at << _PLACED_AT
    )


def contacted(record: int) -> int:
    """Return the record of a recipient reached: nothing of it matters to scheduling any more."""
    return record & ((1 << _PLACED_AT) - 1) & ~0x3F | CONTACTED


def failed(record: int, reason: FailureReason) -> int:
    """Return the record of a recipient that failed."""
    return record & ~0x3F | _REASONS.index(reason) << _REASON | FAILED


def idle(record: int) -> int:
    """Return the record of a recipient that may be called again."""
    return record & ~0x3F | IDLE


def stopped(record: int) -> int:
    """Return the record of an active recipient whose attempts were stopped (R5.3)."""
    return record | 1 << _STOPPED


def barred(record: int, number_index: int) -> int:
    """Return the record with one of its numbers never to be tried again (R6.10)."""
    return record | 1 << _NEVER + number_index


def due(record: int, at: int) -> int:
    """Return the record with the instant before which it is not called again."""
    return record & ((1 << _DUE_AT) - 1) | at << _DUE_AT


def renumbered(record: int, attempts: int) -> int:
    """Return the record with another last attempt number: numbers given back stay used."""
    return record & ~(0xFFFFFFFF << _ATTEMPTS) | attempts << _ATTEMPTS


def with_allowed(record: int, attempts: int) -> int:
    """Return the record with other attempts allowed."""
    return record & ~(0xFFFFF << _ALLOWED) | attempts << _ALLOWED


def with_never(record: int, never: int) -> int:
    """Return the record with other numbers never to be tried again."""
    return record & ~(0x3FF << _NEVER) | never << _NEVER


def allowed(record: int, attempts: int) -> int:
    """Return the record with other attempts allowed, and nothing forbidden by R5.3 or R6.10."""
    cleared = record & ~(0xFFFFF << _ALLOWED | 0x3FF << _NEVER | 1 << _STOPPED)
    return cleared | attempts << _ALLOWED


@attrs.frozen(kw_only=True)
class _Counters:
    attempts: int
    """The last attempt's number; 0: none was made."""
    counted: int
    """Attempts that counted (R5.1)."""
    allowed: int
    """Attempts that may count."""


@attrs.frozen(kw_only=True)
class Idle(_Counters):
    """Can be called while its campaign is active."""

    due_at: Instant
    """Not before then; 0: at once."""

    status = RecipientStatus.IDLE


@attrs.frozen(kw_only=True)
class Active(_Counters):
    """A call is in progress."""

    is_stopped: bool
    """Whether it is not to be tried again unless reached (R5.3)."""

    status = RecipientStatus.ACTIVE


@attrs.frozen(kw_only=True)
class Contacted(_Counters):
    """Reached, all required confirmations given. Final."""

    status = RecipientStatus.CONTACTED


@attrs.frozen(kw_only=True)
class Failed(_Counters):
    """Not reached, and not tried again unless attempts are added."""

    reason: FailureReason

    status = RecipientStatus.FAILED


RecipientState = Idle | Active | Contacted | Failed
"""A recipient as R5 has it."""


def view(record: int) -> RecipientState:
    """Return a record as the class of its state."""
    attempts, counted, allowed = attempts_of(record), counted_of(record), allowed_of(record)
    match record & 3:
        case 0:
            at = Instant(due_at_of(record))
            return Idle(attempts=attempts, counted=counted, allowed=allowed, due_at=at)
        case 1:
            stop = is_stopped(record)
            return Active(attempts=attempts, counted=counted, allowed=allowed, is_stopped=stop)
        case 2:
            return Contacted(attempts=attempts, counted=counted, allowed=allowed)
        case _:
            why = reason_of(record)
            return Failed(attempts=attempts, counted=counted, allowed=allowed, reason=why)
