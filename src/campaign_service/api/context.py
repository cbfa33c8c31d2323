"""State shared by all requests of one application; nothing of it is global."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs

from campaign_service.access import Authenticator, LoginLimitedError, Passwords
from campaign_service.api.command_audit import CommandAudit
from campaign_service.api.etags import ModelTags
from campaign_service.api.limits.body_memory import BodyMemory
from campaign_service.api.limits.request_counts import RequestCounts
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.api.metrics import Metrics
from campaign_service.api.past_states import PastStates
from campaign_service.api.problems.errors import BusyError
from campaign_service.api.settings import ApiSettings
from campaign_service.api.stream.event_feed import EventFeeds
from campaign_service.api.stream.view_feed import ViewFeeds
from campaign_service.serving import ServiceHost

__all__ = ["ApiContext"]

_LOGINS_AT_ONCE = 2
_LOGINS_WAITING_MAX = 30
"""Some ten passwords a second and processor are worked on: who comes behind so many would wait for
seconds, and is told to come again."""
_COME_AGAIN_S = 2
_LOGINS_EACH_MAX = 8
"""So many log-ins of one address wait at one time."""
_EACH_MAX = 10
"""So many questions of one user wait at one time."""


def _login_slots() -> WorkerSlots:
    return WorkerSlots(
        "passwords",
        at_once=_LOGINS_AT_ONCE,
        waiting_max=_LOGINS_WAITING_MAX,
        waiting_each_max=_LOGINS_EACH_MAX,
        busy_error=lambda: LoginLimitedError(_COME_AGAIN_S),
    )


def _slots(name: str, what: str, *, at_once: int, waiting_max: int) -> Callable[[], WorkerSlots]:
    return partial(
        WorkerSlots,
        name,
        at_once=at_once,
        waiting_max=waiting_max,
        waiting_each_max=_EACH_MAX,
        busy_error=lambda: BusyError(f"too many {what} wait already: come again"),
    )


@attrs.frozen(kw_only=True, eq=False)
class ApiContext:
    """What all requests of one application share: tenants, authenticator, caches, thread pools."""

    host: ServiceHost
    authenticator: Authenticator
    settings: ApiSettings
    feeds: EventFeeds
    """Durable events on their way to listeners and counters."""
    view_feeds: ViewFeeds
    """What changed, in short, on its way to screens."""
    metrics: Metrics
    past_states: PastStates
    body_memory: BodyMemory
    response_memory: BodyMemory
    """The same for answers that are long, and on their way to who reads slowly."""
    request_counts: RequestCounts
    command_audit: CommandAudit
    """Commands on their way to the record of administration."""
    local_passwords: Passwords | None
    """Those of the service's own users; ``None``: a host program has its own."""
    model_tags: ModelTags = attrs.field(factory=ModelTags)
    login_slots: WorkerSlots = attrs.field(factory=_login_slots)
    """For the passwords of strangers: anybody may try to log in."""
    known_client_slots: WorkerSlots = attrs.field(factory=_login_slots)
    """For those of who is in, or has logged in from the same address before: a flood of log-ins
    from elsewhere takes none of their turns."""
    body_slots: WorkerSlots = attrs.field(
        factory=_slots("bodies", "large bodies", at_once=2, waiting_max=20)
    )
    """For large bodies: who may do little may send bad ones all the same."""
    long_query_slots: WorkerSlots = attrs.field(
        factory=_slots("questions", "long questions", at_once=2, waiting_max=50)
    )
    """For questions that may take seconds: trials, exports, long lists."""
    page_slots: WorkerSlots = attrs.field(
        factory=_slots("pages", "questions to the journal", at_once=2, waiting_max=50)
    )
    """For what is read from the journal in pages: recipients, logs, audits, past campaigns."""
    compression_slots: WorkerSlots = attrs.field(
        factory=partial(WorkerSlots, "compression", at_once=2)
    )
    """For answers that are compressed; who is to be answered is never turned away."""
    forecast_slots: WorkerSlots = attrs.field(
        factory=_slots("forecasts", "forecasts", at_once=1, waiting_max=1)
    )
    """One forecast at a time: each takes a processor for itself."""

    def close(self) -> None:
        """Give up all that waits for its turn."""
        for value in attrs.asdict(self, recurse=False).values():
            if isinstance(value, WorkerSlots | PastStates):
                value.close()

    @property
    def passwords(self) -> Passwords:
        """Those of the service's own users; without such, nobody may ask."""
        assert self.local_passwords is not None
        return self.local_passwords
