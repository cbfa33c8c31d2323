"""What a role may be given: the core's permissions (R10.1), and one of the service's own."""

from __future__ import annotations

from enum import Enum

from campaign_core import permission_for
from campaign_core.commands import Command

__all__ = ["ServicePermission", "needed_for"]


class ServicePermission(Enum):
    """What somebody may do in a running service."""

    VIEW = "VIEW"
    """See settings, models, campaigns and logs: every query."""
    MANAGE_CAMPAIGNS = "MANAGE_CAMPAIGNS"
    """Models and campaigns."""
    MANAGE_SETTINGS = "MANAGE_SETTINGS"
    """The general settings, and the do-not-call list."""
    MANAGE_USERS = "MANAGE_USERS"
    """Users, roles, tokens and the audit, of all tenants: who has it can give himself the rest."""


def needed_for(command: Command) -> ServicePermission:
    """Return the permission that a command needs, by the core's table (R10.1)."""
    return ServicePermission(permission_for(command).value)
