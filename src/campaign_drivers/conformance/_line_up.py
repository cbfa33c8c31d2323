"""The line-up: the numbers and sounds that a telephony under test offers, and its time."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

import attrs

from campaign_core import CallLimits, Line, ServiceId
from campaign_drivers._driver import Driver

__all__ = ["Callee", "LineUp", "Sound"]


@attrs.frozen(kw_only=True)
class Callee:
    """A number that behaves in a known way, and how it is called."""

    number: str
    line: Line = Line.INTERNAL
    routing_class: str | None = None


@attrs.frozen(kw_only=True)
class Sound:
    """A sound that the telephony has."""

    name: str
    lasts_s: float


class LineUp(ABC):
    """A telephony to be tested with one scenario, and callees who play their parts.

    To be subclassed. Every part may be left out (``None``): the scenarios that need it are then
    not tried. All callees answer or end within a second or two of being called; those who answer
    stay until they are hung up, where nothing else is said.
    """

    @property
    @abstractmethod
    def service_id(self) -> ServiceId:
        """What the ids of this test's calls begin with; no other test's may."""

    @abstractmethod
    def make_driver(self) -> Driver:
        """Return a driver, not started; several of one line-up reach the same telephony."""

    @property
    def tolerance_s(self) -> float:
        """How much later than promised something may be seen."""
        return 1

    async def sleep(self, seconds: float) -> None:
        """Let time pass; on a virtual clock none does."""
        await asyncio.sleep(seconds)

    # Callees -----------------------------------------------------------------------------

    def answers(self) -> Callee | None:
        """Return one who answers and waits."""
        return None

    def answers_late(self, *, after_s: float) -> Callee | None:
        """Return one who rings for so long, and then answers and waits."""
        return None

    def answers_and_dials(self, digits: str, *, after_s: float, apart_s: float) -> Callee | None:
        """Return one who answers and dials digits.

        Args:
            digits: what is dialled, in order.
            after_s: from the answer to the first digit.
            apart_s: from one digit to the next.
        """
        return None

    def answers_and_hangs_up(self, *, after_s: float) -> Callee | None:
        """Return one who answers, and hangs up so long after."""
        return None

    def does_not_answer(self) -> Callee | None:
        """Return one who rings for ever."""
        return None

    def plays_before_answering(self) -> Callee | None:
        """Return one from whom early media comes (a tone, an announcement), but no answer."""
        return None

    def is_busy(self) -> Callee | None:
        """Return one who is busy."""
        return None

    def rejects(self) -> Callee | None:
        """Return one who rejects the call."""
        return None

    def does_not_exist(self) -> Callee | None:
        """Return a number that the network says does not exist."""
        return None

    def is_congested(self) -> Callee | None:
        """Return a number that cannot be reached for want of lines."""
        return None

    def is_refused(self) -> Callee | None:
        """Return a number or routing class that the telephony does not take at all."""
        return None

    def extension(self) -> str | None:
        """Return an extension that answers a transfer and stays."""
        return None

    # How many, and whose -----------------------------------------------------------------

    def calls_max(self) -> int | None:
        """Return how many calls it takes at one time, 3 to some 20, and gives back one more."""
        return None

    def told_limits(self) -> CallLimits | None:
        """Return how many calls the driver says upon connecting that it takes."""
        return None

    def make_driver_of(self, service_id: ServiceId) -> Driver | None:
        """Return a driver of another service on the same telephony, not started."""
        return None

    # Sounds ------------------------------------------------------------------------------

    def short_sound(self) -> Sound | None:
        """Return a sound of some two seconds."""
        return None

    def long_sound(self) -> Sound | None:
        """Return a sound of ten seconds or more."""
        return None

    def missing_sound(self) -> str | None:
        """Return the name of a sound that the telephony does not have."""
        return None

    # The connection ----------------------------------------------------------------------

    async def lose_link(self) -> bool:
        """Cut the connection of the driver, and return whether that can be done here."""
        return False

    async def regain_link(self) -> None:
        """Let the driver connect again; only asked where the connection could be cut."""
        raise NotImplementedError
