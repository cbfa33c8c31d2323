"""The nodes of a telephony that is a pool: how they fare, and taking one out for maintenance."""

from __future__ import annotations

from campaign_service.access import AccessAction, ServicePermission, audit_action
from campaign_service.api.operations import OF_TENANT, OperationTable, ResponseForm
from campaign_service.api.problems.errors import NotFoundError
from campaign_service.api.request import ApiRequest
from campaign_service.api.times import present
from campaign_service.schemas import records
from campaign_service.schemas.conversion import schema_of, schema_with
from campaign_service.serving import UnknownNodeError

__all__ = ["NODES"]

NODES = OperationTable("Nodes", below=f"{OF_TENANT}/nodes")

_NODE = ResponseForm(schema=records.Node)
_PROBLEMS = ("refused", "not-leading", "away")
_MANAGE = ServicePermission.MANAGE_SETTINGS


@NODES.query("", response=records.NodeList, problems=("not-leading",))
async def list_nodes(request: ApiRequest) -> records.NodeList:
    """List the nodes of the telephony; none, where it is no pool.

    Only the process that leads the tenant knows of them.
    """
    return schema_with(records.NodeList, items=request.tenant.nodes())


@NODES.change("POST", "/{name}/drain", needs=_MANAGE, response=_NODE, problems=_PROBLEMS)
async def drain_node(request: ApiRequest) -> records.Node:
    """Place no new calls on a node; its calls come to their end.

    It stays so until the node is restored, or another process leads, or this one starts anew.
    """
    return await _set_drained(request, drained=True)


@NODES.change("POST", "/{name}/restore", needs=_MANAGE, response=_NODE, problems=_PROBLEMS)
async def restore_node(request: ApiRequest) -> records.Node:
    """Place calls again on a node that was drained."""
    return await _set_drained(request, drained=False)


async def _set_drained(request: ApiRequest, *, drained: bool) -> records.Node:
    tenant, name = request.tenant, request.path_params["name"]
    before = {node.name: node.is_drained for node in tenant.nodes()}
    if before.get(name) is not None and before[name] is not drained:
        # First, for what cannot be put down shall not be done.
        await request.on_database(
            audit_action,
            AccessAction.NODE_DRAINED if drained else AccessAction.NODE_RESTORED,
            by=request.principal.actor,
            subject=name,
            now=present(),
            details={"tenant": tenant.name},
        )
    try:
        (tenant.drain_node if drained else tenant.restore_node)(name)
    except UnknownNodeError as error:
        raise NotFoundError(str(error)) from None
    node = next(node for node in tenant.nodes() if node.name == name)
    return schema_of(node, records.Node)
