"""The service with a way to be held up in the middle of an append that places calls.

Run as ``campaign`` is: ``python -m tests.kill.pausable_service serve ...``. Two places are so
short that a kill at random hardly ever finds them, and what belongs there must not come a moment
earlier:

=========  =====================================================================================
unwritten  all of the append is in its transaction, which is not committed yet: nobody may have
           been told of it, and no call of it may have been handed over
untold     it is committed, and nobody was told yet: its calls were never handed over
=========  =====================================================================================

Whoever wants it held makes a file ``hold-PLACE`` in a folder that is named in the environment. It
is renamed to ``held-PLACE`` by who stands there, until it is killed.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "PLACES", "make_pausable"]

FOLDER = "KILL_TEST_FOLDER"
"""The variable that names the folder."""
PLACES = ("unwritten", "untold")
_HELD_S = 30.0


def make_pausable() -> None:
    """Have this process stand still in an append, where somebody wants that."""
    folder = Path(os.environ[FOLDER])
    from campaign_service.journal.sql import SqlJournal, append_statements

    write_changes, append = append_statements.write_changes, SqlJournal.append

    def held_before_the_commit(connection: Any, tenant_id: int, changes: Any) -> None:
        write_changes(connection, tenant_id, changes)
        if changes.placed:
            _stand(folder, "unwritten")

    def held_behind_it(journal: SqlJournal, *given: Any, **named: Any) -> Any:
        entries = append(journal, *given, **named)
        if any(entry.kind == "CallPlaced" for entry in entries):
            _stand(folder, "untold")
        return entries

    append_statements.write_changes = held_before_the_commit
    SqlJournal.append = held_behind_it  # type: ignore[method-assign]


def _stand(folder: Path, place: str) -> None:
    try:
        (folder / f"hold-{place}").rename(folder / f"held-{place}")
    except FileNotFoundError:
        return
    time.sleep(_HELD_S)


if __name__ == "__main__":
    from campaign_service.cli import main

    make_pausable()
    sys.exit(main(sys.argv[1:]))
