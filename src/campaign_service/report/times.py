"""Instants as the report writes them: ISO 8601 on the clock of the campaign's zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from campaign_service.instants import written

__all__ = ["TimeWriter"]

_MINUTE_MS = 60_000
_KEPT_MAX = 4_096


class TimeWriter:
    """Writes millions of instants, most of them in a minute that was written before."""

    def __init__(self, zone: ZoneInfo) -> None:
        """Take the zone on whose clock times are written."""
        self._zone = zone
        self._minutes: dict[int, tuple[str, str]] = {}

    def __call__(self, at: int | None) -> str:
        """Return an instant as text; none is empty."""
        if at is None:
            return ""
        minute, rest_ms = divmod(at, _MINUTE_MS)
        before, after = self._minutes.get(minute) or self._add(minute)
        return f"{before}{rest_ms // 1_000:02d}.{rest_ms % 1_000:03d}{after}"

    def _add(self, minute: int) -> tuple[str, str]:
        if len(self._minutes) >= _KEPT_MAX:
            self._minutes.clear()
        text = written(minute * _MINUTE_MS, self._zone)
        # Offsets are whole minutes in every zone since 1972.
        parts = self._minutes[minute] = (text[:17], text[23:])
        return parts
