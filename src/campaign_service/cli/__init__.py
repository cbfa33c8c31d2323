"""The command line: campaigns run from a file, and a service run and commanded.

Reads what a person typed and shows what came of it; what is done is done by the engine, and what
is known is known by the report. Errors end in :mod:`campaign_service.cli.app`, which says them and
knows the exit status of each.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

_NEEDED = (
    "alembic",
    "argon2",
    "click",
    "httptools",
    "httpx",
    "litestar",
    "msgspec",
    "phonenumbers",
    "prometheus_client",
    "rich",
    "sqlalchemy",
    "uvicorn",
    "zxcvbn",
)
"""What the extra `service` installs, by the names of the modules that are imported here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit status."""
    try:
        # Within the function: whoever installed core and drivers alone has the command too.
        from campaign_service.cli.app import main as carry_out  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name not in _NEEDED:
            raise
        advice = "pip install 'call-campaign[service]'"
        print(f"campaign: {error.name} is not installed; try: {advice}", file=sys.stderr)
        return 3
    return carry_out(arguments)
