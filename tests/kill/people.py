"""Who is at the numbers of the kill test: the first digit says what they do, and all are quick."""

from __future__ import annotations

import random
from collections import Counter

from tests.emulators.freeswitch.people import Callee, Person, Rejects, RingsForEver

__all__ = ["numbering_plan"]

_calls: Counter[str] = Counter()
"""How often each number was called: some do another thing the next time."""


def _kind(number: str) -> str:
    if number[0] != "9":
        return number[0]
    _calls[number] += 1
    # The same in each run that calls a number as often.
    return random.Random(f"{number} {_calls[number]}").choice("1112234567")


def _person(number: str, **does: str) -> Person:
    chance = random.Random(number)
    ring_ms, delay_ms = chance.uniform(20, 400), chance.uniform(20, 150)
    return Person(ring_ms=ring_ms, delay_ms=delay_ms, **does)


def numbering_plan(number: str) -> Callee | None:
    """Return who is at a number; ``None``: nobody."""
    match _kind(number):
        case "1":
            return _person(number)
        case "2":
            return Rejects("USER_BUSY", 486, after_ms=30)
        case "3":
            return RingsForEver()
        case "4":
            return _person(number, confirms="!", listens="!")
        case "5":
            return _person(number, confirms="-1", listens="-9")
        case "6":
            return _person(number, confirms="21", listens="39")
        case "7":
            return _person(number, confirms="-", listens="-")
        case _:
            return None
