"""Campaigns and recipients of a running service as tables for a person (R4.8, R5.4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from campaign_service.cli.campaign_text import campaign_lines
from campaign_service.cli.value_text import SIMULATED_TEXT, limits_text
from campaign_service.client import Campaign, RecipientRow
from campaign_service.schemas.wire import encoded

__all__ = ["as_json", "clock", "lines_of", "show", "show_campaigns", "show_list", "show_recipients"]

_WIDE = 1_000
"""Characters: no table that goes to a file or a pipe is broken."""
_Row = TypeVar("_Row")
_STYLES = {
    "ACTIVE": "bold green",
    "BLOCKED": "bold yellow",
    "COMPLETED": "green",
    "CONTACTED": "green",
    "FAILED": "red",
    "INCOMPLETE": "red",
    "PAUSED": "yellow",
}


class _Console(Console):
    """Lets a broken pipe be told of like any other: the base class ends the process for it."""

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def show(what: Table) -> None:
    """Print a table: as wide as the terminal, or as it needs where there is none."""
    console = _Console()
    if console.is_terminal:
        if not _fits(what, console):
            # Broken where there is no room, rather than leaving out any of it.
            what.padding = 0
            for column in what.columns:
                column.overflow = "fold"
        console.print(what)
        return
    console = _Console(width=_WIDE)
    for line in console.render_lines(what, pad=False):
        console.out("".join(segment.text for segment in line).rstrip(), highlight=False)


def _fits(table: Table, console: Console) -> bool:
    wide = console.options.update(width=_WIDE)
    return not console.is_terminal or (
        console.measure(table, options=wide).maximum <= console.width
    )


def as_json(data: object, indent: int = 1) -> str:
    """Return answers as JSON text, for a program and for a person; on one line with indent 0."""
    return msgspec.json.format(encoded(data), indent=indent).decode()


def show_list(
    rows: Sequence[_Row],
    columns: Mapping[str, Callable[[_Row], str | Text]],
    *,
    right: Collection[str],
    is_json: bool,
    otherwise: str,
) -> None:
    """Print rows as a table or as JSON; ``otherwise``, where there are none."""
    if is_json:
        click.echo(as_json(rows))
    elif rows:
        show(_table_of(rows, columns, right))
    else:
        click.echo(otherwise)


def show_campaigns(rows: Sequence[Campaign], zone: ZoneInfo) -> None:
    """Print the list of campaigns (R4.8): some lines for each, where a table is too wide."""
    if _show_if_it_fits(_campaigns_table(rows, zone), rows, lambda row: lines_of(row, zone)):
        simulated = [str(row.campaign_id) for row in rows if row.is_simulated]
        if simulated:
            _Console().print(Text(f"{SIMULATED_TEXT} in {', '.join(simulated)}"))


def show_recipients(rows: Sequence[RecipientRow], zone: ZoneInfo) -> None:
    """Print what the status panel shows of each recipient: two lines, where a table is too wide."""
    _show_if_it_fits(_recipients_table(rows, zone), rows, lambda row: _recipient_lines(row, zone))


def _show_if_it_fits(
    table: Table, rows: Iterable[_Row], lines: Callable[[_Row], Iterable[str]]
) -> bool:
    """Print a table, or lines for each of its rows where it is too wide; whether it was not."""
    console = _Console()
    if _fits(table, console):
        show(table)
        return True
    for row in rows:
        for line in lines(row):
            console.print(Text(line))
    return False


def clock(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment on the clock of a zone; none is a dash."""
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _table_of(
    rows: Iterable[_Row],
    columns: Mapping[str, Callable[[_Row], str | Text]],
    right: Collection[str],
) -> Table:
    """Return a table with a row for each of many.

    Args:
        columns: by its name, what each shows.
        right: names of those that are flush right.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        justify: Literal["left", "right"] = "right" if name in right else "left"
        table.add_column(name, justify=justify, no_wrap=name == "status")
    for row in rows:
        # A text of its own: what stands in brackets in a name is no markup.
        table.add_row(*(Text.assemble(cell(row)) for cell in columns.values()))
    return table


def _campaigns_table(rows: Iterable[Campaign], zone: ZoneInfo) -> Table:
    """Return the list of campaigns (R4.8)."""
    columns: Mapping[str, Callable[[Campaign], str | Text]] = {
        "id": lambda row: str(row.campaign_id),
        "name": lambda row: row.name,
        "status": lambda row: Text(row.status, _STYLES.get(row.status, "")),
        f"start ({zone.key})": lambda row: clock(row.starts_at, zone),
        "reached": lambda row: str(row.contacted),
        "of": lambda row: str(row.recipient_count),
        "threshold": lambda row: "all" if row.threshold is None else str(row.threshold),
        "failed": lambda row: str(row.failed),
        "calls": lambda row: str(row.internal_calls + row.external_calls),
        "limits": lambda row: limits_text(row.call_limits).removeprefix("at most "),
        "priority": lambda row: str(row.priority),
        "attempts": lambda row: str(row.attempts_max),
        "ring": lambda row: f"{row.ring_timeout_s} s",
        "confirm": _confirmations,
        "caller": lambda row: row.caller_number,
        "model": lambda row: row.model_name,
    }
    figures = (
        "id",
        "reached",
        "of",
        "threshold",
        "failed",
        "calls",
        "priority",
        "attempts",
        "ring",
    )
    return _table_of(rows, columns, figures)


def lines_of(row: Campaign, zone: ZoneInfo) -> Iterator[str]:
    """Yield what the list of campaigns shows of one (R4.8)."""
    starts, expires = clock(row.starts_at, zone), clock(row.expires_at, zone)
    return campaign_lines(row, f"start {starts}, expiry {expires}, {zone.key}")


def _recipients_table(rows: Iterable[RecipientRow], zone: ZoneInfo) -> Table:
    """Return what the status panel shows of each recipient (R5.4)."""
    columns: Mapping[str, Callable[[RecipientRow], str | Text]] = {
        "#": lambda row: str(row.position),
        "state": lambda row: Text(_state(row), _STYLES.get(row.state, "")),
        "attempts": lambda row: f"{row.attempts}/{row.attempts_allowed}",
        f"last call ({zone.key})": lambda row: clock(row.last_call_at, zone),
        "outcome": lambda row: row.last_outcome or "",
        "answer": lambda row: clock(row.answer_confirmed_at, zone)[-8:],
        "listening": lambda row: clock(row.listening_confirmed_at, zone)[-8:],
        "line": lambda row: row.line.lower(),
        "number and name": lambda row: f"{row.number} {row.name}".rstrip(),
    }
    return _table_of(rows, columns, ("#", "attempts"))


def _recipient_lines(row: RecipientRow, zone: ZoneInfo) -> Iterator[str]:
    yield f"{row.position}  {row.number} {row.name}".rstrip() + f" ({row.line.lower()})"
    outcome = "" if row.last_outcome is None else f" {row.last_outcome}"
    yield (
        f"   {_state(row)}, {row.attempts}/{row.attempts_allowed} attempts,"
        f" last call {clock(row.last_call_at, zone)}{outcome}"
    )
    if row.answer_confirmed_at is not None or row.listening_confirmed_at is not None:
        yield (
            f"   answer confirmed {clock(row.answer_confirmed_at, zone)[-8:]},"
            f" listening {clock(row.listening_confirmed_at, zone)[-8:]}"
        )


def _state(row: RecipientRow) -> str:
    return row.state if row.reason is None else f"{row.state} ({row.reason.lower()})"


def _confirmations(row: Campaign) -> str:
    asked = {"answer": row.confirm_answer, "listening": row.confirm_listening}
    return ", ".join(name for name, is_asked in asked.items() if is_asked) or "none"
