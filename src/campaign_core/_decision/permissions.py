"""Who may do what: which permission a command needs (R10.1). Whoever faces users enforces it."""

from __future__ import annotations

from enum import Enum
from typing import Any

from campaign_core import commands as cm

__all__ = ["PERMISSIONS", "Permission", "permission_for"]


class Permission(Enum):
    """What a role may be given."""

    VIEW = "VIEW"
    """See settings, models, campaigns and logs: every query."""
    MANAGE_CAMPAIGNS = "MANAGE_CAMPAIGNS"
    """Models and campaigns ("Call Campaign Management")."""
    MANAGE_SETTINGS = "MANAGE_SETTINGS"
    """General settings ("Call Campaign general settings management")."""


PERMISSIONS: dict[type[Any], Permission] = {
    cm.ChangeSettings: Permission.MANAGE_SETTINGS,
    cm.AddToDoNotCall: Permission.MANAGE_SETTINGS,
    cm.RemoveFromDoNotCall: Permission.MANAGE_SETTINGS,
    cm.AddModel: Permission.MANAGE_CAMPAIGNS,
    cm.EditModel: Permission.MANAGE_CAMPAIGNS,
    cm.CloneModel: Permission.MANAGE_CAMPAIGNS,
    cm.DeleteModels: Permission.MANAGE_CAMPAIGNS,
    cm.EnableModel: Permission.MANAGE_CAMPAIGNS,
    cm.DisableModel: Permission.MANAGE_CAMPAIGNS,
    cm.StartCampaign: Permission.MANAGE_CAMPAIGNS,
    cm.StartNow: Permission.MANAGE_CAMPAIGNS,
    cm.PauseCampaign: Permission.MANAGE_CAMPAIGNS,
    cm.ResumeCampaign: Permission.MANAGE_CAMPAIGNS,
    cm.StopCampaign: Permission.MANAGE_CAMPAIGNS,
    cm.DeleteCampaign: Permission.MANAGE_CAMPAIGNS,
    cm.AppendRecipients: Permission.MANAGE_CAMPAIGNS,
    cm.AddAttempts: Permission.MANAGE_CAMPAIGNS,
    cm.StopAttempts: Permission.MANAGE_CAMPAIGNS,
}
"""The permission that each command needs."""


def permission_for(command: cm.Command) -> Permission:
    """Return the permission that a command needs."""
    return PERMISSIONS[type(command)]
