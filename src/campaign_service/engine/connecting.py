"""Reaching a telephony that is not there yet."""

from __future__ import annotations

import asyncio
import logging

from campaign_drivers import Driver, LinkLostError, LoginRefusedError, ReportSink

__all__ = ["connect_with_retries"]

_log = logging.getLogger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1, 30
"""Between two tries."""
_REFUSED_PAUSE_S = 60
"""After a refused log-in: a server may lock out a client that tries too often."""


async def connect_with_retries(
    driver: Driver, report: ReportSink, *, is_patient: bool = False
) -> None:
    """Return once a driver is connected, however long it takes.

    Args:
        driver: not connected yet.
        report: what it will report to.
        is_patient: whether this begins at once, and a refused log-in is waited out too: a service
            outlives the change of a password. Otherwise one try was made before this.

    Raises:
        LoginRefusedError: the telephony does not take our credentials, and we are not patient.
    """
    pause_s: float = _FIRST_PAUSE_S
    if not is_patient:
        await asyncio.sleep(pause_s)
    while True:
        try:
            await driver.start(report)
        except LinkLostError as error:
            _log.warning("no connection to the telephony, trying again in %g s: %s", pause_s, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        except LoginRefusedError as error:
            if not is_patient:
                raise
            _log.error(
                "the telephony refuses us, trying again in %g s: %s", _REFUSED_PAUSE_S, error
            )
            await asyncio.sleep(_REFUSED_PAUSE_S)
        else:
            return
