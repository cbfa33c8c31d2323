"""Results as rows: to be printed as a Markdown table, and written as JSON."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

__all__ = ["Row", "Table"]

Cell = str | int | float
Row = tuple[Cell, ...]


@attrs.frozen(kw_only=True)
class Table:
    """One measurement's results."""

    name: str
    """The name by which the measurement is asked for."""
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Row]
    notes: str
    """How it was measured."""

    def as_markdown(self) -> str:
        """Return a heading, the notes and the table."""
        shown = [self.columns, *[tuple(map(_shown, row)) for row in self.rows]]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        rule = ["-" * (width - 1) + ":" if at else "-" * width for at, width in enumerate(widths)]
        lines = [_line(shown[0], widths), _line(rule, widths)]
        lines += [_line(row, widths) for row in shown[1:]]
        return "\n".join([f"## {self.title}", "", self.notes, "", *lines, ""])

    def as_json(self) -> dict[str, object]:
        """Return the same as plain data, the rows as records."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"title": self.title, "notes": self.notes, "rows": rows}


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if at else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.2f}" if cell < 10 else f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else cell
