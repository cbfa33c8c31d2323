"""What runs: tenants that are led or followed, who leads, and all that a process serves.

The engine knows one service and one journal; here belongs what several processes and several
tenants make of it. No HTTP, no users.
"""

from typing import TYPE_CHECKING

from campaign_core.renamed import former_names
from campaign_service.engine import CommandResult
from campaign_service.serving.errors import (
    KeyReusedError,
    NotLeadingError,
    ServingError,
    UnknownNodeError,
)
from campaign_service.serving.idempotency_keys import KeyedRequest
from campaign_service.serving.service_host import ServiceHost
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.systemd_notifier import SystemdNotifier
from campaign_service.serving.tenant_service import Health, TenantService
from campaign_service.serving.tenant_supervisor import current_tenant
from campaign_service.vocabulary import ProcessRole

__all__ = [
    "CommandResult",
    "Health",
    "KeyReusedError",
    "KeyedRequest",
    "NotLeadingError",
    "ProcessRole",
    "ServiceHost",
    "ServiceHostSettings",
    "ServingError",
    "SystemdNotifier",
    "TenantService",
    "UnknownNodeError",
    "current_tenant",
]

_FORMER_NAMES = {
    "House": "ServiceHost",
    "HouseService": "ServiceHost",
    "HouseSettings": "ServiceHostSettings",
    "Notifier": "SystemdNotifier",
    "TENANT": "current_tenant",
    "Taken": "CommandResult",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
