"""Questions end with who asks: nothing is done for a client that has gone."""

import socket
import threading
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from tests.service.api.running_service import RunningService, tenant_path

from campaign_service.api import ApiSettings
from campaign_service.api.times import text_of
from campaign_service.journal.sql import JournalQueries, RecoveryCancelledError


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A service that makes a state of the past for as long as somebody waits for it."""
    begun, ended = threading.Event(), threading.Event()

    def recovered_at(self, at, *, known, is_wanted):
        begun.set()
        until = time.monotonic() + 20
        while is_wanted():
            assert time.monotonic() < until
            time.sleep(0.01)
        ended.set()
        raise RecoveryCancelledError

    monkeypatch.setattr(JournalQueries, "recovered_at", recovered_at)
    with RunningService(tmp_path) as service:
        yield service, begun, ended


def ask_and_leave(service, path, begun, *, more=""):
    url = urlsplit(service.url)
    with socket.create_connection((url.hostname, url.port), timeout=20) as one:
        request = (
            f"GET {path} HTTP/1.1\r\nHost: a\r\n"
            f"Authorization: Bearer {service.tokens['viewer']}\r\n\r\n{more}"
        )
        one.sendall(request.encode())
        assert begun.wait(20)


def test_state_of_the_past_ends_with_who_asks_for_it(slow):
    """Issue F4: questions about the past go on after the client left."""
    service, begun, ended = slow
    at = text_of(service.tenant.now)
    ask_and_leave(service, tenant_path(f"campaigns?at={at}"), begun)
    assert ended.wait(20)
    assert service.client("viewer").get(tenant_path("status")).status_code == 200


def test_long_question_that_waits_ends_with_who_asks_for_it(tmp_path, monkeypatch):
    """Issue F4, its kind: it was answered to nobody, and others waited behind it."""
    with RunningService(tmp_path) as service:
        long = service.app.state.context.long_query_slots
        go_on, begun = threading.Event(), threading.Event()

        async def occupy():
            return [service._loop.create_task(long.run("anna", go_on.wait, 20)) for _ in range(2)]

        held = service.run(occupy())
        turn = long._acquire

        async def noted(by):
            begun.set()
            await turn(by)

        monkeypatch.setattr(long, "_acquire", noted)
        ask_and_leave(service, tenant_path("status?waiting=true"), begun)
        until = time.monotonic() + 20
        while service.call(lambda: len(long._waiting)):
            assert time.monotonic() < until
        go_on.set()

        async def ended():
            return [await one for one in held]

        assert service.run(ended()) == [True, True]


def test_one_user_does_not_take_all_connections(tmp_path):
    """Issue F2, its kind: a stream of events keeps its connection for as long as it likes."""
    settings = ApiSettings(heartbeat_s=0.2, recheck_s=60, requests_each_max=3)
    with RunningService(tmp_path, settings=settings) as service, ExitStack() as stack:
        viewer, path = service.client("viewer"), tenant_path("events")
        streams = [stack.enter_context(viewer.stream("GET", path)) for _ in range(3)]
        assert [stream.status_code for stream in streams] == [200] * 3
        refused = viewer.get(tenant_path("status"))
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/busy")
        assert service.client("operator").get(tenant_path("status")).status_code == 200
        streams[0].close()
        until = time.monotonic() + 20
        while viewer.get(tenant_path("status")).status_code != 200:
            assert time.monotonic() < until
