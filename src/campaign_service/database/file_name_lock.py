"""One name at a time: a file of SQLite is open by one name alone, whoever opens it.

SQLite keeps its write-ahead log beside the name by which a file was opened. A symbolic link leads
to the real name; but a hard link, or a mount of the file alone, is another one, with a log of its
own: what is written by the one is not seen by the other, and each spoils the other's work. So
whoever opens the file locks a byte of it, far behind all that SQLite locks, that is its name's own,
and looks whether the byte of another name is locked.
"""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from campaign_core.errors import Problem, SettingsError

__all__ = ["check_name", "hold_name"]

_BASE = 1 << 62
"""SQLite locks bytes behind the first GiB, as many as pages have numbers."""
_NAMES = 1 << 32
_FLOCK = "hhqqi0q"
"""``struct flock``: type, whence, start, length, process."""
# Of an open file, not of a process: two services in one process are told apart too, and a file
# that is closed elsewhere in the process frees nothing. Linux has them.
_SET: int | None = getattr(fcntl, "F_OFD_SETLK", None)
_GET: int | None = getattr(fcntl, "F_OFD_GETLK", None)
_RULE = (
    "another process has this very file open under another name, by a hard link or a mount of the"
    " file alone, and SQLite would keep a second log beside this one: name it as that one does"
)


def hold_name(path: Path) -> int:
    """Return a descriptor of a file, made if it is not there, that holds its name while it is open.

    Raises:
        SettingsError: the file is open under another name.
        OSError: the file can neither be opened nor made.
    """
    # It holds numbers and the digests of passwords; SQLite's other files take after it.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        own = _byte_of(path)
        _lock(descriptor, own)
        _check(descriptor, path, own)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_name(path: Path) -> None:
    """Return if nobody has a file open under another name.

    Raises:
        SettingsError: somebody has.
        OSError: the file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(descriptor, path, _byte_of(path))
    finally:
        os.close(descriptor)


def _check(descriptor: int, path: Path, own: int) -> None:
    end = _BASE + _NAMES
    for start, length in ((_BASE, own - _BASE), (own + 1, end - own - 1)):
        if length and _is_locked(descriptor, start, length):
            raise SettingsError([Problem(field="database", value=str(path), rule=_RULE)])


def _lock(descriptor: int, own: int) -> None:
    if _SET is not None:
        # A file system without locks is no place for SQLite either, which says so itself.
        with suppress(OSError):
            asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, own, 1, 0)
            fcntl.fcntl(descriptor, _SET, asked)


def _is_locked(descriptor: int, start: int, length: int) -> bool:
    if _GET is None:
        return False
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
    try:
        found = fcntl.fcntl(descriptor, _GET, asked)
    except OSError:
        return False
    kind: int = struct.unpack(_FLOCK, found)[0]
    return kind != fcntl.F_UNLCK


def _byte_of(path: Path) -> int:
    """Return the byte that stands for a name: the folder's own number, however it is reached."""
    folder = path.parent.stat()
    name = f"{folder.st_dev}:{folder.st_ino}:{path.name}"
    return _BASE + int.from_bytes(sha256(name.encode(errors="surrogateescape")).digest()[:4])
