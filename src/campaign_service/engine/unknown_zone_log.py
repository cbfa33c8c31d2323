"""Tells the operator's log of time zones that this machine does not know (R3.6)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from campaign_core import CampaignId, State, unknown_time_zones
from campaign_core.events import CampaignScheduled, Event, RecipientsAppended

__all__ = ["UnknownZoneLog"]

_log = logging.getLogger(__name__)

_BRINGS_ZONES = frozenset({CampaignScheduled, RecipientsAppended})


class UnknownZoneLog:
    """Logs each unknown zone of each campaign once; an observer of an engine.

    Args:
        state: returns the current state.
    """

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._told: set[tuple[CampaignId, str]] = set()

    def __call__(self, events: Sequence[Event]) -> None:
        """Look again if there may be new zones."""
        if any(type(event) in _BRINGS_ZONES for event in events):
            self.look()

    def look(self) -> None:
        """Log what was not logged before."""
        for unknown in unknown_time_zones(self._state()):
            key = unknown.campaign_id, unknown.time_zone
            if key not in self._told:
                self._told.add(key)
                _log.warning(
                    "campaign %d: %d recipients are not called: this machine does not know the "
                    "time zone %s; install newer time zone data (tzdata), and start again",
                    unknown.campaign_id,
                    unknown.recipients,
                    unknown.time_zone,
                )
