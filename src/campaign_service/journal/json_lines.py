"""A journal in one file of JSON Lines: a header with the format's number, then an event a line.

::

    {"journal":"call-campaign","format":1,"chain":"sha-256"}
    {"chain":"5f0c...","format":1,"type":"ServiceOpened","seq":1,...}

A line counts once its newline is there. What follows the last newline is a torn tail: an append
that a crash cut off. It was never acknowledged, so the events before it are whole; it is shown as
:attr:`JsonLinesJournal.torn_tail`, and nothing is written behind it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from io import FileIO
from pathlib import Path

from campaign_core import Instant
from campaign_core.codec import from_data, to_json
from campaign_core.errors import CampaignError, JournalError
from campaign_core.events import Event
from campaign_service.journal.event_checks import checked_event
from campaign_service.journal.interface import (
    AppendConflictError,
    JournalDamagedError,
    JournalEntry,
    Receipt,
    TornTail,
    check_numbers,
)

__all__ = ["FORMAT", "JsonLinesJournal"]

FORMAT = 1
"""The number of the layout that this release writes; that of each event is the core's own."""

_GATHERED_MAX = 1 << 20
_KIND = "call-campaign"
_CHAIN = "sha-256"
_LINK = re.compile(rb'\{"chain":"([0-9a-f]{64})",')
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


class JsonLinesJournal:
    """A journal in a file, made by :meth:`create` or read by :meth:`open`."""

    def __init__(self, path: Path, file: FileIO | None, *, is_durable: bool) -> None:
        """Take an open file to append to, or none for a journal that is only read."""
        self.path = path
        self._file = file
        self._is_durable = is_durable
        self._pending = bytearray()
        self._size = 0
        """How long the file was after the last append that went well."""
        self._last_seq = 0
        self._tail: TornTail | None = None
        self._chain: bytes | None = None
        """The value behind the last event that was appended."""
        self._is_chained = True

    @classmethod
    def create(cls, path: Path, *, is_durable: bool = True) -> JsonLinesJournal:
        """Return a new journal.

        Args:
            path: where; there must be no file of this name.
            is_durable: wait at each append until the disk has it. Without, appends are gathered
                in memory and written a megabyte at a time: right for a simulation, whose every
                call can be made again from its seed.

        Raises:
            FileExistsError: no journal is ever overwritten.
            OSError: the file cannot be made.
        """
        journal = cls(path, path.open("xb", buffering=0), is_durable=is_durable)
        header = _encode({"journal": _KIND, "format": FORMAT, "chain": _CHAIN}).encode()
        journal._pending += header + b"\n"
        journal._chain = sha256(header).digest()
        journal._write()
        if is_durable:
            _settle_name(path)
        return journal

    @classmethod
    def open(cls, path: Path) -> JsonLinesJournal:
        """Return a journal that exists, to be read.

        Raises:
            JournalError: it is no journal, or a newer release wrote it.
            OSError: the file cannot be read.
        """
        journal = cls(path, None, is_durable=True)
        with path.open("rb") as file:
            journal._is_chained = _read_header(path, file.readline()) is not None
        return journal

    @property
    def last_seq(self) -> int:
        """The number of the last event that was appended or read, 0 before the first."""
        return self._last_seq

    @property
    def torn_tail(self) -> TornTail | None:
        """What a crash left behind the last event; known once the journal is read to its end."""
        return self._tail

    @property
    def is_chained(self) -> bool:
        """Whether a chain of checksums runs through it; a file of an older release has none."""
        return self._is_chained

    def append(
        self, events: Sequence[Event], *, expected: int, receipts: Sequence[Receipt] = ()
    ) -> tuple[JournalEntry, ...]:
        """Add events behind the others; see :class:`~campaign_service.journal.Journal`.

        Receipts have no place in this file; behind what could not be written nothing ever is.
        """
        if receipts:
            raise ValueError("a journal of JSON Lines keeps no receipts")
        if self._file is None:
            raise OSError(f"{self.path} is open for reading alone")
        if expected != self._last_seq:
            raise AppendConflictError(expected=expected, found=self._last_seq)
        check_numbers(events, expected=expected)
        for event in events:
            self._chain = self._gather(to_json(event).encode())
        if self._is_durable or len(self._pending) >= _GATHERED_MAX:
            self._write()
        self._last_seq += len(events)
        return ()

    def read(self, *, after: int = 0, until: Instant | None = None) -> Iterator[Event]:
        """Yield the events in order; see :class:`~campaign_service.journal.Journal`.

        Raises:
            JournalDamagedError: a line is no event, or is not the one that was written, or a
                number is missing or out of order.
        """
        if self._file is not None:
            self._write()
        with self.path.open("rb") as file:
            chain = _read_header(self.path, file.readline())
            for number, line in enumerate(file, 2):
                if not line.endswith(b"\n"):
                    self._tail = TornTail(line=number, size=len(line))
                    return
                if not line.strip() and not file.read().strip():
                    # An editor has been here; nothing is missing.
                    return
                event = _event(self.path, number, line, is_chained=chain is not None)
                seq = number - 1  # The header is line 1.
                if event.seq != seq:
                    why = f"event {seq} is missing: event {event.seq} stands in its place"
                    raise JournalDamagedError(f"{self.path}:{number}: {why}")
                if chain is not None:
                    chain = _followed(chain, line)
                    if chain is None:
                        why = f"event {seq}, or one before it, is not what was written"
                        raise JournalDamagedError(f"{self.path}:{number}: {why}")
                if self._file is None:
                    self._last_seq = seq
                if until is not None and event.at > until:
                    return
                if seq > after:
                    yield event

    def close(self) -> None:
        """Write what is still held back, and close the file."""
        if self._file is not None:
            self._write()
            self._file.close()
            self._file = None

    def _gather(self, text: bytes) -> bytes:
        """Hold back a line with the chain's value behind it, and return that."""
        assert self._chain is not None
        chain = sha256(self._chain + text)
        self._pending += b'{"chain":"%b",%b\n' % (chain.hexdigest().encode(), text[1:])
        return chain.digest()

    def _write(self) -> None:
        """Write what is held back, and wait for the disk where that was promised."""
        file = self._file
        assert file is not None
        rest = memoryview(bytes(self._pending))
        try:
            while rest:
                rest = rest[file.write(rest) :]
            if self._is_durable:
                os.fsync(file.fileno())
        except OSError as error:
            # That of a write does not tell the file by itself.
            error.filename = error.filename or str(self.path)
            self._give_up(file)
            raise
        self._size += len(self._pending)
        self._pending.clear()

    def _give_up(self, file: FileIO) -> None:
        """Take back what was written of an append that failed, as far as the disk lets us."""
        self._file = None
        with suppress(OSError):
            file.truncate(self._size)
        file.close()


