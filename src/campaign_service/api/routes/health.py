"""What monitors ask: does the process live, is it of use; and what a problem means."""

from __future__ import annotations

import asyncio

from campaign_service.access import ServicePermission
from campaign_service.api.operations import OperationTable, RequiredCaller
from campaign_service.api.problems.errors import NotFoundError, NotReadyError
from campaign_service.api.problems.kinds import PROBLEMS
from campaign_service.api.request import ApiRequest, ApiResponse
from campaign_service.schemas.records import Alive, ProblemMeaning

__all__ = ["HEALTH", "KINDS", "METRICS", "OPEN_METRICS"]

HEALTH = OperationTable("Health", below="")
KINDS = OperationTable("Problems", below="")
METRICS = OperationTable("Health", below="")
OPEN_METRICS = OperationTable("Health", below="")

_TEXT = "text/plain"


@HEALTH.query("/health", response=Alive, needs=RequiredCaller.ANYBODY)
async def read_health(request: ApiRequest) -> Alive:
    """Whether the process lives: it answers."""
    return Alive(status="alive")


@HEALTH.query("/ready", response=Alive, needs=RequiredCaller.ANYBODY, problems=("not-ready",))
async def read_readiness(request: ApiRequest) -> Alive:
    """Whether the process is of use: it serves its tenants, and their journals can be read."""
    healths = {name: one.health() for name, one in sorted(request.context.host.tenants.items())}
    if not healths:
        raise NotReadyError("no tenant is served yet")
    away = [name for name, health in healths.items() if health.journal_away_since is not None]
    if away:
        raise NotReadyError(f"the journal is away of {', '.join(away)}")
    in_trouble = [name for name, health in healths.items() if health.trouble is not None]
    if in_trouble:
        # What it is stands in the log and in the status: not for everybody.
        raise NotReadyError(f"there is trouble with {', '.join(in_trouble)}")
    return Alive(status="ready")


@KINDS.query("/problems/{kind}", response=ProblemMeaning, needs=RequiredCaller.ANYBODY)
async def read_problem_kind(request: ApiRequest) -> ProblemMeaning:
    """What the type of a problem means, and what to do about it."""
    name = request.path_params["kind"]
    kind = PROBLEMS.get(name)
    if kind is None:
        raise NotFoundError(f"kind = {name}: there are {', '.join(PROBLEMS)}")
    return ProblemMeaning(
        type=kind.type, title=kind.title, status=kind.status, meaning=kind.meaning
    )


async def _metrics(request: ApiRequest) -> ApiResponse:
    text = await asyncio.to_thread(request.context.metrics.text)
    # The framework adds the charset.
    return ApiResponse(content=text, media="text/plain; version=0.0.4")


@METRICS.query("/metrics", response=None, media=(_TEXT,), needs=RequiredCaller.AUTHENTICATED)
async def read_metrics(request: ApiRequest) -> ApiResponse:
    """Measurements for Prometheus, of every tenant: all of them must be one's to view."""
    for name in request.context.host.tenants:
        request.principal.require(ServicePermission.VIEW, tenant=name)
    return await _metrics(request)


@OPEN_METRICS.query("/metrics", response=None, media=(_TEXT,), needs=RequiredCaller.ANYBODY)
async def read_open_metrics(request: ApiRequest) -> ApiResponse:
    """Measurements for Prometheus, of every tenant; the service's settings open them to all."""
    return await _metrics(request)
