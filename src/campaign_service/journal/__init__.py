"""The journal: the append-only record of all that happened, behind one interface.

How events are kept, never what they mean: the state is the core's fold over them.
"""

from campaign_service.journal.interface import (
    AppendConflictError,
    Journal,
    JournalDamagedError,
    TornTail,
)
from campaign_service.journal.json_lines import JsonLinesJournal

__all__ = [
    "AppendConflictError",
    "Journal",
    "JournalDamagedError",
    "JsonLinesJournal",
    "TornTail",
]
