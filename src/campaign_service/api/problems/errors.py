"""What can go wrong with a request to the API itself, before or beside the core."""

from __future__ import annotations

from campaign_core.errors import PortableError

__all__ = [
    "BusyError",
    "ClientGoneError",
    "ForeignOriginError",
    "MalformedBodyError",
    "NotAcceptableError",
    "NotFoundError",
    "NotReadyError",
    "PreconditionFailedError",
    "PreconditionNeededError",
    "TooLargeError",
    "TooSlowError",
    "UnsupportedBodyError",
]


class NotFoundError(LookupError):
    """What a URL names is not there."""


class NotAcceptableError(ValueError):
    """The client takes no form in which there is an answer."""


class MalformedBodyError(ValueError):
    """A body that is no JSON at all."""


class UnsupportedBodyError(ValueError):
    """A body is not JSON by its own account."""


class BusyError(Exception):
    """So many wait for the same kind of work that one more would wait for long."""


class ClientGoneError(Exception):
    """A client went away before all of its request had come."""


class ForeignOriginError(ValueError):
    """A browser asks, and not for one of our own pages."""


class TooLargeError(ValueError):
    """A body has more bytes than are taken."""


class TooSlowError(Exception):
    """A body does not come in time."""


class NotReadyError(Exception):
    """The process lives, and is of no use just now."""


class PreconditionNeededError(ValueError):
    """The operation requires an If-Match header."""


class PreconditionFailedError(PortableError, ValueError):
    """Something is not as the client saw it last."""

    def __init__(self, etag: str) -> None:
        """Take the tag of what is there now."""
        self.etag = etag
        super().__init__(f"it has been changed since: its tag is {etag} now")
