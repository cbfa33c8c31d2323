"""The watchdog: cuts a connection whose server has not answered for too long.

A server that hangs, or whose machine is suspended, keeps its connections open, and whoever waits
for it waits for ever. Nothing but closing the socket under the waiting call ends that; it then
fails as it does when the server went away.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Watchdog"]

_LOOK_EVERY_S = 0.5


class Watchdog:
    """Watches the transactions of one database from a thread of its own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[object, tuple[int, float]] = {}
        """Of each transaction: its connection's file descriptor, and until when it may take."""
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, descriptor: int, patience_s: float) -> Iterator[None]:
        """Cut the connection of a file descriptor if the block takes longer than this."""
        key = object()
        deadline = time.monotonic() + patience_s
        with self._changed:
            self._deadlines[key] = (descriptor, deadline)
            if self._thread is None:
                # It must not keep a database alive that everybody has forgotten.
                self._thread = threading.Thread(
                    target=_watch, args=(weakref.ref(self),), name="database watchdog", daemon=True
                )
                self._thread.start()
        try:
            yield
        finally:
            # The descriptor is ours until here: nobody else's connection is ever cut.
            with self._changed:
                self._deadlines.pop(key, None)

    def look(self) -> None:
        """Cut what is overdue."""
        now = time.monotonic()
        with self._changed:
            overdue = [key for key, (_, deadline) in self._deadlines.items() if deadline < now]
            for key in overdue:
                descriptor, _ = self._deadlines.pop(key)
                _cut(descriptor)


def _watch(watchdog: weakref.ref[Watchdog]) -> None:
    while True:
        time.sleep(_LOOK_EVERY_S)
        watching = watchdog()
        if watching is None:
            return
        watching.look()
        del watching


def _cut(descriptor: int) -> None:
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)
