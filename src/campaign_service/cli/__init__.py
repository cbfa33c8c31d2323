"""The command line: ``campaign run``, ``check``, ``explain``, ``replay``.

Reads what a person typed and shows what came of it; what is done is done by the engine, and what
is known is known by the report.
"""

from campaign_service.cli.app import main

__all__ = ["main"]
