"""The courier: carries reports about calls to the link, and spoils them where faults say so."""

from __future__ import annotations

from functools import partial
from random import Random

from campaign_core._values.identifiers import CallId
from campaign_core._values.instants import Instant
from campaign_drivers.simulated._agenda import Agenda
from campaign_drivers.simulated._chance import chance_of
from campaign_drivers.simulated._faults import CallReport, Faults
from campaign_drivers.simulated._link import Link

__all__ = ["Courier"]


class Courier:
    """Carries reports, at once where nothing goes wrong."""

    def __init__(self, *, agenda: Agenda, link: Link, faults: Faults, seed: int) -> None:
        self._agenda = agenda
        self._link = link
        self._faults = faults
        self._seed = seed
        self._spoils = faults.spoil_reports
        # To make a source of chance costs more than all else that a call needs.
        self._never_asked = None if self._spoils or faults.playback_failed else Random(seed)

    def mishaps(self, call_id: CallId) -> Random:
        """Return the chance of one call for faults, apart from that for its course."""
        if self._never_asked is not None:
            return self._never_asked
        return chance_of("mishaps", call_id, self._seed)

    def tell(self, number: str, mishaps: Random, report: CallReport, at: Instant) -> None:
        """Report something about a call to a number."""
        if not self._spoils:
            self._link.send(report, at)
            return
        for delay_ms in self._faults.delays_ms(number, report, mishaps):
            if delay_ms:
                deliver = partial(self._link.send, report)
                self._agenda.put(Instant(at + delay_ms), [0], 0, deliver)
            else:
                self._link.send(report, at)
