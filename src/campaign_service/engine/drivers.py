"""Drivers by the URL that names them: a small registry, to which a host program may add."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import attrs

from campaign_core import ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers import Driver
from campaign_drivers.simulated import Clock, Exchange, Network, SimulatedDriver

__all__ = ["DriverFactory", "DriverRequest", "open_driver", "register_driver"]


@attrs.frozen(kw_only=True)
class DriverRequest:
    """What a driver is made of."""

    url: str = attrs.field(repr=False)
    """``simulated``, or a URL whose scheme names the kind; it may hold a secret."""
    service_id: ServiceId
    """Calls whose id begins so are ours."""
    clock: Clock
    """The engine's."""
    network: Network = attrs.field(factory=Network)
    """What a simulated exchange is like."""
    seed: int = 0
    """Of a simulated exchange."""

    @property
    def scheme(self) -> str:
        """The kind of driver that the URL asks for."""
        return urlsplit(self.url).scheme or self.url


DriverFactory = Callable[[DriverRequest], Driver]
"""Makes a driver that is not connected yet; raises ``SettingsError`` for a bad URL."""


def _simulated(request: DriverRequest) -> Driver:
    exchange = Exchange(request.network, seed=request.seed)
    return SimulatedDriver(exchange=exchange, clock=request.clock)


# Only the driver that is asked for is loaded: a simulation starts at once.
def _asterisk(request: DriverRequest) -> Driver:
    from campaign_drivers import asterisk  # noqa: PLC0415

    settings = asterisk.settings_from_url(request.url, service_id=request.service_id)
    return asterisk.AsteriskDriver(settings)


def _freeswitch(request: DriverRequest) -> Driver:
    from campaign_drivers import freeswitch  # noqa: PLC0415

    settings = freeswitch.settings_from_url(request.url, service_id=request.service_id)
    return freeswitch.FreeSwitchDriver(settings)


_FACTORIES: dict[str, DriverFactory] = {
    "simulated": _simulated,
    "asterisk": _asterisk,
    "asterisks": _asterisk,
    "freeswitch": _freeswitch,
    "freeswitchs": _freeswitch,
}


def register_driver(scheme: str, factory: DriverFactory) -> None:
    """Let URLs of a scheme be served by a factory."""
    _FACTORIES[scheme] = factory


def open_driver(request: DriverRequest) -> Driver:
    """Return the driver that a URL asks for, not connected yet.

    Raises:
        SettingsError: there is no driver for it, or the URL is bad.
    """
    factory = _FACTORIES.get(request.scheme)
    if factory is None:
        # The URL itself may hold a secret and is not shown.
        rule = f"one of {', '.join(sorted(_FACTORIES))}"
        raise SettingsError([Problem(field="driver", value=request.scheme, rule=rule)])
    return factory(request)
