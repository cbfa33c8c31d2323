"""What a running service does not do, though nothing was wrong with it in itself."""

from __future__ import annotations

from collections.abc import Iterable

from campaign_core.errors import PortableError

__all__ = ["KeyReusedError", "NotLeadingError", "ServingError", "UnknownNodeError"]


class ServingError(PortableError):
    """A running service does not do what it was asked, though nothing of it was wrong in itself."""


class NotLeadingError(ServingError):
    """Another process leads this tenant, or none does yet: it is the one to command."""

    def __init__(self, tenant: str, leader_url: str | None) -> None:
        """Take the tenant's name and where its leader listens, as far as that is known."""
        self.tenant, self.leader_url = tenant, leader_url
        who = "no process leads it just now" if leader_url is None else f"{leader_url} does"
        super().__init__(f"this process does not lead tenant {tenant!r}: {who}")


class KeyReusedError(ServingError, ValueError):
    """An idempotency key came again with another request than the first time."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"idempotency key {key!r} was used before, for another request")


class UnknownNodeError(ServingError, LookupError):
    """The telephony has no node of this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"there is no node {name!r}; there are {', '.join(known)}")
