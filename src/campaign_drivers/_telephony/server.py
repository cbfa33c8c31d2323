"""The server as one step sees it: how each order is sent, and what the end of a call means."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from itertools import count
from typing import Any, Generic, TypeVar

from campaign_core.decisions import Play, Transfer
from campaign_core.reports import EndReport, Report
from campaign_drivers._telephony.call import (
    CONCLUSIONS,
    Call,
    CallTimer,
    Channel,
    Conclusion,
    Placing,
)
from campaign_drivers._telephony.protocol import ProtocolOutput
from campaign_drivers._telephony.session import Session
from campaign_drivers._telephony.timers import Timers

__all__ = ["CallT", "Server"]

CallT = TypeVar("CallT", bound=Call)


class Server(ABC, Generic[CallT]):
    """What a step needs beside the call it is about, and what came of it."""

    conclusions: Mapping[tuple[Placing, Channel], Conclusion] = CONCLUSIONS
    grace_ms: int = 1_000
    """For the event that should follow and may not; they come within milliseconds."""

    def __init__(self) -> None:
        """Start before the first step, without a connection."""
        self.session: Session[Any, Any, Any] | None = None
        """The present connection; a driver's own kind."""
        self.now = 0
        """Milliseconds of a clock that never goes back."""
        self.is_up = False
        """Whether the core knows that the connection is up."""
        self.run = ""
        """A word that no earlier connection had, of this or of another process."""
        self.out = ProtocolOutput()
        self.timers: Timers[CallT, CallTimer] = Timers()
        self._serial = count(1)

    def serial(self) -> str:
        """Return a word that was never used before."""
        return f"{self.run}{next(self._serial)}"

    def tell(self, report: Report) -> None:
        """Report to the core."""
        self.out.reports.append(report)

    def note(self, sentence: str) -> None:
        """Write into the log."""
        self.out.notes.append(sentence)

    def set_timer(self, call: CallT, timer: CallTimer, after_ms: int) -> None:
        """Set one of the call's moments anew."""
        self.timers.set(self.now + after_ms, call, timer)

    # What a driver says ---------------------------------------------------------------------

    @abstractmethod
    def hang_up(self, call: CallT) -> None:
        """Send the order to end a call."""

    @abstractmethod
    def hang_up_channel(self, channel_id: str) -> None:
        """Send the order to end a channel that is none of the known calls."""

    @abstractmethod
    def takes_orders(self, call: CallT) -> bool:
        """Return whether sounds and transfers can be ordered in a call by now."""

    @abstractmethod
    def play(self, call: CallT, order: Play, playback_id: str, offset: int) -> None:
        """Send the order to play a sound, from a place in it that the server itself named.

        Raises:
            UnfitError: it has a value that may not be sent.
        """

    @abstractmethod
    def stop(self, call: CallT) -> None:
        """Send the order to end what plays, be it of ours or not."""

    @abstractmethod
    def transfer(self, call: CallT, order: Transfer) -> None:
        """Send the order to connect a call to an extension, instead of what plays.

        Raises:
            UnfitError: the extension may not be sent.
        """

    @abstractmethod
    def turned_away(self, call: CallT) -> None:
        """Do about a call what its failure says, where there was no channel."""

    @abstractmethod
    def end_report(self, call: CallT) -> EndReport | None:
        """Return what the end of a call means; ``None``: how it ended, nobody will say (R5.5)."""
