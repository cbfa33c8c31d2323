"""What monitors ask: does the process live, is it of use; and what a problem means."""

from __future__ import annotations

import asyncio

from campaign_service.access import ServicePermission
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import Needs, Register
from campaign_service.api.problems import PROBLEMS, NotFoundError, NotReadyError
from campaign_service.api.shapes.records import Alive, ProblemMeaning
from campaign_service.api.shapes.requests import NoQuery

__all__ = ["HEALTH", "KINDS", "METRICS", "OPEN_METRICS"]

HEALTH = Register("Health", below="")
KINDS = Register("Problems", below="")
METRICS = Register("Health", below="")
OPEN_METRICS = Register("Health", below="")

_TEXT = "text/plain"


@HEALTH.query("/health", query=NoQuery, reply=Alive, needs=Needs.NOTHING)
async def read_health(asked: Asked) -> Answer:
    """Whether the process lives: it answers."""
    return Answer(content=Alive(status="alive"))


@HEALTH.query("/ready", query=NoQuery, reply=Alive, needs=Needs.NOTHING, problems=("not-ready",))
async def read_readiness(asked: Asked) -> Answer:
    """Whether the process is of use: it serves its tenants, and their journals can be read."""
    healths = {name: one.health() for name, one in sorted(asked.premises.house.tenants.items())}
    if not healths:
        raise NotReadyError("no tenant is served yet")
    away = [name for name, health in healths.items() if health.journal_away_since is not None]
    if away:
        raise NotReadyError(f"the journal is away of {', '.join(away)}")
    in_trouble = [name for name, health in healths.items() if health.trouble is not None]
    if in_trouble:
        # What it is stands in the log and in the status: not for everybody.
        raise NotReadyError(f"there is trouble with {', '.join(in_trouble)}")
    return Answer(content=Alive(status="ready"))


@KINDS.query("/problems/{kind}", query=NoQuery, reply=ProblemMeaning, needs=Needs.NOTHING)
async def read_problem_kind(asked: Asked) -> Answer:
    """What the type of a problem means, and what to do about it."""
    name = asked.names["kind"]
    kind = PROBLEMS.get(name)
    if kind is None:
        raise NotFoundError(f"kind = {name}: there are {', '.join(PROBLEMS)}")
    return Answer(
        content=ProblemMeaning(
            type=kind.type, title=kind.title, status=kind.status, meaning=kind.meaning
        )
    )


async def _metrics(asked: Asked) -> Answer:
    text = await asyncio.to_thread(asked.premises.measures.text)
    # The framework adds the charset.
    return Answer(content=text, media="text/plain; version=0.0.4")


@METRICS.query("/metrics", query=NoQuery, reply=None, media=(_TEXT,), needs=Needs.SOMEBODY)
async def read_metrics(asked: Asked) -> Answer:
    """Measurements for Prometheus, of every tenant: all of them must be one's to view."""
    for name in asked.premises.house.tenants:
        asked.principal.require(ServicePermission.VIEW, tenant=name)
    return await _metrics(asked)


@OPEN_METRICS.query("/metrics", query=NoQuery, reply=None, media=(_TEXT,), needs=Needs.NOTHING)
async def read_open_metrics(asked: Asked) -> Answer:
    """Measurements for Prometheus, of every tenant; the service's settings open them to all."""
    return await _metrics(asked)
