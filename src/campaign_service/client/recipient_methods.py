"""Methods about the recipients of a campaign (R5): the status panel and what is done on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaign_core import RecipientList
from campaign_service.client.json_data import Json, recipients_data
from campaign_service.client.requests import Requests, moment
from campaign_service.schemas.explanations import Explanation
from campaign_service.schemas.responses import RecipientDetail, RecipientRow, Taken

__all__ = ["RecipientMethods"]


class RecipientMethods(Requests):
    """Recipients of a campaign, by their positions in its list.

    Where a key is given, a command that was taken under it before is not taken again.
    """

    def recipients(
        self,
        campaign_id: int,
        *,
        states: Sequence[str] = (),
        number: str | None = None,
        at: datetime | None = None,
    ) -> Iterator[RecipientRow]:
        """Yield the recipients of a campaign, in list order (R5.4).

        Args:
            campaign_id: whose.
            states: only those in one of these.
            number: only those listed under it, as a further number too.
            at: as it was then; ``None``: now.
        """
        asked = {"state": states, "number": number, "at": moment(at)}
        return self._pages(RecipientRow, self._path("campaigns", campaign_id, "recipients"), asked)

    def recipient(
        self, campaign_id: int, position: int, *, at: datetime | None = None
    ) -> RecipientDetail:
        """Return a recipient with its attempts, as it is or was then."""
        path = self._path("campaigns", campaign_id, "recipients", position)
        return self._read(RecipientDetail, self._ask(path, {"at": moment(at)}))

    def explain(
        self, campaign_id: int, position: int, *, at: datetime | None = None
    ) -> Explanation:
        """Return why a recipient is not being called, or was not then (R8.1)."""
        path = self._path("campaigns", campaign_id, "recipients", position, "explain")
        return self._read(Explanation, self._ask(path, {"at": moment(at)}))

    def append_recipients(
        self,
        campaign_id: int,
        recipients: RecipientList,
        *,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Add recipients behind the others (R4.10)."""
        path = self._path("campaigns", campaign_id, "recipients")
        body: Json = {"recipients": recipients_data(recipients)}
        return self._command("POST", path, body, key=key, tag=tag)

    def add_attempts(
        self,
        campaign_id: int,
        attempts: int,
        *,
        positions: Sequence[int] | None = None,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Allow more attempts (R5.2).

        Args:
            campaign_id: whose.
            attempts: how many more.
            positions: to whom; ``None``: to every failed recipient.
            tag: of the campaign, as it was seen.
            key: under which it is taken once.
        """
        whom: Json = "ALL_FAILED" if positions is None else list(positions)
        body: Json = {"attempts": attempts, "positions": whom}
        path = self._path("campaigns", campaign_id, "add-attempts")
        return self._command("POST", path, body, key=key, tag=tag)

    def stop_attempts(
        self,
        campaign_id: int,
        positions: Sequence[int],
        *,
        tag: str | None = None,
        key: str | None = None,
    ) -> Taken:
        """Have recipients tried no more; one in a call keeps it (R5.3)."""
        path = self._path("campaigns", campaign_id, "stop-attempts")
        return self._command("POST", path, {"positions": list(positions)}, key=key, tag=tag)
