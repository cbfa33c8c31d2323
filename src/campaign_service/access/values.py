"""Checks of single values about users: each error names field, value and what is allowed."""

from __future__ import annotations

import re
import unicodedata

from campaign_core.errors import Problem, SettingsError
from campaign_service.access.principal import RESERVED_NAMES

__all__ = [
    "NAME_PATTERN",
    "NAME_RULE",
    "bad_value",
    "checked_label",
    "checked_name",
    "is_name",
    "normalized_name",
]

NAME_PATTERN = r"[a-z0-9][a-z0-9._@-]{0,63}"
"""Of users and roles. Lower case alone: no two differ by that; and no name reads as a path."""
NAME_RULE = (
    "1 to 64 lower-case letters a to z, digits, and . _ - @ behind the first; not"
    f" {', '.join(sorted(RESERVED_NAMES))}"
)
_LABEL_MAX = 100
_NAME = re.compile(NAME_PATTERN)


def bad_value(field: str, value: object, rule: str) -> SettingsError:
    """Return the error for one bad value, to be raised."""
    return SettingsError([Problem(field=field, value=value, rule=rule)])


def normalized_name(text: str) -> str:
    """Return the name that somebody means who types one."""
    return unicodedata.normalize("NFC", text).strip().lower()


def is_name(text: str) -> bool:
    """Return whether a user or a role may be called so."""
    return _NAME.fullmatch(text) is not None and text not in RESERVED_NAMES


def checked_name(text: str, *, field: str = "name") -> str:
    """Return a name for a user or a role.

    Raises:
        SettingsError: nobody may be called so.
    """
    if not is_name(text):
        raise bad_value(field, text, NAME_RULE)
    return text


def checked_label(text: str) -> str:
    """Return a label: what a token is for.

    Raises:
        SettingsError: it is empty, too long, or not printable.
    """
    if not text.strip() or len(text) > _LABEL_MAX or not text.isprintable():
        raise bad_value("label", text, f"1 to {_LABEL_MAX} printable characters, not blank")
    return text
