"""Drivers carry out the core's decisions on one kind of telephony, and report what they saw.

The face: the protocol and its errors. Each driver is a package of its own below. No rules of a
campaign belong here.
"""

from campaign_drivers._driver import Capacity, Driver, Missing, Need, ReportSink
from campaign_drivers._findings import Finding, Severity
from campaign_drivers.errors import (
    DriverError,
    LinkLostError,
    LoginRefusedError,
    MalformedMessageError,
)

__all__ = [
    "Capacity",
    "Driver",
    "DriverError",
    "Finding",
    "LinkLostError",
    "LoginRefusedError",
    "MalformedMessageError",
    "Missing",
    "Need",
    "ReportSink",
    "Severity",
]
