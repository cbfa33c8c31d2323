"""What may be set about the API itself."""

from __future__ import annotations

import attrs

__all__ = ["ApiSettings"]

_MEGABYTE = 1 << 20


@attrs.frozen(kw_only=True)
class ApiSettings:
    """How much the API takes, and how it treats those who listen."""

    body_max: int = _MEGABYTE
    """Bytes of a body, but for those that may hold a list of recipients."""
    list_body_max: int = 256 * _MEGABYTE
    """Bytes of a body that may hold one: a million recipients need some 120 MB."""
    open_metrics: bool = False
    """Whether ``/metrics`` is told to anybody; otherwise it needs a token that may view every
    tenant of the process."""
    heartbeat_s: float = 15.0
    """A listener to whom nothing was told for so long is sent a comment, so that neither side
    takes a silent connection for a dead one."""
    recheck_s: float = 60.0
    """How often a listener's token is looked at again."""
    forecast_calls_max: int = 50_000
    """Recipients to be played times runs: a forecast that would take longer is refused."""
    past_states_kept: int = 2
    """States of the past that are kept in memory for the next question about the same time."""
