"""What the service logs: to standard error, as lines of text or of JSON.

Set up here alone; every other module asks ``logging`` for its logger and says what it has to say.
Nobody may log a secret. Where somebody does all the same (a library that shows a URL, an error
that quotes it), the secrets of the configuration are taken out before a line is written.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import unquote

from typing_extensions import override

from campaign_service.config.service_settings import ServiceSettings
from campaign_service.serving import current_tenant

__all__ = ["HIDDEN", "LineFormatter", "secrets_of", "set_up_logging"]

_OUR_PREFIX = "campaign_service."
"""Before the names of our own loggers: left out where a person reads."""
HIDDEN = "(not shown)"
_SECRET_MIN = 4
"""Characters: shorter ones are no secrets, and would be found in every second word."""
_REPEAT_S = 1.0
_PASSWORD = re.compile(r"://[^/?#@\s:]*:([^/?#@\s]+)@")
_PASSWORD_LOOSE = re.compile(r"://[^/?#@\s:]*:([^@\s]+)@")
_QUIET_LIBRARIES = ("alembic", "httpx", "uvicorn", "uvicorn.access")
"""Libraries that tell of each step."""


class LineFormatter(logging.Formatter):
    """Writes a record as one line of text, or as one JSON object, without the secrets.

    Args:
        as_json: whether a program reads it.
        secrets: what is taken out.
    """

    def __init__(self, *, as_json: bool, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._as_json = as_json
        # The longest first: a password may be part of a URL that is hidden as a whole.
        self._secrets = sorted({text for text in secrets if text}, key=len, reverse=True)

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        at = at.replace("+00:00", "Z")
        level, name, text = record.levelname.lower(), record.name, record.getMessage()
        tenant = current_tenant.get()
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        if self._as_json:
            fields = {"at": at, "level": level, "logger": name, "message": text}
            if tenant is not None:
                fields["tenant"] = tenant
            if trace:
                fields["trace"] = trace
            # Values are cleaned before they are escaped, or an escaped secret would stay.
            return json.dumps(
                {key: self._redacted(value) for key, value in fields.items()}, ensure_ascii=False
            )
        if tenant is not None and not text.startswith("tenant "):
            text = f"tenant {tenant}: {text}"
        # One record, one line: a name that somebody chose must not forge another.
        line = f"{at} {level:7} {name.removeprefix(_OUR_PREFIX)}: {text}".replace(
            "\r", "\\r"
        ).replace("\n", "\\n")
        return self._redacted(f"{line}\n{trace}" if trace else line)

    def _redacted(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _without_query(record: logging.LogRecord) -> bool:
    """Leave out of each request what stands behind its path."""
    arguments = record.args
    if isinstance(arguments, tuple) and len(arguments) > 2:  # noqa: PLR2004 -- uvicorn's five
        client, method, path, *others = arguments
        record.args = (client, method, str(path).partition("?")[0], *others)
    return True


def _without_strangers(record: logging.LogRecord) -> bool:
    """Leave out what the web server tells of strangers, and of requests that a stop broke off.

    Anybody can send what is no HTTP, as often as he likes, and would fill the disk.
    """
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, asyncio.CancelledError):
        return False
    return not str(record.msg).startswith(("Invalid HTTP request", "Cancel %s running task"))


class _RepeatFilter:
    """Leaves out what was told within the last second.

    Where files run out, the event loop tells so with a traceback, thousands of times a second.
    """

    def __init__(self) -> None:
        self._logged_at: dict[str, float] = {}

    def __call__(self, record: logging.LogRecord) -> bool:
        text = str(record.msg).partition("\n")[0]
        if record.created - self._logged_at.get(text, -math.inf) < _REPEAT_S:
            return False
        # Most of what was told lately is not told again.
        self._logged_at = {
            known: at for known, at in self._logged_at.items() if record.created - at < _REPEAT_S
        }
        self._logged_at[text] = record.created
        return True


@contextmanager
def set_up_logging(settings: ServiceSettings, stream: TextIO | None = None) -> Iterator[None]:
    """Have all that is logged within written to standard error, or to a stream."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        LineFormatter(as_json=settings.log_format == "json", secrets=secrets_of(settings))
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    levels = {"": level, **dict.fromkeys(_QUIET_LIBRARIES, max(level, logging.WARNING))}
    if settings.access_log:
        levels["uvicorn.access"] = logging.INFO
    filters: dict[str, Callable[[logging.LogRecord], bool]] = {
        "uvicorn.access": _without_query,
        "uvicorn.error": _without_strangers,
        "asyncio": _RepeatFilter(),
    }
    before = {name: logging.getLogger(name).level for name in levels}
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [handler]
    for name, wanted in levels.items():
        logging.getLogger(name).setLevel(wanted)
    for name, kept in filters.items():
        logging.getLogger(name).addFilter(kept)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.handlers = handlers
        for name, kept in filters.items():
            logging.getLogger(name).removeFilter(kept)
        for name, found in before.items():
            logging.getLogger(name).setLevel(found)


def secrets_of(settings: ServiceSettings) -> frozenset[str]:
    """Return what of a configuration must not be shown: URLs with a password, and passwords."""
    found = set()
    for url in (settings.db, *(tenant.driver for tenant in settings.tenants)):
        # A URL may name others within, and a slash in a password hides its end.
        passwords = {*_PASSWORD.findall(url), *_PASSWORD_LOOSE.findall(url)}
        if passwords:
            found |= {url, unquote(url), *passwords, *map(unquote, passwords)}
    return frozenset(text for text in found if len(text) >= _SECRET_MIN)
