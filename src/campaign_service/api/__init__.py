"""The HTTP API: every command and query, a stream of events, users, health and measurements.

What HTTP makes of the service, never a rule of a campaign: those are the core's.
"""

from campaign_service.api.app import close_streams, make_app
from campaign_service.api.settings import ApiSettings

__all__ = ["ApiSettings", "close_streams", "make_app"]
