"""JSON as Python has it: what requests and answers are made of."""

from __future__ import annotations

from typing import TypeAlias, cast

import msgspec

from campaign_core import CampaignModel, RecipientList
from campaign_service.schemas.conversion import schema_of
from campaign_service.schemas.core_values import Model, Recipient

__all__ = ["Json", "model_data", "recipients_data"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""


def model_data(model: CampaignModel) -> dict[str, Json]:
    """Return a model as the API takes it."""
    return cast("dict[str, Json]", msgspec.to_builtins(schema_of(model, Model)))


def recipients_data(recipients: RecipientList) -> list[Json]:
    """Return recipients as the API takes them, in order."""
    return [cast("Json", msgspec.to_builtins(schema_of(one, Recipient))) for one in recipients]
