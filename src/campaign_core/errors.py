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

import pickle
from collections.abc import Callable, Sequence
from typing import Any, Self

import attrs
from typing_extensions import override

__all__ = [
    "CampaignError",
    "CommandRefusedError",
    "ConfirmationNeededError",
    "JournalError",
    "PortableError",
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
    """What is allowed, as a sentence fragment; an instant in it is told in milliseconds."""
    instant: int | None = None
    """The instant that the rule names, for whoever tells it to a person."""
    rule_at: str = ""
    """The rule with ``{at}`` where that instant stands; empty where it names none."""

    @classmethod
    def at_instant(cls, *, field: str, value: object, rule_at: str, instant: int) -> Problem:
        """Return a problem whose rule names an instant, as ``{at}``."""
        rule = rule_at.format(at=instant)
        return cls(field=field, value=value, rule=rule, instant=instant, rule_at=rule_at)

    @override
    def __str__(self) -> str:
        """Return the problem as one line for a person."""
        return f"{self.field} = {_short(self.value)}: {self.rule}"

    @override
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        """Return how to make the problem anew, in another process too.

        A value that cannot leave this process is told there by its text alone.
        """
        fields = {name: getattr(self, name) for name in attrs.fields_dict(type(self))}
        return _problem, (type(self), {**fields, "value": _portable(self.value)})

    def __copy__(self) -> Self:
        """Return the problem itself: nothing changes it."""
        return self

    def __deepcopy__(self, _: object) -> Self:
        """Return the problem itself: the value is told of, whoever else has it."""
        return self


def _problem(kind: type[Problem], fields: dict[str, Any]) -> Problem:
    return kind(**fields)


@attrs.frozen(repr=False)
class _Shown:
    """Stands for a value of another process."""

    text: str

    @override
    def __repr__(self) -> str:
        return self.text


def _portable(value: object) -> object:
    try:
        pickle.dumps(value)
    except Exception:  # noqa: BLE001 -- whatever a value raises, it cannot be sent
        return _Shown(_short(value))
    return value


class PortableError(Exception):
    """An error that survives ``pickle`` and ``copy`` as it is, whatever its constructor takes.

    An exception is made anew of what its message was made of, unless it says otherwise: one whose
    constructor takes something else breaks the pool of processes in which it was raised.
    """

    @override
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        """Return how to make the error anew: with its text and all its attributes."""
        return _restored, (type(self), self.args, self.__dict__.copy())


def _restored(
    kind: type[BaseException], arguments: tuple[object, ...], attributes: dict[str, Any]
) -> BaseException:
    # Of several bases only the one that the class is laid out as may make it.
    made_by: Any = kind
    while "__new__" not in vars(made_by):
        made_by = made_by.__base__
    error: BaseException = made_by.__new__(kind)
    error.args = arguments
    error.__dict__.update(attributes)
    return error


class CampaignError(PortableError):
    """Any error of the core."""


class SettingsError(CampaignError, ValueError):
    """A value that an operator must change; it names every bad value at once (R3.3)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Take the problems, of which there is at least one."""
        self.problems: tuple[Problem, ...] = tuple(problems)
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
        self.campaigns: tuple[tuple[int, str], ...] = tuple(campaigns)
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
        self.unknown: tuple[int, ...] = tuple(model_ids)
        field = "model_id" if len(self.unknown) == 1 else "model_ids"
        listed = ", ".join(map(str, self.unknown))
        super().__init__(command, f"{field} = {listed}: there is no such model")


class UnknownRecipientError(CommandRefusedError, LookupError):
    """The campaign has no recipient at this position."""

    def __init__(self, command: object, why: str, positions: Sequence[int]) -> None:
        """Take the command as given, the reason, and all the positions that are beyond the list."""
        self.unknown: tuple[int, ...] = tuple(positions)
        super().__init__(command, why)


class JournalError(CampaignError, ValueError):
    """Stored data that this release cannot read, or events that do not follow from each other."""


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 -- Python shows no number of thousands of digits, for one
        text = f"<{type(value).__name__} that cannot be shown>"
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 3]}..."
