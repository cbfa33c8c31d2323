"""Whether the switch has room for one more call, by what it told us of itself.

A driver delays no call: it takes it or says until when not. The server counts every leg, of
whomever, within each second of the clock; at most 9/10 of its number within *any* second of ours
stays below that. What it turns away nevertheless (others call too) makes us wait longer each time.
"""

from __future__ import annotations

from collections import deque

import attrs

from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route

__all__ = ["Admission"]

_SHARE = 0.9
"""Of the server's rate that we use."""

_WINDOW_MS = 1_000
_FULL_MS = 2_000
"""Before another look, where all sessions are taken: when one ends we cannot know."""

_BACK_OFF_MS = (1_000, 2_000, 4_000, 8_000, 16_000)


@attrs.define
class _Use:
    """What is used of one limit."""

    placed: deque[tuple[int, int]] = attrs.field(factory=deque)
    """Instant and legs of what was placed within the last second."""
    legs: int = 0
    """In progress."""

    def rate_until(self, now: int, legs: int, per_s: float | None) -> int | None:
        """Return until when there is no room for so many legs more, or ``None`` if there is."""
        while self.placed and self.placed[0][0] + _WINDOW_MS <= now:
            self.placed.popleft()
        # A single call always goes, or a low rate would let none through.
        if per_s is None or not self.placed:
            return None
        used = sum(count for _, count in self.placed)
        if used + legs <= per_s:
            return None
        window_ms = max(_WINDOW_MS, round(_WINDOW_MS * legs / per_s))
        return self.placed[0][0] + window_ms


class Admission:
    """What the switch, and each route, has taken and takes."""

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Start with nothing known of the server."""
        self._settings = settings
        self._told_per_s: int | None = None
        self._told_max: int | None = None
        self._all = _Use()
        self._by_route: dict[str, _Use] = {}
        self._refusals = 0
        self._closed_until = 0

    def told(self, *, sessions_per_s: int | None, sessions_max: int | None) -> None:
        """Take what the server says of itself; ``None``: nothing new."""
        self._told_per_s = sessions_per_s or self._told_per_s
        self._told_max = sessions_max or self._told_max

    @property
    def legs_max(self) -> int | None:
        """Legs at one time, as far as is known."""
        return self._settings.calls_max or self._told_max

    @property
    def legs_per_s(self) -> float | None:
        """Legs a second that we use, as far as is known."""
        told = None if self._told_per_s is None else max(1.0, self._told_per_s * _SHARE)
        limits = [limit for limit in (self._settings.calls_per_s, told) if limit is not None]
        return min(limits, default=None)

    def full_until(self, route: Route, now: int) -> int | None:
        """Return until when there is no room for a call on this route, or ``None`` if there is."""
        mine = self._by_route.setdefault(route.dial_string, _Use())
        if self._closed_until > now:
            return self._closed_until
        if self.legs_max is not None and self._all.legs + route.legs > self.legs_max:
            return now + _FULL_MS
        if route.calls_max is not None and mine.legs + route.legs > route.calls_max * route.legs:
            return now + _FULL_MS
        route_per_s = None if route.calls_per_s is None else route.calls_per_s * route.legs
        until = (
            self._all.rate_until(now, route.legs, self.legs_per_s),
            mine.rate_until(now, route.legs, route_per_s),
        )
        return max((at for at in until if at is not None), default=None)

    def placed(self, route: Route, now: int) -> None:
        """Count a call that is placed."""
        for use in (self._all, self._by_route.setdefault(route.dial_string, _Use())):
            use.placed.append((now, route.legs))
            use.legs += route.legs

    def ended(self, route: Route | None) -> None:
        """Count a call that is over; one taken over from another run was never counted."""
        if route is not None:
            self._all.legs -= route.legs
            self._by_route[route.dial_string].legs -= route.legs

    def turned_away(self, now: int) -> int:
        """Take it that the server had no room; return until when to leave it in peace."""
        # Many may be turned away at once: together they are one refusal.
        if now >= self._closed_until:
            pause_ms = _BACK_OFF_MS[min(self._refusals, len(_BACK_OFF_MS) - 1)]
            self._refusals += 1
            self._closed_until = now + pause_ms
        return self._closed_until

    def took(self) -> None:
        """Take it that the server had room for a call."""
        self._refusals = 0
