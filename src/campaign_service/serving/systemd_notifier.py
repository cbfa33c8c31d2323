"""What systemd is told: that the service is ready, how it fares, and that it is alive.

A datagram to the socket that ``NOTIFY_SOCKET`` names (see ``sd_notify(3)``); without one, as when
the service is started by hand, nothing is told and nothing is missing.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

__all__ = ["SystemdNotifier"]

_MICROSECONDS = 1_000_000


class SystemdNotifier:
    """Tells systemd; made by :meth:`from_environment`."""

    def __init__(self, address: str | None, *, watchdog_s: float | None = None) -> None:
        """Take the socket's name and how often a sign of life is wanted; ``None``: not at all."""
        # The name of an abstract socket begins with a zero byte, written as an @.
        self._address = address if address is None else address.replace("@", "\0", 1)
        self.watchdog_s = watchdog_s
        """systemd kills a service that has given no sign of life within this time."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> SystemdNotifier:
        """Return what the environment asks for."""
        address = environment.get("NOTIFY_SOCKET") or None
        if address is not None and address[0] not in "/@":
            address = None
        watchdog_s = None
        wanted, pid = environment.get("WATCHDOG_USEC"), environment.get("WATCHDOG_PID")
        if wanted is not None and wanted.isdecimal() and pid in {None, str(os.getpid())}:
            watchdog_s = int(wanted) / _MICROSECONDS or None
        return cls(address, watchdog_s=watchdog_s)

    def ready(self, status: str) -> None:
        """Tell that the service does its work."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def status(self, status: str) -> None:
        """Tell the status, in a line for a person."""
        self._send(f"STATUS={_one_line(status)}")

    async def opening(self, status: str, *, every_s: float = 5.0) -> None:
        """Ask for more time to start, for as long as this is not cancelled.

        Args:
            status: what takes its time.
            every_s: how often; each time for twelve times as long, for who reads a long journal may
                be a while without a word.
        """
        extend = int(12 * every_s * _MICROSECONDS)
        while self._address is not None:
            self._send(f"STATUS={_one_line(status)}\nEXTEND_TIMEOUT_USEC={extend}")
            await asyncio.sleep(every_s)

    def stopping(self, *, within_s: float) -> None:
        """Tell that it is about to stop, and how long that may take."""
        extend = int((within_s + 10) * _MICROSECONDS)
        self._send(f"STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC={extend}")

    async def watch(self, prove: Callable[[], Awaitable[None]]) -> None:
        """Give signs of life for as long as this is not cancelled.

        Args:
            prove: returns once everything that matters has shown that it is alive.
        """
        if self._address is None or self.watchdog_s is None:
            return
        while True:
            await prove()
            self._send("WATCHDOG=1")
            await asyncio.sleep(self.watchdog_s / 3)

    def _send(self, text: str) -> None:
        if self._address is None:
            return
        # A systemd that does not listen must not stop the service.
        with (
            suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out,
        ):
            out.settimeout(0)
            out.connect(self._address)
            out.send(text.encode())


def _one_line(text: str) -> str:
    # Each line is a command to systemd; what others have said must not become one.
    return " ".join(text.splitlines())
