"""Requests to a running service: repeated where that is safe, refused with what it says.

Queries change nothing, and a command carries an idempotency key, under which the service takes it
once however often it comes. So both are tried again when the connection fails or the service is
away for a moment, and an answer that was lost is asked for again. Where none comes to the end, the
error of a command says whether it may have been taken.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote, urlsplit

import attrs
import httpx

from campaign_core.errors import Problem, SettingsError
from campaign_service.client.errors import (
    ClientError,
    ProblemError,
    ResponseError,
    problem_of,
)
from campaign_service.client.failures import (
    is_passing,
    is_sent,
    may_be_taken,
    retry_after_s,
    unreachable,
)
from campaign_service.client.json_data import Json

__all__ = ["AsOf", "Connection", "Parameters", "Response"]

Parameters = Mapping[str, str | int | Sequence[str] | None]
"""Of a query; what is ``None`` is left out, and a list is given entry by entry."""

_AWAY = 503
_TOKEN = re.compile(r"[!-~]+")
"""What a header can carry; anything else would be quoted in an error of the connection."""
_TIMEOUT = httpx.Timeout(connect=5, read=60, write=60, pool=5)
_PAUSE_S, _PAUSE_MAX_S = 0.2, 5.0
_LEADERS_MAX = 3
"""Most redirects to a leader per request; ends a loop of two processes naming each other."""


@attrs.frozen(kw_only=True)
class Response:
    """What came back of a request."""

    status: int
    data: Json
    """The body; ``None`` where there is none."""
    etag: str | None
    """Of what was shown, to be given with a change of it."""
    seq: int | None = None
    """The last event that the answer knows of; ``None``: it is made of no state."""


class AsOf:
    """As of which events some answers are."""

    def __init__(self) -> None:
        self._seqs: list[int] = []

    @property
    def seq(self) -> int:
        """The lowest number of all: what is told behind it, all together, brings them up to date.

        0 where no answer was made of a state: behind that everything is told.
        """
        return min(self._seqs, default=0)

    def note(self, seq: int) -> None:
        """Put down as of which event an answer is."""
        self._seqs.append(seq)


class Connection:
    """Requests with a token to one service; a context that closes its connections.

    Args:
        url: of the service, ``http://host:port``, or ``unix:/path`` of its socket.
        token: ``None``: only what needs none can be asked for.
        patience_s: for so long a request is tried again, 0 for never.
        follows_leader: whether a command that another process of the service must take is
            sent there, with the token. Never from HTTPS to plain HTTP.
        tls: whose certificates are trusted; ``None``: those of the public authorities.
        transport: takes the requests, where it is not the network.
        sleep: waits so many seconds.
        on_wait: is told why a request is going to be tried again.

    Raises:
        SettingsError: the token is none.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str | None = None,
        patience_s: float = 10.0,
        follows_leader: bool = False,
        tls: ssl.SSLContext | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        if token is not None and _TOKEN.fullmatch(token) is None:
            rule = "visible ASCII characters, and nothing else"
            raise SettingsError([Problem(field="token", value="(not shown)", rule=rule)])
        self.url = url.rstrip("/")
        self._token = token
        self._patience_s = patience_s
        self._follows_leader = follows_leader
        self._sleep = sleep
        self._on_wait = on_wait
        self._noting: list[AsOf] = []
        self._http = _http(self.url, transport, tls)
        self._base = self._http.base_url
        """Who is asked: after a command that the leader took, the leader, for another process may
        not have read of it yet."""

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    @contextmanager
    def as_of(self) -> Iterator[AsOf]:
        """Have it put down as of which events the answers are that come meanwhile."""
        noted = AsOf()
        self._noting.append(noted)
        try:
            yield noted
        finally:
            self._noting.remove(noted)

    def ask(self, path: str, parameters: Parameters | None = None) -> Response:
        """Return the answer to a query.

        Raises:
            ClientError: there is none, or the service says no.
        """
        given = {name: value for name, value in (parameters or {}).items() if value is not None}
        return self._request("GET", path, params=given)

    def command(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Response:
        """Return the answer to a command, which is taken once however often it is sent.

        Args:
            method: of HTTP.
            path: below ``/api/v1``.
            body: as JSON; ``None``: none.
            key: under which it was sent before; ``None``: it is a new one.
            if_match: the tag of what is to be changed, as it was seen.
            parameters: of the query.

        Raises:
            ClientError: it is not known to be taken, or the service says no;
                :attr:`~ClientError.may_be_taken` tells one from the other.
        """
        headers = {"Idempotency-Key": key or secrets.token_hex(16), **_tagged(if_match)}
        return self._request(method, path, params=parameters, body=body, headers=headers)

    def change(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        if_match: str | None = None,
        is_repeatable: bool = True,
    ) -> Response:
        """Return the answer to a change of what heeds no key: users, roles, tokens, nodes.

        Args:
            method: of HTTP.
            path: below ``/api/v1``.
            body: as JSON; ``None``: none.
            if_match: the tag of what is to be changed, as it was seen.
            is_repeatable: whether it is sent again when the connection fails: what makes
                something might make it twice.

        Raises:
            ClientError: it is not known to be done, or the service says no.
        """
        return self._request(
            method, path, body=body, headers=_tagged(if_match), is_repeatable=is_repeatable
        )

    @contextmanager
    def stream(
        self, path: str, parameters: Mapping[str, str | int], headers: Mapping[str, str]
    ) -> Iterator[Iterator[str]]:
        """Return the lines of an answer that goes on, as they come; it is not tried again.

        Raises:
            UnreachableError: the connection failed, or ended.
            ClientError: the service says no.
        """
        try:
            with self._http.stream(
                "GET",
                self._base.join(_path(path)),
                params=parameters,
                headers={**self._headers(), "Accept": "text/event-stream", **headers},
            ) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    self._answer(response)
                yield response.iter_lines()
        except httpx.TransportError as error:
            self._base = self._http.base_url
            raise unreachable(self.url, error) from error

    # One request ---------------------------------------------------------------------------

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int | Sequence[str]] | None = None,
        body: Json = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = True,
    ) -> Response:
        leaders, is_in_doubt = 0, False
        deadline, pause_s = time.monotonic() + self._patience_s, _PAUSE_S
        while True:
            request = self._http.build_request(
                method,
                self._base.join(_path(path)),
                params=params,
                json=body if body is not None else None,
                headers={**self._headers(), **(headers or {})},
            )
            try:
                return self._answer(self._http.send(request))
            except httpx.TransportError as error:
                failed: ClientError = unreachable(self.url, error)
                failed.__cause__ = error
            except ClientError as error:
                failed = error
            if isinstance(failed, ProblemError):
                leader = self._leader(failed)
                if leader is not None and leaders < _LEADERS_MAX:
                    self._base, leaders = leader, leaders + 1
                    continue
            is_in_doubt = method != "GET" and may_be_taken(failed, was_in_doubt=is_in_doubt)
            failed.may_be_taken = is_in_doubt
            wait_s = retry_after_s(failed, pause_s)
            is_over = time.monotonic() + wait_s > deadline
            might_be_twice = not is_repeatable and is_sent(failed)
            if is_over or might_be_twice or not is_passing(failed):
                raise failed
            if self._on_wait is not None:
                self._on_wait(str(failed))
            self._sleep(wait_s)
            pause_s = min(2 * pause_s, _PAUSE_MAX_S)
            # Whoever led may be gone: the one that was named to us knows its successor.
            self._base = self._http.base_url

    def _headers(self) -> dict[str, str]:
        return {} if self._token is None else {"Authorization": f"Bearer {self._token}"}

    def _answer(self, response: httpx.Response) -> Response:
        data: Json = None
        if response.content:
            try:
                data = cast("Json", response.json())
            except ValueError:
                why = f"status {response.status_code}, and a body that is no JSON"
                error = ResponseError(self.url, why)
                # A proxy that has lost the service's own answer says so in a page.
                error.may_be_taken = response.is_server_error
                raise error from None
        if response.is_success:
            shown = response.headers.get("Campaign-Seq")
            seq = None if shown is None else int(shown)
            if seq is not None:
                for one in self._noting:
                    one.note(seq)
            etag = response.headers.get("ETag")
            return Response(status=response.status_code, data=data, etag=etag, seq=seq)
        members = data if isinstance(data, dict) else {}
        after = response.headers.get("Retry-After")
        raise problem_of(response.status_code, members | ({"retry_after": after} if after else {}))

    def _leader(self, error: ProblemError) -> httpx.URL | None:
        """Return where to go instead, if we were told and may go there."""
        named = error.members.get("leader")
        if not self._follows_leader or error.status != _AWAY or not isinstance(named, str):
            return None
        with suppress(ValueError, httpx.InvalidURL):
            parts = urlsplit(named)
            is_weaker = self._http.base_url.scheme == "https" and parts.scheme != "https"
            if parts.scheme in ("http", "https") and parts.hostname and not is_weaker:
                return httpx.URL(f"{named.rstrip('/')}/")
        return None


def _http(
    url: str, transport: httpx.BaseTransport | None, tls: ssl.SSLContext | None
) -> httpx.Client:
    base = url
    if url.startswith("unix:"):
        # The name that HTTP asks for means nothing there.
        base = "http://localhost"
        transport = transport or httpx.HTTPTransport(uds=url.removeprefix("unix:"))
    # What the environment says of proxies is for the web, and .netrc for other programs.
    return httpx.Client(
        base_url=f"{base}/",
        timeout=_TIMEOUT,
        transport=transport,
        verify=True if tls is None else tls,
        trust_env=False,
    )


def _tagged(if_match: str | None) -> dict[str, str]:
    return {} if if_match is None else {"If-Match": if_match}


def _path(path: str) -> str:
    return f"api/v1/{quote(path)}"
