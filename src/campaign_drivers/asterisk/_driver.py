"""The driver: the shell that every driver over one connection has, around our switchboard."""

from __future__ import annotations

from typing_extensions import override

from campaign_drivers._driver import Capacity, Missing
from campaign_drivers._telephony.socket_driver import SocketDriver
from campaign_drivers.asterisk._doctor import missing
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._switchboard import Switchboard

__all__ = ["AsteriskDriver"]


class AsteriskDriver(SocketDriver):
    """Places calls on an Asterisk, as :class:`~campaign_drivers.Driver` promises."""

    def __init__(self, settings: AsteriskSettings) -> None:
        """Take the settings; nothing is connected before :meth:`start`."""
        self.settings = settings
        super().__init__(board=Switchboard(settings), address=settings.address, name="Asterisk")

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes Asterisk does not have."""
        return await missing(self.settings, sounds=sounds, routing_classes=routing_classes)

    @override
    def capacity(self) -> Capacity:
        """Return what the settings say the exchange takes."""
        return Capacity(calls_max=self.settings.calls_max, calls_per_s=self.settings.calls_per_s)
