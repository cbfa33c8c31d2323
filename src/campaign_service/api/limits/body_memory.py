"""Room for bodies: so many bytes of them are in memory at one time, whoever sends them.

Each body has its first bytes for nothing, so that a short command never waits for the room that
long lists take. What comes behind those is counted, until the body has become what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from campaign_service.api.problems.errors import BusyError

__all__ = ["BodyMemory", "BodyReservation"]

_FREE_BYTES = 64 << 10
"""Of each body: what is not counted."""


class BodyMemory:
    """A common bound for the bodies of all, within which nobody has more than half.

    Args:
        bytes_max: in all.
    """

    def __init__(self, bytes_max: int) -> None:
        self._max = bytes_max
        self._max_each = bytes_max // 2
        self._taken: Counter[str] = Counter()

    @contextmanager
    def reserve(self, by: str) -> Iterator[BodyReservation]:
        """Return what a body takes of the room; it is given back at the end."""
        held = BodyReservation(self, by)
        try:
            yield held
        finally:
            self._taken[by] -= held.counted
            if not self._taken[by]:
                del self._taken[by]

    def check(self, by: str, size: int) -> None:
        """Go on only if there is so much room.

        Raises:
            BusyError: there is not.
        """
        if self._taken[by] + size > self._max_each:
            raise BusyError("what you send and read just now takes all the room there is for one")
        if self._taken.total() + size > self._max:
            why = "what is sent and read just now takes all the room there is: come again"
            raise BusyError(why)

    def take(self, by: str, size: int) -> None:
        """Take more of the room, as far as :meth:`check` lets it."""
        self.check(by, size)
        self._taken[by] += size


class BodyReservation:
    """What one body takes; both methods raise ``BusyError`` where there is no room for it."""

    def __init__(self, room: BodyMemory, by: str) -> None:
        self._room = room
        self._by = by
        self.counted = 0
        """Bytes."""

    def expect(self, size: int) -> None:
        """Go on only if there is room for a body that says how long it is."""
        self._room.check(self._by, max(0, size - _FREE_BYTES))

    def grow(self, size: int) -> None:
        """Take room for all that has come of it."""
        more = max(0, size - _FREE_BYTES) - self.counted
        self._room.take(self._by, more)
        self.counted += more
