"""What all requests to one application share; nothing of it is global."""

from __future__ import annotations

import asyncio

import attrs

from campaign_service.access import Authenticator, Passwords
from campaign_service.api.etags import ModelTags
from campaign_service.api.measures import Measures
from campaign_service.api.past import PastStates
from campaign_service.api.settings import ApiSettings
from campaign_service.api.wire import Wires
from campaign_service.serving import HouseService

__all__ = ["Premises"]


@attrs.frozen(kw_only=True, eq=False)
class Premises:
    """The house, who lets people in, and what is kept from one request to the next."""

    house: HouseService
    authenticator: Authenticator
    settings: ApiSettings
    wires: Wires
    """Durable events on their way to listeners and counters."""
    measures: Measures
    past: PastStates
    local_passwords: Passwords | None
    """Those of the service's own users; ``None``: a host program has its own."""
    model_tags: ModelTags = attrs.field(factory=ModelTags)
    forecasting: asyncio.Lock = attrs.field(factory=asyncio.Lock)
    """One forecast at a time: each takes a processor for itself."""

    @property
    def passwords(self) -> Passwords:
        """Those of the service's own users; without such, nobody may ask."""
        assert self.local_passwords is not None
        return self.local_passwords
