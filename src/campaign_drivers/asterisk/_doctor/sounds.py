"""Whether Asterisk can play a sound, and where it is to be put."""

from __future__ import annotations

from collections.abc import AsyncIterator
from enum import Enum

from campaign_drivers._findings import Finding, fine, wrong
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._doctor import advice
from campaign_drivers.asterisk._probe import Failure, Probe, ProbeCall, Trouble
from campaign_drivers.asterisk._settings import AsteriskSettings

__all__ = ["SoundFinder", "sounds"]

_FAR = 2_000_000_000
"""Samples: beyond the end of any sound, so that none is played to find out whether it is there."""

_KINDS = ("wav", "WAV", "gsm", "ulaw", "alaw", "sln", "g722", "mp3", "ogg")
_FORMATS = {"wav": "format_wav", "WAV": "format_wav_gsm", "gsm": "format_gsm", "sln": "format_sln"}
_FORMATS |= dict.fromkeys(("ulaw", "alaw", "g722"), "format_pcm")
_USUAL = "8 kHz, mono, 16 bit"


class _Heard(Enum):
    PLAYED = "there"
    EMPTY = "there is nothing in it: who is called would hear silence"
    ABSENT = "Asterisk cannot play it"


class SoundFinder:
    """Looks for sounds on calls to nobody; a sound that fails ends its call."""

    def __init__(self, asker: Probe) -> None:
        """No call is placed before the first sound."""
        self.failure: Failure | None = None
        """Why no sound can be looked for, once that is known."""
        self._asker = asker
        self._call: ProbeCall | None = None

    async def lacking(self, sound: str) -> Finding | None:
        """Return what is wrong with a sound, or ``None``; look at :attr:`failure` first."""
        try:
            name = translate.sound_name(self._asker.settings, sound)
        except UnfitError as error:
            return wrong("sounds", f"{sound}: {error}", "Give it a name of letters and digits.")
        heard = await self._heard(name)
        if heard is _Heard.PLAYED or self.failure is not None:
            return None
        return wrong("sounds", f"{sound}: {heard.value}", await self._advice(name, heard))

    async def close(self) -> None:
        """End the call."""
        if self._call is not None:
            await self._call.hang_up()

    async def _placed(self) -> ProbeCall | None:
        if self._call is None:
            call = ProbeCall(self._asker)
            self.failure = await call.place()
            if self.failure is None:
                self._call = call
                if not call.is_heard:
                    self.failure = Failure(Trouble.UNHEARD, "what comes of a sound is not told")
        return self._call

    async def _heard(self, name: str) -> _Heard:
        call = await self._placed()
        if call is None or self.failure is not None:
            return _Heard.ABSENT
        result = await call.run(translate.stream_file(name, "", _FAR))
        if result is None or result.code < 0:
            self._call = None
            return _Heard.ABSENT
        if result.end:
            return _Heard.PLAYED
        # Not every kind of file can be wound forward: play this one for a moment.
        stop = translate.stop_playback(call.channel_id)
        result = await call.run(translate.stream_file(name, ""), stopped_by=stop)
        return _Heard.PLAYED if result is not None and result.end else _Heard.EMPTY

    async def _advice(self, name: str, heard: _Heard) -> str:
        path = await _path(self._asker, name)
        if heard is _Heard.EMPTY:
            return f"Record {path} anew ({_USUAL}): it is of length zero."
        there = await self._kinds(path)
        loadable = [_FORMATS[kind] for kind in there if kind in _FORMATS]
        absent = [module for module in loadable if await self._asker.is_loaded(module) is False]
        if absent:
            return advice.modules(absent)
        if there:
            file = f"{path}.{there[0]}"
            return (
                f"{file} is there; it must be {_USUAL}, and readable by who Asterisk runs as:\n\n"
                f"    sox {file} -r 8000 -c 1 -b 16 /tmp/a.wav && mv /tmp/a.wav {path}.wav\n"
                f"    chmod a+r {path}.wav"
            )
        return where_to_put(self._asker.settings, path)

    async def _kinds(self, path: str) -> list[str]:
        """Return the kinds of file that are there under a name."""
        call = await self._placed()
        if call is None:
            return []
        # One question; a command of AGI may be as long as a line of the manager's.
        asked = "-".join(f"${{STAT(e,{path}.{kind})}}" for kind in _KINDS)
        result = await call.run(f"GET FULL VARIABLE {asked}") if len(asked) < 900 else None  # noqa: PLR2004
        told = [] if result is None else result.value.split("-")
        return [kind for kind, is_there in zip(_KINDS, told, strict=False) if is_there == "1"]


async def _path(asker: Probe, name: str) -> str:
    """Return where on its host Asterisk looks for a sound, without the kind of file."""
    if name.startswith("/"):
        return name
    folder = await asker.value("ASTDATADIR") or "/usr/share/asterisk"
    return f"{folder}/sounds/{name}"


def where_to_put(settings: AsteriskSettings, path: str) -> str:
    """Return where a sound is to be put that is not there."""
    text = (
        f"Put the sound at {path}.wav on Asterisk's host ({_USUAL}), readable by who Asterisk runs "
        "as"
    )
    if settings.sound_path.startswith("/"):
        return f"{text}; or correct sound_path, which is {settings.sound_path} now."
    return f"{text}; or give another folder of its host: sound_path=/FOLDER/{{sound}}"


async def sounds(asker: Probe, names: frozenset[str]) -> AsyncIterator[Finding]:
    """Yield which sounds Asterisk has."""
    looked = SoundFinder(asker)
    for name in sorted(names):
        finding = await looked.lacking(name)
        if looked.failure is not None:
            break
        yield finding or fine("sounds", f"{name}: there")
    await looked.close()
