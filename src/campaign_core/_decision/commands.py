"""Whether a command is taken, and the events it brings about (R2 to R5).

One function a command. Each looks at the draft and raises before it records anything: a command
is taken whole or refused whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core._decision.campaign_commands import OF_CAMPAIGNS
from campaign_core._decision.model_commands import OF_MODELS
from campaign_core._decision.recipient_commands import OF_RECIPIENTS
from campaign_core._decision.recorder import Recorder
from campaign_core._state.service import Draft

__all__ = ["COMMANDS"]

COMMANDS: dict[type[Any], Callable[[Draft, Any, Recorder], None]] = {
    **OF_MODELS,
    **OF_CAMPAIGNS,
    **OF_RECIPIENTS,
}
"""What each command brings about, or why it is refused."""
