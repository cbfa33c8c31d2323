"""Observers of an engine, and the two that tell the log what an operator must know at once.

Each trouble is told when it begins, and again only once it was over in between: a telephony that
fails every call fills no disk.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from campaign_core import CallId, CampaignId, Outcome, PauseReason, State, unknown_time_zones
from campaign_core.events import (
    CallAnswered,
    CallEnded,
    CampaignPaused,
    CampaignScheduled,
    Event,
    PlaybackEnded,
    PlaybackStarted,
    RecipientsAppended,
)
from campaign_core.reports import PlaybackEnd

__all__ = ["Observer", "OperatorLog", "UnknownZoneLog"]

_log = logging.getLogger(__name__)

_BRINGS_ZONES = frozenset({CampaignScheduled, RecipientsAppended})
_WHAT_TO_DO = "mend the cause, then resume it"

Observer = Callable[[Sequence[Event]], None]
"""Is told the events of each moment, in order; must neither block nor raise."""


class OperatorLog:
    """Says in the log which events want somebody to act (R6.17, R6.18, R7.5, R7.10)."""

    def __init__(self) -> None:
        self._playing: dict[CallId, str] = {}
        self._answered: set[CallId] = set()
        self._missing: set[str] = set()
        self._is_cutting = False

    def take(self, events: Sequence[Event]) -> None:
        """Take some events, in order."""
        for event in events:
            match event:
                case PlaybackStarted(call_id=call_id, sound=sound):
                    self._playing[call_id] = sound
                case PlaybackEnded(call_id=call_id, end=end):
                    self._note_playback(call_id, end)
                case CallAnswered(call_id=call_id):
                    self._answered.add(call_id)
                case CallEnded():
                    self._note_end(event)
                case CampaignPaused(campaign_id=campaign_id, reason=reason):
                    if reason is PauseReason.HELD:
                        _log.warning("campaign %d is held; campaign resume lets it go", campaign_id)
                    elif reason is not PauseReason.USER:
                        text = "campaign %d is paused by the system, %s: %s"
                        _log.error(text, campaign_id, reason.name, _WHAT_TO_DO)
                case _:
                    pass

    def _note_playback(self, call_id: CallId, end: PlaybackEnd) -> None:
        sound = self._playing.get(call_id)
        if end is not PlaybackEnd.FAILED:
            self._is_cutting = False
            if sound is not None:
                self._missing.discard(sound)
        elif sound is not None and sound not in self._missing:
            self._missing.add(sound)
            _log.error(
                "the telephony could not play the sound %s (call %s): whoever answers hears"
                " nothing; campaign doctor --sound %s says where it is looked for",
                *(sound, call_id, sound),
            )

    def _note_end(self, event: CallEnded) -> None:
        self._playing.pop(event.call_id, None)
        was_answered = event.call_id in self._answered
        self._answered.discard(event.call_id)
        if was_answered and event.outcome is Outcome.FAILED and not self._is_cutting:
            self._is_cutting = True
            _log.error(
                "an answered call was cut before the telephony took any order (call %s): has it as"
                " many calls as it takes? %s",
                *(event.call_id, event.detail),
            )


class UnknownZoneLog:
    """Logs each time zone that this machine does not know, once for each campaign (R3.6).

    Args:
        state: returns the current state.
    """

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._told: set[tuple[CampaignId, str]] = set()

    def take(self, events: Sequence[Event]) -> None:
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
