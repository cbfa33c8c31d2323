"""Asterisk over its manager interface (AMI) alone.

Calls run through a few lines of dialplan into AsyncAGI; see ``docs/asterisk.md``. No campaign rules
here, and none of another driver's business.
"""

from __future__ import annotations

from campaign_drivers.asterisk._doctor import examine
from campaign_drivers.asterisk._driver import AsteriskDriver
from campaign_drivers.asterisk._settings import AsteriskSettings, Route, settings_from_url

__all__ = ["AsteriskDriver", "AsteriskSettings", "Route", "examine", "settings_from_url"]
