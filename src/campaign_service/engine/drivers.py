"""Drivers by the URL that names them: a small registry, to which a host program may add."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

import attrs

from campaign_core import SIMULATED, ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers import Driver, Finding, Severity
from campaign_drivers.clock import Clock
from campaign_drivers.pool import PoolDriver
from campaign_drivers.simulated import Exchange, Network, RealClock, SimulatedDriver
from campaign_service.config.pool_file import PoolNode, read_pool

__all__ = [
    "Doctor",
    "DoctorRequest",
    "DriverFactory",
    "DriverRequest",
    "examine",
    "open_driver",
    "register_driver",
    "telephony_of",
]

_Settings = TypeVar("_Settings")
_Settings_co = TypeVar("_Settings_co", covariant=True)
_Settings_contra = TypeVar("_Settings_contra", contravariant=True)


@attrs.frozen(kw_only=True)
class DriverRequest:
    """What a driver is made of."""

    url: str = attrs.field(repr=False)
    """``simulated``, or a URL whose scheme names the kind; it may hold a secret."""
    service_id: ServiceId
    """Prefix of our call ids (8 hex digits)."""
    clock: Clock
    """The engine's."""
    network: Network = attrs.field(factory=Network)
    """What a simulated exchange is like."""
    seed: int = 0
    """Of a simulated exchange."""

    @property
    def scheme(self) -> str:
        """The kind of driver that the URL asks for."""
        return _scheme(self.url)


@attrs.frozen(kw_only=True)
class DoctorRequest:
    """What a doctor is to look at."""

    url: str = attrs.field(repr=False)
    """Whose scheme names the kind; it may hold a secret."""
    service_id: ServiceId
    """As campaigns will have it."""
    sounds: frozenset[str]
    number: str | None
    """An internal number to ring for one test call; ``None``: no telephone rings."""


DriverFactory = Callable[[DriverRequest], Driver]
"""Makes a driver that is not connected yet; raises ``SettingsError`` for a bad URL."""

Doctor = Callable[[DoctorRequest], Coroutine[None, None, tuple[Finding, ...]]]
"""Looks at a telephony; raises ``SettingsError`` for a bad URL."""


@attrs.frozen(kw_only=True)
class _Kind:
    """A kind of telephony."""

    open: DriverFactory
    examine: Doctor | None = None
    """``None``: there is nothing to look at."""


# Only the kind that is asked for is loaded: a simulation starts at once.
def _simulated() -> _Kind:
    def open_(request: DriverRequest) -> Driver:
        exchange = Exchange(request.network, seed=request.seed)
        return SimulatedDriver(exchange=exchange, clock=request.clock)

    return _Kind(open=open_)


def _asterisk() -> _Kind:
    from campaign_drivers import asterisk  # noqa: PLC0415

    return _of_url(asterisk.settings_from_url, asterisk.AsteriskDriver, asterisk.examine)


def _freeswitch() -> _Kind:
    from campaign_drivers import freeswitch  # noqa: PLC0415

    return _of_url(freeswitch.settings_from_url, freeswitch.FreeSwitchDriver, freeswitch.examine)


def _pool() -> _Kind:
    return _Kind(open=_open_pool, examine=_examine_pool)


class _ReadsUrl(Protocol[_Settings_co]):
    def __call__(self, url: str, *, service_id: ServiceId) -> _Settings_co:
        """Return the settings that a URL holds."""


class _KeepsTime(Driver, Protocol):
    def keep_time(self, clock: Clock) -> None:
        """Name instants by the host's clock."""


class _Examines(Protocol[_Settings_contra]):
    async def __call__(
        self, settings: _Settings_contra, *, sounds: frozenset[str], number: str | None
    ) -> tuple[Finding, ...]:
        """Look at a telephony."""


def _of_url(
    read: _ReadsUrl[_Settings], make: Callable[[_Settings], _KeepsTime], look: _Examines[_Settings]
) -> _Kind:
    """Return a kind whose settings are its URL."""

    def open_(request: DriverRequest) -> Driver:
        driver = make(read(request.url, service_id=request.service_id))
        driver.keep_time(request.clock)
        return driver

    async def examine_(asked: DoctorRequest) -> tuple[Finding, ...]:
        settings = read(asked.url, service_id=asked.service_id)
        return await look(settings, sounds=asked.sounds, number=asked.number)

    return _Kind(open=open_, examine=examine_)


