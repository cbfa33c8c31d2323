"""What can go wrong, sorted by who must act.

::

    CampaignError
    ├── SettingsError(ValueError)        the operator must change a value
    ├── CommandRefusedError              the state does not allow the command
    ├── UnknownCampaignError(LookupError)
    ├── UnknownModelError(LookupError)
    ├── UnknownRecipientError(LookupError)
    └── JournalError(ValueError)         stored data is not what this release can read

No report of a driver ever raises (R9.1): these come from commands and from stored data alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from typing_extensions import override

__all__ = [
    "CampaignError",
    "CommandRefusedError",
    "JournalError",
    "Problem",
    "SettingsError",
    "UnknownCampaignError",
    "UnknownModelError",
    "UnknownRecipientError",
]


_SHOWN_MAX = 80
"""Characters of a bad value that a message shows."""


@attrs.frozen(kw_only=True)
class Problem:
    """One value that cannot be taken, and why (R3.3)."""

    field: str
    """The field's path, such as ``recipients[3].number``."""
    value: object
    """The value as it was given."""
    rule: str
    """What is allowed, as a sentence fragment."""

    @override
    def __str__(self) -> str:
        """Return the problem as one line for a person."""
        return f"{self.field} = {_short(self.value)}: {self.rule}"


class CampaignError(Exception):
    """Any error of the core."""


class SettingsError(CampaignError, ValueError):
    """A value that an operator must change; it names every bad value at once (R3.3)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Take the problems, of which there is at least one."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def field(self) -> str:
        """The first bad field."""
        return self.problems[0].field

    @property
    def value(self) -> object:
        """The first bad value."""
        return self.problems[0].value

    @property
    def rule(self) -> str:
        """What is allowed for the first bad field."""
        return self.problems[0].rule


class CommandRefusedError(CampaignError):
    """The state does not allow this command; nothing was changed."""

    def __init__(self, command: object, why: str) -> None:
        """Take the command as given and the reason as a sentence."""
        self.command = command
        self.why = why
        super().__init__(why)


class UnknownCampaignError(CommandRefusedError, LookupError):
    """No campaign has this id, or it was deleted."""


class UnknownModelError(CommandRefusedError, LookupError):
    """No model has this id, or it was deleted."""


class UnknownRecipientError(CommandRefusedError, LookupError):
    """The campaign has no recipient at this position."""


class JournalError(CampaignError, ValueError):
    """Stored data that this release cannot read, or events that do not follow from each other."""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 3]}..."
