"""How often somebody may try to log in, counted in the database that all processes share.

::

    failures in 15 minutes          the next try is looked at after
    of one name      5, 6, 7, ...   5, 10, 20, 40, 60, 60, ... seconds
    from an address  20, 21, ...    10, 20, 40, ... 300, 300, ... seconds

A try counts as failed from before its password is looked at until it has succeeded: so a thousand
tries at once are not a thousand guesses. Tries that were turned away count for nothing.

The delay of a name is short and never becomes a lock: at a guess a minute, nobody finds a password
of twelve characters. Yet whoever keeps trying a name from everywhere would take each of those
guesses before its user does. So from an address where the user has logged in within the last 30
days, only the failures from that same address count. What remains is a user under attack who comes
from an address that is new; the console of the machine helps that one.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network

import sqlalchemy as sa

from campaign_core import Instant
from campaign_service.access.audit import AccessAction
from campaign_service.access.tables import access_event, access_failure
from campaign_service.access.values import is_name, normalized_name
from campaign_service.database import Database

__all__ = [
    "clear_failures",
    "client_network",
    "count_failure",
    "has_logged_in_from",
    "login_delay_ms",
]

WINDOW_MS = 15 * 60_000
_SKEW_MS = 60_000
_LOGGED_IN_WITHIN_MS = 30 * 86_400_000
_NAME_FREE, _NAME_FIRST_MS, _NAME_MOST_MS = 5, 5_000, 60_000
_NETWORK_FREE, _NETWORK_FIRST_MS, _NETWORK_MOST_MS = 20, 10_000, 300_000
_ADDRESS_MAX = 64


def count_failure(connection: sa.Connection, *, name: str, address: str, now: Instant) -> None:
    """Count a try as failed, until it has succeeded."""
    failures = access_failure.c
    connection.execute(sa.delete(access_failure).where(failures.at <= now - WINDOW_MS))
    values = {"at": now, "name_digest": _digest(name), "address": client_network(address)}
    connection.execute(sa.insert(access_failure).values(**values))


def clear_failures(connection: sa.Connection, *, name: str) -> None:
    """Forget the failures of a name: its user has come in."""
    digest = _digest(name)
    connection.execute(sa.delete(access_failure).where(access_failure.c.name_digest == digest))


def login_delay_ms(connection: sa.Connection, *, name: str, address: str, now: Instant) -> int:
    """Return how long the next try must wait; 0: it need not."""
    failures = access_failure.c
    network = client_network(address)
    of_name = [failures.name_digest == _digest(name)]
    count, last = _failures(connection, of_name, now)
    is_many = count >= _NAME_FREE and is_name(name)
    if is_many and _has_logged_in(connection, name=name, address=address, now=now):
        count, last = _failures(connection, [*of_name, failures.address == network], now)
    by_name = _delay(count, free=_NAME_FREE, first=_NAME_FIRST_MS, most=_NAME_MOST_MS)
    ready_at = last + by_name if by_name else 0

    count, last = _failures(connection, [failures.address == network], now)
    by_network = _delay(count, free=_NETWORK_FREE, first=_NETWORK_FIRST_MS, most=_NETWORK_MOST_MS)
    return max(0, ready_at - now, last + by_network - now if by_network else 0)


def has_logged_in_from(database: Database, *, name: str, address: str, now: Instant) -> bool:
    """Return whether a user of some name has logged in from an address lately.

    Raises:
        OSError: the database is away.
    """
    name = normalized_name(name)
    if not is_name(name):
        return False
    with database.reading() as connection:
        return _has_logged_in(connection, name=name, address=address, now=now)


def client_network(address: str) -> str:
    """Return what counts as one address: of IPv6, the network that one household is given."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return "".join(letter for letter in address if letter.isprintable())[:_ADDRESS_MAX]
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)


def _failures(
    connection: sa.Connection, which: list[sa.ColumnElement[bool]], now: Instant
) -> tuple[int, int]:
    """Return how many there were within the window, and when the last one was."""
    failures = access_failure.c
    query = sa.select(sa.func.count(), sa.func.max(failures.at))
    # Clocks of processes differ a little; one that was set back must make nobody wait for it.
    within = failures.at.between(now - WINDOW_MS + 1, now + _SKEW_MS)
    count, last = connection.execute(query.where(within, *which)).one()
    return count, min(last or 0, now)


def _delay(count: int, *, free: int, first: int, most: int) -> int:
    if count < free:
        return 0
    doubled = min(count - free, most.bit_length())
    return min(most, first << doubled)


def _has_logged_in(connection: sa.Connection, *, name: str, address: str, now: Instant) -> bool:
    """Return whether the user has logged in from an address lately; of IPv6, from its network."""
    event = access_event.c
    came_in = sa.select(event.address).where(
        event.subject == name,
        event.action == AccessAction.LOGGED_IN.value,
        event.at > now - _LOGGED_IN_WITHIN_MS,
    )
    here = came_in.where(event.address == address).limit(1)
    if connection.execute(here).first() is not None:
        return True
    network = client_network(address)
    if "/" not in network:
        return False
    nearby = connection.execute(came_in.distinct()).scalars()
    return any(client_network(other) == network for other in nearby)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
