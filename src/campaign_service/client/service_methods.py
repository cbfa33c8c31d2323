"""Methods about the service itself: status, nodes, settings, the do-not-call list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from campaign_service.client.json_data import Json
from campaign_service.client.requests import Requests, moment
from campaign_service.schemas.explanations import WhatIfAnswer
from campaign_service.schemas.records import Node, ServiceStatus, Tenant
from campaign_service.schemas.responses import Call, Taken

__all__ = ["ServiceMethods"]


class ServiceMethods(Requests):
    """The service, its nodes and its settings."""

    def tenants(self) -> list[Tenant]:
        """Return the tenants of the process that one may see."""
        return self._items(Tenant, "tenants")

    def status(self, *, waiting: bool = False) -> ServiceStatus:
        """Return how the service fares.

        Args:
            waiting: with who has waited longest in each campaign, and behind what (R8.5).
        """
        asked = {"waiting": "true"} if waiting else None
        return self._read(ServiceStatus, self._ask(self._path("status"), asked))

    def calls(
        self, campaign_id: int | None = None, *, at: datetime | None = None
    ) -> Iterator[Call]:
        """Yield the calls in progress, by campaign and position.

        Args:
            campaign_id: only those of this campaign.
            at: as it was then; ``None``: now.
        """
        asked = {"campaign_id": campaign_id, "at": moment(at)}
        return self._pages(Call, self._path("calls"), asked, after="")

    def what_if(self, trial: Json) -> WhatIfAnswer:
        """Return what a command would do now, and do nothing (R8.5).

        Args:
            trial: as the API has it: ``command``, such as ``PauseCampaign``, and its members.
        """
        answer = self._change("POST", self._path("what-if"), {"trial": trial})
        return self._read(WhatIfAnswer, answer.data)

    # Nodes ---------------------------------------------------------------------------------

    def nodes(self) -> list[Node]:
        """Return the nodes of the telephony; none, where it is no pool."""
        return self._items(Node, self._path("nodes"))

    def drain_node(self, name: str) -> Node:
        """Have no new calls placed on a node; its calls go on."""
        return self._read(Node, self._change("POST", self._path("nodes", name, "drain")).data)

    def restore_node(self, name: str) -> Node:
        """Have calls placed on a drained node again."""
        return self._read(Node, self._change("POST", self._path("nodes", name, "restore")).data)

    # Settings ------------------------------------------------------------------------------

    def settings(self, *, at: datetime | None = None) -> tuple[dict[str, Json], str | None]:
        """Return the general settings as the API has them, and their tag for a change.

        Args:
            at: as they were then; ``None``: now.
        """
        return self._tagged(self._path("settings"), {"at": moment(at)})

    def change_settings(self, settings: dict[str, Json], *, tag: str | None) -> Taken:
        """Replace the general settings, unless somebody changed them meanwhile (R2.3).

        Args:
            settings: every one of them.
            tag: of what is replaced, as it was seen.
        """
        return self._command("PUT", self._path("settings"), settings, tag=tag)

    def do_not_call(self, *, at: datetime | None = None) -> Iterator[str]:
        """Yield the numbers that are never called, sorted (R6.12); those of a time, if given."""
        return self._pages(str, self._path("do-not-call"), {"at": moment(at)}, after="")

    def bar(self, numbers: Sequence[str]) -> Taken:
        """Put numbers on the do-not-call list."""
        return self._command("POST", self._path("do-not-call"), {"numbers": list(numbers)})

    def unbar(self, numbers: Sequence[str]) -> Taken:
        """Take numbers off the do-not-call list; nobody who failed is revived (R6.12)."""
        return self._command("POST", self._path("do-not-call", "remove"), {"numbers": [*numbers]})
