"""The prompts that we ship (R2.5), and their way into a folder that a telephony plays from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from enum import Enum
from importlib.resources import files
from pathlib import Path

__all__ = ["LANGUAGES", "PromptPlacement", "place", "shipped"]

LANGUAGES = ("en", "it")
"""In which the prompts are spoken: English, Italian."""
_NAMES = ("press-1", "press-9")
_SUFFIX = ".wav"


class PromptPlacement(Enum):
    """What became of one prompt."""

    WRITTEN = "written"
    UNCHANGED = "already there"
    KEPT = "kept: another recording has this name"


def shipped(language: str) -> Mapping[str, bytes]:
    """Return the prompts of a language by the name of their sound: WAV, 8 kHz, mono, 16 bit.

    Args:
        language: one of :data:`LANGUAGES`.
    """
    folder = files(__name__) / language
    return {name: (folder / f"{name}{_SUFFIX}").read_bytes() for name in _NAMES}


def place(folder: Path, language: str) -> Mapping[Path, PromptPlacement]:
    """Put the prompts of a language into a folder, which is made where there is none.

    A prompt of ours in another language is replaced; somebody's own recording never is.

    Returns:
        What became of each file.

    Raises:
        OSError: the folder cannot be made or written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ours = {name: {shipped(one)[name] for one in LANGUAGES} for name in _NAMES}
    placed = {}
    for name, recording in shipped(language).items():
        path = folder / f"{name}{_SUFFIX}"
        there = path.read_bytes() if path.exists() else None
        if there == recording:
            placed[path] = PromptPlacement.UNCHANGED
        elif there is not None and there not in ours[name]:
            placed[path] = PromptPlacement.KEPT
        else:
            _write(path, recording)
            placed[path] = PromptPlacement.WRITTEN
    return placed


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: a telephony may be playing it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=_SUFFIX)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # Whoever the telephony runs as must be able to read it.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
