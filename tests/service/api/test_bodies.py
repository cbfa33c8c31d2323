"""Bodies of all at one time: a common bound of memory, and nobody holds it for long."""

import json
import socket
import time
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path

from campaign_service.access import RoleGrant
from campaign_service.api import ApiSettings, bodies
from campaign_service.api.limits.body_memory import BodyMemory
from campaign_service.api.problems.errors import BusyError

MIB = 1 << 20
ROOM = 4 * MIB


@pytest.fixture
def narrow(tmp_path):
    with RunningService(tmp_path, settings=ApiSettings(list_body_max=2 * MIB)) as service:
        yield service


@contextmanager
def unfinished(service, *, size, sent, role="operator", path="models"):
    """Send a part of a body, and no more of it; the socket, once that part was taken."""
    url = urlsplit(service.url)
    head = (
        f"POST {tenant_path(path)} HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {service.tokens[role]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
    )
    room = service.app.state.context.body_memory
    with closing(socket.create_connection((url.hostname, url.port), timeout=20)) as one:
        before = room._taken.total()
        one.sendall(head.encode() + b" " * sent)
        while room._taken.total() < before + sent - 3 * (64 << 10):
            pass
        yield one


def answer(one):
    head, _, body = one.recv(65_536).partition(b"\r\n\r\n")
    return head, json.loads(body or one.recv(65_536))


def test_bodies_that_are_on_their_way_share_one_bound(narrow):
    """Issue F3: six unfinished bodies of 250 MiB cost 1.6 GiB."""
    narrow.tokens["other"] = narrow.add_user("other", RoleGrant(role="operator"))
    narrow.tokens["third"] = narrow.add_user("third", RoleGrant(role="operator"))
    with ExitStack() as stack:
        stack.enter_context(unfinished(narrow, size=2 * MIB, sent=MIB))
        for wanted in (2 * MIB, None):
            refused = _post(narrow, "operator", wanted)
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
            assert refused.headers["Retry-After"] == "2"
        # It is his share: others have theirs, and short commands need none.
        assert narrow.client("operator").post(tenant_path("models"), json=MODEL).status_code == 201
        stack.enter_context(unfinished(narrow, size=2 * MIB, sent=2 * MIB - 100, role="other"))
        stack.enter_context(unfinished(narrow, size=MIB, sent=MIB - 100, role="third"))
        refused = _post(narrow, "administrator", 2 * MIB)
        assert "all the room there is: come again" in refused.json()["detail"]
    while narrow.app.state.context.body_memory._taken:
        pass
    assert _post(narrow, "administrator", 2 * MIB).status_code == 201


def _post(service, role, size):
    """Send a model with much white space behind it; without a size, in chunks."""
    body = json.dumps({**MODEL, "name": f"Long {size}"}).encode().ljust(size or 2 * MIB)
    content = body if size else iter([body[at : at + 65_536] for at in range(0, len(body), 65_536)])
    headers = {"Content-Type": "application/json"}
    return service.client(role).post(tenant_path("models"), content=content, headers=headers)


def test_long_answers_that_nobody_reads_share_one_bound(tmp_path):
    """Issue F3, its kind: a slow reader's answers are in memory too."""
    with RunningService(tmp_path, settings=ApiSettings(list_body_max=64 * MIB)) as wide:
        check_long_answers(wide)


def check_long_answers(service):
    more = {"name": "x" * 128, "email": f"{'y' * 200}@z"}
    rows = [{"number": f"+39{number:09}", **more} for number in range(20_000)]
    made = service.client("manager").post(tenant_path("models"), json={**MODEL, "recipients": rows})
    path = tenant_path(f"models/{made.json()['model_id']}?recipients=true")
    plain = {"Accept-Encoding": "identity"}
    whole = service.client("viewer").get(path, headers=plain)
    assert int(whole.headers["Content-Length"]) == len(whole.content) > 6 * MIB
    assert len(whole.json()["recipients"]) == 20_000
    room = service.app.state.context.response_memory
    room._max_each = int(1.5 * len(whole.content))
    with ExitStack() as stack:
        url = urlsplit(service.url)
        one = stack.enter_context(closing(socket.socket()))
        # So little that most of the answer waits with the service.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one.connect((url.hostname, url.port))
        head = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {service.tokens['viewer']}"
        one.sendall(f"{head}\r\n\r\n".encode())
        until = time.monotonic() + 20
        while not room._taken:
            assert time.monotonic() < until
        while not room._taken:
            pass
        refused = service.client("viewer").get(path)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert service.client("operator").get(path).content == whole.content
    until = time.monotonic() + 20
    while room._taken:
        assert time.monotonic() < until
    assert service.client("viewer").get(path).content == whole.content
    assert "Content-Length" in service.client("viewer").head(path, headers=plain).headers


def test_body_that_comes_too_slowly_gives_its_room_back(narrow, monkeypatch):
    """Issue F3: a slow body gives its room back after a time."""
    monkeypatch.setattr(bodies, "BODY_S", 0.2)
    monkeypatch.setattr(bodies, "BODY_BYTES_A_S", 64 * MIB)
    with unfinished(narrow, size=2 * MIB, sent=MIB) as one:
        head, told = answer(one)
        assert head.startswith(b"HTTP/1.1 408 ")
        assert told["type"] == "/problems/too-slow"
        assert not narrow.app.state.context.body_memory._taken


def test_room_is_counted_behind_the_first_bytes_of_each():
    room = BodyMemory(ROOM)
    with room.reserve("anna") as one, room.reserve("anna") as other:
        one.grow(64 << 10)
        assert one.counted == 0
        other.grow((64 << 10) + ROOM // 2)
        one.expect(64 << 10)
        with pytest.raises(BusyError):
            one.expect((64 << 10) + 1)
        with pytest.raises(BusyError):
            one.grow((64 << 10) + 1)
    with room.reserve("anna") as one:
        one.grow(ROOM // 2)
