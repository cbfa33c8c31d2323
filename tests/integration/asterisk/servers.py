"""Real Asterisk servers for tests: from Debian's packages, in root folders of their own.

Standard library alone, so that benchmarks can use it too. Nothing of the machine's own packages
is changed: each release lives in a folder made by debootstrap, kept between runs, and each server
runs there under `chroot`, on loopback ports of its own, in a folder that goes with it.
"""

from __future__ import annotations

import csv
import ctypes
import fcntl
import math
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import wave
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from tests.ports import held_port

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("CALL_CAMPAIGN_CACHE", "/var/cache/call-campaign"))

SECRET = "only-on-loopback"
SOUNDS = {"tick": 0.1, "prompt": 1.0, "message": 1.5, "short": 2.0, "long": 20.0}
"""Name to seconds."""


@dataclass(frozen=True)
class Release:
    """A version of Asterisk, and the Debian suite that has it."""

    version: str
    suite: str

    @property
    def root(self) -> Path:
        return CACHE / f"asterisk-{self.version}"


RELEASES = {"16": Release("16", "bullseye"), "22": Release("22", "sid")}


class CannotProvideError(Exception):
    """A server cannot be had on this machine; the text says why."""


class WrongVersionError(Exception):
    """Debian has another version now than the one that is to be tried."""


def why_not() -> str | None:
    """Return why there can be no servers here, or nothing."""
    if os.name != "posix" or _os_release().get("ID") != "debian":
        return "real Asterisk servers are made from Debian's packages, and this is no Debian"
    if os.geteuid() != 0:
        return "real Asterisk servers live in root folders of their own, which only root can make"
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return "real Asterisk servers need apt-get and dpkg-deb"
    return None


# ------------------------------------------------------------------------------ root folders


def provide(release: Release) -> Path:
    """Return the root folder of a release, made now if there is none."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"asterisk-{release.version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (release.root / "ready").exists():
            _make(release)
    version = _run("chroot", str(release.root), "asterisk", "-V").strip()
    # sid moves on: a newer one must be looked at before it is trusted.
    if not version.startswith(f"Asterisk {release.version}."):
        text = f"{release.suite} has {version!r} now, not a version {release.version}"
        raise WrongVersionError(text)
    return release.root


def _make(release: Release) -> None:
    root = release.root
    shutil.rmtree(root, ignore_errors=True)
    command, environment = _debootstrap()
    _run(*command, "--variant=minbase", release.suite, str(root), _mirror(), env=environment)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    install = ("apt-get", "install", "-y", "-q", "--no-install-recommends", "asterisk", "openssl")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run("chroot", str(root), *install, env=quietly)
    _run("chroot", str(root), "apt-get", "clean")
    # Without a hosts file chan_pjsip asks the DNS for each call, for tens of seconds.
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    (root / "etc/resolv.conf").write_text("")
    (root / "etc/hostname").write_text("localhost\n")
    (root / "ready").touch()


def _debootstrap() -> tuple[list[str], dict[str, str]]:
    """Return how to start debootstrap: the machine's, or one unpacked beside the roots."""
    found = shutil.which("debootstrap")
    if found is not None:
        return [found], dict(os.environ)
    folder = CACHE / "debootstrap"
    if not (folder / "usr/sbin/debootstrap").exists():
        with tempfile.TemporaryDirectory() as scratch:
            try:
                _run("apt-get", "download", "-q", "debootstrap", cwd=scratch)
            except CannotProvideError:
                _run("apt-get", "update", "-q")
                _run("apt-get", "download", "-q", "debootstrap", cwd=scratch)
            (package,) = Path(scratch).glob("*.deb")
            _run("dpkg-deb", "-x", str(package), str(folder))
    environment = {**os.environ, "DEBOOTSTRAP_DIR": str(folder / "usr/share/debootstrap")}
    return ["sh", str(folder / "usr/sbin/debootstrap")], environment


def _mirror() -> str:
    """Return the mirror that this machine itself uses."""
    codename = _os_release().get("VERSION_CODENAME")
    lines = _run("apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)").splitlines()
    for line in lines:
        site, _, suite = line.partition(" ")
        if suite in {codename, "stable", "sid", "unstable"}:
            return site
    raise CannotProvideError("apt-get names no mirror of this machine's release")


def _os_release() -> dict[str, str]:
    try:
        lines = Path("/etc/os-release").read_text().splitlines()
    except OSError:
        return {}
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def _run(*command: str, env: dict[str, str] | None = None, cwd: str | None = None) -> str:
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
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


# ----------------------------------------------------------------------------------- servers


_number = count(1)


