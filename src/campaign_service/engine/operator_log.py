"""What an operator must know at once, told by the log (R6.17, R6.18, R7.5, R7.10).

Each trouble is told when it begins, and again only once it was over in between: a telephony that
fails every call fills no disk.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from campaign_core import CallId, Outcome, PauseReason
from campaign_core.events import (
    CallAnswered,
    CallEnded,
    CampaignPaused,
    Event,
    PlaybackEnded,
    PlaybackStarted,
)
from campaign_core.reports import PlaybackEnd

__all__ = ["OperatorLog"]

_log = logging.getLogger(__name__)


class OperatorLog:
    """Takes the events of each moment, and says in the log which of them want somebody to act."""

    def __init__(self) -> None:
        """Know of no call and no trouble yet."""
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


_WHAT_TO_DO = "mend the cause, then resume it"
