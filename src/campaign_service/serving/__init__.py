"""What runs: tenants that are led or followed, who leads, and all that a process serves.

The engine knows one service and one journal; here belongs what several processes and several
tenants make of it. No HTTP, no users.
"""

from typing import TYPE_CHECKING

from campaign_service.renamed import former_names
from campaign_service.serving.interface import (
    CommandResult,
    Health,
    KeyedRequest,
    KeyReusedError,
    NotLeadingError,
    ProcessRole,
    ServingError,
    TenantService,
    TenantServices,
    UnknownNodeError,
)
from campaign_service.serving.service_host import ServiceHost
from campaign_service.serving.settings import ServiceHostSettings
from campaign_service.serving.systemd_notifier import SystemdNotifier
from campaign_service.serving.tenant_supervisor import TENANT

__all__ = [
    "TENANT",
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
    "TenantServices",
    "UnknownNodeError",
]

_FORMER_NAMES = {
    "House": "ServiceHost",
    "HouseService": "TenantServices",
    "HouseSettings": "ServiceHostSettings",
    "Notifier": "SystemdNotifier",
    "Taken": "CommandResult",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
