"""The engine joins the core to a driver: it owns the clock and the order of things.

::

    message ──► handle ──► events ──► journal, observers
                              └─────► decisions ──► driver ──► reports, which are messages

Two engines run the same core. :class:`VirtualEngine` keeps the time itself and goes from one
instant to the next, over a simulated exchange; :class:`RealTimeEngine` lives by a clock, over any
driver. No rules of a campaign belong here.
"""

from typing import TYPE_CHECKING

from campaign_core.renamed import former_names
from campaign_service.engine.blocking import BlockingEngine
from campaign_service.engine.call_gate import GateClosed
from campaign_service.engine.drivers import (
    DriverFactory,
    DriverRequest,
    examine,
    open_driver,
    register_driver,
    telephony_of,
)
from campaign_service.engine.errors import (
    EngineStoppedError,
    JournalFailedError,
    LeaderUncertainError,
)
from campaign_service.engine.observers import Observer, OperatorLog
from campaign_service.engine.pending_commands import CommandResult
from campaign_service.engine.real_time import RealTimeEngine
from campaign_service.engine.service_policy import ServicePolicy, new_service_id
from campaign_service.engine.sound_check import (
    SoundsMissingError,
    refuse_if_missing,
    refuse_missing_sounds,
    sounds_needed,
)
from campaign_service.engine.virtual import VirtualEngine

__all__ = [
    "BlockingEngine",
    "CommandResult",
    "DriverFactory",
    "DriverRequest",
    "EngineStoppedError",
    "GateClosed",
    "JournalFailedError",
    "LeaderUncertainError",
    "Observer",
    "OperatorLog",
    "RealTimeEngine",
    "ServicePolicy",
    "SoundsMissingError",
    "VirtualEngine",
    "examine",
    "new_service_id",
    "open_driver",
    "refuse_if_missing",
    "refuse_missing_sounds",
    "register_driver",
    "sounds_needed",
    "telephony_of",
]

_FORMER_NAMES = {
    "CommandTaken": "CommandResult",
    "Shut": "GateClosed",
    "UnsureError": "LeaderUncertainError",
    "Upkeep": "ServicePolicy",
    "refuse_lacked": "refuse_if_missing",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
