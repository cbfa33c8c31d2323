"""Drivers by the URL that names them: a small registry, to which a host program may add."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import attrs

from campaign_core import ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers import Driver, Finding
from campaign_drivers.simulated import Clock, Exchange, Network, SimulatedDriver

__all__ = ["DriverFactory", "DriverRequest", "examine", "open_driver", "register_driver"]


T = TypeVar("T")


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
    return _served(request.scheme, _FACTORIES)(request)


async def _examine_asterisk(
    url: str, service_id: ServiceId, sounds: frozenset[str], number: str | None
) -> tuple[Finding, ...]:
    from campaign_drivers import asterisk  # noqa: PLC0415

    settings = asterisk.settings_from_url(url, service_id=service_id)
    return await asterisk.examine(settings, sounds=sounds, number=number)


async def _examine_freeswitch(
    url: str, service_id: ServiceId, sounds: frozenset[str], number: str | None
) -> tuple[Finding, ...]:
    from campaign_drivers import freeswitch  # noqa: PLC0415

    settings = freeswitch.settings_from_url(url, service_id=service_id)
    return await freeswitch.examine(settings, sounds=sounds, number=number)


_DOCTORS: dict[
    str,
    Callable[
        [str, ServiceId, frozenset[str], str | None], Coroutine[None, None, tuple[Finding, ...]]
    ],
] = {
    "asterisk": _examine_asterisk,
    "asterisks": _examine_asterisk,
    "freeswitch": _examine_freeswitch,
    "freeswitchs": _examine_freeswitch,
}


async def examine(
    url: str, *, service_id: ServiceId, sounds: frozenset[str], number: str | None
) -> tuple[Finding, ...]:
    """Return what a telephony lacks, and has, for campaigns to be called over it.

    Args:
        url: whose scheme names the kind.
        service_id: as campaigns will have it.
        sounds: to look for.
        number: an internal number to ring for one test call; ``None``: no telephone rings.

    Raises:
        SettingsError: there is no doctor for it, or the URL is bad.
    """
    doctor = _served(urlsplit(url).scheme or url, _DOCTORS)
    return await doctor(url, service_id, sounds, number)


def _served(scheme: str, by_scheme: Mapping[str, T]) -> T:
    found = by_scheme.get(scheme)
    if found is None:
        # The URL itself may hold a secret and is not shown.
        rule = f"one of {', '.join(sorted(by_scheme))}"
        raise SettingsError([Problem(field="driver", value=scheme, rule=rule)])
    return found
