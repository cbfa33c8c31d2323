"""Methods about what happened: logs, past campaigns, the audit, exports, the stream (R9)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Literal

from campaign_service.client.connection import AsOf, Parameters
from campaign_service.client.requests import Requests, order
from campaign_service.client.stream import follow
from campaign_service.schemas.digests import ViewDigest
from campaign_service.schemas.records import LogEntry, PastCampaign, PastCampaignDetail

__all__ = ["JournalMethods"]


class JournalMethods(Requests):
    """What the journal has."""

    def log(
        self, campaign_id: int | None = None, *, after: int = 0, newest_first: bool = False
    ) -> Iterator[LogEntry]:
        """Yield what happened behind an event, of a campaign or of the whole tenant (R9.2).

        Newest first, what happened before that event; of 0, everything.
        """
        of = () if campaign_id is None else ("campaigns", campaign_id)
        asked = order(newest_first=newest_first)
        return self._pages(LogEntry, self._path(*of, "log"), asked, after=after)

    def log_entry(self, seq: int) -> LogEntry:
        """Return one event, whole however long it is."""
        return self._read(LogEntry, self._ask(self._path("log", seq)))

    def past_campaigns(self, *, newest_first: bool = False) -> Iterator[PastCampaign]:
        """Yield every campaign that ever was, those deleted included (R9.2)."""
        asked = order(newest_first=newest_first)
        return self._pages(PastCampaign, self._path("past-campaigns"), asked)

    def past_campaign(self, campaign_id: int) -> PastCampaignDetail:
        """Return a campaign that is or was, with its parameters and how its calls ended."""
        return self._read(PastCampaignDetail, self._ask(self._path("past-campaigns", campaign_id)))

    def audit(self, parameters: Parameters, *, newest_first: bool = False) -> Iterator[LogEntry]:
        """Yield the commands that people gave, oldest or newest first."""
        asked = {**parameters, **order(newest_first=newest_first)}
        return self._pages(LogEntry, self._path("audit"), asked)

    def export(
        self,
        campaign_id: int,
        *,
        what: Literal["recipients", "attempts", "log"] = "recipients",
        form: Literal["csv", "json"] = "csv",
    ) -> Iterator[str]:
        """Yield the lines of a campaign's export as they come, also of one that was deleted."""
        path = self._path("campaigns", campaign_id, "export")
        asked: dict[str, str | int] = {"what": what, "format": form}
        with self.connection.stream(path, asked, {"Accept": "*/*"}) as lines:
            yield from lines

    def as_of(self) -> AbstractContextManager[AsOf]:
        """Have it put down as of which events answers are, so that :meth:`follow` goes on there.

        ::

            with client.as_of() as seen:
                campaigns = list(client.campaigns())
            for entry in client.follow(after=seen.seq):
                ...

        Of several answers, or pages of one list, a later one may know an event already that is told
        then; with one ``at`` for all of them none does.
        """
        return self.connection.as_of()

    def follow(
        self, *, after: int, campaign_id: int | None = None, patience_s: float = 60.0
    ) -> Iterator[LogEntry]:
        """Yield what happens from now on, without end; see :func:`~.stream.follow`.

        Args:
            after: the number of the last event that is known.
            campaign_id: of one campaign; ``None``: of the whole tenant.
            patience_s: a service that is away for longer ends it.
        """
        parameters: dict[str, str | int] = (
            {} if campaign_id is None else {"campaign_id": campaign_id}
        )
        for event in follow(
            self.connection,
            self._path("events"),
            after=after,
            parameters=parameters,
            patience_s=patience_s,
        ):
            yield self._read(LogEntry, event.data)

    def follow_view(
        self, *, campaign_id: int | None = None, patience_s: float = 60.0
    ) -> Iterator[tuple[ViewDigest, bool]]:
        """Yield what changed, in short, without end; and whether all is told anew.

        The first is told anew: it has every campaign, and so has one after an interruption that
        was too long.

        Args:
            campaign_id: of this campaign also whose recipients' states changed.
            patience_s: a service that is away for longer ends it.
        """
        parameters: dict[str, str | int] = (
            {} if campaign_id is None else {"campaign_id": campaign_id}
        )
        for event in follow(
            self.connection,
            self._path("view"),
            after=None,
            parameters=parameters,
            patience_s=patience_s,
        ):
            if event.name in ("reset", "digest"):
                yield self._read(ViewDigest, event.data), event.name == "reset"
