"""Commands of the core as requests to the HTTP API: method, path below the tenant's, and body."""

from __future__ import annotations

from campaign_core import commands as cm
from campaign_core.codec import to_data
from campaign_service.client.json_data import Json, model_data, recipients_data

__all__ = ["Request", "request_of"]

Request = tuple[str, str, Json]


def request_of(command: cm.Command) -> Request:
    """Return the request that gives a command."""
    match command:
        case cm.ChangeSettings():
            data = to_data(command.settings)
            limits = data["call_limits"]
            settings = {name: value for name, value in data.items() if name not in _TAGS}
            limits = {name: value for name, value in limits.items() if name not in _TAGS}
            return "PUT", "settings", {**settings, "call_limits": limits}
        case cm.AddModel():
            return "POST", "models", dict(model_data(command.model))
        case cm.StartCampaign():
            return "POST", "campaigns", {"model_id": command.model_id}
        case cm.PauseCampaign():
            return "POST", f"campaigns/{command.campaign_id}/pause", None
        case cm.ResumeCampaign():
            return "POST", f"campaigns/{command.campaign_id}/resume", None
        case cm.AppendRecipients():
            added: Json = {"recipients": recipients_data(command.recipients)}
            return "POST", f"campaigns/{command.campaign_id}/recipients", added
        case cm.AddAttempts():
            assert isinstance(command.positions, tuple)
            body: Json = {"attempts": command.attempts, "positions": list(command.positions)}
            return "POST", f"campaigns/{command.campaign_id}/add-attempts", body
        case cm.StopAttempts():
            body = {"positions": list(command.positions)}
            return "POST", f"campaigns/{command.campaign_id}/stop-attempts", body
        case _:
            raise AssertionError(command)


_TAGS = {"type", "format"}
