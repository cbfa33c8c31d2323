"""Commands: what a person wants. Imperatives, each with the actor who gave it.

Closed: the union :data:`Command` names every kind. A command is taken whole or refused whole,
with a reason; a refused one changes nothing (R3.3).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

import attrs
from typing_extensions import override

from campaign_core._model.campaign_model import CampaignModel, valid_name
from campaign_core._model.recipient_list import RecipientList, with_repeats
from campaign_core._model.recipients import NUMBER_PATTERN
from campaign_core._model.settings import Settings
from campaign_core._model.sounds import sound
from campaign_core._values.identifiers import CampaignId, ModelId, Position
from campaign_core._values.instants import END, Instant
from campaign_core._values.validators import (
    flag,
    matches,
    one_of,
    optional,
    printable,
    refuse,
    whole_number,
)
from campaign_core.errors import Problem, SettingsError

__all__ = [
    "ALL_FAILED",
    "AddAttempts",
    "AddModel",
    "AddToDoNotCall",
    "AllFailed",
    "AppendRecipients",
    "ChangeSettings",
    "CloneModel",
    "Command",
    "DeleteCampaign",
    "DeleteModels",
    "DisableModel",
    "EditModel",
    "EnableModel",
    "PauseCampaign",
    "RemoveFromDoNotCall",
    "ResumeCampaign",
    "StartAfter",
    "StartAt",
    "StartCampaign",
    "StartImmediately",
    "StartNow",
    "StopAttempts",
    "StopCampaign",
]


class AllFailed(Enum):
    """The one selection that names no positions."""

    ALL_FAILED = "ALL_FAILED"

    @override
    def __repr__(self) -> str:
        return self.name


ALL_FAILED = AllFailed.ALL_FAILED
"""Every failed recipient of the campaign to which attempts may be added (R5.2)."""


@attrs.frozen(kw_only=True)
class _Command:
    actor: str = attrs.field(default="operator", validator=printable(128))
    """Who gave the command; every event of it carries the name (R10.1)."""


def _listed(given: object) -> object:
    """Return a list as a tuple; what is none, text above all, is left for the check to refuse."""
    return tuple(given) if isinstance(given, Iterable) and not isinstance(given, str) else given


_id = whole_number(1)


def _ids(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not value:
        raise refuse(attribute.name, value, "at least one id")
    for given in value:
        _id(None, attribute, given)


def _numbers(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, tuple) or not value:
        raise refuse(attribute.name, value, "a list of at least one number")
    check = matches(NUMBER_PATTERN, "an optional + and 1 to 31 of the digits 0-9, * and #")
    problems: list[Problem] = []
    for row, number in enumerate(value, 1):
        try:
            check(None, attribute, number)
        except SettingsError as error:
            field = f"{attribute.name}[{row}]"
            problems.append(Problem(field=field, value=number, rule=error.rule))
    if problems:
        raise SettingsError(problems)


def _positions(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    rule = "at least one position, each a whole number >= 1"
    if value is ALL_FAILED:
        return
    if not isinstance(value, tuple) or not value:
        raise refuse(attribute.name, value, rule)
    for position in value:
        if isinstance(position, bool) or not isinstance(position, int) or position < 1:
            raise refuse(attribute.name, position, rule)


def _selection(given: object) -> object:
    listed = given if given is ALL_FAILED else _listed(given)
    if not isinstance(listed, tuple) or not all(isinstance(each, int) for each in listed):
        return listed
    # The same recipient named twice is one recipient.
    return tuple(dict.fromkeys(listed))


# General settings --------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ChangeSettings(_Command):
    """Replace the general settings (R2.3)."""

    settings: Settings = attrs.field(validator=one_of(Settings))


@attrs.frozen(kw_only=True)
class AddToDoNotCall(_Command):
    """Put numbers on the do-not-call list, whatever their line (R6.12)."""

    numbers: tuple[str, ...] = attrs.field(converter=_listed, validator=_numbers)


@attrs.frozen(kw_only=True)
class RemoveFromDoNotCall(_Command):
    """Take numbers off the do-not-call list; nobody who failed is revived (R6.12)."""

    numbers: tuple[str, ...] = attrs.field(converter=_listed, validator=_numbers)


# Models ------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AddModel(_Command):
    """Add a campaign model; its name must be new (R3.4)."""

    model: CampaignModel = attrs.field(validator=one_of(CampaignModel))


@attrs.frozen(kw_only=True)
class EditModel(_Command):
    """Replace a model's parameters (R3.5)."""

    model_id: ModelId = attrs.field(validator=_id)
    model: CampaignModel = attrs.field(validator=one_of(CampaignModel))
    confirmed: bool = attrs.field(default=False, validator=flag)
    """Needed where campaigns were started or scheduled from the model."""


@attrs.frozen(kw_only=True)
class CloneModel(_Command):
    """Add a copy of a model under a new name (R3.4)."""

    model_id: ModelId = attrs.field(validator=_id)
    name: str = attrs.field(validator=valid_name)


