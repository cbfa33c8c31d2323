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
    stranger_body_max: int = 16 << 10
    """Bytes of a body for which no permission is needed: a log-in, one's own password."""
    list_body_max: int = 256 * _MEGABYTE
    """Bytes of a body that may hold one: a million recipients need some 120 MB."""
    bodies_max: int | None = None
    """Bytes of all bodies that are being read; ``None``: twice as many as one may have that holds a
    list. Half of it is the most for one user."""
    requests_each_max: int = 256
    """Requests of one user that are answered at one time, streams of events among them: each keeps
    a connection."""
    open_metrics: bool = False
    """Whether ``/metrics`` is told to anybody; otherwise it needs a token that may view every
    tenant of the process."""
    public_url: str | None = None
    """How browsers reach this process where its own address is another, as behind a proxy: whence
    its pages ask, and whether over TLS."""
    heartbeat_s: float = 15.0
    """A listener to whom nothing was told for so long is sent a comment, so that neither side
    takes a silent connection for a dead one."""
    recheck_s: float = 60.0
    """How often a listener's token is looked at again."""
    forecast_calls_max: int = 250_000
    """Calls that may still be placed, at most, times runs: a longer forecast is refused."""
    forecast_s: float = 15.0
    """So long a forecast is played; then it is of as many runs as were played."""
    past_states_kept: int = 2
    """States of the past that are kept in memory for the next question about the same time."""
