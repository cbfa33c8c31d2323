"""The client: commands and queries of a running service as methods, with typed answers.

::

    with Client(Connection(url="http://127.0.0.1:8080", token=token)) as client:
        done = client.start(model_id=1)
        for entry in client.follow(after=done.seq, campaign_id=done.campaign_id):
            print(entry.at, entry.kind)

There is a method for every operation of the API, but for those that monitors ask (health,
readiness, measurements).
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from campaign_service.client.account_methods import AccountMethods
from campaign_service.client.campaign_methods import CampaignMethods
from campaign_service.client.journal_methods import JournalMethods
from campaign_service.client.model_methods import ModelMethods
from campaign_service.client.recipient_methods import RecipientMethods
from campaign_service.client.service_methods import ServiceMethods

__all__ = ["Client"]


class Client(
    ServiceMethods, ModelMethods, CampaignMethods, RecipientMethods, JournalMethods, AccountMethods
):
    """A tenant of a running service; a context that closes the connection.

    Args:
        connection: to the service.
        tenant: which PBX's.
    """

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.connection.close()
