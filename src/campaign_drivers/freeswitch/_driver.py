"""The driver: the shell that every driver over one connection has, around our switchboard."""

from __future__ import annotations

from typing_extensions import override

from campaign_drivers._driver import Capacity, Missing
from campaign_drivers._telephony.socket_driver import SocketDriver
from campaign_drivers.freeswitch._doctor import missing
from campaign_drivers.freeswitch._settings import FreeSwitchSettings
from campaign_drivers.freeswitch._switchboard import Switchboard

__all__ = ["FreeSwitchDriver"]


class FreeSwitchDriver(SocketDriver):
    """Places calls on a FreeSWITCH, as :class:`~campaign_drivers.Driver` promises."""

    def __init__(self, settings: FreeSwitchSettings) -> None:
        """Take the settings; nothing is connected before :meth:`start`."""
        self.settings = settings
        self._switchboard = Switchboard(settings)
        super().__init__(board=self._switchboard, address=settings.address, name="FreeSWITCH")

    @override
    async def check(
        self, *, sounds: frozenset[str], routing_classes: frozenset[str | None]
    ) -> tuple[Missing, ...]:
        """Return which of these sounds and routes FreeSWITCH does not have."""
        return await missing(self.settings, sounds=sounds, routing_classes=routing_classes)

    @override
    def capacity(self) -> Capacity:
        """Return what the settings say, or else what the server told of itself."""
        admission = self._switchboard.admission
        return Capacity(calls_max=admission.legs_max, calls_per_s=admission.legs_per_s)
