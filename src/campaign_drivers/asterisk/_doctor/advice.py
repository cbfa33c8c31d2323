"""What to write into which file of Asterisk, and the command that makes it count.

Every block can be put at the end of its file as it is. A section of a manager's user that comes
twice counts as it stands last, its filters too; a context that comes twice is one; and ``(+)``
adds to a section that is there.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from ipaddress import ip_address

from campaign_drivers.asterisk._settings import AsteriskSettings

__all__ = [
    "DIALPLAN_RELOAD",
    "FILTERS",
    "MANAGER_RELOAD",
    "READ",
    "TELEPHONES",
    "block",
    "context",
    "listening",
    "login",
    "modules",
    "telephones",
    "tls",
    "user",
]

MANAGER_RELOAD = "manager reload"
DIALPLAN_RELOAD = "dialplan reload"

READ = "system,call,agi,dtmf"
_WRITE = "originate,call,agi"

FILTERS = (
    "FullyBooted",
    "Shutdown",
    "Newchannel",
    "OriginateResponse",
    "AsyncAGI",
    "Hangup",
    "DTMFEnd",
)
"""Each lets the events through whose names begin so."""

TELEPHONES = (
    'exten => _[0-9*#+]!,1,ExecIf($["${PJSIP_DIAL_CONTACTS(${EXTEN})}" = ""]?Hangup(20))',
    " same => n,Dial(${PJSIP_DIAL_CONTACTS(${EXTEN})})",
    " same => n,Hangup(${HANGUPCAUSE})",
)
"""They ring every telephone that is registered under an extension."""


def block(file: str, lines: Iterable[str], *commands: str, first: str = "") -> str:
    """Return what to write into a file.

    Args:
        file: of Asterisk's configuration.
        lines: as they are to stand there.
        commands: of Asterisk's console, which make them count.
        first: what is to be done to the file before.
    """
    run = "\n".join(f"asterisk -rx '{command}'" for command in commands)
    written, ran = (textwrap.indent(text, " " * 4) for text in ("\n".join(lines), run))
    return f"In {file}{first}:\n\n{written}\n\nthen:\n\n{ran}"


def user(settings: AsteriskSettings, *more: str) -> str:
    """Return the section of our manager's user, which mends all that can be wrong with it."""
    return block(
        "manager.conf",
        _section(settings, *more),
        MANAGER_RELOAD,
        first=f", in place of the `read`, `write` and `eventfilter` lines of [{settings.user}]",
    )


def login(settings: AsteriskSettings, here: str) -> str:
    """Return the section of a user who may log in from here."""
    lines = ("allowmultiplelogin = yes", *_permitted(here))
    return (
        f"[{settings.user}] needs a line `secret = …` with the secret given here, which is not "
        "shown; no `acl` line that keeps this machine out; and no (!) behind its name. In the URL "
        "some of a secret's characters are written %23 for #, %25 for %, %2F for /, %3A for :, "
        "%3F for ?, %40 for @.\n\n"
        f"{user(settings, *lines)}"
    )


def _section(settings: AsteriskSettings, *more: str) -> list[str]:
    write = f"{_WRITE},system" if settings.without_dialplan else _WRITE
    filters = [f"eventfilter = Event: {name}" for name in FILTERS]
    return [f"[{settings.user}]", *more, f"read = {READ}", f"write = {write}", *filters]


def _permitted(here: str) -> tuple[str, ...]:
    if not here:
        return ()
    if ":" in here:
        return (f"permit = {here}/128",)
    return "deny = 0.0.0.0/0.0.0.0", f"permit = {here}/255.255.255.255"


def listening(settings: AsteriskSettings, address: str) -> str:
    """Return the lines by which the manager listens where we look for it."""
    if settings.tls:
        return tls(settings, address, settings.port)
    lines = ["[general](+)", "enabled = yes", f"port = {settings.port}", f"bindaddr = {address}"]
    return block("manager.conf", lines, MANAGER_RELOAD)


def tls(settings: AsteriskSettings, address: str, port: int) -> str:
    """Return the lines by which the manager speaks TLS."""
    bind = f"[{address}]" if ":" in address else address
    name = settings.tls_name or settings.host
    lines = [
        "[general](+)",
        "enabled = yes",
        "tlsenable = yes",
        f"tlsbindaddr = {bind}:{port}",
        "tlscertfile = /etc/asterisk/manager.pem",
    ]
    return (
        f"{block('manager.conf', lines, MANAGER_RELOAD)}\n\n"
        "That file holds key and certificate; one that signs itself is made so:\n\n"
        f"    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN={name} -addext "
        f"subjectAltName={'IP' if _is_address(name) else 'DNS'}:{name} -keyout manager.key -out "
        "manager.crt && cat manager.key manager.crt > /etc/asterisk/manager.pem"
    )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def context(settings: AsteriskSettings, name: str, *, is_pbx_config_loaded: bool) -> str:
    """Return the lines of dialplan that hand calls over, and ring telephones where ours do."""
    lines = [f"[{name}]", f"exten => {settings.extension},1,AGI(agi:async)", " same => n,Hangup()"]
    if name == settings.context:
        lines += TELEPHONES
    first = f", in place of what extension {settings.extension} of [{name}] is there, if any"
    if is_pbx_config_loaded:
        return block("extensions.conf", lines, DIALPLAN_RELOAD, first=first)
    loaded = block("extensions.conf", lines, "module load pbx_config.so", first=first)
    return f"{loaded}\n\nand in modules.conf, so that it stays so:\n\n    load = pbx_config.so"


def telephones(settings: AsteriskSettings) -> str:
    """Return the lines of dialplan that ring every telephone of an extension."""
    return block("extensions.conf", [f"[{settings.context}]", *TELEPHONES], DIALPLAN_RELOAD)


def modules(names: Iterable[str]) -> str:
    """Return how modules are loaded, now and at each start."""
    files = [f"{name}.so" for name in names]
    return block(
        "modules.conf",
        ["[modules](+)", *(f"load = {file}" for file in files)],
        *(f"module load {file}" for file in files),
        first=", in place of `noload` lines for them",
    )
