"""What can go wrong, sorted by who must act.

::

    CampaignError
    ├── SettingsError(ValueError)        the operator must change a value
    ├── CommandRefusedError              the state does not allow the command
    ├── ConfirmationNeededError          the same, unless it is confirmed
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
    "ConfirmationNeededError",
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


class ConfirmationNeededError(CommandRefusedError):
    """A model from which campaigns were started is changed with a confirmation alone (R3.5)."""

    def __init__(self, command: object, campaigns: Sequence[tuple[int, str]]) -> None:
        """Take the command as given, and the campaigns by id and name."""
        self.campaigns = tuple(campaigns)
        listed = ", ".join(f"{campaign_id} ({name})" for campaign_id, name in self.campaigns)
        super().__init__(
            command,
            f"confirmed = False: campaigns were started or scheduled from it: {listed}; "
            "they keep their copy; give confirmed=True to go on",
        )


class UnknownModelError(CommandRefusedError, LookupError):
    """No model has this id, or it was deleted."""

    def __init__(self, command: object, model_ids: Sequence[int]) -> None:
        """Take the command as given and all the ids that no model has."""
        self.unknown = tuple(model_ids)
        field = "model_id" if len(self.unknown) == 1 else "model_ids"
        listed = ", ".join(map(str, self.unknown))
        super().__init__(command, f"{field} = {listed}: there is no such model")


class UnknownRecipientError(CommandRefusedError, LookupError):
    """The campaign has no recipient at this position."""

    def __init__(self, command: object, why: str, positions: Sequence[int]) -> None:
        """Take the command as given, the reason, and all the positions that are beyond the list."""
        self.unknown = tuple(positions)
        super().__init__(command, why)


class JournalError(CampaignError, ValueError):
    """Stored data that this release cannot read, or events that do not follow from each other."""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 3]}..."
