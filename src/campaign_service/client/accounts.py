"""What a service answers about users, roles and tokens, as values."""

from __future__ import annotations

from datetime import datetime

import attrs

__all__ = [
    "AdminEvent",
    "Grant",
    "Login",
    "Me",
    "NewToken",
    "NewUser",
    "Role",
    "Token",
    "User",
]


@attrs.frozen(kw_only=True)
class Login:
    """A token, for the requests to come."""

    token: str = attrs.field(repr=False)
    expires_at: datetime | None
    must_change_password: bool = False
    """Until that is done nothing else may be done."""


@attrs.frozen(kw_only=True)
class Me:
    """Who asks, and what that one may do."""

    name: str
    must_change_password: bool
    is_program: bool
    permissions: list[str]
    """For all tenants."""
    tenants: dict[str, list[str]]


@attrs.frozen(kw_only=True)
class Grant:
    """A role that a user has, for one tenant or for all."""

    role: str
    tenant: str = "*"


@attrs.frozen(kw_only=True)
class User:
    """Somebody who may log in."""

    name: str
    enabled: bool
    must_change_password: bool
    password_expires_at: datetime | None
    created_at: datetime
    grants: list[Grant]


@attrs.frozen(kw_only=True)
class NewUser:
    """A user that was made, or whose password was set anew."""

    user: User
    one_time_password: str | None = attrs.field(repr=False)
    """Told this once; ``None`` where a password was given."""


@attrs.frozen(kw_only=True)
class Role:
    """A named set of permissions."""

    name: str
    permissions: list[str]
    is_built_in: bool


@attrs.frozen(kw_only=True)
class Token:
    """What is known of a token; its secret is not."""

    id: str
    is_session: bool
    label: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    permissions: list[str] | None
    tenants: list[str] | None


@attrs.frozen(kw_only=True)
class NewToken:
    """A token that was made."""

    token: Token
    secret: str = attrs.field(repr=False)
    """Told this once."""


@attrs.frozen(kw_only=True)
class AdminEvent:
    """Who changed who may do what, or drained a node, came in, or was refused."""

    id: int
    at: datetime
    actor: str
    address: str
    action: str
    subject: str
    """To whom or what it was done."""
    details: dict[str, object] = attrs.field(factory=dict)
    token: str | None = None
    """Which token the actor showed; ``None``: none, as at a log-in."""
