"""Database URLs: what may be given, and what may be shown of it."""

from __future__ import annotations

from pathlib import Path

import attrs
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from campaign_core.errors import Problem, SettingsError

__all__ = ["DatabaseAddress", "address_of"]

_RULE = "a file, sqlite:///FILE, or postgresql://USER:PASSWORD@HOST:PORT/NAME"
_AT_RULE = f"{_RULE}; in name and password, @ is written as %40, / as %2F and : as %3A"
_SERVER = {"postgres", "postgresql", "postgresql+psycopg"}


@attrs.frozen(kw_only=True)
class DatabaseAddress:
    """Where a database is."""

    url: URL = attrs.field(repr=False)
    """As SQLAlchemy takes it; it may hold a password."""
    file: Path | None
    """Of SQLite; ``None``: a PostgreSQL server."""
    shown: str
    """For a person: without a password."""


def address_of(text: str) -> DatabaseAddress:
    """Return the address that a person gave.

    Raises:
        SettingsError: it is none.
    """
    if "://" not in text:
        return _file(Path(text), text)
    if not text.startswith("sqlite:") and _is_torn(text):
        raise _refused("(not shown)", _AT_RULE)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # What cannot be read cannot be shown either: a password may be anywhere in it.
        raise _refused("(not shown)") from None
    if url.drivername == "sqlite":
        if url.host or url.query:
            raise _refused(_shown(url))
        return _file(Path(url.database or ""), text)
    if url.drivername not in _SERVER or not url.database:
        raise _refused(_shown(url))
    return DatabaseAddress(
        url=url.set(drivername="postgresql+psycopg"), file=None, shown=_shown(url)
    )


def _is_torn(text: str) -> bool:
    """Return whether a password has a sign that ends it: its rest would be shown as a host."""
    rest = text.partition("://")[2].partition("?")[0]
    authority, _, path = rest.partition("/")
    return authority.count("@") > 1 or "@" in path


def _file(path: Path, given: str) -> DatabaseAddress:
    if path.name in ("", "..") or ":memory:" in given:
        raise _refused(given)
    return DatabaseAddress(url=URL.create("sqlite", database=str(path)), file=path, shown=str(path))


def _shown(url: URL) -> str:
    # Options of a connection may hold a secret too.
    return url.set(query={}).render_as_string(hide_password=True)


def _refused(shown: str, rule: str = _RULE) -> SettingsError:
    return SettingsError([Problem(field="database", value=shown, rule=rule)])
