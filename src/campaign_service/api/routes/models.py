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
    Command,
    DeleteModels,
    DisableModel,
    EditModel,
    EnableModel,
)
from campaign_core.errors import Problem, UnknownModelError
from campaign_core.events import ModelAdded
from campaign_service.api.commands import remarks_on
from campaign_service.api.operations import (
    OF_TENANT,
    IfMatch,
    OperationTable,
    ResponseForm,
    operation_name,
)
from campaign_service.api.problems.errors import NotFoundError
from campaign_service.api.problems.responses import refused_by_field
from campaign_service.api.request import ApiRequest, ApiResponse, command_response
from campaign_service.schemas import core_values, requests
from campaign_service.schemas.conversion import BadValuesError, ListOptions, built, schema_of
from campaign_service.schemas.requests import Confirmation, ModelQuery, ModelsQuery
from campaign_service.schemas.responses import (
    ListedRecipient,
    ListedRecipientPage,
    ModelPage,
    Taken,
)
from campaign_service.serving import CommandResult

__all__ = ["MODELS"]

MODELS = OperationTable("Models", below=OF_TENANT)

_MADE = ResponseForm(schema=Taken, status=201, has_location=True)
_DONE = ResponseForm(schema=Taken)


@MODELS.query("/models", query=ModelsQuery, response=ModelPage, shows_state=True)
async def list_models(request: ApiRequest) -> ModelPage:
    """List the models, without their recipients (R3.4); with `at`, those of then (R8.3)."""
    query = request.query(ModelsQuery)
    state, _ = await request.state_at(query.at)

    def page() -> ModelPage:
        behind = [
            (model_id, model) for model_id, model in models(state).items() if model_id > query.after
        ]
        items = behind[: query.limit]
        return ModelPage(
            items=[_schema(model_id, model) for model_id, model in items],
            next=items[-1][0] if len(behind) > query.limit else None,
        )

    return await asyncio.to_thread(page)


@MODELS.command(
    "POST", "/models", gives=AddModel, body=core_values.Model, has_list=True, response=_MADE
)
async def add_model(request: ApiRequest) -> ApiResponse:
    """Add a model; its name must be new (R3.2, R3.4)."""
    body = request.body(core_values.Model)
    _refuse_changed_fact(body, "model_id", UNSET)

    async def command() -> AddModel:
        return AddModel(
            actor=request.principal.name, model=await _built(request, body, RecipientList())
        )

    return await _created_response(request, await request.give(command))


@MODELS.query(
    "/models/{model_id}",
    query=ModelQuery,
    response=core_values.Model,
    has_etag=True,
    shows_state=True,
)
async def read_model(request: ApiRequest) -> ApiResponse:
    """Read a model.

    What is answered can be sent back as it is, with the ETag as If-Match. With `at`, as it was
    then (R8.3).
    """
    query, model_id = request.query(ModelQuery), request.model_id
    state, _ = await request.state_at(query.at)
    model, has_recipients = _model_in(state, model_id), query.recipients

    def written() -> tuple[bytes, str]:
        # A million recipients are written here too: the event loop has calls to see to.
        tag = request.context.model_tags.of(model)
        if request.is_known(tag):
            return b"", tag
        schema = _schema(model_id, model, has_recipients=has_recipients)
        return msgspec.json.encode(schema), tag

    if has_recipients:
        await request.audit_export(model_id=model_id, what="recipients", format="json")
        text, tag = await request.run_in(request.context.long_query_slots, written)
    else:
        text, tag = await asyncio.to_thread(written)
    return ApiResponse(content=text, headers={"ETag": tag})


@MODELS.command(
    "PUT",
    "/models/{model_id}",
    gives=EditModel,
    body=core_values.Model,
    query=Confirmation,
    has_list=True,
    response=_DONE,
    if_match=IfMatch.REQUIRED,
)
async def edit_model(request: ApiRequest) -> ApiResponse:
    """Replace a model; what is left out takes its default, and recipients stay as they were.

    Campaigns that were started from it keep their copy; where there are such, it must be
    confirmed (R3.5).
    """
    body, model_id = request.body(core_values.Model), request.model_id
    _refuse_changed_fact(body, "model_id", model_id)

    async def command() -> EditModel:
        before = await _model_with_tag_made(request)
        return EditModel(
            actor=request.principal.name,
            model_id=model_id,
            model=await _built(request, body, before.recipients),
            confirmed=request.query(Confirmation).confirmed,
        )

    return await request.response_to(command, tag=_tag_in(request))


@MODELS.command(
    "DELETE",
    "/models/{model_id}",
    gives=DeleteModels,
    query=Confirmation,
    response=_DONE,
    if_match=IfMatch.OPTIONAL,
)
async def delete_model(request: ApiRequest) -> ApiResponse:
    """Delete a model; campaigns that were started from it stay (R3.5)."""
    confirmed = request.query(Confirmation).confirmed
    return await _give_once_tagged(
        request,
        DeleteModels(
            actor=request.principal.name, model_ids=(request.model_id,), confirmed=confirmed
        ),
    )


