"""Examples of bodies, as the OpenAPI document shows them; a test reads each."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from campaign_service.schemas import accounts, core_values, requests, tried_commands

__all__ = ["EXAMPLES"]

EXAMPLES: Mapping[type[Struct], dict[str, object]] = {
    core_values.Settings: {
        "active_campaigns_max": None,
        "call_limits": {"total": 10, "internal": 8, "external": 6},
        "call_rate": {"calls": 5, "per_s": 1},
        "answer_prompt": "press-1",
        "listening_prompt": None,
        "one_call_per_number": True,
        "frequency_cap": None,
    },
    core_values.Model: {
        "name": "School closing",
        "caller_number": "0501234567",
        "sound": "closing-tomorrow",
        "attempts_max": 3,
        "script": {"confirm_answer": True},
        "call_limits": {"external": 6},
        "recipients": [
            {"number": "+390501234568", "name": "Anna Rossi"},
            {"number": "204", "line": "INTERNAL"},
        ],
    },
    requests.StartCampaign: {
        "model_id": 1,
        "when": {"mode": "DELAYED", "minutes": 30},
        "name": "School closing Monday",
    },
    requests.Recipients: {"recipients": [{"number": "+390501234569", "name": "Luca Bianchi"}]},
    requests.AddAttempts: {"attempts": 2, "positions": "ALL_FAILED"},
    requests.StopAttempts: {"positions": [3, 4]},
    requests.StopCampaign: {"hang_up": False},
    requests.Numbers: {"numbers": ["+390501234570"]},
    tried_commands.WhatIf: {
        "trial": {
            "command": "ChangeSettings",
            "settings": {
                "active_campaigns_max": None,
                "call_limits": {"total": 20},
                "call_rate": None,
                "answer_prompt": "press-1",
                "listening_prompt": None,
                "one_call_per_number": True,
                "frequency_cap": None,
            },
        }
    },
    accounts.NewUser: {"name": "anna", "grants": [{"role": "operator", "tenant": "main"}]},
    accounts.PutRole: {"permissions": ["VIEW"]},
    accounts.NewToken: {"label": "door bell", "permissions": ["VIEW"]},
}
