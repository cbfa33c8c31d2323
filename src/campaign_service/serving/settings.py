"""Settings of :class:`ServiceHost`: database, tenants, limits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from campaign_service.serving.snapshots import EVENTS_MIN

__all__ = ["ServiceHostSettings"]


@attrs.frozen(kw_only=True)
class ServiceHostSettings:
    """What a process serves; the addresses may hold passwords, and are in no ``repr``."""

    database: str = attrs.field(repr=False)
    """A file's name, or the URL of a database."""
    tenants: Mapping[str, str] = attrs.field(repr=False)
    """The URL of each tenant's driver, by the tenant's name; new ones are created."""
    url: str | None = None
    """Where this process listens, as others reach it; ``None``: nobody is sent here."""
    drain_s: float = 30
    """How long calls in progress may take to end at a stop; the next leader takes over the rest."""
    snapshot_events: int = EVENTS_MIN
    """How many events there are between two snapshots at least; more if the state is large."""
    other_telephony: bool = False
    """Whether a journal of simulated calls may go on with real ones, and the other way."""
    hold: bool = False
    """Whether every campaign is paused when this process leads for the first time."""
    restored: bool = False
    """Whether a journal that ends earlier than it did may be gone on from; with all held then."""
    marks_dir: Path | None = None
    """Where it is noted how far the journal of a server's database has come; that of a file of
    SQLite is noted beside it. ``None``: nowhere."""
    waiting_max: int = 100_000
    """How many events may wait for a journal that is away."""
