"""Who comes in: a crowd of strangers keeps nobody out, takes few files, and fills no log."""

import io
import select
import socket
import ssl
import time
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest
from tests.service.cli.serving.strangers import CERTIFICATE, HELD, KEY, LARGE, answer
from tests.service.serving_process import WITHIN_S, ServingProcess

from campaign_service.cli.serving.connection_limiter import ConnectionLimiter
from campaign_service.cli.serving.http_protocol import BoundedProtocol
from campaign_service.cli.serving.logs import set_up_logging
from campaign_service.config.service_file import read_service

FILES = 300
FEW_FILES = f"""
import resource, sys
from campaign_service.cli import main
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
sys.exit(main())
"""
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
BODY = b"x" * (24 << 20)
REFUSED = b"POST /refuse HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture(params=["plain", "TLS"])
def connect(request, serve):
    """Serve, and connect; a socket."""
    tls = ssl.create_default_context(cafile=CERTIFICATE)

    def connect():
        one = socket.create_connection(where, timeout=10)
        return (
            one if request.param == "plain" else tls.wrap_socket(one, server_hostname="localhost")
        )

    more = {} if request.param == "plain" else {"tls_certificate": CERTIFICATE, "tls_key": KEY}
    where = serve(**more)
    return connect


@pytest.mark.parametrize("is_tls", [False, True])
def test_crowd_of_silent_strangers_keeps_nobody_out(tmp_path, is_tls):
    """Issue F2: 400 silent sockets under a limit of 300 files; calls keep their files."""
    tls = ("--tls-certificate", str(CERTIFICATE), "--tls-key", str(KEY)) if is_tls else ()
    with ServingProcess(tmp_path, *tls, script=FEW_FILES) as process, ExitStack() as stack:
        url = process.url
        where = "127.0.0.1", int(url.rpartition(":")[2])
        lines = len(process.output)
        for _ in range(400):
            stack.enter_context(closing(socket.create_connection(where, timeout=10)))
        began = time.monotonic()
        for _ in range(5):
            answered = httpx.get(f"{url}/health", verify=False, trust_env=False, timeout=WITHIN_S)
            assert answered.status_code == 200
        assert time.monotonic() - began < 10
        assert len(list(Path(f"/proc/{process.process.pid}/fd").iterdir())) < FILES - 100
        assert len(process.output) - lines < 20
        assert "Traceback" not in process.text


def test_handshake_that_is_not_begun_is_waited_for_a_moment(serve, monkeypatch):
    """Issue F2: a short handshake time."""
    monkeypatch.setattr(ConnectionLimiter, "handshake_s", 0.3)
    where = serve(tls_certificate=CERTIFICATE, tls_key=KEY)
    assert answer(where) == b""


def test_who_holds_most_places_gives_one_up(serve, monkeypatch):
    """Issue F2: fairness between addresses; the oldest that waits goes first."""
    monkeypatch.setattr(ConnectionLimiter, "connections_max", 4)
    monkeypatch.setattr(BoundedProtocol, "head_timeout_s", 60)
    where = serve()
    with ExitStack() as stack:
        crowd = [
            stack.enter_context(closing(socket.create_connection(where, timeout=10)))
            for _ in range(4)
        ]
        other = socket.create_connection(where, 10, source_address=("127.0.0.2", 0))
        with closing(other):
            # It holds its slot while the crowd comes again.
            more = stack.enter_context(closing(socket.create_connection(where, timeout=10)))
            assert [_is_gone(one) for one in crowd] == [True, True, False, False]
            assert not _is_gone(more)
            other.sendall(REQUEST)
            assert other.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_files_that_run_out_are_told_once(serve, monkeypatch):
    """Issue F2: such a line at most once a second, and whoever waits is taken afterwards."""
    stream = io.StringIO()
    tries = []

    class Listener(socket.socket):
        def accept(self):
            tries.append(1)
            if len(tries) < 6:
                raise OSError(24, "Too many open files")
            return super().accept()

    monkeypatch.setattr("socket.socket", Listener)
    with set_up_logging(read_service(flags={}, environment={}), stream):
        where = serve()
        assert answer(where, REQUEST).startswith(b"HTTP/1.1 200 ")
    assert stream.getvalue().count("\n") == 1
    assert "connections cannot be taken: Too many open files" in stream.getvalue()


def test_refusal_of_a_large_body_reaches_the_client(connect):
    """Issue F7: over Connection: close too."""
    with closing(connect()) as one:
        one.sendall(REFUSED % len(BODY))
        one.sendall(BODY)
        told = one.recv(65_536)
        while piece := one.recv(65_536):
            told += piece
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert body == b"127.0.0.1"


def test_who_takes_nothing_of_an_answer_is_left(serve):
    """Issue F2, its kind: a slow reader holds a slot and a file for as long as it likes."""
    with closing(socket.create_connection(serve(), timeout=10)) as one:
        one.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        assert HELD.acquire(timeout=20)
        told = 0
        with pytest.raises(ConnectionError):  # noqa: PT012 -- which read is the last is open
            while piece := one.recv(1 << 20):
                told += len(piece)
            raise ConnectionResetError
        assert told < LARGE


def test_blank_lines_are_no_sign_of_life(serve):
    """Issue F2, its kind: they may stand before a head, and nothing else comes of them."""
    with closing(socket.create_connection(serve(), timeout=10)) as one:
        one.sendall(REQUEST.replace(b"Connection: close\r\n", b""))
        assert one.recv(65_536).startswith(b"HTTP/1.1 200 ")
        with pytest.raises(ConnectionError):  # noqa: PT012 -- which write is the last is open
            for _ in range(200):
                one.sendall(b"\r\n")
                if select.select([one], [], [], 0.05)[0] and not one.recv(65_536):
                    raise ConnectionResetError


def test_requests_without_end_at_one_time_are_broken_off(serve):
    """Issue F2, its kind: each that waits for the one before it costs memory."""
    told = answer(serve(), b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n" * 1_000)
    assert told == b""
    while HELD.acquire(timeout=0.2):
        pass


def _is_gone(one):
    """Whether the server has closed a connection on which it had nothing to say."""
    return bool(select.select([one], [], [], 0.5)[0])
