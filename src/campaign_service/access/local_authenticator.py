"""The authenticator of the service's own users: looks up the token that a request shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import attrs
import sqlalchemy as sa

from campaign_core import Instant
from campaign_drivers.clock import present
from campaign_service.access.errors import NotAuthenticatedError
from campaign_service.access.grants import narrowed_permissions, permissions_of, read_grants
from campaign_service.access.principal import Principal
from campaign_service.access.roles import read_roles
from campaign_service.access.sessions import moved_end
from campaign_service.access.tables import access_token
from campaign_service.access.tokens import TokenRecord, digest_of, token_from_row
from campaign_service.access.transactions import change_count
from campaign_service.access.users import read_user
from campaign_service.database import Database, DatabaseAwayError
from campaign_service.vocabulary import ServicePermission

__all__ = ["TOKEN_CACHE_S", "LocalAuthenticator"]

TOKEN_CACHE_S = 3
"""So long a token is good without a look into the database: what another process has changed
takes effect within this time, what this one has changed at once."""

_CACHE_MS = TOKEN_CACHE_S * 1_000
_CACHE_AWAY_MS = 5 * 60_000
"""While the database is away, a token that was good is good for so long: whoever looks for what is
wrong must be let in. What another process revokes meanwhile takes effect within this time."""
_CACHE_MAX = 1_024
_LAST_USED_MS = 10 * 60_000
"""`last_used_at` is this old at most: a write for each request would cost more than the request."""
_TOKEN_MAX = 200


@attrs.frozen(kw_only=True)
class _CachedToken:
    """What the database says of a token."""

    token: TokenRecord
    must_change_password: bool
    grants: dict[str, frozenset[ServicePermission]] = attrs.field(hash=False)
    read_at: Instant
    change_count: int
    """How much this process had changed when it was read."""


class LocalAuthenticator:
    """Tells by a token which of the service's own users sends a request."""

    def __init__(self, database: Database, *, clock: Callable[[], Instant] = present) -> None:
        self._database = database
        self._clock = clock
        self._cache: dict[bytes, _CachedToken] = {}
        """By the digest of the secret; longest read first."""
        self._lookups: dict[bytes, asyncio.Task[_CachedToken]] = {}
        """What is being looked up; whoever asks for the same meanwhile waits for that."""

    async def authenticate(self, *, authorization: str | None, address: str) -> Principal:
        """Return who sends a request; see :class:`~campaign_service.access.Authenticator`.

        Raises:
            NotAuthenticatedError: no token, or none that is good.
            OSError: the database is away.
        """
        digest = digest_of(_secret(authorization))
        cached = self._cached(digest, for_ms=_CACHE_MS)
        while cached is None:
            try:
                found = await self._look_up_once(digest)
            except DatabaseAwayError:
                cached = self._cached(digest, for_ms=_CACHE_AWAY_MS)
                if cached is None:
                    raise
            else:
                # It may have been on its way already when something was changed.
                cached = found if found.change_count == change_count(self._database) else None
        return _principal(cached, address)

    def _cached(self, digest: bytes, *, for_ms: int) -> _CachedToken | None:
        """Return what was read of a token within some time, and has not changed since."""
        cached = self._cache.get(digest)
        if cached is None or cached.change_count != change_count(self._database):
            return None
        now = self._clock()
        is_fresh = 0 <= now - cached.read_at < for_ms
        return cached if is_fresh and not _has_expired(cached.token, now) else None

    async def _look_up_once(self, digest: bytes) -> _CachedToken:
        lookup = self._lookups.get(digest)
        if lookup is None or lookup.get_loop() is not asyncio.get_running_loop():
            lookup = asyncio.create_task(asyncio.to_thread(self._look_up, digest))
            self._lookups[digest] = lookup
            lookup.add_done_callback(lambda task: self._forget_lookup(digest, task))
        # One who gives up must not take the answer from the others.
        return await asyncio.shield(lookup)

    def _forget_lookup(self, digest: bytes, task: asyncio.Task[_CachedToken]) -> None:
        if self._lookups.get(digest) is task:
            del self._lookups[digest]
        if not task.cancelled():
            # All who asked may have given up, and an error that nobody sees is a warning.
            task.exception()

    def _look_up(self, digest: bytes) -> _CachedToken:
        now, before = self._clock(), change_count(self._database)
        with self._database.reading() as connection:
            table = access_token.c
            row = connection.execute(sa.select(access_token).where(table.digest == digest)).first()
            if row is None or _has_expired(token := token_from_row(row), now):
                self._cache.pop(digest, None)
                raise NotAuthenticatedError("the token is not known, was revoked, or is over")
            user = read_user(connection, token.user_name, command="authenticate")
            roles = read_roles(connection)
            grants = read_grants(connection, user.name).get(user.name, frozenset())
        if not user.enabled:
            raise NotAuthenticatedError("the user is disabled")
        token = self._used(token, now)
        cached = _CachedToken(
            token=token,
            # A program goes on while its user has a new password to think of.
            must_change_password=user.must_change_password and token.is_session,
            grants=narrowed_permissions(
                permissions_of(grants, roles), to=token.permissions, tenants=token.tenants
            ),
            read_at=now,
            change_count=before,
        )
        self._store(digest, cached)
        return cached

    def _store(self, digest: bytes, cached: _CachedToken) -> None:
        self._cache.pop(digest, None)
        while len(self._cache) >= _CACHE_MAX:
            # Another thread may have been here first.
            self._cache.pop(next(iter(self._cache), b""), None)
        self._cache[digest] = cached

    def _used(self, token: TokenRecord, now: Instant) -> TokenRecord:
        """Return a token as it is after its use, which is noted now and then."""
        if token.last_used_at is not None and now - token.last_used_at < _LAST_USED_MS:
            return token
        expires_at = token.expires_at
        if token.is_session and expires_at is not None:
            expires_at = moved_end(token.created_at, expires_at, now=now)
        mine = sa.update(access_token).where(access_token.c.id == token.id)
        try:
            with self._database.begin() as connection:
                connection.execute(mine.values(last_used_at=now, expires_at=expires_at))
        except DatabaseAwayError:
            # It could be read: whoever asks is not turned away because nothing can be written.
            return token
        return attrs.evolve(token, last_used_at=now, expires_at=expires_at)


def _secret(authorization: str | None) -> str:
    """Return the secret that a header shows."""
    if authorization is None:
        raise NotAuthenticatedError("no token: a header Authorization: Bearer TOKEN is needed")
    scheme, _, secret = authorization.partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret or len(secret) > _TOKEN_MAX:
        raise NotAuthenticatedError("the header Authorization is not of the form Bearer TOKEN")
    return secret


def _has_expired(token: TokenRecord, now: Instant) -> bool:
    return token.expires_at is not None and token.expires_at <= now


def _principal(cached: _CachedToken, address: str) -> Principal:
    return Principal(
        name=cached.token.user_name,
        address=address,
        grants=cached.grants,
        must_change_password=cached.must_change_password,
        token_id=cached.token.id,
        is_program=not cached.token.is_session,
    )
