"""A journal in memory that can be killed, slow, away or full; what is in it is durable."""

import threading

from campaign_service.journal import AppendConflictError, JournalAwayError, JournalEntry


class KilledError(Exception):
    """The process is gone; nothing of it does anything any more."""


class MemoryJournal:
    def __init__(self, events=()):
        self.events = list(events)
        self.receipts = []
        self.appends = 0
        self.kill_at = None
        """The how-manieth append the process does not outlive."""
        self.is_kept = True
        """Whether that append still became durable."""
        self.away = None
        self.gate = threading.Event()
        self.gate.set()

    @property
    def last_seq(self):
        return len(self.events)

    def append(self, events, *, expected, receipts=()):
        self.appends += 1
        is_last = self.appends == self.kill_at
        if is_last and not self.is_kept:
            raise KilledError
        self.gate.wait(timeout=20)
        if self.away is not None:
            raise JournalAwayError(self.away)
        if expected != len(self.events):
            raise AppendConflictError(expected=expected, found=len(self.events))
        self.events += events
        self.receipts += receipts
        if is_last:
            raise KilledError
        return [
            JournalEntry(
                seq=event.seq,
                at=event.at,
                actor=event.actor,
                kind=type(event).__name__,
                campaign_id=None,
                data="",
            )
            for event in events
        ]
