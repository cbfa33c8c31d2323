"""What a step of a call is decided from, and where its events are recorded."""

from __future__ import annotations

from typing import Any

from campaign_core import events as ev
from campaign_core._decision.recorder import Recorder
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.outcomes import Outcome
from campaign_core._model.settings import Settings
from campaign_core._model.statuses import Purpose
from campaign_core._state.call import Call
from campaign_core._values.instants import SECOND_MS, Instant
from campaign_core._values.makers import maker_of
from campaign_core.reports import PlaybackEnd

__all__ = ["CallContext"]

_new_call_answered = maker_of(ev.CallAnswered)
_new_call_ended = maker_of(ev.CallEnded)
_new_digit_dialled = maker_of(ev.DigitDialled)
_new_hang_up_ordered = maker_of(ev.HangUpOrdered)
_new_playback_ended = maker_of(ev.PlaybackEnded)
_new_playback_started = maker_of(ev.PlaybackStarted)
_new_silence_started = maker_of(ev.SilenceStarted)

# On Python 3.11 an enumeration is asked for a member at each look.
_SOUND_MISSING = Outcome.SOUND_MISSING


class CallContext:
    """A call as it was before, for one report, and a method for each event of most calls.

    A method has the name of the event that it records; :meth:`record` takes any other by its kind.
    """

    __slots__ = ("actor", "at", "call", "call_id", "draft", "put", "recorder")

    def __init__(self, call: Call, recorder: Recorder) -> None:
        """Take the call, and what records."""
        self.call = call
        self.call_id = call.placement.call_id
        self.recorder = recorder
        self.draft = recorder.draft
        self.at = recorder.at
        self.actor = recorder.actor
        self.put = recorder.put

    @property
    def parameters(self) -> CampaignModel:
        """The parameters of its campaign."""
        return self.draft.campaign(self.call.placement.campaign_id).parameters

    @property
    def settings(self) -> Settings:
        """The general settings."""
        return self.draft.settings

    def record(self, kind: type[Any], **fields: Any) -> None:
        """Record an event of this call."""
        self.recorder(kind, call_id=self.call_id, **fields)

    def call_answered(self) -> None:
        """The telephony says so."""
        self.put(
            _new_call_answered(
                seq=self.draft.sequence + 1, at=self.at, actor=self.actor, call_id=self.call_id
            )
        )

    def playback_started(self, purpose: Purpose, number: int, sound: str) -> None:
        """The next playback of the call; ``number``: the how-manieth of its purpose."""
        self.put(
            _new_playback_started(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                play=self.call.plays + 1,
                purpose=purpose,
                round=number,
                sound=sound,
            )
        )

    def playback_ended(self, play: int, end: PlaybackEnd) -> None:
        """By itself, by a digit, or because there is no such sound."""
        self.put(
            _new_playback_ended(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                play=play,
                end=end,
            )
        )

    def silence_started(self, purpose: Purpose, number: int) -> None:
        """For as long as the script waits for a digit."""
        until = self.at + self.parameters.script.digit_timeout_s * SECOND_MS
        self.put(
            _new_silence_started(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                purpose=purpose,
                round=number,
                until=Instant(until),
            )
        )

    def digit_dialled(self, digit: str) -> None:
        """Whatever it means here."""
        self.put(
            _new_digit_dialled(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                digit=digit,
            )
        )

    def hang_up_ordered(self, outcome: Outcome, *, by_deadline: bool) -> None:
        """The outcome is fixed by it."""
        self.put(
            _new_hang_up_ordered(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                outcome=outcome,
                by_deadline=by_deadline,
            )
        )

    def call_ended(self, outcome: Outcome, hangup_cause: int | None, detail: str) -> None:
        """Of calls without their sound it is counted how many came one after the other (R6.18)."""
        sounds_missing = 0
        if outcome is _SOUND_MISSING:
            campaign = self.draft.campaign(self.call.placement.campaign_id)
            sounds_missing = campaign.sounds_missing + 1
        self.put(
            _new_call_ended(
                seq=self.draft.sequence + 1,
                at=self.at,
                actor=self.actor,
                call_id=self.call_id,
                outcome=outcome,
                hangup_cause=hangup_cause,
                detail=detail,
                sounds_missing=sounds_missing,
            )
        )
