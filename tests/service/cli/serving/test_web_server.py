"""The web server in front of the API: how much it takes of whom, and whose word it believes."""

import io
import json
import socket
from contextlib import closing

import httpx
import pytest
from tests.service.cli.serving.strangers import HELD, answer

from campaign_service.cli.serving.connection_limiter import ConnectionLimiter
from campaign_service.cli.serving.http_protocol import HEAD_BYTES_MAX, BoundedProtocol
from campaign_service.cli.serving.logs import set_up_logging
from campaign_service.config.service_file import read_service


@pytest.mark.parametrize(
    "endless",
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"x" * 65_536),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X: y\r\n" * 10_000),
        (b"GET /", b"y" * 65_536),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X: y\r\n" * 9_999,
        ),
    ],
)
def test_head_without_an_end_is_broken_off(serve, endless):
    """Issue: HTTP API; a limit on everything (style): of a stranger above all."""
    begun, more = endless
    with closing(socket.create_connection(serve(), timeout=10)) as one:
        one.sendall(begun)
        with pytest.raises(ConnectionError):  # noqa: PT012 -- which of them is the last is open
            for _ in range(400):
                one.sendall(more)
            while one.recv(65_536):
                pass
            raise ConnectionResetError


def test_head_that_is_too_long_is_told_so(serve):
    """Issue: HTTP API; a limit on everything (style)."""
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX: ".ljust(HEAD_BYTES_MAX + 1, b"x")
    assert answer(serve(), head).startswith(b"HTTP/1.1 431 ")


def test_body_is_as_long_as_the_api_takes_it(serve):
    """Issue: HTTP API; a list of recipients is no head."""
    url = "http://{}:{}/".format(*serve())
    pieces = [b"x" * 50_000] * 20
    assert httpx.post(url, content=b"".join(pieces), trust_env=False, timeout=60).status_code == 200
    assert httpx.post(url, content=iter(pieces), trust_env=False, timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (b"", b"HTTP/1.1 408 "),
        (b"GET / HT", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", b"HTTP/1.1 408 "),
    ],
)
def test_connection_that_says_no_more_is_closed(serve, begun, told):
    """Issue: HTTP API; whoever begins and does not go on holds nothing for long."""
    assert answer(serve(), begun)[:13] == told


def test_more_connections_than_files_allow_are_turned_away(serve, monkeypatch):
    """Issue: HTTP API; the database and the telephony need files too."""
    monkeypatch.setattr(ConnectionLimiter, "connections_max", 2)
    monkeypatch.setattr(BoundedProtocol, "idle_timeout_s", 60)
    where = serve()
    # Its body is read, and there is nothing yet that it could be told: it is being answered.
    held = b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n"
    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with (
        closing(socket.create_connection(where)) as one,
        closing(socket.create_connection(where)) as other,
    ):
        for each in (one, other):
            each.sendall(held)
            assert HELD.acquire(timeout=20)
        assert answer(where, request) == b""
    while b"200 OK" not in answer(where, request):
        pass


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        (b"SHOUT / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad-request"),
        (b"\x16\x03\x01\x02\x00", 400, "bad-request"),
        (b"GET / HTTP/1.1\r\nX: ".ljust(HEAD_BYTES_MAX + 1, b"x"), 431, "head-too-large"),
        (b"GET / HT", 408, "too-slow"),
    ],
)
def test_what_is_no_request_is_answered_with_a_problem(serve, request_, status, kind):
    """Issue: problem details (RFC 9457) for every error."""
    head, _, body = answer(serve(), request_).partition(b"\r\n\r\n")
    told = json.loads(body)

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"content-type: application/problem+json" in head
    assert f"content-length: {len(body)}".encode() in head
    assert (told["status"], told["type"]) == (status, f"/problems/{kind}")


@pytest.mark.parametrize(
    "request_",
    [
        b"SHOUT / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_stranger_writes_nothing_into_the_log(serve, request_):
    """Issue: HTTP API; anybody could fill the disk."""
    stream = io.StringIO()
    with set_up_logging(read_service(flags={}, environment={}), stream):
        where = serve()
        assert answer(where, request_).startswith(b"HTTP/1.1 ")

    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("trusted", "told"),
    [
        ((), "127.0.0.1"),
        (("127.0.0.1",), "9.9.9.9"),
        (("127.0.0.0/8", "9.9.9.9"), "7.7.7.7"),
        (("unix",), "127.0.0.1"),
    ],
)
def test_proxy_is_believed_where_it_is_trusted(serve, trusted, told):
    """Issue: log-in rate limit; what a client itself has put before is never believed."""
    url = "http://{}:{}/".format(*serve(trusted_proxies=trusted))
    headers = {"X-Forwarded-For": "7.7.7.7, 9.9.9.9"}
    assert httpx.get(url, headers=headers, trust_env=False, timeout=60).text == told


@pytest.mark.parametrize(("trusted", "told"), [((), "unix"), (("unix",), "9.9.9.9")])
def test_proxy_at_the_unix_socket_can_be_trusted(serve, tmp_path, trusted, told):
    """Issue: log-in rate limit; it would count all clients of the proxy as one."""
    path = tmp_path / "socket"
    serve(unix=path, trusted_proxies=trusted)
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        headers = {"X-Forwarded-For": "7.7.7.7, 9.9.9.9"}
        assert client.get("http://localhost/", headers=headers).text == told


def test_requests_are_logged_as_told_whatever_a_server_before_was_told(serve):
    """Issue: configuration; the web server could silence its log for the whole process."""
    told = []
    for access_log in (False, True):
        settings = read_service(flags={"access_log": str(access_log).lower()}, environment={})
        stream = io.StringIO()
        with set_up_logging(settings, stream):
            url = "http://{}:{}/?secret=1".format(*serve(access_log=access_log))
            assert httpx.get(url, trust_env=False, timeout=60).status_code == 200
        told.append(stream.getvalue().count('"GET / HTTP/1.1" 200'))

    assert told == [0, 1]


def test_proxies_are_written_as_they_are_compared():
    """Issue: configuration; a network with a host's bits in it is that network."""
    environment = {"CAMPAIGN_TRUSTED_PROXIES": "10.1.2.3/8, ::0001, unix"}
    found = read_service(flags={}, environment=environment)
    assert found.trusted_proxies == ("10.0.0.0/8", "::1", "unix")