def _settle_name(path: Path) -> None:
    """Wait until the disk has the file's name too: a file without one is lost all the same."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read_header(path: Path, line: bytes) -> bytes | None:
    """Return where the chain of a file begins; ``None``: it has none.

    Raises:
        JournalError: it is no journal's header, or a newer release wrote it.
    """
    try:
        header = json.loads(line)
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or header.get("journal") != _KIND:
        raise JournalError(f"{path}:1: not a journal: it does not begin with a journal's header")
    written = header.get("format")
    if not isinstance(written, int) or written < 1:
        raise JournalError(f"{path}:1: the header's format is no whole number from 1 on")
    if written > FORMAT:
        why = f"a newer release wrote it (format {written}); this one reads up to format {FORMAT}"
        raise JournalError(f"{path}:1: {why}. Read it with that release")
    if header.keys() == {"journal", "format"}:
        return None
    if header.get("chain") != _CHAIN:
        raise JournalDamagedError(f"{path}:1: the header is not what was written")
    return sha256(line.removesuffix(b"\n")).digest()


def _followed(chain: bytes, line: bytes) -> bytes | None:
    """Return the chain's value behind a line; ``None``: the line does not follow in it."""
    found = _LINK.match(line)
    if found is None:
        return None
    # What was chained is the event alone, byte by byte.
    behind = sha256(b"%b{%b" % (chain, line[found.end() : -1])).digest()
    return behind if behind.hex().encode() == found[1] else None


def _event(path: Path, number: int, line: bytes, *, is_chained: bool) -> Event:
    try:
        data = json.loads(line)
        if b"\\u" in line:
            # Half a character can be written in no other way, and be stored nowhere again.
            _encode(data).encode()
        if is_chained and isinstance(data, dict):
            data.pop("chain", None)
        event: object = from_data(data) if isinstance(data, dict) else None
    except CampaignError as error:
        raise JournalError(f"{path}:{number}: {error}") from None
    except (ValueError, RecursionError):
        event = None
    return checked_event(event, where=f"{path}:{number}", no_event="the line is no event")
