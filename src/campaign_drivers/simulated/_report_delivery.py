"""Carries reports about calls to the link, and spoils them where faults say so."""

from __future__ import annotations

import attrs

from campaign_core import CallId, Instant
from campaign_core.decisions import PlaceCall
from campaign_core.reports import DeferralReport, RefusalReport
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._event_queue import EventQueue, Slots
from campaign_drivers.simulated._faults import CallReport, Faults
from campaign_drivers.simulated._link import Link
from campaign_drivers.simulated._live_call import LiveCall

__all__ = ["ReportDelivery"]


@attrs.frozen(eq=False)
class _Late:
    """A report on its way."""

    report: CallReport
    slots: Slots = attrs.field(factory=lambda: [0])


class ReportDelivery:
    """Carries reports, at once where nothing goes wrong."""

    def __init__(self, *, queue: EventQueue, link: Link, faults: Faults, seed: int) -> None:
        self._queue = queue
        self._link = link
        self._faults = faults
        self._seed = seed
        self._spoils = faults.spoil_reports
        # To make a source of chance costs more than all else that a call needs.
        self._never_asked = None if self._spoils or faults.playback_failed else Chance("never")

    def mishaps(self, call_id: CallId) -> Chance:
        """Return the chance of one call for faults, apart from that for its course."""
        if self._never_asked is not None:
            return self._never_asked
        return Chance(f"mishaps/{self._seed}/{call_id}")

    def tell(self, call: LiveCall, report: CallReport, at: Instant) -> None:
        """Report something about a call."""
        if self._spoils:
            self._send_spoiled(call.order, call.mishaps, report, at)
        else:
            self._link.send(report, at)

    def tell_untaken(
        self, order: PlaceCall, report: RefusalReport | DeferralReport, at: Instant
    ) -> None:
        """Report that an order did not become a call."""
        self._send_spoiled(order, self.mishaps(order.call_id), report, at)

    def _send_spoiled(
        self, order: PlaceCall, mishaps: Chance, report: CallReport, at: Instant
    ) -> None:
        for delay_ms in self._faults.delays_ms(order.number, report, mishaps):
            if delay_ms:
                self._queue.put(Instant(at + delay_ms), _Late(report), 0, self._arrive)
            else:
                self._link.send(report, at)

    def _arrive(self, late: _Late, at: Instant) -> None:
        self._link.send(late.report, at)
