"""Sounds: what may be played, and where a prompt comes from (R2.5, R3.2)."""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs
from typing_extensions import override

from campaign_core._values.validators import refuse

__all__ = [
    "FROM_SETTINGS",
    "FromSettings",
    "Prompt",
    "in_force",
    "is_sound",
    "sound",
    "sound_or_inherited",
]

_SOUND_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_.-")
_SOUND_RULE = "1 to 255 of ASCII letters, digits and / _ . - without .."


class FromSettings(Enum):
    """The one value that says: as the general settings have it."""

    FROM_SETTINGS = "FROM_SETTINGS"

    @override
    def __repr__(self) -> str:
        return self.name


FROM_SETTINGS = FromSettings.FROM_SETTINGS
"""A model's prompt that is the general settings' (R2.5)."""

Prompt = str | FromSettings | None
"""A sound, the general settings' sound, or ``None``: silence to dial in."""


def in_force(own: Prompt, general: str | None) -> str | None:
    """Return the sound that is played for a model's prompt; ``None``: silence (R2.5).

    Args:
        own: the model's.
        general: the general settings'.
    """
    return own if own is None or isinstance(own, str) else general


def is_sound(value: object) -> bool:
    """Return whether a value names a sound (R3.2)."""
    return (
        isinstance(value, str)
        and 1 <= len(value) <= 255  # noqa: PLR2004 -- R3.2
        and _SOUND_CHARACTERS.issuperset(value)
        and ".." not in value
    )


def sound(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take names of sounds alone."""
    if not is_sound(value):
        raise refuse(attribute.name, value, _SOUND_RULE)


def sound_or_inherited(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    """Take a sound, ``None`` (silence) or ``FROM_SETTINGS``."""
    if value is not None and value is not FROM_SETTINGS and not is_sound(value):
        raise refuse(attribute.name, value, f"{_SOUND_RULE}, or none for silence")
