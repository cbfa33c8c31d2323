"""The closed lists of states and reasons that states and events share (R4.3, R5)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import ClassVar

__all__ = ["FailureReason", "PauseReason", "Purpose", "RecipientStatus", "Status"]


class Status(Enum):
    """The status of a campaign (R4.3). ``BLOCKED`` is derived, never stored (R4.4)."""

    SCHEDULED = "SCHEDULED"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    PAUSED = "PAUSED"
    INCOMPLETE = "INCOMPLETE"
    TERMINATED = "TERMINATED"
    COMPLETED = "COMPLETED"

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__

    @property
    def is_final(self) -> bool:
        """Whether nothing leads out of this status."""
        return self in _FINAL


_FINAL = frozenset({Status.TERMINATED, Status.COMPLETED})


class RecipientStatus(Enum):
    """The state of a recipient (R5)."""

    IDLE = "IDLE"
    ACTIVE = "ACTIVE"
    CONTACTED = "CONTACTED"
    FAILED = "FAILED"

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


class FailureReason(Enum):
    """Why a recipient is failed (R5)."""

    ATTEMPTS_USED_UP = "ATTEMPTS_USED_UP"
    STOPPED = "STOPPED"
    DO_NOT_CALL = "DO_NOT_CALL"
    OPTED_OUT = "OPTED_OUT"
    EXPIRED = "EXPIRED"
    NO_NUMBER_LEFT = "NO_NUMBER_LEFT"

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__


class PauseReason(Enum):
    """Who or what paused a campaign."""

    USER = "USER"
    BREAKER = "BREAKER"
    """Too many calls failed for technical causes (R6.17)."""
    SOUND_MISSING = "SOUND_MISSING"
    """The telephony could not play the sound in three calls one after the other (R6.18)."""
    HELD = "HELD"
    """The service was started with every campaign held, as after a backup was restored."""


class Purpose(Enum):
    """What a playback or a silence is for (R7)."""

    ANSWER_PROMPT = "ANSWER_PROMPT"
    MESSAGE = "MESSAGE"
    LISTENING_PROMPT = "LISTENING_PROMPT"

    __hash__: ClassVar[Callable[[object], int]] = object.__hash__
