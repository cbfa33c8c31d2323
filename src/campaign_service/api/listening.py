"""One listener's stream of server-sent events (the WHATWG's ``text/event-stream``)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from msgspec import UNSET

from campaign_core import CampaignId
from campaign_core.errors import Problem
from campaign_service.access import AccessError, ServicePermission
from campaign_service.api.shapes.building import BadValuesError
from campaign_service.api.shapes.requests import EventsQuery
from campaign_service.serving import ProcessRole

if TYPE_CHECKING:
    from campaign_service.api.asked import Asked

__all__ = ["begin", "listen"]

_RETRY_MS = 2_000


def begin(asked: Asked) -> int | None:
    """Return the last event that a listener knows; ``None``: it asks for those to come.

    Raises:
        BadValuesError: there is no such event yet. It listened to another journal, or to this one
            before a backup was put back: it would hear nothing for long, and then miss some.
    """
    given = asked.query(EventsQuery).after
    field, after = "after", None if given is UNSET else given
    if asked.last_event_id is not None:
        # A client that goes on says so in the header, whatever its URL was at first.
        field, after = "Last-Event-ID", asked.last_event_id
    health = asked.tenant.health()
    # Whoever follows may not have read yet what another process has told.
    if after is not None and health.role is ProcessRole.LEADING and after > health.last_seq:
        rule = f"the number of an event; the last one is {health.last_seq}"
        raise BadValuesError([Problem(field=field, value=after, rule=rule)])
    return after


async def listen(asked: Asked, *, after: int | None) -> AsyncIterator[bytes]:
    """Yield what a listener is told, until the service stops or the token holds no more."""
    query, settings = asked.query(EventsQuery), asked.premises.settings
    loop = asyncio.get_running_loop()
    told_at = checked_at = loop.time()
    yield f"retry: {_RETRY_MS}\n\n".encode()
    campaign_id = None if query.campaign_id is UNSET else CampaignId(query.campaign_id)
    wire = asked.premises.wires.of(asked.tenant.name)
    async with aclosing(wire.listen(after=after, campaign_id=campaign_id)) as texts:
        async for text in texts:
            now = loop.time()
            if now - checked_at >= settings.recheck_s:
                checked_at = now
                if not await _may_still(asked):
                    return
            if text:
                told_at = now
                yield text
            elif now - told_at >= settings.heartbeat_s:
                told_at = now
                yield b": still here\n\n"


async def _may_still(asked: Asked) -> bool:
    """Return whether the token that the stream began with may still be listened with."""
    try:
        principal = await asked.premises.authenticator.authenticate(
            authorization=asked.authorization, address=asked.address
        )
    except AccessError:
        return False
    except OSError:
        # It cannot be found out just now; whoever was let in stays until it can.
        return True
    return principal.may(ServicePermission.VIEW, tenant=asked.tenant.name)
