"""Chance: one source for each call, so that no call changes the course of another."""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist
from struct import unpack

__all__ = ["Chance"]

_STANDARD = NormalDist()


class Chance:
    """A source of chance that is made of a name: the same name gives the same draws.

    In place of :class:`random.Random`, which takes four microseconds to make and keeps 2,500
    bytes; with a source a call that was half of a simulation's time and most of its memory.

    Args:
        name: what it is for; names that differ have nothing in common.
    """

    __slots__ = ("_block", "_name", "_words")

    def __init__(self, name: str) -> None:
        self._name = name
        self._block = 0
        self._words: list[int] = []
        """Drawn and not yet asked for."""

    def unit(self) -> float:
        """Return a number between 0 and 1, both excluded, each as likely as the next."""
        if not self._words:
            self._fill()
        # The middle of one of 2**52 equal stretches: neither 0 nor 1 after rounding.
        return ((self._words.pop() >> 12) + 0.5) * 2.0**-52

    def normal(self) -> float:
        """Return a number of the normal distribution around 0 with a deviation of 1."""
        return _STANDARD.inv_cdf(self.unit())

    def _fill(self) -> None:
        """Draw eight numbers: each hash of name and count is 64 bytes of chance."""
        self._block += 1
        digest = blake2b(f"{self._name}/{self._block}".encode()).digest()
        self._words = list(unpack("<8Q", digest))
