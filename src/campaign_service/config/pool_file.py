"""The file of a pool: its nodes, each with the URL of its driver, its weight and its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import attrs

from campaign_core.errors import SettingsError
from campaign_drivers import Driver
from campaign_drivers.pool import Node
from campaign_service.config.campaign_table import read_limits
from campaign_service.config.problems import LocatedProblem, raise_if_any
from campaign_service.config.table import Table
from campaign_service.config.toml_file import read_toml

__all__ = ["PoolNode", "read_pool"]

_ELSEWHERE = ("driver", "password_file", "password_env")


@attrs.frozen(kw_only=True)
class PoolNode:
    """A node as its file has it."""

    url: str = attrs.field(repr=False)
    """Of its driver, the password in it."""
    node: Node


def read_pool(
    path: Path, *, open_driver: Callable[[str], Driver], environment: Mapping[str, str]
) -> tuple[PoolNode, ...]:
    """Return the nodes of a pool.

    Args:
        open_driver: makes the driver that a URL asks for; raises ``SettingsError`` for a bad one.
        environment: where passwords may be.

    Raises:
        InputError: the file cannot be read, or holds values that cannot be taken.
    """
    source = read_toml(path)
    problems: list[LocatedProblem] = []
    top = Table(source, (), source.data, problems)
    top.refuse_others(["node"])
    tables = top.tables("node")
    if not tables and not problems:
        top.refuse("node", None, "at least one [[node]]")
    found = [_read_node(table, open_driver, environment) for table in tables]
    nodes = [entry for entry in found if entry is not None]
    for index, table in enumerate(tables):
        name = table.raw("name")
        if name is not None and name in [other.raw("name") for other in tables[:index]]:
            table.refuse("name", name, "names that differ")
    raise_if_any(problems)
    return tuple(nodes)


def _read_node(
    table: Table, open_driver: Callable[[str], Driver], environment: Mapping[str, str]
) -> PoolNode | None:
    driver = url = None
    url = _url(table, environment)
    if url is not None:
        try:
            driver = open_driver(url)
        except SettingsError as error:
            for problem in error.problems:
                # A URL may hold a secret, so that its parts alone are shown, as the driver does.
                rule = f"{problem.field} = {problem.value!r}: {problem.rule}"
                table.refuse("driver", None, rule)
    node = table.build(
        Node,
        readers={"call_limits": read_limits},
        placeholders={"name": "node"},
        given={"driver": driver},
        known=_ELSEWHERE,
    )
    return None if node is None or url is None or driver is None else PoolNode(url=url, node=node)


def _url(table: Table, environment: Mapping[str, str]) -> str | None:
    """Return the URL with its password, ``None`` if something was put down as wrong."""
    url = table.text("driver")
    if url is None:
        if "driver" not in table:
            table.refuse("driver", None, "missing")
        return None
    given = [key for key in ("password_file", "password_env") if key in table]
    if not given:
        return url
    parts = urlsplit(url)
    if len(given) > 1 or parts.password:
        table.refuse(given[-1], None, "one password, in the URL, in a file or in the environment")
        return None
    password = _password(table, given[0], environment)
    if password is None:
        return None
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.rstrip(':') if at else ''}:{quote(password, safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


def _password(table: Table, key: str, environment: Mapping[str, str]) -> str | None:
    name = table.text(key)
    if name is None:
        return None
    if key == "password_env":
        found = environment.get(name)
        if not found:
            table.refuse(key, name, "the name of a variable that is set")
        return found or None
    try:
        text = (table.source.path.parent / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        table.refuse(key, name, f"a file that can be read: {why}")
        return None
    return text.rstrip("\r\n")
