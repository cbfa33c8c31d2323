"""What a driver must know of any telephony server, and what may be sent to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import attrs

from campaign_core import Line, ServiceId
from campaign_core.decisions import PlaceCall
from campaign_drivers._checks import HOST, SERVICE_ID, between
from campaign_drivers._telephony.socket_driver import Address
from campaign_drivers.caller_number import caller_number_on_route

__all__ = ["ServerSettings", "UnfitError", "caller_number_of", "checked_number", "fit", "route_of"]

RouteT = TypeVar("RouteT")

_NUMBER = re.compile(r"\+?[0-9*#]{1,31}")


@attrs.frozen(kw_only=True)
class ServerSettings:
    """Where a server is, whose calls are placed on it, and how many.

    Written by whoever runs the server and trusted as such; checked all the same, so that a slip is
    named when the driver is made and not in the middle of a campaign.
    """

    service_id: ServiceId = attrs.field(validator=SERVICE_ID)
    """Calls whose id begins so are ours; the driver touches no others."""
    host: str = attrs.field(validator=HOST)
    port: int = attrs.field(validator=between(1, 65_535))
    tls: bool = False
    """Speak TLS; off the loopback interface do not go without."""
    tls_ca: Path | None = None
    """Certificates to trust, PEM; ``None``: the system's."""
    tls_name: str | None = None
    """The name in the server's certificate; ``None``: the host."""
    calls_max: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(between(1, 100_000))
    )
    """Calls at one time that are placed on the server; ``None``: any number, or what it tells."""
    answer_within_s: float = attrs.field(default=10.0, validator=between(0.1, 600))
    """For each reply of the server; after it the connection counts as lost."""
    login_within_s: float = attrs.field(default=10.0, validator=between(0.1, 600))
    """From connecting until the server says that it is ready."""

    @property
    def address(self) -> Address:
        """Where to connect."""
        return Address(
            host=self.host,
            port=self.port,
            within_s=self.login_within_s,
            tls=self.tls,
            tls_ca=self.tls_ca,
            tls_name=self.tls_name,
        )


class UnfitError(ValueError):
    """A value that may not reach the server; the text says which and why."""


def fit(pattern: re.Pattern[str], value: str, what: str, *, server: str) -> str:
    """Return a value that may be sent; there is nothing that escapes one which may not.

    Raises:
        UnfitError: it may not.
    """
    if not pattern.fullmatch(value):
        raise UnfitError(f"{what} {value!r} is not one that may be sent to {server}")
    return value


def checked_number(number: str, what: str, *, server: str) -> str:
    """Return a number that may be dialled.

    Raises:
        UnfitError: it may not.
    """
    return fit(_NUMBER, number, what, server=server)


def caller_number_of(order: PlaceCall, template: str, *, server: str) -> str:
    """Return the caller number of a call, as the route makes it.

    Raises:
        UnfitError: the campaign's may not be sent.
    """
    given = checked_number(order.caller_number, "the caller number", server=server)
    return caller_number_on_route(template, given)


def route_of(
    order: PlaceCall, internal: RouteT | None, external: Mapping[str | None, RouteT]
) -> RouteT:
    """Return the route of a call (R7.8).

    Raises:
        UnfitError: there is none for it.
    """
    if order.line is Line.INTERNAL:
        route, kind = internal, "internal calls"
    else:
        name = order.routing_class
        route = external.get(name)
        kind = "external calls without a class" if name is None else f"the routing class {name!r}"
    if route is None:
        raise UnfitError(f"no route is configured for {kind}")
    return route
