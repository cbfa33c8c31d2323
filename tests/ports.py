"""Ports of the loopback for servers that are told theirs, each held until this process ends.

A port that was looked for, found free and given back is anybody's until the server listens, and
again whenever the server is started anew: another worker's server may be given it meanwhile.
These lie below those that the system gives to whoever asks for any port, and a lock keeps
other workers from the same one. Standard library alone, so that benchmarks can use it too.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

_PORTS = range(10_000, 12_000)
"""Below the system's own, and below those that Asterisk takes for sound."""
_LOCKS = Path(tempfile.gettempdir()) / f"call-campaign-ports-{os.getuid()}"

_held: list[int] = []
"""Files whose locks end with this process."""


def held_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """Return a port that nobody listens on, and that no other caller of this gets."""
    _LOCKS.mkdir(exist_ok=True)
    for port in random.sample(_PORTS, len(_PORTS)):
        lock = os.open(_LOCKS / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if _is_locked(lock) and _is_free(port, kind):
            _held.append(lock)
            return port
        os.close(lock)
    raise OSError("all ports for tests are taken")


def _is_locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
