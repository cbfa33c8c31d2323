"""The sockets on which HTTP is answered, open before anything else is begun."""

from __future__ import annotations

import errno
import socket
import ssl
import stat
from contextlib import suppress
from pathlib import Path

from campaign_core.errors import SettingsError
from campaign_service.cli.serving.connection_limiter import BACKLOG
from campaign_service.cli.statuses import CommandFailedError, ExitStatus
from campaign_service.config.service_settings import ListenAddress, ServiceSettings

__all__ = ["check_certificate", "file_of", "open_sockets", "public_url", "shown_urls"]

_SOCKET_MODE = 0o660
"""Of a Unix socket: the service's user and group."""


def open_sockets(listen: ListenAddress) -> list[socket.socket]:
    """Return sockets that are bound and take connections.

    Raises:
        CommandFailedError: the address is in use, is not ours, or may not be taken.
    """
    try:
        if listen.path is not None:
            return [_unix_socket(listen.path)]
        return _network_sockets(listen)
    except OSError as error:
        raise CommandFailedError(_why(listen, error), ExitStatus.FAILED) from error


def file_of(listen: ListenAddress) -> tuple[int, int] | None:
    """Return which file a Unix socket is, by device and number; ``None``: there is none."""
    if listen.path is None:
        return None
    try:
        found = listen.path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def shown_urls(sockets: list[socket.socket], *, is_tls: bool) -> list[str]:
    """Return where clients find these sockets."""
    scheme = "https" if is_tls else "http"
    urls = []
    for one in sockets:
        name = one.getsockname()
        if one.family == socket.AF_UNIX:
            urls.append(f"unix:{name}")
        else:
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            urls.append(f"{scheme}://{host}:{name[1]}")
    return urls


def public_url(sockets: list[socket.socket], *, is_tls: bool) -> str | None:
    """Return where others find these sockets, as far as that can be known from here.

    ``None`` for a Unix socket, and for one that takes every address of the machine: by which of
    them others reach it is for ``public_url`` to say.
    """
    for url in shown_urls(sockets, is_tls=is_tls):
        if not url.startswith("unix:") and "://0.0.0.0:" not in url and "://[::]:" not in url:
            return url
    return None


def check_certificate(settings: ServiceSettings) -> None:
    """Look whether certificate and key can be used.

    Raises:
        SettingsError: they cannot.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return
    for name, path in (
        ("tls_certificate", settings.tls_certificate),
        ("tls_key", settings.tls_key),
    ):
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            rule = f"{path} cannot be read: {error.strerror or error}"
            raise SettingsError([settings.problem(name, rule)]) from None
    try:
        # A key with a password would be asked for on the terminal: it is refused.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.tls_certificate, settings.tls_key, password="")
    except (ssl.SSLError, ValueError):
        rule = "a certificate, PEM, that fits tls_key, which has no password"
        raise SettingsError([settings.problem("tls_certificate", rule)]) from None


def _network_sockets(listen: ListenAddress) -> list[socket.socket]:
    found = socket.getaddrinfo(
        listen.host, listen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(BACKLOG)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _unix_socket(path: Path) -> socket.socket:
    _remove_stale(path)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        one.bind(str(path))
        path.chmod(_SOCKET_MODE)
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


def _remove_stale(path: Path) -> None:
    """Remove the socket of a process that is gone."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            raise FileExistsError(errno.EEXIST, "something else is there", str(path))
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
                return
        raise OSError(errno.EADDRINUSE, "in use")


def _why(listen: ListenAddress, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            why = "it is in use; another service, or another program, listens there"
        case errno.EADDRNOTAVAIL:
            why = "this machine has no such address"
        case errno.EACCES | errno.EPERM:
            why = (
                "it may not be taken: ports below 1024 need a capability, sockets a folder of ours"
            )
        case _:
            why = error.strerror or str(error)
    return f"listen = {listen}: {why}"
