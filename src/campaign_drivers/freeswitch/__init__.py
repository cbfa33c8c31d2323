"""FreeSWITCH over its inbound event socket (ESL) alone.

Calls are parked, and played to from here; see ``docs/freeswitch.md``. No campaign rules here, and
none of another driver's business.
"""

from __future__ import annotations

from campaign_drivers.freeswitch._doctor import examine
from campaign_drivers.freeswitch._driver import FreeSwitchDriver
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route, settings_from_url

__all__ = ["FreeSwitchDriver", "FreeSwitchSettings", "Route", "examine", "settings_from_url"]
