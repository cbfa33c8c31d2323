"""Which permission a command needs (R10.1)."""

from __future__ import annotations

from campaign_core import permission_for
from campaign_core.commands import Command
from campaign_service.vocabulary import ServicePermission

__all__ = ["ServicePermission", "needed_for"]


def needed_for(command: Command) -> ServicePermission:
    """Return the permission that a command needs, by the core's table (R10.1)."""
    return ServicePermission(permission_for(command).value)
