"""A pool that is named by its file: ``pool:/etc/campaign/pool.toml``."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

import attrs

from campaign_core import SIMULATED, ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers import Driver, Finding, Severity
from campaign_drivers.pool import PoolDriver
from campaign_drivers.simulated import RealClock
from campaign_service.config.pool_file import PoolNode, read_pool
from campaign_service.engine.drivers import (
    DoctorRequest,
    DriverRequest,
    can_examine,
    examine,
    open_driver,
    telephony_of,
)

__all__ = ["examine_pool", "is_simulated", "open_pool"]


def open_pool(request: DriverRequest) -> Driver:
    """Return the driver of the pool that a file tells of, not connected yet.

    Raises:
        SettingsError: the file cannot be read, or holds values that cannot be taken.
    """
    nodes = [entry.node for entry in _nodes(request)]
    return PoolDriver(nodes, clock=request.clock)


def is_simulated(url: str) -> bool:
    """Return whether nobody is really called over a pool: each of its nodes is simulated."""
    request = DriverRequest(url=url, service_id=ServiceId("00000000"), clock=RealClock())
    try:
        nodes = _nodes(request)
    except SettingsError:
        return False
    return all(telephony_of(entry.url) == SIMULATED for entry in nodes)


async def examine_pool(asked: DoctorRequest) -> tuple[Finding, ...]:
    """Return what the nodes of a pool lack, and have, each finding with its node's name.

    Raises:
        SettingsError: the file cannot be read, or holds values that cannot be taken.
    """
    request = DriverRequest(url=asked.url, service_id=asked.service_id, clock=RealClock())
    nodes = _nodes(request)
    found = await asyncio.gather(*(_examine_node(entry, asked) for entry in nodes))
    return tuple(finding for findings in found for finding in findings)


async def _examine_node(entry: PoolNode, asked: DoctorRequest) -> tuple[Finding, ...]:
    name = entry.node.name
    if not can_examine(entry.url):
        says = "there is nothing to look at in this kind of telephony"
        return (Finding(what=name, severity=Severity.NOTE, says=says),)
    found = await examine(
        entry.url, service_id=asked.service_id, sounds=asked.sounds, number=asked.number
    )
    return tuple(attrs.evolve(finding, what=f"{name}: {finding.what}") for finding in found)


def _nodes(request: DriverRequest) -> tuple[PoolNode, ...]:
    name = request.url.partition(":")[2]
    if not name:
        raise SettingsError([Problem(field="pool", value=name, rule="pool:FILE, with a file")])
    path = Path(name)
    return read_pool(path, open_driver=partial(_open_node, request), environment=os.environ)


def _open_node(request: DriverRequest, url: str) -> Driver:
    node = attrs.evolve(request, url=url)
    if node.scheme == request.scheme:
        raise SettingsError(
            [Problem(field="driver", value=node.scheme, rule="a telephony, not a pool again")]
        )
    return open_driver(node)
