"""Decisions: what the core orders the telephony to do.

Closed: the union :data:`Decision` names every kind. A driver carries them out and decides
nothing; it takes a call, defers it or refuses it, and never delays one it took.
"""

from __future__ import annotations

import attrs

from campaign_core._model.recipients import Line
from campaign_core._values.identifiers import CallId

__all__ = ["ALL_DIGITS", "Decision", "HangUp", "PlaceCall", "Play", "Transfer"]

ALL_DIGITS = "0123456789*#"
"""Stop digits of a prompt: whatever is dialled stops it."""


@attrs.frozen(kw_only=True)
class PlaceCall:
    """Originate a call; carried out only after its event is durable (R9.3)."""

    call_id: CallId
    """To be used as the telephony's own channel id."""
    number: str
    line: Line
    routing_class: str | None
    """Selects the route of external calls."""
    caller_number: str
    display_name: str
    ring_timeout_s: int
    dead_man_s: int
    """Seconds from placing after which the telephony itself must end the call (R7.9)."""


@attrs.frozen(kw_only=True)
class Play:
    """Play a sound in an answered call, instead of whatever is playing."""

    call_id: CallId
    play: int
    """Numbered from 1 within the call; the report of its end names it."""
    sound: str
    stop_digits: str
    """Digits of which any stops the playback; empty: none does."""


@attrs.frozen
class HangUp:
    """End the call; harmless where it is over."""

    call_id: CallId


@attrs.frozen(kw_only=True)
class Transfer:
    """Connect the recipient of an answered call to an internal extension (R7.7)."""

    call_id: CallId
    extension: str
    dead_man_s: int
    """Seconds from now after which the telephony itself must end the call."""


Decision = PlaceCall | Play | HangUp | Transfer
"""Everything the core can order."""