@dataclass
class Server:
    """One Asterisk: its folder, its ports and its process."""

    release: Release
    calls_in_record: bool = False
    """Whether it keeps its own record of all calls (CEL)."""
    peer_sip: int = 9
    """The SIP port of the server that `PJSIP/…@peer` calls."""
    extra_manager: str = ""
    extra_options: str = ""
    """Lines of asterisk.conf."""
    ami: int = field(default_factory=held_port)
    ami_tls: int = field(default_factory=held_port)
    sip: int = field(default_factory=lambda: held_port(socket.SOCK_DGRAM))
    inside: str = ""
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.root = provide(self.release)
        self.inside = f"/srv/cc{os.getpid()}-{next(_number)}"
        self.folder = self.root / self.inside.lstrip("/")
        for name in ("etc", "lib", "run", "log/cel-custom", "spool", "cache", "agi-bin", "sounds"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, length_s in SOUNDS.items():
            write_tone(self.folder / "sounds" / f"{name}.wav", length_s)
        (modules,) = (
            path.parent for path in self.root.glob("usr/lib/**/asterisk/modules/pbx_config.so")
        )
        self._modules = "/" + str(modules.relative_to(self.root))
        self.make_certificate()
        self.write_configuration()

    @property
    def sound_path(self) -> str:
        """What the driver's setting of that name is to be."""
        return f"{self.inside}/sounds/{{sound}}"

    @property
    def certificate(self) -> Path:
        """The manager's certificate, to be trusted."""
        return self.folder / "etc/ami-cert.pem"

    def write_configuration(self) -> None:
        """Write the configuration files from their templates."""
        values = {
            "BASE": self.inside,
            "MODULES": self._modules,
            "AMI": self.ami,
            "AMI_TLS": self.ami_tls,
            "SIP": self.sip,
            "PEER_SIP": self.peer_sip,
            "SECRET": SECRET,
            "CEL": "yes" if self.calls_in_record else "no",
            "EXTRA_MANAGER": self.extra_manager,
            "EXTRA_OPTIONS": self.extra_options,
        }
        for template in (HERE / "etc").glob("*.conf"):
            text = _AtTemplate(template.read_text()).substitute(values)
            (self.folder / "etc" / template.name).write_text(text)

    def make_certificate(self) -> None:
        """Make a certificate for the manager's TLS port."""
        etc = f"{self.inside}/etc"
        _run(
            "chroot", str(self.root), "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", f"{etc}/ami-key.pem", "-out", f"{etc}/ami-cert.pem",
        )  # fmt: skip
        folder = self.folder / "etc"
        both = (folder / "ami-key.pem").read_text() + (folder / "ami-cert.pem").read_text()
        (folder / "ami.pem").write_text(both)

    def start(self) -> None:
        """Start the server and wait until it has booted."""
        log = (self.folder / "log/console").open("ab")
        self.process = subprocess.Popen(
            ["chroot", str(self.root), "asterisk", "-f", "-C", f"{self.inside}/etc/asterisk.conf"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 -- there are no threads to be hurt
        )
        log.close()
        give_up = time.monotonic() + 30
        while "fully booted" not in self.console("core waitfullybooted"):
            if time.monotonic() > give_up or self.process.poll() is not None:
                tail = (self.folder / "log/console").read_text(errors="replace")[-1_500:]
                raise CannotProvideError(f"Asterisk did not start:\n{tail}")
            time.sleep(0.1)

    def console(self, command: str) -> str:
        """Return what Asterisk's own console says to a command; empty when it is not there."""
        asked = subprocess.run(
            self._asking(command),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=15, check=False,
        )  # fmt: skip
        return asked.stdout

    @contextmanager
    def underway(self, command: str) -> Iterator[None]:
        """Give the console a command that it does not return from, for the time of a block."""
        asking = subprocess.Popen(
            self._asking(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            asking.kill()
            asking.wait()

    def _asking(self, command: str) -> list[str]:
        configuration = f"{self.inside}/etc/asterisk.conf"
        return ["chroot", str(self.root), "asterisk", "-C", configuration, "-rx", command]

    def channels(self) -> set[str]:
        """Return the unique ids of the channels that are up."""
        return {row[-1] for row in self._rows()}

    def is_ringing(self, name: str) -> bool:
        """Return whether a channel whose name begins so has been told that it rings."""
        return any(row[0].startswith(name) and row[4] == "Ringing" for row in self._rows())

    def talking(self, name: str) -> int:
        """Return how many channels whose names begin so are connected to another one."""
        rows = self._rows()
        bridges = Counter(row[-2] for row in rows if row[-2])
        return sum(row[0].startswith(name) and bridges[row[-2]] > 1 for row in rows)

    def _rows(self) -> list[list[str]]:
        lines = self.console("core show channels concise").splitlines()
        return [line.split("!") for line in lines if "!" in line]

    def send(self, number: int) -> None:
        """Send the process a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def freeze(self) -> None:
        """Stop the process where it is."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        self.send(signal.SIGCONT)

    def kill(self) -> None:
        """End the process without a warning."""
        self.send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()
        # The next one must not take the dead one's console for its own.
        (self.folder / "run/asterisk.ctl").unlink(missing_ok=True)

    def stop(self) -> None:
        """End the process, and take its folder away."""
        if self.process is not None and self.process.poll() is None:
            try:
                self.console("core stop now")
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.kill()
        if "KEEP_SERVERS" not in os.environ:
            shutil.rmtree(self.folder, ignore_errors=True)

    def record(self) -> list[tuple[str, str, str]]:
        """Return Asterisk's own record: event, unique id of the channel, number dialled."""
        path = self.folder / "log/cel-custom/record.csv"
        if not path.exists():
            return []
        with path.open(newline="") as rows:
            return [(row[0], row[1], row[2]) for row in csv.reader(rows)]


def _die_with_parent() -> None:
    # Whoever is killed cannot stop its servers.
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class _AtTemplate(Template):
    # `$` and `%` mean something in a dialplan.
    delimiter = "@"


def write_tone(path: Path, length_s: float) -> None:
    """Write a sound that Asterisk can play: 8 kHz, mono, 16 bit."""
    samples = range(round(8_000 * length_s))
    tone = (round(8_000 * math.sin(2 * math.pi * 440 * n / 8_000)) for n in samples)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(b"".join(struct.pack("<h", value) for value in tone))


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Run servers for the time of a block."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()


def pair(release: Release, other: Release) -> tuple[Server, Server]:
    """Return two servers that call each other by SIP; the first one's calls are recorded."""
    first = Server(release, calls_in_record=True)
    second = Server(other, peer_sip=first.sip)
    first.peer_sip = second.sip
    first.write_configuration()
    return first, second