@attrs.frozen(kw_only=True)
class DeleteModels(_Command):
    """Delete one model or several (R3.5)."""

    model_ids: tuple[ModelId, ...] = attrs.field(converter=_listed, validator=_ids)
    confirmed: bool = attrs.field(default=False, validator=flag)
    """Needed where campaigns were started or scheduled from one of them."""


@attrs.frozen(kw_only=True)
class EnableModel(_Command):
    """Let campaigns be started from a model (R3.4)."""

    model_id: ModelId = attrs.field(validator=_id)


@attrs.frozen(kw_only=True)
class DisableModel(_Command):
    """Let no campaign be started from a model (R3.4)."""

    model_id: ModelId = attrs.field(validator=_id)


# Campaigns ---------------------------------------------------------------------------------


@attrs.frozen
class StartImmediately:
    """Start with the command itself (R4.2)."""


@attrs.frozen
class StartAfter:
    """Start after a delay (R4.2)."""

    minutes: int = attrs.field(validator=whole_number(0, 5_256_000))
    """0 to 5,256,000: ten years."""


@attrs.frozen
class StartAt:
    """Start at an instant, which must not be past (R4.2)."""

    at: Instant = attrs.field(validator=whole_number(0, END))


@attrs.frozen(kw_only=True)
class StartCampaign(_Command):
    """Start or schedule a campaign from an enabled model (R4.1, R4.2)."""

    model_id: ModelId = attrs.field(validator=_id)
    when: StartImmediately | StartAfter | StartAt = attrs.field(
        factory=StartImmediately,
        validator=one_of(StartImmediately, StartAfter, StartAt),
    )
    name: str | None = attrs.field(default=None, validator=optional(valid_name))
    """For this run alone; ``None``: the model's."""
    sound: str | None = attrs.field(default=None, validator=optional(sound))
    """For this run alone; ``None``: the model's."""
    recipients: RecipientList | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(with_repeats),
        validator=optional(one_of(RecipientList)),
    )
    """For this run alone; ``None``: the model's."""
    expires_at: Instant | None = attrs.field(default=None, validator=optional(whole_number(0, END)))
    """After the start; from then on no new call (R4.11)."""
    needs_all: bool = attrs.field(default=False, validator=flag)
    """Whether all of this run's recipients are to be reached, whatever threshold the model has."""


@attrs.frozen(kw_only=True)
class StartNow(_Command):
    """Start a scheduled campaign before its time (R4.3)."""

    campaign_id: CampaignId = attrs.field(validator=_id)


@attrs.frozen(kw_only=True)
class PauseCampaign(_Command):
    """Place no new calls; calls in progress go on (R4.7)."""

    campaign_id: CampaignId = attrs.field(validator=_id)


@attrs.frozen(kw_only=True)
class ResumeCampaign(_Command):
    """Place calls again (R4.7)."""

    campaign_id: CampaignId = attrs.field(validator=_id)


@attrs.frozen(kw_only=True)
class StopCampaign(_Command):
    """Close a campaign for good (R4.7)."""

    campaign_id: CampaignId = attrs.field(validator=_id)
    hang_up: bool = attrs.field(default=False, validator=flag)
    """End the calls in progress at once; otherwise they go on to their end."""


@attrs.frozen(kw_only=True)
class DeleteCampaign(_Command):
    """Take a scheduled or final campaign off the list; the journal keeps it (R4.9)."""

    campaign_id: CampaignId = attrs.field(validator=_id)


@attrs.frozen(kw_only=True)
class AppendRecipients(_Command):
    """Add recipients behind the others (R4.10)."""

    campaign_id: CampaignId = attrs.field(validator=_id)
    recipients: RecipientList = attrs.field(converter=with_repeats, validator=one_of(RecipientList))

    @recipients.validator
    def _some(self, attribute: attrs.Attribute[Any], value: RecipientList) -> None:
        if not value:
            raise refuse(attribute.name, value, "at least one recipient")


# Recipients --------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AddAttempts(_Command):
    """Allow more attempts; a failed recipient becomes idle again (R5.2)."""

    campaign_id: CampaignId = attrs.field(validator=_id)
    positions: tuple[Position, ...] | AllFailed = attrs.field(
        default=ALL_FAILED, converter=_selection, validator=_positions
    )
    attempts: int = attrs.field(validator=whole_number(1, 100))


@attrs.frozen(kw_only=True)
class StopAttempts(_Command):
    """Try these recipients no more; one in a call keeps it (R5.3)."""

    campaign_id: CampaignId = attrs.field(validator=_id)
    positions: tuple[Position, ...] = attrs.field(converter=_selection, validator=_positions)

    @positions.validator
    def _named(self, attribute: attrs.Attribute[Any], value: object) -> None:
        if value is ALL_FAILED:
            raise refuse(attribute.name, value, "positions of idle or active recipients")


Command = (
    ChangeSettings
    | AddToDoNotCall
    | RemoveFromDoNotCall
    | AddModel
    | EditModel
    | CloneModel
    | DeleteModels
    | EnableModel
    | DisableModel
    | StartCampaign
    | StartNow
    | PauseCampaign
    | ResumeCampaign
    | StopCampaign
    | DeleteCampaign
    | AppendRecipients
    | AddAttempts
    | StopAttempts
)
"""Everything a person can want."""
