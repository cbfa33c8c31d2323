"""The only file that opens a socket: a byte stream over TCP or TLS, for any protocol.

Nothing here knows what the bytes mean. What arrives is handed on as it comes, and a reader that
is slow on the other side shows as :attr:`Link.is_congested`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import attrs
from typing_extensions import override

from campaign_drivers.errors import LinkLostError

__all__ = ["Link", "connect", "tls_context"]

_UNSENT_MAX = 256 * 1024
"""Bytes the other side has not taken, above which it counts as congested."""


@attrs.frozen(kw_only=True)
class Link:
    """A connection that is up, until its owner is told that it is lost."""

    _transport: asyncio.Transport
    _stream: _Stream

    def write(self, data: bytes) -> None:
        """Send bytes, before the loop waits next; harmless once the connection is lost."""
        if data:
            self._stream.gather(data, self._transport)

    @property
    def is_congested(self) -> bool:
        """Whether the other side has stopped taking what we send."""
        return self._stream.is_congested

    @property
    def here(self) -> str:
        """Our own address on it, as the other side sees us where nothing translates addresses."""
        return str(self._transport.get_extra_info("sockname")[0])

    @property
    def there(self) -> str:
        """The other side's address."""
        return str(self._transport.get_extra_info("peername")[0])

    @property
    def certified(self) -> tuple[str, ...]:
        """The names and addresses that the other side's certificate is for; verified ones only."""
        certificate = self._transport.get_extra_info("peercert") or {}
        return tuple(name for _, name in certificate.get("subjectAltName", ()))

    def abort(self) -> None:
        """Cut the connection at once; what was not sent is dropped."""
        self._transport.abort()


class _Stream(asyncio.Protocol):
    def __init__(self, on_bytes: Callable[[bytes], None], on_lost: Callable[[str], None]) -> None:
        self.is_congested = False
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._gathered = bytearray()

    def gather(self, data: bytes, transport: asyncio.Transport) -> None:
        # What one turn of the loop brings goes out in one system call: each costs more than
        # putting an order together.
        if not self._gathered:
            asyncio.get_running_loop().call_soon(self._flush, transport)
        self._gathered += data

    def _flush(self, transport: asyncio.Transport) -> None:
        data = bytes(self._gathered)
        self._gathered.clear()
        if not transport.is_closing():
            transport.write(data)

    @override
    def data_received(self, data: bytes) -> None:
        self._on_bytes(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost("the other side closed the connection" if exc is None else str(exc))

    @override
    def pause_writing(self) -> None:
        self.is_congested = True

    @override
    def resume_writing(self) -> None:
        self.is_congested = False


async def connect(
    host: str,
    port: int,
    *,
    on_bytes: Callable[[bytes], None],
    on_lost: Callable[[str], None],
    within_s: float,
    tls: ssl.SSLContext | None = None,
    tls_name: str | None = None,
) -> Link:
    """Open a connection.

    Args:
        host: a name or an address.
        port: TCP.
        on_bytes: is given what arrives.
        on_lost: is told once, with a reason, when the connection is gone.
        within_s: seconds until giving up.
        tls: speak TLS so.
        tls_name: the name that the other side's certificate must have; by default the host.

    Raises:
        LinkLostError: there is no connection to be had.
    """
    loop = asyncio.get_running_loop()
    stream = _Stream(on_bytes, on_lost)
    name = None if tls is None else (tls_name or host)
    try:
        async with asyncio.timeout(within_s):
            transport, _ = await loop.create_connection(
                lambda: stream, host, port, ssl=tls, server_hostname=name
            )
    except TimeoutError:
        raise LinkLostError(f"{host}:{port} did not answer within {within_s:g} s") from None
    except OSError as error:
        raise LinkLostError(f"{host}:{port}: {error}") from error
    assert isinstance(transport, asyncio.Transport)
    transport.set_write_buffer_limits(high=_UNSENT_MAX)
    return Link(transport=transport, stream=stream)


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """Return how to speak TLS: certificates are verified, always.

    Args:
        ca: PEM file of the authorities to trust; ``None``: the system's.

    Raises:
        LinkLostError: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        raise LinkLostError(f"certificates {ca}: {error}") from error
