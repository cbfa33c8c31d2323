"""Models: add, edit, clone, delete, enable, disable, list, view (R3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import attrs
import msgspec
from msgspec import UNSET, UnsetType

from campaign_core import CampaignModel, ModelId, RecipientList, State, models
from campaign_core.commands import (
    AddModel,
    CloneModel,
    DeleteModels,
    DisableModel,
    EditModel,
    EnableModel,
)
from campaign_core.errors import Problem, UnknownModelError
from campaign_core.events import ModelAdded
from campaign_service.api.answer import Answer, taken_answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import OF_TENANT, IfMatch, Register, Reply
from campaign_service.api.problems import NotFoundError, refused_by_field
from campaign_service.api.shapes import requests, wanted
from campaign_service.api.shapes.building import BadValuesError, Lists, built, shape_of
from campaign_service.api.shapes.requests import (
    Confirmation,
    ModelQuery,
    ModelRecipientsQuery,
    ModelsQuery,
)
from campaign_service.api.shapes.shown import (
    ListedRecipient,
    ListedRecipientPage,
    ModelPage,
    Taken,
)
from campaign_service.api.trials import remarks_on
from campaign_service.serving import Taken as Done

__all__ = ["MODELS"]

MODELS = Register("Models", below=OF_TENANT)

_MADE = Reply(shape=Taken, status=201, has_location=True)
_DONE = Reply(shape=Taken)


@MODELS.query("/models", query=ModelsQuery, reply=ModelPage)
async def list_models(asked: Asked) -> Answer:
    """List the models, without their recipients (R3.4); with `at`, those of then (R8.3)."""
    query = asked.query(ModelsQuery)
    state, _ = await asked.moment(query.at)

    def page() -> ModelPage:
        behind = [
            (model_id, model) for model_id, model in models(state).items() if model_id > query.after
        ]
        items = behind[: query.limit]
        return ModelPage(
            items=[_shape(model_id, model) for model_id, model in items],
            next=items[-1][0] if len(behind) > query.limit else None,
        )

    return Answer(content=await asyncio.to_thread(page))


@MODELS.command("POST", "/models", gives=AddModel, body=wanted.Model, has_list=True, reply=_MADE)
async def add_model(asked: Asked) -> Answer:
    """Add a model; its name must be new (R3.2, R3.4)."""
    body = asked.body(wanted.Model)
    _refuse_other(body, "model_id", UNSET)

    async def command() -> AddModel:
        return AddModel(
            actor=asked.principal.name, model=await _built(asked, body, RecipientList())
        )

    return await _made(asked, await asked.give(command))


@MODELS.query("/models/{model_id}", query=ModelQuery, reply=wanted.Model, has_etag=True)
async def read_model(asked: Asked) -> Answer:
    """Read a model.

    What is answered can be sent back as it is, with the ETag as If-Match. With `at`, as it was
    then (R8.3).
    """
    query, model_id = asked.query(ModelQuery), asked.model_id
    state, _ = await asked.moment(query.at)
    model, has_recipients = _model_in(state, model_id), query.recipients

    def written() -> tuple[bytes, str]:
        # A million recipients are written here too: the event loop has calls to see to.
        shape = _shape(model_id, model, has_recipients=has_recipients)
        return msgspec.json.encode(shape), asked.premises.model_tags.of(model)

    if has_recipients:
        await asked.note_export(model_id=model_id, what="recipients", format="json")
        text, tag = await asked.in_turn(asked.premises.long, written)
    else:
        text, tag = await asyncio.to_thread(written)
    return Answer(content=text, headers={"ETag": tag})


@MODELS.command(
    "PUT",
    "/models/{model_id}",
    gives=EditModel,
    body=wanted.Model,
    query=Confirmation,
    has_list=True,
    reply=_DONE,
    if_match=IfMatch.NEEDED,
)
async def edit_model(asked: Asked) -> Answer:
    """Replace a model; what is left out takes its default, and recipients stay as they were.

    Campaigns that were started from it keep their copy; where there are such, it must be
    confirmed (R3.5).
    """
    body, model_id = asked.body(wanted.Model), asked.model_id
    _refuse_other(body, "model_id", model_id)

    async def command() -> EditModel:
        before = await _found_and_tagged(asked)
        return EditModel(
            actor=asked.principal.name,
            model_id=model_id,
            model=await _built(asked, body, before.recipients),
            confirmed=asked.query(Confirmation).confirmed,
        )

    return await asked.give_plainly(command, tag=_tag(asked))


@MODELS.command(
    "DELETE",
    "/models/{model_id}",
    gives=DeleteModels,
    query=Confirmation,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def delete_model(asked: Asked) -> Answer:
    """Delete a model; campaigns that were started from it stay (R3.5)."""

    async def command() -> DeleteModels:
        await _found_and_tagged(asked)
        return DeleteModels(
            actor=asked.principal.name,
            model_ids=(asked.model_id,),
            confirmed=asked.query(Confirmation).confirmed,
        )

    return await asked.give_plainly(command, tag=_tag(asked))


@MODELS.command(
    "POST", "/models/delete", gives=DeleteModels, body=requests.DeleteModels, reply=_DONE
)
async def delete_models(asked: Asked) -> Answer:
    """Delete several models, all of them or none (R3.4, R3.5)."""
    body = asked.body(requests.DeleteModels)
    command = DeleteModels(
        actor=asked.principal.name,
        model_ids=tuple(ModelId(number) for number in body.model_ids),
        confirmed=body.confirmed,
    )
    try:
        return await asked.give_plainly(command)
    except UnknownModelError as error:
        raise refused_by_field(error, "model_ids", body.model_ids, unknown=error.unknown) from None


@MODELS.query(
    "/models/{model_id}/recipients", query=ModelRecipientsQuery, reply=ListedRecipientPage
)
async def list_model_recipients(asked: Asked) -> Answer:
    """List the recipients of a model, in order (R3.4); with `at`, those of then (R8.3)."""
    query = asked.query(ModelRecipientsQuery)
    state, _ = await asked.moment(query.at)
    listed = _model_in(state, asked.model_id).recipients
    last = min(len(listed), query.after + query.limit)
    items = [
        shape_of(listed.at(position), ListedRecipient, position=position)
        for position in range(query.after + 1, last + 1)
    ]
    return Answer(
        content=ListedRecipientPage(
            items=items,
            next=last if items and last < len(listed) else None,
            recipient_count=len(listed),
        )
    )


@MODELS.command(
    "POST", "/models/{model_id}/clone", gives=CloneModel, body=requests.CloneModel, reply=_MADE
)
async def clone_model(asked: Asked) -> Answer:
    """Add a copy of a model under a new name (R3.4)."""
    body = asked.body(requests.CloneModel)
    command = CloneModel(actor=asked.principal.name, model_id=asked.model_id, name=body.name)
    return await _made(asked, await asked.give(command))


@MODELS.command(
    "POST",
    "/models/{model_id}/enable",
    gives=EnableModel,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def enable_model(asked: Asked) -> Answer:
    """Let campaigns be started from a model (R3.4)."""

    async def command() -> EnableModel:
        await _found_and_tagged(asked)
        return EnableModel(actor=asked.principal.name, model_id=asked.model_id)

    return await asked.give_plainly(command, tag=_tag(asked))


@MODELS.command(
    "POST",
    "/models/{model_id}/disable",
    gives=DisableModel,
    reply=_DONE,
    if_match=IfMatch.TAKEN,
)
async def disable_model(asked: Asked) -> Answer:
    """Let no campaign be started from a model (R3.4)."""

    async def command() -> DisableModel:
        await _found_and_tagged(asked)
        return DisableModel(actor=asked.principal.name, model_id=asked.model_id)

    return await asked.give_plainly(command, tag=_tag(asked))


def _model_in(state: State, model_id: ModelId) -> CampaignModel:
    model = models(state).get(model_id)
    if model is None:
        raise NotFoundError(f"model_id = {model_id}: there is no such model")
    return model


async def _found_and_tagged(asked: Asked) -> CampaignModel:
    """Return the model that is to be changed, once its tag is known where it will be needed.

    That of a large list takes a while, which the command itself is not to wait for.
    """
    model = _model_in(asked.tenant.state, asked.model_id)
    if asked.if_match is not None:
        await asyncio.to_thread(asked.premises.model_tags.of, model)
    return model


def _tag(asked: Asked) -> Callable[[State], str]:
    return lambda state: asked.premises.model_tags.of(_model_in(state, asked.model_id))


async def _built(asked: Asked, body: wanted.Model, before: RecipientList) -> CampaignModel:
    """Return the model of a body, with the recipients of before where it names none."""
    lists = Lists(plan=asked.tenant.state.settings.number_plan)
    model = cast("CampaignModel", await asyncio.to_thread(built, body, lists))
    if body.recipients is UNSET:
        model = await asyncio.to_thread(attrs.evolve, model, recipients=before)
    _refuse_other(body, "recipient_count", len(model.recipients))
    return model


def _refuse_other(body: wanted.Model, name: str, right: int | UnsetType) -> None:
    """Refuse what an answer shows and nobody may change, unless it is as it was."""
    given = getattr(body, name)
    if given is not UNSET and given != right:
        rule = "not to be given here" if right is UNSET else f"{right}, or left out"
        raise BadValuesError([Problem(field=name, value=given, rule=rule)])


def _shape(
    model_id: ModelId, model: CampaignModel, *, has_recipients: bool = False
) -> wanted.Model:
    listed = (
        [shape_of(one, wanted.Recipient) for one in model.recipients] if has_recipients else UNSET
    )
    return shape_of(
        model,
        wanted.Model,
        model_id=model_id,
        recipient_count=len(model.recipients),
        recipients=listed,
    )


async def _made(asked: Asked, done: Done) -> Answer:
    made = next(event for event in done.events if isinstance(event, ModelAdded))
    remarks = await asyncio.to_thread(remarks_on, made.model.recipients, asked.tenant.state)
    location = f"{OF_TENANT.format(tenant=asked.tenant.name)}/models/{made.model_id}"
    return taken_answer(
        done, status=201, model_id=made.model_id, location=location, remarks=remarks
    )
