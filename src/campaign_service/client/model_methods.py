"""Methods about models (R3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import cast

from campaign_core import CampaignModel
from campaign_service.client.json_data import Json, model_data
from campaign_service.client.requests import Requests, confirmation, moment
from campaign_service.schemas.core_values import Model
from campaign_service.schemas.responses import ListedRecipient, Taken

__all__ = ["ModelMethods", "ModelRow"]


class ModelRow(Model, kw_only=True, frozen=True):
    """A model as the list shows it, without its recipients."""

    model_id: int
    recipient_count: int


class ModelMethods(Requests):
    """Models: templates of campaigns."""

    def models(self, *, at: datetime | None = None) -> Iterator[ModelRow]:
        """Yield all models, by id; those of a time, if one is given."""
        return self._pages(ModelRow, self._path("models"), {"at": moment(at)})

    def model(
        self, model_id: int, *, at: datetime | None = None
    ) -> tuple[dict[str, Json], str | None]:
        """Return a model with its recipients as the API has it, and its tag for a change.

        Args:
            model_id: which.
            at: as it was then; ``None``: now.
        """
        asked = {"recipients": "true", "at": moment(at)}
        return self._tagged(self._path("models", model_id), asked)

    def model_recipients(
        self, model_id: int, *, at: datetime | None = None
    ) -> Iterator[ListedRecipient]:
        """Yield the recipients of a model, in order; those of a time, if one is given."""
        path = self._path("models", model_id, "recipients")
        return self._pages(ListedRecipient, path, {"at": moment(at)})

    def add_model(self, model: CampaignModel) -> Taken:
        """Add a model, with its recipients."""
        return self._command("POST", self._path("models"), cast("Json", model_data(model)))

    def clone_model(self, model_id: int, name: str) -> Taken:
        """Add a copy of a model under a new name (R3.4)."""
        return self._command("POST", self._path("models", model_id, "clone"), {"name": name})

    def edit_model(
        self, model_id: int, model: CampaignModel, *, tag: str | None, confirmed: bool = False
    ) -> Taken:
        """Replace a model, with its recipients, unless somebody changed it meanwhile.

        Args:
            model_id: which.
            model: as it is to be.
            tag: of what is replaced, as it was seen.
            confirmed: needed where campaigns were started from it (R3.5).
        """
        return self._command(
            "PUT",
            self._path("models", model_id),
            cast("Json", model_data(model)),
            tag=tag,
            parameters=confirmation(confirmed),
        )

    def delete_model(
        self, model_id: int, *, tag: str | None = None, confirmed: bool = False
    ) -> Taken:
        """Delete a model; campaigns that were started from it stay (R3.5)."""
        path = self._path("models", model_id)
        return self._command("DELETE", path, tag=tag, parameters=confirmation(confirmed))

    def delete_models(self, model_ids: Sequence[int], *, confirmed: bool = False) -> Taken:
        """Delete several models, all of them or none."""
        body: Json = {"model_ids": list(model_ids), "confirmed": confirmed}
        return self._command("POST", self._path("models", "delete"), body)

    def enable_model(self, model_id: int, *, tag: str | None = None) -> Taken:
        """Let campaigns be started from a model."""
        return self._command("POST", self._path("models", model_id, "enable"), tag=tag)

    def disable_model(self, model_id: int, *, tag: str | None = None) -> Taken:
        """Let no campaign be started from a model."""
        return self._command("POST", self._path("models", model_id, "disable"), tag=tag)
