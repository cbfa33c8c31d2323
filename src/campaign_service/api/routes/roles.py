"""Roles, and the audit of who changed who may do what (R10.1)."""

from __future__ import annotations

from msgspec import UNSET

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.api.operations import PREFIX, IfMatch, OperationTable, ResponseForm
from campaign_service.api.request import ApiRequest
from campaign_service.api.response import ApiResponse
from campaign_service.api.times import instant_in, present, text_of
from campaign_service.api.views.accounts import (
    expected_version,
    role_schema,
    version_tag,
)
from campaign_service.schemas import accounts
from campaign_service.schemas.fields import given
from campaign_service.schemas.requests import NoQuery

__all__ = ["ROLES"]

ROLES = OperationTable("Users", below=PREFIX)

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = ResponseForm(status=204, media=())


@ROLES.query("/roles", query=NoQuery, reply=accounts.RoleList, needs=_MANAGE)
async def list_roles(request: ApiRequest) -> ApiResponse:
    """List all roles: those built in, then the others."""
    found = await request.on_database(access.roles)
    return ApiResponse(content=accounts.RoleList(items=[role_schema(one) for one in found]))


@ROLES.query("/roles/{role}", query=NoQuery, reply=accounts.Role, needs=_MANAGE, has_etag=True)
async def read_role(request: ApiRequest) -> ApiResponse:
    """Read a role."""
    found = await request.on_database(access.role, request.names["role"])
    return ApiResponse(content=role_schema(found), headers={"ETag": version_tag(found.version)})


@ROLES.change(
    "PUT",
    "/roles/{role}",
    needs=_MANAGE,
    body=accounts.PutRole,
    reply=ResponseForm(schema=accounts.Role, has_etag=True),
    if_match=IfMatch.TAKEN,
)
async def put_role(request: ApiRequest) -> ApiResponse:
    """Make a role, or give it other permissions, for all who have it."""
    changed = await request.on_database(
        access.put_role,
        request.names["role"],
        permissions=request.body(accounts.PutRole).permissions,
        by=request.principal.actor,
        now=present(),
        expected=expected_version(request),
    )
    return ApiResponse(content=role_schema(changed), headers={"ETag": version_tag(changed.version)})


@ROLES.change("DELETE", "/roles/{role}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_role(request: ApiRequest) -> ApiResponse:
    """Delete a role that nobody has."""
    await request.on_database(
        access.delete_role,
        request.names["role"],
        by=request.principal.actor,
        now=present(),
        expected=expected_version(request),
    )
    return ApiResponse(status=204)


@ROLES.query("/audit", query=accounts.AdminAuditQuery, reply=accounts.AdminAuditPage, needs=_MANAGE)
async def read_admin_audit(request: ApiRequest) -> ApiResponse:
    """Read who changed who may do what, who came in, and who was refused.

    What was done to campaigns and settings is in the audit of each tenant.
    """
    query = request.query(accounts.AdminAuditQuery)
    found = await request.on_database(
        access.audit,
        actor=given(query.actor),
        subject=given(query.subject),
        action=given(query.action),
        since=None if query.since is UNSET else instant_in(query.since, "since"),
        until=None if query.until is UNSET else instant_in(query.until, "until"),
        after=query.after,
        limit=query.limit + 1,
    )
    items = [
        accounts.AdminEvent(
            id=one.id,
            at=text_of(one.at),
            actor=one.actor,
            address=one.address,
            action=one.action,
            subject=one.subject,
            details=dict(one.details),
            token=one.token,
        )
        for one in found[: query.limit]
    ]
    following = items[-1].id if len(found) > query.limit else None
    return ApiResponse(content=accounts.AdminAuditPage(items=items, next=following))
