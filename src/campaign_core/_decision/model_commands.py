"""Commands on the general settings and on models (R2, R3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from campaign_core import commands as cm
from campaign_core import events as ev
from campaign_core._decision.recorder import Recorder
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.recipient_list import RecipientList
from campaign_core._state.service import Draft
from campaign_core._values.identifiers import ModelId
from campaign_core._values.validators import with_changes
from campaign_core.errors import CommandRefusedError, ConfirmationNeededError, UnknownModelError

__all__ = [
    "OF_MODELS",
    "model_named",
    "refuse_repeats",
]


def model_named(draft: Draft, command: cm.Command, model_id: ModelId) -> CampaignModel:
    """Return a model, or refuse a command that names none."""
    model = draft.models.get(model_id)
    if model is None:
        raise UnknownModelError(command, (model_id,))
    return model


def refuse_repeats(draft: Draft, model: CampaignModel) -> None:
    """Refuse a list that is given now and names a number twice, however written (R3.2, R3.7).

    Raises:
        SettingsError: every such pair is named.
    """
    plan = draft.settings.number_plan
    RecipientList.refuse(model.recipients.repeats(plan, model.duplicates))


def _change_settings(draft: Draft, command: cm.ChangeSettings, record: Recorder) -> None:
    before, after = draft.settings, command.settings
    is_switched = (before.call_rate is None) is not (after.call_rate is None) or (
        before.frequency_cap is None
    ) is not (after.frequency_cap is None)
    keeps_past = is_switched or bool(draft.rate_kept_until or draft.cap_kept_until)
    record(ev.SettingsChanged, settings=after, keeps_past=keeps_past)


def _add_to_do_not_call(_: Draft, command: cm.AddToDoNotCall, record: Recorder) -> None:
    record(ev.NumbersBarred, numbers=command.numbers)


def _remove_from_do_not_call(_: Draft, command: cm.RemoveFromDoNotCall, record: Recorder) -> None:
    record(ev.NumbersUnbarred, numbers=command.numbers)


def _refuse_taken_name(
    draft: Draft, command: cm.Command, name: str, but: ModelId | None = None
) -> None:
    wanted = _as_compared(name)
    for model_id, model in draft.models.items():
        if _as_compared(model.name) == wanted and model_id != but:
            raise CommandRefusedError(
                command, f"name = {name!r}: model {model_id} has it; names of models are unique"
            )


def _as_compared(name: str) -> str:
    """Return a name as it is told from others: to the eye these are one (R3.2)."""
    return unicodedata.normalize("NFC", name).strip()


def _add_model(draft: Draft, command: cm.AddModel, record: Recorder) -> None:
    _refuse_taken_name(draft, command, command.model.name)
    refuse_repeats(draft, command.model)
    model_id = ModelId(draft.next_model_id)
    record(ev.ModelAdded, model_id=model_id, model=command.model)


def _edit_model(draft: Draft, command: cm.EditModel, record: Recorder) -> None:
    before = model_named(draft, command, command.model_id)
    # Two names that were accepted as different once stay so.
    if command.model.name != before.name:
        _refuse_taken_name(draft, command, command.model.name, command.model_id)
    # R3.7: a list that was accepted stays, whatever the number plan has become.
    if command.model.recipients != before.recipients:
        refuse_repeats(draft, command.model)
    _ask_confirmation(draft, command, (command.model_id,))
    record(ev.ModelEdited, model_id=command.model_id, model=command.model)


def _clone_model(draft: Draft, command: cm.CloneModel, record: Recorder) -> None:
    model = model_named(draft, command, command.model_id)
    _refuse_taken_name(draft, command, command.name)
    clone = with_changes(model, name=command.name)
    record(ev.ModelAdded, model_id=ModelId(draft.next_model_id), model=clone)


def _delete_models(draft: Draft, command: cm.DeleteModels, record: Recorder) -> None:
    model_ids = tuple(dict.fromkeys(command.model_ids))
    unknown = [model_id for model_id in model_ids if model_id not in draft.models]
    if unknown:
        raise UnknownModelError(command, unknown)
    _ask_confirmation(draft, command, model_ids)
    record(ev.ModelsDeleted, model_ids=model_ids)


def _ask_confirmation(
    draft: Draft, command: cm.EditModel | cm.DeleteModels, model_ids: Iterable[ModelId]
) -> None:
    wanted = set(model_ids)
    started = [row for row in draft.rows() if row.model_id in wanted]
    if started and not command.confirmed:
        raise ConfirmationNeededError(
            command, [(row.campaign_id, row.parameters.name) for row in started]
        )


def _enable_model(draft: Draft, command: cm.EnableModel, record: Recorder) -> None:
    model_named(draft, command, command.model_id)
    record(ev.ModelEnabled, model_id=command.model_id)


def _disable_model(draft: Draft, command: cm.DisableModel, record: Recorder) -> None:
    model_named(draft, command, command.model_id)
    record(ev.ModelDisabled, model_id=command.model_id)


OF_MODELS: dict[type[Any], Callable[[Draft, Any, Recorder], None]] = {
    cm.ChangeSettings: _change_settings,
    cm.AddToDoNotCall: _add_to_do_not_call,
    cm.RemoveFromDoNotCall: _remove_from_do_not_call,
    cm.AddModel: _add_model,
    cm.EditModel: _edit_model,
    cm.CloneModel: _clone_model,
    cm.DeleteModels: _delete_models,
    cm.EnableModel: _enable_model,
    cm.DisableModel: _disable_model,
}
