"""The service under systemd: its unit, and what it tells the socket that systemd names."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib

import pytest
from tests.service.serving_process import COMMAND, ROOT, ServingProcess, environment

from campaign_service.cli.statuses import ExitStatus
from campaign_service.config.service_file import read_service
from campaign_service.config.service_settings import OPTIONS

UNIT = ROOT / "packaging/call-campaign.service"
EXAMPLE = ROOT / "packaging/service.toml"
EXPOSURE_MAX = 1.5
ANALYZE = shutil.which("systemd-analyze")


def directives():
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("=", 1)) for line in lines if re.match(r"[A-Z]\w+=", line)]


def test_unit_waits_for_the_service_and_watches_it():
    """Issue: `sd_notify` readiness and watchdog."""
    unit = dict(directives())

    assert unit["Type"] == "notify"
    assert int(unit["WatchdogSec"].removesuffix("s")) > 0
    assert (unit["KillMode"], unit["KillSignal"]) == ("mixed", "SIGTERM")


def test_unit_waits_for_a_clock_that_is_right():
    """Campaigns are called by it."""
    unit = dict(directives())

    assert "time-sync.target" in unit["After"].split()
    assert "time-sync.target" in unit["Wants"].split()


def test_unit_waits_longer_at_a_stop_than_calls_are_given():
    seconds = int(dict(directives())["TimeoutStopSec"].removesuffix("s"))

    assert seconds >= OPTIONS["drain_s"].default + 20


def test_unit_is_started_by_a_command_that_is_there():
    command = dict(directives())["ExecStart"].split()

    assert command[1:] == ["serve", "--config", "/etc/call-campaign/service.toml"]
    assert command[0].endswith("/bin/campaign")


@pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")
def test_unit_is_sound_and_sandboxed(tmp_path):
    """Issue: a systemd unit with sandboxing."""
    # The command itself is elsewhere here.
    path = tmp_path / UNIT.name
    text = re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")

    def analyze(*arguments):
        return subprocess.run(
            [ANALYZE, *arguments, str(path)], capture_output=True, text=True, check=False
        )

    verified = analyze("verify", "--man=no")
    assert (verified.returncode, verified.stderr) == (0, "")
    told = analyze("security", "--offline=true", "--no-pager").stdout
    assert float(re.search(r"exposure level for \S+: ([\d.]+)", told)[1]) <= EXPOSURE_MAX


def test_example_configuration_names_every_option_with_its_default():
    """What stands behind a comment sign is the default."""
    text = EXAMPLE.read_text(encoding="utf-8")
    given = tomllib.loads(text)
    shown = dict(re.findall(r"^#?(\w+) = (.+?)(?: +#.*)?$", text, re.MULTILINE))

    assert [name for name in OPTIONS if name not in shown] == []
    assert list(given) == ["db"]
    for name, option in OPTIONS.items():
        if option.default not in (None, ()) and name != "db":
            assert option.kind.from_file(tomllib.loads(f"x = {shown[name]}")["x"]) == option.default
    assert read_service(flags={}, environment={}, path=EXAMPLE).db.endswith("campaigns.db")


def test_systemd_hears_ready_watchdog_and_stopping(tmp_path):
    """A test plays systemd: time to open, READY=1 once HTTP answers, WATCHDOG=1, STOPPING=1."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(60)
        variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}

        def hear(word, before="STOPPING=1"):
            while word not in (told := notified.recv(4_096).decode().splitlines()):
                assert before not in told, told

        with ServingProcess(tmp_path, **variables) as process:
            hear("EXTEND_TIMEOUT_USEC=60000000", before="READY=1")
            hear("READY=1")
            assert process.url
            hear("WATCHDOG=1")
            hear("WATCHDOG=1")
            assert process.stop() == ExitStatus.COMPLETED
            hear("STOPPING=1")


def test_password_is_printed_on_a_terminal_alone(tmp_path):
    """What a daemon prints is kept where many may read it: the first password goes to a file."""
    with ServingProcess(tmp_path) as process:
        assert process.url
        file = tmp_path / "first-password"
        assert file.stat().st_mode & 0o777 == 0o600
        password = file.read_text().strip()
        assert password
        assert password not in process.text
        assert str(file) in process.text
        assert process.stop() == ExitStatus.COMPLETED


def test_password_is_shown_once_to_whoever_sits_at_the_terminal(tmp_path):
    """Issue: first start creates an administrator and prints a one-time password."""
    seen, terminal = os.openpty()
    command = [sys.executable, "-c", COMMAND, "serve", "--listen", "127.0.0.1:0"]
    try:
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment(), stdout=terminal, stderr=subprocess.DEVNULL
        ) as process:
            try:
                shown = ""
                while not (found := re.search(r"user admin, .*\s+(\S+-\S+-\S+-\S+)\s", shown)):
                    shown += os.read(seen, 4_096).decode()
            finally:
                process.kill()
    finally:
        os.close(seen)
        os.close(terminal)

    assert shown.count(found[1]) == 1
    assert not (tmp_path / "first-password").exists()


def test_password_that_cannot_be_kept_is_no_reason_not_to_start(tmp_path):
    (tmp_path / "first-password").mkdir()
    with ServingProcess(tmp_path) as process:
        assert process.url
        assert "campaign user password admin makes another" in process.text
        assert process.stop() == ExitStatus.COMPLETED


_DENIED = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
"""


def test_libraries_need_no_memory_that_is_writable_and_executable(tmp_path):
    """The unit's MemoryDenyWriteExecute, as the kernel itself can be asked for it (Linux 6.3)."""
    code = (
        "import campaign_service.cli.serving.serve, psycopg, argon2, sqlite3;"
        "print(argon2.PasswordHasher(time_cost=1, memory_cost=64).hash('x')[:7])"
    )
    done = subprocess.run(
        [sys.executable, "-c", _DENIED, code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "src"), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel cannot be asked for it")

    assert (done.stdout, done.stderr) == ("$argon2\n", "")
