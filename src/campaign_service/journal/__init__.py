"""The journal: the append-only record of all that happened, behind one interface.

How events are kept, never what they mean: the state is the core's fold over them. The one in a
database is :mod:`campaign_service.journal.sql`, apart, so that a single run loads no database.
"""

from campaign_service.journal.interface import (
    AppendConflictError,
    Journal,
    JournalAwayError,
    JournalDamagedError,
    JournalEntry,
    Receipt,
    TornTail,
    check_numbers,
)
from campaign_service.journal.json_lines import JsonLinesJournal

__all__ = [
    "AppendConflictError",
    "Journal",
    "JournalAwayError",
    "JournalDamagedError",
    "JournalEntry",
    "JsonLinesJournal",
    "Receipt",
    "TornTail",
    "check_numbers",
]
