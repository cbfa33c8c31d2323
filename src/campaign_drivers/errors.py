"""What can go wrong with a telephony, sorted by who must act.

::

    DriverError
    ├── LinkLostError(ConnectionError)          the network or the exchange
    ├── LoginRefusedError(PermissionError)      whoever set the credentials
    └── MalformedMessageError(ValueError)       the exchange, or us: not the protocol we know

Raised at connecting alone: once connected, going down is a report.
"""

from __future__ import annotations

__all__ = ["DriverError", "LinkLostError", "LoginRefusedError", "MalformedMessageError"]


class DriverError(Exception):
    """Any error of a driver."""


class LinkLostError(DriverError, ConnectionError):
    """There is no connection to the telephony."""


class LoginRefusedError(DriverError, PermissionError):
    """The telephony does not take our credentials."""


class MalformedMessageError(DriverError, ValueError):
    """Bytes that are not the protocol they should be."""