_CLEAR = {"asterisks": "asterisk", "freeswitchs": "freeswitch"}
"""Kinds that are reached by TLS, by what they are called without."""
_KINDS: dict[str, Callable[[], _Kind]] = {
    "simulated": _simulated,
    "asterisk": _asterisk,
    "asterisks": _asterisk,
    "freeswitch": _freeswitch,
    "freeswitchs": _freeswitch,
    "pool": _pool,
}


def register_driver(scheme: str, factory: DriverFactory, doctor: Doctor | None = None) -> None:
    """Let URLs of a scheme be served by a factory, and looked at by a doctor."""
    _KINDS[scheme] = lambda: _Kind(open=factory, examine=doctor)


def open_driver(request: DriverRequest) -> Driver:
    """Return the driver that a URL asks for, not connected yet.

    Raises:
        SettingsError: there is no driver for it, or the URL is bad.
    """
    return _kind(request.scheme).open(request)


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
    scheme = _scheme(url)
    doctor = _kind(scheme).examine
    if doctor is None:
        raise _refused(scheme, _one_of(name for name in _KINDS if _kind(name).examine is not None))
    return await doctor(DoctorRequest(url=url, service_id=service_id, sounds=sounds, number=number))


def telephony_of(url: str) -> str:
    """Return the kind of telephony that a URL names, as journals record it.

    A pool is simulated where each of its nodes is; one whose file cannot be read now is taken for
    a real one.
    """
    scheme = _scheme(url)
    if scheme == "pool":
        return SIMULATED if _is_simulated_pool(url) else scheme
    return _CLEAR.get(scheme, scheme)


def _kind(scheme: str) -> _Kind:
    load = _KINDS.get(scheme)
    if load is None:
        raise _refused(scheme, _one_of(_KINDS))
    return load()


def _one_of(schemes: Iterable[str]) -> str:
    return f"one of {', '.join(sorted(schemes))}"


def _scheme(url: str) -> str:
    return urlsplit(url).scheme or url


def _refused(scheme: str, rule: str) -> SettingsError:
    # The URL itself may hold a secret and is not shown.
    return SettingsError([Problem(field="driver", value=scheme, rule=rule)])


# A pool is named by its file: ``pool:/etc/campaign/pool.toml`` ------------------------------


def _open_pool(request: DriverRequest) -> Driver:
    return PoolDriver([entry.node for entry in _pool_nodes(request)], clock=request.clock)


async def _examine_pool(asked: DoctorRequest) -> tuple[Finding, ...]:
    """Return what the nodes of a pool lack, and have, each finding with its node's name."""
    request = DriverRequest(url=asked.url, service_id=asked.service_id, clock=RealClock())
    nodes = _pool_nodes(request)
    found = await asyncio.gather(*(_examine_node(entry, asked) for entry in nodes))
    return tuple(finding for findings in found for finding in findings)


async def _examine_node(entry: PoolNode, asked: DoctorRequest) -> tuple[Finding, ...]:
    name = entry.node.name
    doctor = _kind(_scheme(entry.url)).examine
    if doctor is None:
        says = "there is nothing to look at in this kind of telephony"
        return (Finding(what=name, severity=Severity.NOTE, says=says),)
    found = await doctor(attrs.evolve(asked, url=entry.url))
    return tuple(attrs.evolve(finding, what=f"{name}: {finding.what}") for finding in found)


def _is_simulated_pool(url: str) -> bool:
    """Return whether nobody is really called over a pool: each of its nodes is simulated."""
    request = DriverRequest(url=url, service_id=ServiceId("00000000"), clock=RealClock())
    try:
        nodes = _pool_nodes(request)
    except SettingsError:
        return False
    return all(telephony_of(entry.url) == SIMULATED for entry in nodes)


def _pool_nodes(request: DriverRequest) -> tuple[PoolNode, ...]:
    name = request.url.partition(":")[2]
    if not name:
        raise SettingsError([Problem(field="pool", value=name, rule="pool:FILE, with a file")])
    return read_pool(Path(name), open_driver=partial(_open_node, request), environment=os.environ)


def _open_node(pool: DriverRequest, url: str) -> Driver:
    request = attrs.evolve(pool, url=url)
    if request.scheme == pool.scheme:
        raise _refused(request.scheme, "a telephony, not a pool again")
    return open_driver(request)
