"""The three state machines as matrices, written from the tables that the code runs on.

``python -m tests.core.state_matrix > docs/state-machines.md``
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import Any

from campaign_core import RecipientStatus, Status
from campaign_core._state.call import Step
from campaign_core._transition.call import CALL_ARROWS
from campaign_core._transition.campaign import CAMPAIGN_ARROWS
from campaign_core._transition.recipient import RECIPIENT_ARROWS

__all__ = ["document"]

_HEAD = """# State machines

What each event makes of a campaign, a recipient and a call: a row for each event, a column for
each state it may come in. A dot is what cannot happen: the core never records such an event, and
refuses a journal that holds it. A target equal to the column changes a fact beside the state, or
nothing.

This page is written from the tables in `campaign_core/_transition`, and a test compares them:
`python -m tests.core.state_matrix > docs/state-machines.md`.
"""

_MACHINES: tuple[tuple[str, str, Any, tuple[Any, ...]], ...] = (
    (
        "Campaign",
        "`BLOCKED` is no state of its own: it is `ACTIVE` while capacity keeps it from calling.",
        CAMPAIGN_ARROWS,
        tuple(status for status in Status if status is not Status.BLOCKED),
    ),
    (
        "Recipient",
        "`FAILED` is left only where attempts may be added.",
        RECIPIENT_ARROWS,
        tuple(RecipientStatus),
    ),
    (
        "Call",
        "A call begins in `Ringing` when it is placed, and is gone when it ends or is given back.",
        CALL_ARROWS,
        Step.__args__,
    ),
)


def _name(state: Any) -> str:
    name: str = state.name if isinstance(state, Enum) else state.__name__
    return name


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _matrix(arrows: Any, states: tuple[Any, ...]) -> list[str]:
    kinds = list(dict.fromkeys(event for _, event in arrows))
    lines = [_row(["event", *map(_name, states)]), _row(["---"] * (len(states) + 1))]
    for kind in kinds:
        cells = []
        for state in states:
            arrow = arrows.get((state, kind))
            targets = sorted(map(_name, arrow.targets)) if arrow else []
            cells.append(" or ".join(f"`{target}`" for target in targets) or "·")
        lines.append(_row([f"`{kind.__name__}`", *cells]))
    return lines


def document() -> str:
    """Return the page."""
    parts = [_HEAD]
    for title, note, arrows, states in _MACHINES:
        parts.append("\n".join([f"## {title}", "", note, "", *_matrix(arrows, states), ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(document())
