"""Chance: one source for each call, so that no call changes the course of another."""

from __future__ import annotations

from random import Random

__all__ = ["chance_of"]


def chance_of(purpose: str, name: str, seed: int) -> Random:
    """Return the source of chance of a call, always the same for the same arguments."""
    # A number as seed costs a third less than text, which is hashed first.
    return Random(int.from_bytes(f"{seed}/{purpose}/{name}".encode()))
