"""What is known of the telephony and of the connection to it (R5.5)."""

from __future__ import annotations

import attrs

from campaign_core._model.limits import CallLimits
from campaign_core._values.instants import BEGINNING, Instant

__all__ = ["SIMULATED", "SURVEYS", "Link"]

SIMULATED = "simulated"
"""The kind of telephony on which nobody is really called."""

SURVEYS = 2
"""How many reports of the calls that are up are heeded after a reconnection."""


@attrs.frozen(kw_only=True)
class Link:
    """The driver's connection: up at first; a service whose driver is not says so."""

    is_up: bool = True
    went_down_at: Instant = BEGINNING
    """When the telephony was heard last before the connection went; calls placed shortly before,
    or since, may be unknown to the first survey."""
    surveys_due: int = 0
    """Reports of the calls that are up, still to be heeded."""
    deferred_until: Instant = BEGINNING
    """The telephony takes no call before then."""
    call_limits: CallLimits = attrs.field(factory=CallLimits)
    """How many calls the telephony takes at one time, as its driver said last since it is up."""
    telephonies: tuple[tuple[Instant, str], ...] = ()
    """Which kinds of telephony calls went to, each with since when, in order. Empty in a journal of
    an older release: nobody knows."""

    @property
    def telephony(self) -> str | None:
        """The kind that calls go to now; ``None``: it was never named."""
        return self.telephonies[-1][1] if self.telephonies else None

    @property
    def is_simulated(self) -> bool:
        """Whether nobody is really called now."""
        return self.telephony == SIMULATED

    def was_simulated(self, at: Instant) -> bool:
        """Return whether nobody was really called at a time."""
        named = [telephony for since, telephony in self.telephonies if since <= at]
        return bool(named) and named[-1] == SIMULATED

    def with_telephony(self, telephony: str, since: Instant) -> Link:
        """Return this with another kind of telephony from a time on."""
        return attrs.evolve(self, telephonies=(*self.telephonies, (since, telephony)))
