"""A picture of the calls in progress over time against the limits, as SVG text.

One band a line and one for both, above one time axis: a limit of one line says nothing about the
other, so no band is stacked upon another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

import attrs

from campaign_core import CallLimits, Instant, Line
from campaign_service.report.load import LoadCurve

__all__ = ["draw_chart"]

_WIDTH, _LEFT, _RIGHT = 960, 56, 24
_TOP, _BAND, _GAP, _BOTTOM = 96, 132, 44, 58
_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600)
_DAY_S = 86_400
_TICKS_MAX = 10
_LIMIT_SHOWN_UP_TO = 4
"""A limit so many times above the highest load is named, not drawn: it would flatten the rest."""

_STYLE = """
  text { font: 12px -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: #374151 }
  .title { font-size: 18px; font-weight: 600; fill: #111827 }
  .band { font-size: 13px; font-weight: 600; fill: #111827 }
  .note { fill: #6b7280 }
  .grid { stroke: #e5e7eb; stroke-width: 1 }
  .axis { stroke: #9ca3af; stroke-width: 1 }
  .limit { stroke: #b91c1c; stroke-width: 1.5; stroke-dasharray: 6 4 }
  .over { fill: #b91c1c; font-weight: 600 }
"""


@attrs.frozen(kw_only=True)
class _Band:
    title: str
    color: str
    most: list[int]
    limit: int | None
    top: int

    @property
    def highest(self) -> int:
        """What the vertical axis reaches to."""
        peak = max(self.most, default=0)
        if self.limit is not None and self.limit <= _LIMIT_SHOWN_UP_TO * max(peak, 1):
            peak = max(peak, self.limit)
        return max(_rounded_up(peak), 1)

    def y(self, calls: float) -> float:
        """Return the height at which so many calls are drawn."""
        return self.top + _BAND * (1 - calls / self.highest)


def draw_chart(
    curve: LoadCurve, *, limits: CallLimits, title: str, subtitle: str, zone: ZoneInfo
) -> str:
    """Return the picture.

    Args:
        curve: the calls in progress.
        limits: those in force.
        title: above the picture.
        subtitle: under the title.
        zone: on whose clock the times are written.
    """
    bands = _bands(curve, limits)
    height = _TOP + len(bands) * (_BAND + _GAP) - _GAP + _BOTTOM
    count = max((len(band.most) for band in bands), default=1)
    axis = _TimeAxis(
        first_at=curve.first_at or Instant(0), length_ms=max(count, 1) * curve.width_ms, zone=zone
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}"',
        f' viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text class="title" x="{_LEFT}" y="32">{escape(title)}</text>',
        f'<text class="note" x="{_LEFT}" y="52">{escape(subtitle)}</text>',
        *_draw_legend(bands),
    ]
    for band in bands:
        parts += _draw_band(band, axis, curve.width_ms)
    parts += axis.labels(height - _BOTTOM)
    parts.append("</svg>\n")
    return "\n".join(parts)


def _bands(curve: LoadCurve, limits: CallLimits) -> list[_Band]:
    lines = (
        ("Internal calls", "#2563eb", Line.INTERNAL, limits.internal),
        ("External calls", "#d97706", Line.EXTERNAL, limits.external),
        ("All calls", "#4b5563", None, limits.total),
    )
    used = [line for line in (Line.INTERNAL, Line.EXTERNAL) if curve.peak(line)]
    shown = [
        entry
        for entry in lines
        if entry[2] in used or (entry[2] is None and (len(used) != 1 or limits.total is not None))
    ]
    return [
        _Band(
            title=title,
            color=color,
            most=curve.most(line),
            limit=limit,
            top=_TOP + row * (_BAND + _GAP),
        )
        for row, (title, color, line, limit) in enumerate(shown)
    ]


def _draw_legend(bands: Sequence[_Band]) -> Iterator[str]:
    x = _WIDTH - _RIGHT - 196
    for index, band in enumerate(bands):
        yield (
            f'<rect x="{x + 16 * index}" y="23" width="12" height="12" rx="2"'
            f' fill="{band.color}" fill-opacity="0.75"/>'
        )
    text = x + 16 * len(bands) + 2
    yield f'<text x="{text}" y="33">in progress</text>'
    if all(band.limit is None for band in bands):
        return
    yield f'<line class="limit" x1="{text + 78}" x2="{text + 104}" y1="29" y2="29"/>'
    yield f'<text x="{text + 110}" y="33">limit</text>'


def _draw_band(band: _Band, axis: _TimeAxis, width_ms: int) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    yield f'<text class="band" x="{_LEFT}" y="{band.top - 9}">{band.title}</text>'
    peak = max(band.most, default=0)
    yield (
        f'<text class="note" x="{right}" y="{band.top - 9}" text-anchor="end">'
        f"at most {peak} at once, {_limit_text(band)}</text>"
    )
    for calls in _ticks(band.highest):
        y = band.y(calls)
        yield f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{calls}</text>'
    yield from axis.grid(band.top)
    yield (
        f'<path d="{_load_path(band, axis, width_ms)}" fill="{band.color}" fill-opacity="0.35"'
        f' stroke="{band.color}" stroke-width="1.2" stroke-linejoin="round"/>'
    )
    if band.limit is not None and band.limit <= band.highest:
        y = band.y(band.limit)
        yield f'<line class="limit" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
    bottom = band.top + _BAND
    yield f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
    yield f'<line class="axis" x1="{_LEFT}" x2="{_LEFT}" y1="{band.top}" y2="{bottom}"/>'


def _limit_text(band: _Band) -> str:
    if band.limit is None:
        return "no limit"
    return f"limit {band.limit}" + (" (above)" if band.limit > band.highest else "")


def _load_path(band: _Band, axis: _TimeAxis, width_ms: int) -> str:
    """Return the load as steps: it jumps, it never slopes."""
    steps = [f"M{axis.x(0):.1f},{band.y(0):.1f}"]
    before = None
    for index, calls in enumerate(band.most):
        if calls != before:
            steps.append(f"H{axis.x(index * width_ms):.1f}V{band.y(calls):.1f}")
            before = calls
    steps.append(f"H{axis.x(len(band.most) * width_ms):.1f}V{band.y(0):.1f}Z")
    return "".join(steps)


@attrs.frozen(kw_only=True)
class _TimeAxis:
    first_at: Instant
    length_ms: int
    zone: ZoneInfo

    def x(self, since_ms: float) -> float:
        """Return where an instant is drawn, given as time since the first one."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * since_ms / self.length_ms

    def grid(self, top: int) -> Iterator[str]:
        """Yield a line for each tick."""
        for at in self._ticks():
            x = self.x(at - self.first_at)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + _BAND}"/>'

    def labels(self, bottom: int) -> Iterator[str]:
        """Yield the times, and the date with the first one and wherever it changes."""
        before = ""
        for at in self._ticks():
            x, moment = self.x(at - self.first_at), self._moment(at)
            yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
            form = "%H:%M" if self._step_s() % 60 == 0 else "%H:%M:%S"
            time, day = f"{moment:{form}}", f"{moment:%Y-%m-%d}"
            yield f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{time}</text>'
            if day != before:
                yield (
                    f'<text class="note" x="{x:.1f}" y="{bottom + 37}"'
                    f' text-anchor="middle">{day}</text>'
                )
            before = day

    def _moment(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1_000, self.zone)

    def _step_s(self) -> int:
        for step_s in _STEPS_S:
            if self.length_ms / 1_000 / step_s <= _TICKS_MAX:
                return step_s
        days = -(-self.length_ms // (1_000 * _DAY_S * _TICKS_MAX))
        return max(days, 1) * _DAY_S

    def _ticks(self) -> Iterator[int]:
        """Yield the instants that are round on the zone's own clock."""
        step_ms = self._step_s() * 1_000
        offset = self._moment(self.first_at).utcoffset()
        shift_ms = 0 if offset is None else round(offset.total_seconds()) * 1_000
        at = -(-(self.first_at + shift_ms) // step_ms) * step_ms - shift_ms
        while at <= self.first_at + self.length_ms:
            yield at
            at += step_ms


def _rounded_up(calls: int) -> int:
    """Return the next number that makes a good end of an axis."""
    step = _step(calls)
    return -(-calls // step) * step


def _ticks(highest: int) -> range:
    step = _step(highest)
    return range(0, highest + 1, step)


def _step(highest: int) -> int:
    """Return the least round step that gives at most five ticks above zero."""
    sizes = [size * power for power in (1, 10, 100, 1_000, 10_000, 100_000) for size in (1, 2, 5)]
    return next(size for size in sizes if highest <= size * 5)
