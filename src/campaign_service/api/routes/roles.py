"""Roles, and the audit of who changed who may do what (R10.1)."""

from __future__ import annotations

from msgspec import UNSET

from campaign_service import access
from campaign_service.access import ServicePermission
from campaign_service.api.answer import Answer
from campaign_service.api.asked import Asked
from campaign_service.api.operations import PREFIX, IfMatch, Register, Reply
from campaign_service.api.shapes import people
from campaign_service.api.shapes.requests import NoQuery
from campaign_service.api.shapes.words import given
from campaign_service.api.times import instant_in, present, text_of
from campaign_service.api.views.people import (
    expected_version,
    role_shape,
    version_tag,
)

__all__ = ["ROLES"]

ROLES = Register("Users", below=PREFIX)

_MANAGE = ServicePermission.MANAGE_USERS
_NOTHING = Reply(status=204, media=())


@ROLES.query("/roles", query=NoQuery, reply=people.RoleList, needs=_MANAGE)
async def list_roles(asked: Asked) -> Answer:
    """List all roles: those built in, then the others."""
    found = await asked.on_database(access.roles)
    return Answer(content=people.RoleList(items=[role_shape(one) for one in found]))


@ROLES.query("/roles/{role}", query=NoQuery, reply=people.Role, needs=_MANAGE, has_etag=True)
async def read_role(asked: Asked) -> Answer:
    """Read a role."""
    found = await asked.on_database(access.role, asked.names["role"])
    return Answer(content=role_shape(found), headers={"ETag": version_tag(found.version)})


@ROLES.change(
    "PUT",
    "/roles/{role}",
    needs=_MANAGE,
    body=people.PutRole,
    reply=Reply(shape=people.Role, has_etag=True),
    if_match=IfMatch.TAKEN,
)
async def put_role(asked: Asked) -> Answer:
    """Make a role, or give it other permissions, for all who have it."""
    changed = await asked.on_database(
        access.put_role,
        asked.names["role"],
        permissions=asked.body(people.PutRole).permissions,
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(content=role_shape(changed), headers={"ETag": version_tag(changed.version)})


@ROLES.change("DELETE", "/roles/{role}", needs=_MANAGE, reply=_NOTHING, if_match=IfMatch.TAKEN)
async def delete_role(asked: Asked) -> Answer:
    """Delete a role that nobody has."""
    await asked.on_database(
        access.delete_role,
        asked.names["role"],
        by=asked.principal.actor,
        now=present(),
        expected=expected_version(asked),
    )
    return Answer(status=204)


@ROLES.query("/audit", query=people.AdminAuditQuery, reply=people.AdminAuditPage, needs=_MANAGE)
async def read_admin_audit(asked: Asked) -> Answer:
    """Read who changed who may do what, who came in, and who was refused.

    What was done to campaigns and settings is in the audit of each tenant.
    """
    query = asked.query(people.AdminAuditQuery)
    found = await asked.on_database(
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
        people.AdminEvent(
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
    return Answer(content=people.AdminAuditPage(items=items, next=following))
