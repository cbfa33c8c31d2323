"""The operations, chapter by chapter; each handler is a few lines over the core and the journal."""

from __future__ import annotations

from campaign_service.api.operations import Operation
from campaign_service.api.routes.campaigns import CAMPAIGNS
from campaign_service.api.routes.health import HEALTH, KINDS, METRICS, OPEN_METRICS
from campaign_service.api.routes.log_in import LOG_IN, ME
from campaign_service.api.routes.logs import LOGS
from campaign_service.api.routes.models import MODELS
from campaign_service.api.routes.nodes import NODES
from campaign_service.api.routes.recipients import RECIPIENTS
from campaign_service.api.routes.service import SERVICE, TENANTS
from campaign_service.api.routes.settings import SETTINGS
from campaign_service.api.routes.users import USERS

__all__ = ["operations_of"]


def operations_of(*, has_users: bool, open_metrics: bool) -> tuple[Operation, ...]:
    """Return all operations.

    Args:
        has_users: whether the service has users of its own.
        open_metrics: whether anybody may read the measurements.
    """
    chapters = (
        ME,
        *((LOG_IN, USERS) if has_users else ()),
        TENANTS,
        SERVICE,
        NODES,
        SETTINGS,
        MODELS,
        CAMPAIGNS,
        RECIPIENTS,
        LOGS,
        HEALTH,
        KINDS,
        OPEN_METRICS if open_metrics else METRICS,
    )
    return tuple(operation for chapter in chapters for operation in chapter.operations)
