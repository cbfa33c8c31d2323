"""Campaigns and recipients of a running service as tables for a person (R4.8, R5.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from campaign_service.cli.value_text import SIMULATED_TEXT, limits_text, paused_by
from campaign_service.client import Campaign, RecipientRow

__all__ = [
    "campaign_lines",
    "campaigns_table",
    "clock",
    "show",
    "show_campaigns",
    "show_recipients",
]

_WIDE = 1_000
"""Characters: no table that goes to a file or a pipe is broken."""
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


def show(what: RenderableType) -> None:
    """Print a table: as wide as the terminal, or as it needs where there is none."""
    console = _Console()
    if console.is_terminal:
        if isinstance(what, Table):
            _narrow(what, console)
        console.print(what)
        return
    console = _Console(width=_WIDE)
    for line in console.render_lines(what, pad=False):
        console.out("".join(segment.text for segment in line).rstrip(), highlight=False)


def _narrow(table: Table, console: Console) -> None:
    """Break what has no room in a terminal, rather than leaving out any of it."""
    if not _fits(table, console):
        table.padding = 0
        for column in table.columns:
            column.overflow = "fold"


def _fits(table: Table, console: Console) -> bool:
    wide = console.options.update(width=_WIDE)
    return not console.is_terminal or (
        console.measure(table, options=wide).maximum <= console.width
    )


def show_campaigns(rows: Sequence[Campaign], zone: ZoneInfo) -> None:
    """Print the list of campaigns (R4.8): some lines for each, where a table is too wide."""
    console, table = _Console(), campaigns_table(rows, zone)
    if _fits(table, console):
        show(table)
        simulated = [str(row.campaign_id) for row in rows if row.is_simulated]
        if simulated:
            console.print(Text(f"{SIMULATED_TEXT} in {', '.join(simulated)}"))
        return
    for row in rows:
        for line in campaign_lines(row, zone):
            console.print(Text(line))


def show_recipients(rows: Sequence[RecipientRow], zone: ZoneInfo) -> None:
    """Print what the status panel shows of each recipient: two lines, where a table is too wide."""
    console, table = _Console(), _recipients_table(rows, zone)
    if _fits(table, console):
        show(table)
        return
    for row in rows:
        for line in _recipient_lines(row, zone):
            console.print(Text(line))


def clock(at: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment on the clock of a zone; none is a dash."""
    return "–" if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def campaigns_table(rows: Iterable[Campaign], zone: ZoneInfo) -> Table:
    """Return the list of campaigns (R4.8)."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, justify in (
        ("id", "right"),
        ("name", "left"),
        ("status", "left"),
        (f"start ({zone.key})", "left"),
        ("reached", "right"),
        ("of", "right"),
        ("threshold", "right"),
        ("failed", "right"),
        ("calls", "right"),
        ("limits", "left"),
        ("priority", "right"),
        ("attempts", "right"),
        ("ring", "right"),
        ("confirm", "left"),
        ("caller", "left"),
        ("model", "left"),
    ):
        table.add_column(name, justify=justify, no_wrap=name == "status")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(
            str(row.campaign_id),
            Text(row.name),
            Text(row.status, _STYLES.get(row.status, "")),
            clock(row.starts_at, zone),
            str(row.contacted),
            str(row.recipient_count),
            "all" if row.threshold is None else str(row.threshold),
            str(row.failed),
            str(row.internal_calls + row.external_calls),
            limits_text(row.call_limits).removeprefix("at most "),
            str(row.priority),
            str(row.attempts_max),
            f"{row.ring_timeout_s} s",
            _confirmations(row),
            row.caller_number,
            Text(row.model_name),
        )
    return table


def campaign_lines(row: Campaign, zone: ZoneInfo) -> Iterator[str]:
    """Yield what the list of campaigns shows of one (R4.8), in the words of ``replay``."""
    by = "" if row.pause_reason is None else f" by {paused_by(row.pause_reason)}"
    calls = row.internal_calls + row.external_calls
    yield f"{row.campaign_id}  {row.name}: {row.status}{by}"
    if row.is_simulated:
        yield f"   {SIMULATED_TEXT}"
    yield (
        f"   {row.contacted} of {row.recipient_count} reached, {row.failed} failed,"
        f" {row.idle} waiting, {calls} in a call"
        f" ({row.internal_calls} internal, {row.external_calls} external)"
    )
    yield (
        f"   start {clock(row.starts_at, zone)}, expiry {clock(row.expires_at, zone)}, {zone.key}"
    )
    threshold = "all" if row.threshold is None else str(row.threshold)
    yield (
        f"   model {row.model_name}, caller number {row.caller_number}, priority {row.priority},"
        f" ring timeout {row.ring_timeout_s} s, {row.attempts_max} attempts each,"
        f" threshold {threshold}"
    )
    yield (
        f"   answer confirmation {_on(row.confirm_answer)},"
        f" listening confirmation {_on(row.confirm_listening)};"
        f" calls at once: {limits_text(row.call_limits)}"
    )


def _recipients_table(rows: Iterable[RecipientRow], zone: ZoneInfo) -> Table:
    """Return what the status panel shows of each recipient (R5.4)."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    called = f"last call ({zone.key})"
    for name in ("#", "state", "attempts", called, "outcome", "answer", "listening", "line"):
        table.add_column(name, justify="right" if name in ("#", "attempts") else "left")
    table.add_column("number and name")
    for row in rows:
        table.add_row(
            str(row.position),
            Text(_state(row), _STYLES.get(row.state, "")),
            f"{row.attempts}/{row.attempts_allowed}",
            clock(row.last_call_at, zone),
            row.last_outcome or "",
            clock(row.answer_confirmed_at, zone)[-8:],
            clock(row.listening_confirmed_at, zone)[-8:],
            row.line.lower(),
            Text(f"{row.number} {row.name}".rstrip()),
        )
    return table


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


def _on(flag: bool) -> str:  # noqa: FBT001 -- a word for a flag
    return "on" if flag else "off"
