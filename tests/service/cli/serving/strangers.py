"""What strangers do to a web server, and an application for them to do it to."""

import socket
import threading
from contextlib import closing
from pathlib import Path

__all__ = ["CERTIFICATE", "HELD", "KEY", "LARGE", "answer", "app"]

HELD = threading.Semaphore(0)
"""Counts those who are being answered without an end, and those whose answer was broken off."""
LARGE = 64 << 20
"""Bytes: more than all buffers take."""
CERTIFICATE = Path(__file__).parent / "data" / "certificate.pem"
"""Of nobody: made for tests, with its key beside it."""
KEY = CERTIFICATE.with_name("key.pem")


async def app(scope, receive, send):
    """Answer who asks, once it has read the body; on some paths otherwise."""
    if scope["type"] == "lifespan":
        for kind in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{kind}.complete"})
        return
    if scope["path"] != "/refuse":
        while (await receive()).get("more_body"):
            pass
    if scope["path"] == "/held":
        HELD.release()
        await receive()
        return
    is_refused = scope["path"] == "/refuse"
    told = b"x" * LARGE if scope["path"] == "/large" else str(scope["client"][0]).encode()
    headers = [(b"content-length", str(len(told)).encode())]
    status = 413 if is_refused else 200
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": told, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
    if scope["path"] == "/large":
        HELD.release()


def answer(where, *parts):
    """What comes back, until the server closes; what is sent after that is lost."""
    with closing(socket.create_connection(where, timeout=10)) as one:
        told = b""
        try:
            for part in parts:
                one.sendall(part)
            while piece := one.recv(65_536):
                told += piece
        except ConnectionError:
            pass
        return told
