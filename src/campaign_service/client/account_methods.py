"""Methods about who asks, and about users, roles and tokens (R10.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from campaign_service.client.connection import Parameters
from campaign_service.client.json_data import Json
from campaign_service.client.requests import Requests, moment, order
from campaign_service.schemas import accounts

__all__ = ["AccountMethods"]


class AccountMethods(Requests):
    """Users. Where a tag is given, nothing is done if somebody changed the user since."""

    def log_in(self, name: str, password: str) -> accounts.LoginAnswer:
        """Return a token for a user."""
        body: Json = {"name": name, "password": password}
        return self._read(accounts.LoginAnswer, self._change("POST", "login", body).data)

    def log_out(self) -> None:
        """Have the token hold no more."""
        self._change("POST", "logout")

    def me(self) -> accounts.Me:
        """Return who one is, and what one may do."""
        return self._read(accounts.Me, self._ask("me"))

    def change_password(self, old: str, new: str) -> None:
        """Give oneself another password."""
        self._change("PUT", "me/password", {"old": old, "new": new})

    # Users ---------------------------------------------------------------------------------

    def users(self) -> list[accounts.User]:
        """Return all users, by name."""
        return self._items(accounts.User, "users")

    def user(self, name: str) -> tuple[accounts.User, str | None]:
        """Return a user, and the tag for a change."""
        data, tag = self._tagged(f"users/{name}")
        return self._read(accounts.User, data), tag

    def add_user(
        self,
        name: str,
        *,
        password: str | None = None,
        must_change_password: bool = True,
        grants: Sequence[accounts.Grant] = (),
    ) -> accounts.NewUserAnswer:
        """Make a user; without a password, a one-time password is made up."""
        body: Json = {
            "name": name,
            "password": password,
            "must_change_password": must_change_password,
            "grants": msgspec.to_builtins(list(grants)),
        }
        return self._read(
            accounts.NewUserAnswer, self._change("POST", "users", body, is_repeatable=False).data
        )

    def change_user(
        self,
        name: str,
        *,
        enabled: bool | None = None,
        grants: Sequence[accounts.Grant] | None = None,
        tag: str | None = None,
    ) -> accounts.User:
        """Enable or disable a user, or say which roles that one has; ``None``: as it is."""
        roles: Json = None if grants is None else msgspec.to_builtins(list(grants))
        body: Json = {"enabled": enabled, "grants": roles}
        return self._read(accounts.User, self._change("PATCH", f"users/{name}", body, tag=tag).data)

    def delete_user(self, name: str, *, tag: str | None = None) -> None:
        """Delete a user, with all sessions and tokens."""
        self._change("DELETE", f"users/{name}", tag=tag)

    def reset_password(
        self,
        name: str,
        *,
        password: str | None = None,
        must_change_password: bool = True,
        tag: str | None = None,
    ) -> accounts.NewUserAnswer:
        """Give a user another password; without one, a one-time password is made up."""
        body: Json = {"password": password, "must_change_password": must_change_password}
        answer = self._change("PUT", f"users/{name}/password", body, tag=tag)
        return self._read(accounts.NewUserAnswer, answer.data)

    # Tokens --------------------------------------------------------------------------------

    def tokens(self, name: str) -> list[accounts.Token]:
        """Return a user's tokens, sessions too."""
        return self._items(accounts.Token, f"users/{name}/tokens")

    def make_token(
        self,
        name: str,
        label: str,
        *,
        expires_at: datetime | None = None,
        permissions: Sequence[str] | None = None,
        tenants: Sequence[str] | None = None,
    ) -> accounts.NewTokenAnswer:
        """Make a token for a program that acts for a user, perhaps a narrowed one."""
        body: Json = {
            "label": label,
            "expires_at": moment(expires_at),
            "permissions": None if permissions is None else list(permissions),
            "tenants": None if tenants is None else list(tenants),
        }
        answer = self._change("POST", f"users/{name}/tokens", body, is_repeatable=False)
        return self._read(accounts.NewTokenAnswer, answer.data)

    def revoke_token(self, name: str, token_id: str) -> None:
        """End a token, or a session."""
        self._change("DELETE", f"users/{name}/tokens/{token_id}")

    # Roles and the audit -------------------------------------------------------------------

    def roles(self) -> list[accounts.Role]:
        """Return all roles: those built in, then the others."""
        return self._items(accounts.Role, "roles")

    def role(self, name: str) -> tuple[accounts.Role, str | None]:
        """Return a role, and the tag for a change."""
        data, tag = self._tagged(f"roles/{name}")
        return self._read(accounts.Role, data), tag

    def put_role(
        self, name: str, permissions: Sequence[str], *, tag: str | None = None
    ) -> accounts.Role:
        """Make a role, or give it other permissions, for all who have it."""
        body: Json = {"permissions": list(permissions)}
        return self._read(accounts.Role, self._change("PUT", f"roles/{name}", body, tag=tag).data)

    def delete_role(self, name: str, *, tag: str | None = None) -> None:
        """Delete a role that nobody has."""
        self._change("DELETE", f"roles/{name}", tag=tag)

    def admin_audit(
        self, parameters: Parameters, *, newest_first: bool = False
    ) -> Iterator[accounts.AdminEvent]:
        """Yield what was done to users and nodes and by whom, log-ins too, in either order."""
        asked = {**parameters, **order(newest_first=newest_first)}
        return self._pages(accounts.AdminEvent, "audit", asked)
