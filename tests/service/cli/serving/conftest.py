"""A web server of our own in a thread, with little patience."""

import asyncio
import socket
import threading

import attrs
import pytest
from tests.service.cli.serving.strangers import app

from campaign_service.cli.serving.http_protocol import BoundedProtocol
from campaign_service.cli.serving.web_server import WebServer
from campaign_service.config.service_file import read_service


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Begin to serve; where."""
    monkeypatch.setattr("campaign_service.cli.serving.web_server.close_streams", lambda _: None)
    monkeypatch.setattr(BoundedProtocol, "check_every_s", 0.05)
    monkeypatch.setattr(BoundedProtocol, "head_timeout_s", 0.4)
    monkeypatch.setattr(BoundedProtocol, "idle_timeout_s", 0.4)
    monkeypatch.setattr(BoundedProtocol, "linger_idle_s", 0.4)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = []

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    def serve(*, unix=None, **values):
        settings = attrs.evolve(
            read_service(flags={}, environment={"CAMPAIGN_DB": str(tmp_path / "c.db")}), **values
        )
        if unix is None:
            listener = socket.create_server(("127.0.0.1", 0))
        else:
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(unix))
        web = WebServer(app, settings, [listener])
        run(web.start())
        running.append((web, listener))
        return listener.getsockname()

    yield serve
    for web, listener in running:
        run(web.stop())
        listener.close()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