@MODELS.command(
    "POST", "/models/delete", gives=DeleteModels, body=requests.DeleteModels, response=_DONE
)
async def delete_models(request: ApiRequest) -> ApiResponse:
    """Delete several models, all of them or none (R3.4, R3.5)."""
    body = request.body(requests.DeleteModels)
    command = DeleteModels(
        actor=request.principal.name,
        model_ids=tuple(ModelId(number) for number in body.model_ids),
        confirmed=body.confirmed,
    )
    try:
        return await request.response_to(command)
    except UnknownModelError as error:
        raise refused_by_field(error, "model_ids", body.model_ids, unknown=error.unknown) from None


@MODELS.query(
    "/models/{model_id}/recipients",
    query=ModelsQuery,
    response=ListedRecipientPage,
    shows_state=True,
)
async def list_model_recipients(request: ApiRequest) -> ListedRecipientPage:
    """List the recipients of a model, in order (R3.4); with `at`, those of then (R8.3)."""
    query = request.query(ModelsQuery)
    state, _ = await request.state_at(query.at)
    listed = _model_in(state, request.model_id).recipients
    last = min(len(listed), query.after + query.limit)
    items = [
        schema_of(listed.at(position), ListedRecipient, position=position)
        for position in range(query.after + 1, last + 1)
    ]
    return ListedRecipientPage(
        items=items,
        next=last if items and last < len(listed) else None,
        recipient_count=len(listed),
    )


@MODELS.command(
    "POST", "/models/{model_id}/clone", gives=CloneModel, body=requests.CloneModel, response=_MADE
)
async def clone_model(request: ApiRequest) -> ApiResponse:
    """Add a copy of a model under a new name (R3.4)."""
    body = request.body(requests.CloneModel)
    command = CloneModel(actor=request.principal.name, model_id=request.model_id, name=body.name)
    return await _created_response(request, await request.give(command))


def _declare(gives: type[EnableModel | DisableModel], path: str, about: str) -> None:
    """Declare a command that has nothing but its model."""

    async def handler(request: ApiRequest) -> ApiResponse:
        command = gives(actor=request.principal.name, model_id=request.model_id)
        return await _give_once_tagged(request, command)

    handler.__name__, handler.__doc__ = operation_name(gives), about
    MODELS.command(
        "POST",
        f"/models/{{model_id}}{path}",
        gives=gives,
        response=_DONE,
        if_match=IfMatch.OPTIONAL,
    )(handler)


_declare(EnableModel, "/enable", "Let campaigns be started from a model (R3.4).")
_declare(DisableModel, "/disable", "Let no campaign be started from a model (R3.4).")


def _model_in(state: State, model_id: ModelId) -> CampaignModel:
    model = models(state).get(model_id)
    if model is None:
        raise NotFoundError(f"model_id = {model_id}: there is no such model")
    return model


async def _model_with_tag_made(request: ApiRequest) -> CampaignModel:
    """Return the model that is to be changed, once its tag is known where it will be needed.

    That of a large list takes a while, which the command itself is not to wait for.
    """
    model = _model_in(request.tenant.state, request.model_id)
    if request.if_match is not None:
        await asyncio.to_thread(request.context.model_tags.of, model)
    return model


async def _give_once_tagged(request: ApiRequest, command: Command) -> ApiResponse:
    async def make() -> Command:
        await _model_with_tag_made(request)
        return command

    return await request.response_to(make, tag=_tag_in(request))


def _tag_in(request: ApiRequest) -> Callable[[State], str]:
    return lambda state: request.context.model_tags.of(_model_in(state, request.model_id))


async def _built(
    request: ApiRequest, body: core_values.Model, before: RecipientList
) -> CampaignModel:
    """Return the model of a body, with the recipients of before where it names none."""
    lists = ListOptions(plan=request.tenant.state.settings.number_plan)
    model = cast("CampaignModel", await asyncio.to_thread(built, body, lists))
    if body.recipients is UNSET:
        model = await asyncio.to_thread(attrs.evolve, model, recipients=before)
    _refuse_changed_fact(body, "recipient_count", len(model.recipients))
    return model


def _refuse_changed_fact(body: core_values.Model, name: str, right: int | UnsetType) -> None:
    """Refuse what an answer shows and nobody may change, unless it is as it was."""
    given = getattr(body, name)
    if given is not UNSET and given != right:
        rule = "not to be given here" if right is UNSET else f"{right}, or left out"
        raise BadValuesError([Problem(field=name, value=given, rule=rule)])


def _schema(
    model_id: ModelId, model: CampaignModel, *, has_recipients: bool = False
) -> core_values.Model:
    listed = (
        [schema_of(one, core_values.Recipient) for one in model.recipients]
        if has_recipients
        else UNSET
    )
    return schema_of(
        model,
        core_values.Model,
        model_id=model_id,
        recipient_count=len(model.recipients),
        recipients=listed,
    )


async def _created_response(request: ApiRequest, done: CommandResult) -> ApiResponse:
    made = next(event for event in done.events if isinstance(event, ModelAdded))
    remarks = await asyncio.to_thread(remarks_on, made.model.recipients, request.tenant.state)
    location = f"{OF_TENANT.format(tenant=request.tenant.name)}/models/{made.model_id}"
    return command_response(done, model_id=made.model_id, location=location, remarks=remarks)
