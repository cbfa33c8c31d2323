"""The chapters of the API, as its document tells of them."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CHAPTERS"]

CHAPTERS: Mapping[str, str] = {
    "Who asks": "Who one is, and what one may do.",
    "Users": "Log-in, users, roles, tokens, and the record of who changed them.",
    "Service": "Tenants, how each fares, calls in progress, forecasts, events as they happen.",
    "Nodes": "The nodes of a telephony that is a pool of several.",
    "Settings": "The general settings and the do-not-call list (R2, R6.12).",
    "Models": "The templates from which campaigns are started (R3).",
    "Campaigns": "Campaigns, and what a command would do (R4, R8.5).",
    "Recipients": "The recipients of a campaign, and why they are not called (R5, R8.1).",
    "What happened": "Logs, past campaigns, the record of commands, exports (R9).",
    "Health": "What monitors ask.",
    "Problems": "What the type of a problem means.",
}
"""What each chapter is about."""
