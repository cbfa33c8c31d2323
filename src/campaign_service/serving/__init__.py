"""What runs: tenants that are led or followed, who leads, and all that a process serves.

The engine knows one service and one journal; here belongs what several processes and several
tenants make of it. No HTTP, no users.
"""

from campaign_service.serving.house import House
from campaign_service.serving.interface import (
    Health,
    HouseService,
    KeyedRequest,
    KeyReusedError,
    NotLeadingError,
    ProcessRole,
    ServingError,
    Taken,
    TenantService,
    UnknownNodeError,
)
from campaign_service.serving.life import TENANT
from campaign_service.serving.notify import Notifier
from campaign_service.serving.settings import HouseSettings

__all__ = [
    "TENANT",
    "Health",
    "House",
    "HouseService",
    "HouseSettings",
    "KeyReusedError",
    "KeyedRequest",
    "NotLeadingError",
    "Notifier",
    "ProcessRole",
    "ServingError",
    "Taken",
    "TenantService",
    "UnknownNodeError",
]
