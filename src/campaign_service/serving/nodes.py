"""The nodes of a tenant's telephony, where it is a pool of several: seen, drained, restored."""

from __future__ import annotations

import logging

from campaign_core.errors import CommandRefusedError
from campaign_drivers import Driver
from campaign_drivers.pool import NodeStatus, PoolDriver
from campaign_service.serving.interface import UnknownNodeError

__all__ = ["nodes_of", "switch"]

_log = logging.getLogger(__name__)


def nodes_of(driver: Driver) -> tuple[NodeStatus, ...]:
    """Return what is so of each node; of a telephony that is no pool, none."""
    return driver.nodes() if isinstance(driver, PoolDriver) else ()


def switch(driver: Driver, name: str, *, tenant: str, drained: bool) -> None:
    """Have a node take no new calls, or take them again; its calls go on.

    Raises:
        CommandRefusedError: the telephony has no nodes.
        UnknownNodeError: no node has this name.
    """
    if not isinstance(driver, PoolDriver):
        command = "DrainNode" if drained else "RestoreNode"
        raise CommandRefusedError(command, "the telephony of this tenant is no pool of nodes")
    known = [node.name for node in driver.nodes()]
    if name not in known:
        raise UnknownNodeError(name, known)
    if drained:
        driver.drain(name)
    else:
        driver.restore(name)
    _log.warning(
        "tenant %s: node %s %s", tenant, name, "is drained" if drained else "takes calls again"
    )
