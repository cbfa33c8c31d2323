"""What a journal promises, whatever keeps it.

::

    journal.append(events, expected=n)   only if the last event so far is number n
    list(journal.read())                 every event that was appended, in order

What is promised
    * An append is taken whole or not at all by whoever reads after it; when it returns, its
      events are durable (a journal may be made to give that up, for simulations).
    * An append that expects another sequence number than the journal's is refused: of two
      writers, one at most succeeds.
    * What cannot be read is reported, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import attrs
from typing_extensions import override

from campaign_core import CampaignId, Instant
from campaign_core.errors import JournalError
from campaign_core.events import Event

__all__ = [
    "AppendConflictError",
    "Journal",
    "JournalAwayError",
    "JournalDamagedError",
    "JournalEntry",
    "Receipt",
    "TornTail",
    "check_numbers",
]


class AppendConflictError(JournalError):
    """Somebody else has appended meanwhile: never to be tried again."""

    def __init__(self, *, expected: int, found: int) -> None:
        """Take the number that was expected of the last event, and the one it has."""
        self.expected, self.found = expected, found
        super().__init__(f"the journal ends with event {found}, not {expected}: another writer?")


class JournalDamagedError(JournalError):
    """What is stored is not what was written: someone or something has altered it."""


class JournalAwayError(JournalError, OSError):
    """It cannot be read or written just now, as when the disk is full or the database is gone.

    The same may be tried again later: an append that did succeed, though nobody heard of it, is
    recognised and not made twice.
    """


def check_numbers(events: Sequence[Event], *, expected: int) -> None:
    """Look whether events follow the last one so far, before anything comes of them (R9.1).

    Raises:
        JournalError: one has another number than that of its place.
    """
    for seq, event in enumerate(events, expected + 1):
        if event.seq != seq:
            kind = type(event).__name__
            raise JournalError(
                f"events are not numbered on from {expected}: {kind}, numbered {event.seq}, "
                f"stands in the place of {seq}"
            )


@attrs.frozen(kw_only=True)
class Receipt:
    """What came of a command, kept under the key by which its sender will know it again."""

    actor: str
    key: str
    """The sender's own; another actor may use the same."""
    request_digest: str
    """Tells whether a later request with this key is the same one."""
    first_seq: int
    """The first of the command's own events."""
    last_seq: int
    """The last of them; lower than the first where nothing had to change."""


@attrs.frozen(kw_only=True)
class JournalEntry:
    """An event as a journal keeps it: a line of the log."""

    seq: int
    at: Instant
    actor: str
    kind: str
    """The event's name, such as ``CallPlaced``."""
    campaign_id: CampaignId | None
    """Whose event it is, or whose call's; ``None``: the service's."""
    data: str
    """The event as JSON text, as the core's codec writes it."""


@attrs.frozen(kw_only=True)
class TornTail:
    """An append that was cut off, as by a power cut: it was never acknowledged."""

    line: int
    """Where it begins, counted from 1."""
    size: int
    """How many bytes there are of it."""

    @override
    def __str__(self) -> str:
        """Return a sentence for the operator."""
        return (
            f"line {self.line} was cut off in the middle of being written ({self.size} bytes);"
            " what it was to say is not known"
        )


class Journal(Protocol):
    """A record of events, oldest first."""

    @property
    def last_seq(self) -> int:
        """The number of the last event, 0 before the first."""

    def append(
        self, events: Sequence[Event], *, expected: int, receipts: Sequence[Receipt] = ()
    ) -> Sequence[JournalEntry]:
        """Add events behind the others.

        Args:
            events: in order, numbered on from ``expected``.
            expected: the number of the last event so far.
            receipts: what is to become durable together with the events.

        Returns:
            The events as they are kept, so that those who listen need not write them again;
            nothing where the journal is for one program alone.

        Raises:
            AppendConflictError: the last event has another number.
            JournalAwayError: the events could not be made durable; they may be given again.
            JournalError: the events are not numbered on from there; nothing was written.
            OSError: they could not, and this journal takes no more.
            ValueError: this journal keeps no receipts.
        """

    def read(self, *, after: int = 0, until: Instant | None = None) -> Iterator[Event]:
        """Yield the events in order.

        Args:
            after: only those with a higher number.
            until: only those that happened by then.

        Raises:
            JournalError: something that is stored cannot be read by this release.
        """

    def close(self) -> None:
        """Write what is still held back, and let go of the storage."""
