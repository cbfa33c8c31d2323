"""Older events for listeners who catch up: those who are at the same place share a page.

After a restart a hundred listeners ask for the same events at the same time. Each page is read
and written once, and few at a time, so that nobody else is kept waiting by them.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable

import attrs

from campaign_core import CampaignId
from campaign_service.api.limits.worker_slots import WorkerSlots
from campaign_service.api.stream.entries import WHOLE_MAX
from campaign_service.journal import JournalEntry
from campaign_service.serving import TenantService

__all__ = ["FeedHistory", "HistoryPage"]

_PAGE = 1_000
_PAGE_BYTES = 1 << 20
_KEPT_MAX = 8
"""Pages that are kept for who comes to the same place a little later."""

_PageKey = tuple[int, CampaignId | None]


@attrs.frozen(kw_only=True)
class HistoryPage:
    """What is told of some older events."""

    text: bytes
    last_seq: int
    """Up to which event it tells all there is."""
    is_full: bool
    """Whether more may follow."""


class FeedHistory:
    """The older events of one tenant.

    Args:
        slots: in which they are read.
        write: makes the text of some.
    """

    def __init__(
        self,
        tenant: TenantService,
        slots: WorkerSlots,
        *,
        write: Callable[[Iterable[JournalEntry]], bytes],
    ) -> None:
        self._tenant = tenant
        self._slots = slots
        self._write = write
        self._reading: dict[_PageKey, asyncio.Task[HistoryPage]] = {}
        self._kept: OrderedDict[_PageKey, HistoryPage] = OrderedDict()

    async def page_after(
        self, after: int, campaign_id: CampaignId | None, *, known_seq: int
    ) -> HistoryPage:
        """Return the page behind an event.

        Args:
            after: the last event that is known.
            campaign_id: only events of this campaign.
            known_seq: up to here all is in the journal.

        Raises:
            OSError: it cannot be read just now.
        """
        key = (after, campaign_id)
        kept = self._kept.get(key)
        if kept is not None:
            return kept
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(key, known_seq))
            self._reading[key] = reading
            reading.add_done_callback(lambda done: self._end(key, done))
        # Who goes away leaves the others their page.
        return await asyncio.shield(reading)

    async def _read(self, key: _PageKey, known_seq: int) -> HistoryPage:
        return await self._slots.run("listeners", self._page, *key, known_seq)

    def _page(self, after: int, campaign_id: CampaignId | None, known_seq: int) -> HistoryPage:
        entries = self._tenant.history.entries(
            after=after,
            limit=_PAGE,
            campaign_id=campaign_id,
            data_max=WHOLE_MAX,
            bytes_max=_PAGE_BYTES,
        )
        size = sum(len(entry.data) for entry in entries)
        is_full = len(entries) == _PAGE or size >= _PAGE_BYTES
        last = entries[-1].seq if entries else 0
        return HistoryPage(
            text=self._write(entries),
            last_seq=last if is_full else max(last, known_seq),
            is_full=is_full,
        )

    def _end(self, key: _PageKey, done: asyncio.Task[HistoryPage]) -> None:
        del self._reading[key]
        # All who asked may have gone, and an error that nobody sees is a warning.
        if done.cancelled() or done.exception() is not None:
            return
        page = done.result()
        if page.is_full:
            # Nothing comes between; behind one that is not full more may come.
            self._kept[key] = page
            if len(self._kept) > _KEPT_MAX:
                self._kept.popitem(last=False)
