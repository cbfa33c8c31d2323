"""The client: commands and queries of a running service as methods, with typed answers.

::

    with Client(Connection(url="http://127.0.0.1:8080", token=token)) as client:
        done = client.start(model_id=1)
        for entry in client.follow(after=done.seq, campaign_id=done.campaign_id):
            print(entry.at, entry.kind)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self, TypeVar, cast

import msgspec

from campaign_core import CampaignModel, RecipientList
from campaign_service.client.connection import Connection, Parameters
from campaign_service.client.errors import AnswerError
from campaign_service.client.json_data import Json, model_data, recipients_data
from campaign_service.client.shapes import (
    AdminEvent,
    CampaignRow,
    Done,
    Explanation,
    LogEntry,
    Login,
    ModelRow,
    RecipientDetail,
    RecipientRow,
    ServiceStatus,
)
from campaign_service.client.stream import follow

__all__ = ["Client"]

_Shape = TypeVar("_Shape")
_PAGE = 1_000


class Client:
    """A tenant of a running service; a context that closes the connection.

    Args:
        connection: to the service.
        tenant: which PBX's.
    """

    def __init__(self, connection: Connection, *, tenant: str = "main") -> None:
        self.connection = connection
        self.tenant = tenant

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

    # Who asks ------------------------------------------------------------------------------

    def log_in(self, name: str, password: str) -> Login:
        """Return a token for a user."""
        body: Json = {"name": name, "password": password}
        return self._read(Login, self.connection.command("POST", "login", body).data)

    def log_out(self) -> None:
        """Have the token hold no more."""
        self.connection.command("POST", "logout")

    def change_password(self, old: str, new: str) -> None:
        """Give oneself another password."""
        body: Json = {"old": old, "new": new}
        self.connection.command("PUT", "me/password", body)

    # Models --------------------------------------------------------------------------------

    def models(self) -> Iterator[ModelRow]:
        """Yield all models, by id."""
        return self._pages(ModelRow, self._path("models"))

    def model(self, model_id: int) -> tuple[dict[str, Json], str | None]:
        """Return a model with its recipients as the API has it, and its tag for a change."""
        answer = self.connection.ask(self._path("models", model_id), {"recipients": "true"})
        return self._members(answer.data), answer.etag

    def add_model(self, model: CampaignModel) -> Done:
        """Add a model, with its recipients."""
        return self._command("POST", self._path("models"), cast("Json", model_data(model)))

    def edit_model(
        self, model_id: int, model: CampaignModel, *, tag: str | None, confirmed: bool = False
    ) -> Done:
        """Replace a model, with its recipients, unless somebody changed it meanwhile.

        Args:
            model_id: which.
            model: as it is to be.
            tag: of what is replaced, as it was seen.
            confirmed: needed where campaigns were started from it (R3.5).
        """
        return self._command(
            "PUT",
            self._path("models", model_id),
            cast("Json", model_data(model)),
            tag=tag,
            parameters={"confirmed": "true"} if confirmed else None,
        )

    def bar(self, numbers: Sequence[str]) -> Done:
        """Put numbers on the do-not-call list."""
        return self._command("POST", self._path("do-not-call"), {"numbers": list(numbers)})

    # Campaigns -----------------------------------------------------------------------------

    def start(
        self,
        *,
        model_id: int,
        name: str | None = None,
        sound: str | None = None,
        recipients: RecipientList | None = None,
        at: datetime | None = None,
        after_min: int | None = None,
        expires_at: datetime | None = None,
    ) -> Done:
        """Start a campaign at once, at a time, or after so many minutes (R4.1, R4.2).

        What is ``None`` is the model's.
        """
        when: dict[str, Json] = {"mode": "IMMEDIATE"}
        if at is not None:
            when = {"mode": "SCHEDULED", "at": at.isoformat()}
        elif after_min is not None:
            when = {"mode": "DELAYED", "minutes": after_min}
        body: dict[str, Json] = {
            "model_id": model_id,
            "when": when,
            "name": name,
            "sound": sound,
            "recipients": None if recipients is None else recipients_data(recipients),
            "expires_at": None if expires_at is None else expires_at.isoformat(),
        }
        given: Json = {key: value for key, value in body.items() if value is not None}
        return self._command("POST", self._path("campaigns"), given)

    def start_now(self, campaign_id: int) -> Done:
        """Start a scheduled campaign before its time."""
        return self._command("POST", self._path("campaigns", campaign_id, "start-now"))

    def pause(self, campaign_id: int) -> Done:
        """Have no new calls placed; those in progress go on (R4.7)."""
        return self._command("POST", self._path("campaigns", campaign_id, "pause"))

    def resume(self, campaign_id: int) -> Done:
        """Have calls placed again (R4.7)."""
        return self._command("POST", self._path("campaigns", campaign_id, "resume"))

    def stop(self, campaign_id: int, *, hang_up: bool = False) -> Done:
        """Close a campaign for good (R4.7)."""
        path = self._path("campaigns", campaign_id, "stop")
        return self._command("POST", path, {"hang_up": hang_up})

    def campaigns(self, *, statuses: Sequence[str] = ()) -> Iterator[CampaignRow]:
        """Yield the campaigns on the list, in the order of their creation (R4.8)."""
        return self._pages(CampaignRow, self._path("campaigns"), {"status": statuses})

    def campaign(self, campaign_id: int) -> CampaignRow:
        """Return a campaign with all its parameters."""
        return self._read(CampaignRow, self._ask(self._path("campaigns", campaign_id)))

    def recipients(self, campaign_id: int, *, states: Sequence[str] = ()) -> Iterator[RecipientRow]:
        """Yield the recipients of a campaign, in list order (R5.4)."""
        path = self._path("campaigns", campaign_id, "recipients")
        return self._pages(RecipientRow, path, {"state": states})

    def recipient(self, campaign_id: int, position: int) -> RecipientDetail:
        """Return a recipient with its attempts."""
        path = self._path("campaigns", campaign_id, "recipients", position)
        return self._read(RecipientDetail, self._ask(path))

    def explain(self, campaign_id: int, position: int) -> Explanation:
        """Return why a recipient is not being called (R8.1)."""
        path = self._path("campaigns", campaign_id, "recipients", position, "explain")
        return self._read(Explanation, self._ask(path))

    # What happened -------------------------------------------------------------------------

    def status(self) -> ServiceStatus:
        """Return how the service fares."""
        return self._read(ServiceStatus, self._ask(self._path("status")))

    def log(self, campaign_id: int | None = None, *, after: int = 0) -> Iterator[LogEntry]:
        """Yield what happened behind an event, of a campaign or of the whole tenant (R9.2)."""
        of = () if campaign_id is None else ("campaigns", campaign_id)
        return self._pages(LogEntry, self._path(*of, "log"), after=after)

    def audit(self, parameters: Parameters) -> Iterator[LogEntry]:
        """Yield the commands that people gave, oldest first."""
        return self._pages(LogEntry, self._path("audit"), parameters)

    def admin_audit(self, parameters: Parameters) -> Iterator[AdminEvent]:
        """Yield what was done to users and by whom, log-ins too, oldest first."""
        return self._pages(AdminEvent, "audit", parameters)

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

    # Requests ------------------------------------------------------------------------------

    def _path(self, *parts: str | int) -> str:
        return "/".join(["tenants", self.tenant, *map(str, parts)])

    def _ask(self, path: str, parameters: Parameters | None = None) -> Json:
        return self.connection.ask(path, parameters).data

    def _command(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        tag: str | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Done:
        answer = self.connection.command(method, path, body, if_match=tag, parameters=parameters)
        return self._read(Done, answer.data)

    def _pages(
        self,
        kind: type[_Shape],
        path: str,
        parameters: Parameters | None = None,
        *,
        after: int = 0,
    ) -> Iterator[_Shape]:
        following: Json = after
        while following is not None:
            asked = {**(parameters or {}), "after": cast("int", following), "limit": _PAGE}
            page = self._members(self._ask(path, asked))
            yield from self._read(list[kind], page.get("items"))  # type: ignore[valid-type]
            following = page.get("next")

    def _members(self, data: Json) -> dict[str, Json]:
        if not isinstance(data, dict):
            raise AnswerError(self.connection.url, "no object where one is expected")
        return data

    def _read(self, kind: type[_Shape], data: Json) -> _Shape:
        try:
            return msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            raise AnswerError(self.connection.url, str(error)) from None
