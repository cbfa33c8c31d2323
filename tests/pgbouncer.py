"""A real PgBouncer before a PostgreSQL server: Debian's package, unpacked into a folder of its own.

It is neither installed nor started by the machine; a test starts it on a port of the loopback.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.ports import held_port
from tests.postgres import CannotProvideError, PostgresServer

_FOLDER = Path(tempfile.gettempdir()) / f"call-campaign-pgbouncer-{os.getuid()}"
_PACKAGES = ("pgbouncer", "libc-ares2")
_READY_WITHIN_S = 30


def why_not() -> str | None:
    """Return why there can be no PgBouncer here, or nothing."""
    if shutil.which("pgbouncer") or (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    return "PgBouncer is not installed, and Debian's package cannot be had"


def _provide() -> tuple[str, dict[str, str]]:
    """Return the program, and the environment that it needs."""
    installed = shutil.which("pgbouncer")
    if installed is not None:
        return installed, {}
    _FOLDER.mkdir(mode=0o755, exist_ok=True)
    program = _FOLDER / "usr/sbin/pgbouncer"
    with (_FOLDER / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            _unpack()
    libraries = ":".join(str(path) for path in _FOLDER.glob("usr/lib/*-linux-*"))
    return str(program), {"LD_LIBRARY_PATH": libraries}


def _unpack() -> None:
    for package in _PACKAGES:
        download = ["apt-get", "download", "-q", package]
        if subprocess.run(download, cwd=_FOLDER, capture_output=True, check=False).returncode:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
            done = subprocess.run(download, cwd=_FOLDER, capture_output=True, check=False)
            if done.returncode:
                raise CannotProvideError(done.stderr.decode(errors="replace")[-1_000:])
    for file in _FOLDER.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(file), str(_FOLDER)], check=True)


class PgBouncer:
    """One PgBouncer over a server, in one mode.

    Args:
        server: what it leads to.
        mode: ``session``, ``transaction`` or ``statement``.
        pool_size: how many sessions of the server's it keeps.
    """

    def __init__(self, server: PostgresServer, mode: str, *, pool_size: int = 5) -> None:
        program, environment = _provide()
        self._folder = Path(tempfile.mkdtemp(prefix="call-campaign-pgb-"))
        self._folder.chmod(0o755)
        self._server, self._port = server, held_port()
        user, password = server.url().removeprefix("postgresql://").partition("@")[0].split(":")
        (self._folder / "users").write_text(f'"{user}" "{password}"\n')
        (self._folder / "ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={server.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self._port}\n"
            "unix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {self._folder}/users\npool_mode = {mode}\n"
            f"default_pool_size = {pool_size}\n"
        )
        owner = "nobody" if os.geteuid() == 0 else None
        self._process = subprocess.Popen(
            [program, "-q", str(self._folder / "ini")],
            env={**os.environ, **environment},
            user=owner,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        give_up = time.monotonic() + _READY_WITHIN_S
        while not self._answers():
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.close()
                raise CannotProvideError("PgBouncer did not start")
            time.sleep(0.05)

    def url(self, database: str) -> str:
        """Return the URL of a database of the server, by way of this."""
        return self._server.url(database).replace(f":{self._server.port}/", f":{self._port}/")

    def close(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True
