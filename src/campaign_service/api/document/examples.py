"""Examples of bodies, as the OpenAPI document shows them; a test reads each."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from campaign_service.api.shapes import people, requests, trials, wanted

__all__ = ["EXAMPLES"]

EXAMPLES: Mapping[type[Struct], dict[str, object]] = {
    wanted.Settings: {
        "active_campaigns_max": None,
        "call_limits": {"total": 10, "internal": 8, "external": 6},
        "call_rate": {"calls": 5, "per_s": 1},
        "answer_prompt": "press-1",
        "listening_prompt": None,
        "one_call_per_number": True,
        "frequency_cap": None,
    },
    wanted.Model: {
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
    trials.WhatIf: {
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
    people.NewUser: {"name": "anna", "grants": [{"role": "operator", "tenant": "main"}]},
    people.PutRole: {"permissions": ["VIEW"]},
    people.NewToken: {"label": "door bell", "permissions": ["VIEW"]},
}
