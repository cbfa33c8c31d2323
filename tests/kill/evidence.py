"""All that is known after a run, each by its own witness."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs
from tests.kill.journal_summary import JournalSummary, read
from tests.kill.record import Connection, Moment, PbxRecord

from campaign_core import Outcome, events

__all__ = ["CLOCK_MS", "TAKEN_OVER_MS", "TWO_LOOKS_MS", "Evidence"]

CLOCK_MS = 60
"""By which two readings of the machine's clock may differ: one of them goes by the time that has
passed since its process began."""

TAKEN_OVER_MS = 1_500
"""By when, upon a connection, the calls that are up are taken over; a sound that begins later was
ordered in that connection, also on a busy machine."""

TWO_LOOKS_MS = 8_000
"""By when the telephony was asked twice, upon a connection, which calls are up (R5.5)."""


@attrs.define
class Evidence:
    """What the telephony, the journal and the one who killed say."""

    record: PbxRecord
    """The telephony's."""
    journal: Sequence[events.Event]
    kills: Collection[int]
    """When the service was killed: milliseconds since 1970."""
    late_ms: int = 0
    """How late the telephony's record may be, where somebody writes it who only listens to it."""
    message: str = "message"
    """In the name of the sound that is the message, at the telephony."""
    summary: JournalSummary = attrs.field(init=False)
    _durable: list[tuple[Connection, Moment]] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.summary = read(self.journal)
        self._durable = [
            (connection, last)
            for connection in self.record.connections
            if (last := self._last_durable(connection)) is not None
        ]

    def listener(self, since: Moment, until: Moment) -> Connection | None:
        """Return the connection in which all from a moment to another was told, and kept.

        What is told in one connection is written in the order in which it was told. So where the
        journal has the end of a call that was told later, it must have all that was told before.
        """
        for connection, last in self._durable:
            if connection.began < since and until < last:
                return connection
        return None

    def _last_durable(self, connection: Connection) -> Moment | None:
        """Return the last end of a call that is in the journal by what this connection told."""
        last = None
        for call_id, call in self.record.calls.items():
            end = self.summary.ended.get(call_id)
            # An end of which the telephony told has a cause; one that was found out has none.
            if end is None or end.hangup_cause is None or end.outcome is Outcome.LOST:
                continue
            if call.ended is not None and connection.had(call.ended):
                last = call.ended if last is None else max(last, call.ended)
        return last
