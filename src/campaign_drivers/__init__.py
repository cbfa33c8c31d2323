"""Drivers carry out the core's decisions on one kind of telephony, and report what they saw.

The face: the protocol, its errors, and the forecast, which plays the future on the simulated
telephony (R8.2). Each driver is a package of its own below. No rules of a campaign belong here.
"""

from campaign_core import __version__
from campaign_drivers._driver import Capacity, Driver, Missing, Need, ReportSink
from campaign_drivers._findings import Finding, Severity
from campaign_drivers.errors import (
    DriverError,
    LinkLostError,
    LoginRefusedError,
    MalformedMessageError,
)
from campaign_drivers.simulated._forecast import (
    CampaignForecast,
    Forecast,
    Observed,
    Observer,
    SeenCall,
    Spread,
    forecast,
    observed,
)

__all__ = [
    "CampaignForecast",
    "Capacity",
    "Driver",
    "DriverError",
    "Finding",
    "Forecast",
    "LinkLostError",
    "LoginRefusedError",
    "MalformedMessageError",
    "Missing",
    "Need",
    "Observed",
    "Observer",
    "ReportSink",
    "SeenCall",
    "Severity",
    "Spread",
    "__version__",
    "forecast",
    "observed",
]
