"""State shared by all requests of one application; nothing of it is global."""

from __future__ import annotations

import asyncio

import attrs

from campaign_service.access import Authenticator, LoginLimitedError, Passwords
from campaign_service.api.etags import ModelTags
from campaign_service.api.measures import Measures
from campaign_service.api.past import PastStates
from campaign_service.api.settings import ApiSettings
from campaign_service.api.turns import Turns
from campaign_service.api.wire import Wires
from campaign_service.serving import HouseService

__all__ = ["Premises"]

_PASSWORDS_AT_ONCE = 2
_PASSWORDS_WAITING_MAX = 30
"""Some ten passwords a second and processor are worked on: who comes behind so many would wait for
seconds, and is told to come again."""
_COME_AGAIN_S = 2
_LONG_AT_ONCE = 2


def _by_password() -> Turns:
    return Turns(
        "passwords",
        at_once=_PASSWORDS_AT_ONCE,
        waiting_max=_PASSWORDS_WAITING_MAX,
        crowded=lambda: LoginLimitedError(_COME_AGAIN_S),
    )


def _long() -> Turns:
    return Turns("questions", at_once=_LONG_AT_ONCE)


@attrs.frozen(kw_only=True, eq=False)
class Premises:
    """What all requests of one application share: tenants, authenticator, caches, thread pools."""

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

    by_password: Turns = attrs.field(factory=_by_password)
    """For all that works on a password: anybody may ask for that."""
    long: Turns = attrs.field(factory=_long)
    """For questions that may take seconds: trials, exports, long lists."""

    @property
    def passwords(self) -> Passwords:
        """Those of the service's own users; without such, nobody may ask."""
        assert self.local_passwords is not None
        return self.local_passwords
