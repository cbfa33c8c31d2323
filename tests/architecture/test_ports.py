"""A port for a server of a test is that test's own, whatever other workers do."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests import ports

ROOT = Path(__file__).parents[2]
OTHER = "from tests import ports; ports._PORTS = range({0}, {0} + 1); ports.held_port()"


def test_port_that_is_held_is_given_to_nobody_else():
    port = ports.held_port()
    code = OTHER.format(port)

    other = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "all ports for tests are taken" in other.stderr
    with socket.create_server(("127.0.0.1", port)) as server:
        assert server.getsockname()[1] == port


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_port_that_somebody_uses_is_not_given(monkeypatch, kind):
    with socket.socket(socket.AF_INET, kind) as used:
        used.bind(("127.0.0.1", 0))
        port = used.getsockname()[1]
        monkeypatch.setattr(ports, "_PORTS", range(port, port + 1))

        with pytest.raises(OSError, match="taken"):
            ports.held_port(kind)


def test_no_port_is_one_that_the_system_gives_to_whoever_asks_for_any():
    """Those it would give to another worker while a server is started anew."""
    system = Path("/proc/sys/net/ipv4/ip_local_port_range")
    if not system.exists():
        pytest.skip("this system does not say which those are")
    first = int(system.read_text().split()[0])

    assert max(ports._PORTS) < first
