"""JSON as Python has it: what requests and answers are made of."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from enum import Enum
from typing import TypeAlias, cast

import attrs

from campaign_core import FROM_SETTINGS, CampaignModel, RecipientList, RetryPolicy

__all__ = ["Json", "model_data", "recipients_data"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""


def model_data(model: CampaignModel) -> dict[str, Json]:
    """Return a model as the API takes it: a field has the name of the core's field."""
    data = _data(model)
    assert isinstance(data, dict)
    return data


def recipients_data(recipients: RecipientList) -> list[Json]:
    """Return recipients as the API takes them, in order."""
    return [_data(recipient) for recipient in recipients]


def _data(value: object) -> Json:
    if isinstance(value, Enum):
        # Before the numbers: a day of the week is one of them too.
        return value.name
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, RetryPolicy):
        delays: dict[str, Json] = {outcome.name: delay_s for outcome, delay_s in value.delays_s}
        return {"delays_s": delays, "never_again": _data(value.never_again)}
    if isinstance(value, AbstractSet):
        return sorted((_data(entry) for entry in value), key=str)
    if isinstance(value, tuple | list | RecipientList):
        return [_data(entry) for entry in value]
    return {
        field.name: _data(inner)
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(value)))
        # A prompt that is left out is the settings' own; null would be silence (R2.5).
        if field.init
        and not field.name.startswith("_")
        and (inner := getattr(value, field.name)) is not FROM_SETTINGS
    }
