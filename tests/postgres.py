"""A real PostgreSQL server for tests: Debian's package, a private cluster in a folder of its own.

Standard library alone, so that benchmarks can use it too. The server listens on a port of the
loopback that it keeps, and on a socket in its folder; no cluster of the machine's own is made or
touched. It can be stopped, killed, frozen and started again, for whoever tests what a lost
database does.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

from tests.ports import held_port

USER, PASSWORD = "campaign", "only-on-loopback"
OLDEST = 15

_CLUSTERS = Path("/etc/postgresql-common/createcluster.conf")
_LOCK = Path(tempfile.gettempdir()) / "call-campaign-postgresql.lock"
_READY_WITHIN_S = 60


class CannotProvideError(Exception):
    """A server cannot be had on this machine; the text says why."""


def why_not() -> str | None:
    """Return why there can be no server here, or nothing."""
    if _programs() is not None:
        if os.geteuid() == 0 and not _has_user():
            return "PostgreSQL refuses to run as root, and there is no user 'postgres'"
        return None
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return f"PostgreSQL {OLDEST} or newer is not installed, and only root on Debian can do so"
    return None


def _programs() -> Path | None:
    """Return the folder of the newest release's programs."""
    found = {
        int(path.parent.name): path
        for path in Path("/usr/lib/postgresql").glob("*/bin")
        if path.parent.name.isdecimal() and (path / "initdb").exists()
    }
    newest = max(found, default=0)
    return found[newest] if newest >= OLDEST else None


def _has_user() -> bool:
    with suppress(KeyError):
        pwd.getpwnam("postgres")
        return True
    return False


def provide() -> Path:
    """Return the folder of PostgreSQL's programs, installed now if they are not there."""
    with _LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _programs()
        if found is None:
            _install()
            found = _programs()
    if found is None:
        text = f"this machine's Debian has no PostgreSQL {OLDEST} or newer"
        raise CannotProvideError(text)
    return found


def _install() -> None:
    # The package would make a cluster and start it; neither is wanted.
    if not _CLUSTERS.exists():
        _CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
        _CLUSTERS.write_text("create_main_cluster = false\n")
    install = (
        "apt-get", "install", "-y", "-q", "--no-install-recommends",
        "-o", "Dpkg::Options::=--force-confold", "postgresql",
    )  # fmt: skip
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        _run(*install, env=quietly)
    except CannotProvideError:
        _run("apt-get", "update", "-q")
        _run(*install, env=quietly)


class PostgresServer:
    """One cluster and its process.

    Args:
        is_durable: whether it waits for the disk; only a machine that loses its power would show.
    """

    def __init__(self, *, is_durable: bool = False) -> None:
        self.programs = provide()
        self.folder = Path(tempfile.mkdtemp(prefix="call-campaign-pg-"))
        self.port = held_port()
        self.process: subprocess.Popen[bytes] | None = None
        self._owner = "postgres" if os.geteuid() == 0 else None
        if self._owner is not None:
            shutil.chown(self.folder, self._owner, self._owner)
        self._numbers = count(1)
        self._is_durable = is_durable
        password = self.folder / "password"
        password.write_text(PASSWORD)
        self._tool(
            "initdb", "--no-sync", f"--username={USER}", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "-D", str(self._data),
        )  # fmt: skip

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """Return the URL of a database of this server."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start the server, and wait until it takes connections."""
        on = "on" if self._is_durable else "off"
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "fsync": on,
            "full_page_writes": on,
            "max_connections": "80",
            "shared_buffers": "64MB",
            "jit": "off",
        }
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [str(self.programs / "postgres"), "-D", str(self._data)]
            + [f"--{name}={value}" for name, value in settings.items()],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=self._owner,
            group=self._owner,
            extra_groups=None if self._owner is None else [],
            # Ctrl-C in the terminal is for the tests.
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 -- it starts no threads and takes no locks
        )
        log.close()
        give_up = time.monotonic() + _READY_WITHIN_S
        while not self._is_ready():
            if time.monotonic() > give_up or self.process.poll() is not None:
                tail = (self.folder / "log").read_text(errors="replace")[-1_500:]
                raise CannotProvideError(f"PostgreSQL did not start:\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server; its clients lose their connections."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def kill(self) -> None:
        """End all processes of the server without a warning, as when its machine dies."""
        assert self.process is not None
        processes = self._processes()
        for number in processes:
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()
        # The next one must not meet those that are not quite gone.
        give_up = time.monotonic() + 5
        while any(Path(f"/proc/{number}").exists() for number in processes):
            if time.monotonic() > give_up:
                break
            time.sleep(0.01)
        self.process = None

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop all processes where they are: connections stay up, and nobody answers."""
        for number in self._processes():
            os.kill(number, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let frozen processes go on."""
        for number in self._processes():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGCONT)

    def close(self) -> None:
        """End the server, and take its folder away."""
        if self.process is not None:
            self.thaw()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make_database(self, *, template: str = "template0") -> str:
        """Return the name of a new database, a copy of another one."""
        name = f"test_{next(self._numbers)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Take a database away, whoever uses it."""
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """Return what a statement gives, as text."""
        return self._tool(
            "psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)
        )

    def _is_ready(self) -> bool:
        asked = subprocess.run(
            [str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
            check=False,
        )
        return asked.returncode == 0

    def _processes(self) -> list[int]:
        """Return the process ids of the server: the one that was started, and its children."""
        assert self.process is not None
        own = self.process.pid
        children = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                parent = re.search(r"^PPid:\s+(\d+)$", status.read_text(), re.MULTILINE)
                if parent is not None and int(parent[1]) == own:
                    children.append(int(status.parent.name))
        return [own, *children]

    def _tool(self, program: str, *arguments: str) -> str:
        return _run(
            str(self.programs / program), *arguments, owner=self._owner, cwd=str(self.folder)
        )


def _run(
    *command: str,
    env: dict[str, str] | None = None,
    owner: str | None = None,
    cwd: str | None = None,
) -> str:
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
        user=owner,
        group=owner,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        tail = (done.stdout + done.stderr)[-1_500:]
        raise CannotProvideError(f"failed: {' '.join(command)}\n{tail}")
    return done.stdout


def _die_with_parent() -> None:
    # Whoever is killed cannot stop its servers. SIGQUIT: PostgreSQL ends at once, children too.
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)
