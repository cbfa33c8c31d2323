"""Why there is no connection to Asterisk, or no log-in, and what to do about it.

What the error alone does not tell is looked for on a connection of its own: whether a port speaks
TLS or clear text, and which names a certificate has.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from campaign_drivers._findings import Finding, is_this_machine, note, wrong
from campaign_drivers._telephony.transport import Link, connect, tls_context
from campaign_drivers.asterisk._doctor import advice
from campaign_drivers.asterisk._probe import Probe
from campaign_drivers.asterisk._settings import AsteriskSettings
from campaign_drivers.asterisk._wire import SHUTTING_DOWN
from campaign_drivers.errors import DriverError, LinkLostError, LoginRefusedError

__all__ = ["network", "refused", "second_login", "unreachable"]

_ANY = "0.0.0.0"  # noqa: S104 -- for whoever permits it
_LOOK_S = 3.0
_BANNER = "Asterisk Call Manager"
_TWICE = "Login Already In Use"

# Of OpenSSL's X509_V_ERR_…; Python has no names for them.
_EXPIRED = frozenset({9, 10})
_NAMES = frozenset({62, 64})


def refused(settings: AsteriskSettings, error: LoginRefusedError, here: str) -> Finding:
    """Return what to do where the log-in is refused, seen from an address of ours."""
    says = f"Asterisk refuses the log-in as {settings.user}: {error}"
    if _TWICE in str(error):
        return wrong("log-in", says, advice.user(settings, "allowmultiplelogin = yes"))
    says += " (wrong secret, no such user, or not from here; Asterisk does not tell which)"
    return wrong("log-in", says, advice.login(settings, here))


async def second_login(asker: Probe) -> Finding | None:
    """Return what is wrong where the user may not log in twice at one time, as checks do."""
    settings = asker.settings
    if asker.uptime_s is None:
        # Another log-in would be waited for as long as the first.
        return None
    try:
        async with Probe(settings):
            return None
    except LoginRefusedError as error:
        return wrong(
            "log-in",
            "the user may log in only once at one time, so that nothing can be looked at while "
            f"campaigns are called: {error}",
            advice.user(settings, "allowmultiplelogin = yes"),
        )
    except DriverError:
        return None


def network(asker: Probe) -> Finding | None:
    """Return a word on a clear connection over which others can listen."""
    settings = asker.settings
    if settings.tls or is_this_machine(settings.host) or asker.here == asker.there:
        return None
    return note(
        "connection",
        "the manager is reached over the network without TLS; whoever listens can take over the "
        "log-in, and with it run commands on Asterisk's host",
        f"{advice.tls(settings, _ANY, 5039)}\n\n"
        f"and here: asterisks://{settings.user}:…@{settings.host}:5039/",
    )


async def unreachable(probe: Probe, error: DriverError) -> Finding:
    """Return why there is no connection, or none any more."""
    settings = probe.settings
    if probe.ready is not None:
        return wrong(
            "connection",
            str(error),
            "Asterisk was there and is no more, or stands still: see asterisk -rvvv; try again.",
        )
    if settings.tls:
        try:
            tls_context(settings.tls_ca)
        except LinkLostError as unread:
            return wrong("connection", str(unread), _UNREAD.format(ca=settings.tls_ca))
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return await _distrusted(settings, cause)
    if isinstance(cause, TimeoutError):
        return _no_way(settings, cause, error)
    says = await _speaks(settings, None)
    if settings.tls and says.startswith(_BANNER):
        return wrong(
            "connection",
            f"{settings.host}:{settings.port} speaks clear text, not TLS",
            f"Write asterisk:// instead of asterisks:// for port {settings.port}, on the same "
            f"machine alone; or, to have TLS:\n\n{advice.tls(settings, _address(settings), 5039)}"
            "\n\nand port 5039 here",
        )
    if not settings.tls and not says and await _speaks(settings, _unverified()):
        return wrong(
            "connection",
            f"{settings.host}:{settings.port} speaks TLS, not clear text",
            f"Write asterisks:// instead of asterisk:// for port {settings.port} (and tls_ca=FILE "
            "where the system does not know who signed its certificate); or give the port of "
            "`port` in manager.conf, 5038 by default.",
        )
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError):
        return _no_way(settings, cause, error)
    return _no_manager(settings, says, error)


def _no_manager(settings: AsteriskSettings, says: str, error: DriverError) -> Finding:
    """Return why there is no log-in where something listens."""
    if SHUTTING_DOWN in str(error):
        again = "Wait until it is back; or, to keep it: asterisk -rx 'core abort shutdown'"
        return wrong("connection", str(error), again)
    if says.startswith(_BANNER):
        return wrong("connection", str(error), "See what asterisk -rvvv says meanwhile.")
    where = f"{settings.host}:{settings.port}"
    silent = "" if says else " (it takes connections and says nothing)"
    return wrong(
        "connection",
        f"{where}: {error}{silent}",
        f"What listens on port {settings.port} is no manager of Asterisk, or Asterisk stands "
        "still. Give the port of `port` in manager.conf (5038 by default), or let it be this "
        f"one.\n\n{advice.listening(settings, _address(settings))}",
    )


_UNREAD = (
    "Copy the certificate of who signed Asterisk's (PEM, as it begins with -----BEGIN "
    "CERTIFICATE-----) to {ca} on this machine, readable by who runs this; or correct tls_ca."
)


def _no_way(settings: AsteriskSettings, cause: OSError, error: DriverError) -> Finding:
    if isinstance(cause, socket.gaierror):
        says = f"{settings.host} has no address: {cause}"
        return wrong("connection", says, "Correct the host, or give its address.")
    return wrong(
        "connection",
        str(error),
        "Is Asterisk running, its manager enabled on this port, and no firewall between?\n\n"
        f"{advice.listening(settings, _address(settings))}\n\n"
        "Asterisk 16 does not open a port again that it closed before it is restarted: "
        "asterisk -rx 'core restart when convenient'",
    )


def _address(settings: AsteriskSettings) -> str:
    if settings.host.lower() == "localhost":
        return "127.0.0.1"
    return settings.host if is_this_machine(settings.host) else _ANY


async def _distrusted(settings: AsteriskSettings, error: ssl.SSLCertVerificationError) -> Finding:
    says = f"Asterisk's certificate is not trusted: {error.verify_message}"
    if error.verify_code in _EXPIRED:
        return wrong(
            "connection",
            says,
            "Renew the file of `tlscertfile` in manager.conf (and see that both machines know the "
            "date); then:\n\n    asterisk -rx 'manager reload'",
        )
    if error.verify_code in _NAMES:
        names = await _names(settings)
        if not names:
            anew = advice.tls(settings, _address(settings), settings.port)
            return wrong(
                "connection",
                f"{says} (it has no subjectAltName, without which it is for no name)",
                f"Make another for {settings.tls_name or settings.host}.\n\n{anew}",
            )
        listed = f"{says} (it is for {', '.join(names)})"
        advised = f"Add tls_name={names[0]} to the URL, or use a name that it is for."
        return wrong("connection", listed, advised)
    return wrong("connection", says, _TRUST.format(host=settings.host, port=settings.port))


_TRUST = """\
Add tls_ca=FILE to the URL, with the certificate of who signed Asterisk's; where ast_tls_cert made \
it, that is /etc/asterisk/keys/ca.crt on Asterisk's host. One that signed itself is had so (see \
that it is the one in the file of `tlscertfile`):

    python3 -c 'import ssl; print(ssl.get_server_certificate(("{host}", {port})))' > asterisk.pem

and in the URL: tls_ca=asterisk.pem, or its full path."""


async def _names(settings: AsteriskSettings) -> tuple[str, ...]:
    """Return the names in the certificate, which is trusted but for them."""
    context = tls_context(settings.tls_ca)
    context.check_hostname = False
    try:
        link, _ = await _first_bytes(settings, context)
    except LinkLostError:
        return ()
    return link.certified


async def _speaks(settings: AsteriskSettings, context: ssl.SSLContext | None) -> str:
    """Return what a port says by itself, if anything."""
    try:
        _, data = await _first_bytes(settings, context)
    except LinkLostError:
        return ""
    return data.decode("ascii", "replace")


async def _first_bytes(
    settings: AsteriskSettings, context: ssl.SSLContext | None
) -> tuple[Link, bytes]:
    """Connect, and return the connection, cut again, with what came on it.

    Raises:
        LinkLostError: there is no connection to be had.
    """
    came: asyncio.Queue[bytes] = asyncio.Queue()
    link = await connect(
        settings.host,
        settings.port,
        on_bytes=came.put_nowait,
        on_lost=lambda _: came.put_nowait(b""),
        within_s=_LOOK_S,
        tls=context,
    )
    try:
        async with asyncio.timeout(_LOOK_S):
            return link, await came.get()
    except TimeoutError:
        return link, b""
    finally:
        link.abort()
        # The transport closes its socket in the next turn of the loop.
        await asyncio.sleep(0)


def _unverified() -> ssl.SSLContext:
    """Return how to find out whether a port speaks TLS at all; nothing is told it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
