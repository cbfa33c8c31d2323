"""Users, roles, tokens and who is asking, as requests and answers have them (R10.1)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field
from typing_extensions import override

from campaign_service.schemas.fields import AnyJson, Moment, Permission, Time, about, name_of
from campaign_service.schemas.pages import HistoryQuery, Page, WholeList
from campaign_service.vocabulary import AccessAction, ServicePermission

__all__ = [
    "AdminAuditPage",
    "AdminAuditQuery",
    "AdminEvent",
    "BrowserSession",
    "ChangePassword",
    "ChangeUser",
    "Grant",
    "Login",
    "LoginAnswer",
    "Me",
    "NewToken",
    "NewTokenAnswer",
    "NewUser",
    "NewUserAnswer",
    "PutRole",
    "Role",
    "RoleList",
    "Token",
    "TokenList",
    "User",
    "UserList",
]

Password = Annotated[
    str, Meta(min_length=1, max_length=1_000, description="It is shown nowhere and never logged.")
]
NewPassword = Annotated[
    str,
    Meta(
        min_length=12,
        max_length=256,
        description="12 to 256 characters, and not little more than the user's name. It is shown"
        " nowhere and never logged.",
    ),
]
UserName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[a-z0-9][a-z0-9._@-]*$",
        description="Lower-case letters a to z, digits, and . _ - @ behind the first.",
        examples=["anna"],
    ),
]
RoleName = Annotated[UserName, Meta(examples=["operator"])]
TenantName = Annotated[
    str, Meta(min_length=1, max_length=64, description="A tenant's name, or * for all of them.")
]


class _WithSecret(Struct, frozen=True):
    """Holds a password or a token, and so is shown to nobody."""

    @override
    def __repr__(self) -> str:
        """Return the name of the schema alone."""
        return f"{type(self).__name__}(…)"

    @override
    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Return nothing."""
        return []


class Login(_WithSecret, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A user's name and password."""

    name: Annotated[str, Meta(min_length=1, max_length=200, description="A user's.")]
    password: Password


class LoginAnswer(_WithSecret, kw_only=True, frozen=True):
    """A session that began."""

    token: Annotated[str, about("To be sent as Authorization: Bearer TOKEN.")]
    expires_at: Time
    must_change_password: Annotated[bool, about("Until that is done nothing else may be done.")]


class BrowserSession(Struct, kw_only=True, frozen=True):
    """A session that began, which the browser keeps in a cookie."""

    name: Annotated[str, about("The user's, as it is kept.")]
    ends_at: Annotated[Time, about("At the latest, however much it is used.")]
    idle_s: Annotated[
        int, about("It ends when nothing was asked with it for so many seconds; to ten minutes.")
    ]
    must_change_password: Annotated[bool, about("Until that is done nothing else may be done.")]


class Me(Struct, kw_only=True, frozen=True):
    """Who asks, and what that one may do."""

    name: Annotated[str, about("As it stands in every event that this one causes.")]
    must_change_password: Annotated[bool, about("Until that is done nothing else may be done.")]
    is_program: Annotated[bool, about("Whether this is a token of a program.")]
    permissions: Annotated[list[Permission], about("For all tenants, those to come included.")]
    tenants: Annotated[dict[str, list[Permission]], about("For each tenant of this process.")]


class ChangePassword(_WithSecret, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One's password, and the one to come."""

    old: Password
    new: NewPassword


class Grant(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A role that a user has, for one tenant or for all."""

    role: RoleName
    tenant: TenantName = "*"


class User(Struct, kw_only=True, frozen=True):
    """Somebody who may log in."""

    name: Annotated[str, about("Unique, and never changed.")]
    enabled: Annotated[bool, about("Whether this one may log in.")]
    must_change_password: Annotated[bool, about("Until that is done nothing else may be done.")]
    password_expires_at: Annotated[Time | None, about("Of a one-time password; null: it stays.")]
    created_at: Time
    grants: Annotated[list[Grant], about("The user's roles, each for one tenant or for all.")]


class UserList(WholeList[User], kw_only=True, frozen=True):
    """All users, by name."""


class NewUser(_WithSecret, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A user to be made."""

    name: UserName
    password: Annotated[
        NewPassword | None, about("null: a one-time password is made up and answered.")
    ] = None
    must_change_password: Annotated[
        bool, about("Whether a password that is given must be changed at once.")
    ] = True
    grants: Annotated[
        list[Grant], about("The user's roles, each for one tenant or for all; empty: none yet.")
    ] = field(default_factory=list)


class NewUserAnswer(_WithSecret, kw_only=True, frozen=True):
    """A user that was made, or whose password was set anew."""

    user: User
    one_time_password: Annotated[
        str | None, about("Shown this once; null where a password was given.")
    ]


class ChangeUser(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is to be different of a user; what is left out stays."""

    enabled: Annotated[bool | None, about("Whether this one may log in; null: as it was.")] = None
    grants: Annotated[
        list[Grant] | None, about("All roles that the user is to have; null: as they were.")
    ] = None


class ResetPassword(_WithSecret, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A new password for a user."""

    password: Annotated[
        NewPassword | None, about("null: a one-time password is made up and answered.")
    ] = None
    must_change_password: Annotated[
        bool, about("Whether it must be changed before anything else is done.")
    ] = True


class Role(Struct, kw_only=True, frozen=True):
    """A named set of permissions."""

    name: Annotated[str, about("Unique, and never changed.")]
    permissions: Annotated[list[Permission], about("What whoever has the role may do.")]
    is_built_in: Annotated[bool, about("Those that are built in are neither changed nor deleted.")]


class RoleList(WholeList[Role], kw_only=True, frozen=True):
    """All roles: those built in, then the others."""


class PutRole(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """All permissions of a role."""

    permissions: Annotated[
        list[ServicePermission], Meta(min_length=1, description="What whoever has it may do.")
    ]


class Token(Struct, kw_only=True, frozen=True):
    """What is known of a token; its secret is not."""

    id: Annotated[str, about("By which it is revoked.")]
    is_session: Annotated[bool, about("From a log-in; else a program's.")]
    label: Annotated[str, about("What it is for; of a session, where the log-in came from.")]
    created_at: Time
    expires_at: Annotated[Time | None, about("From then on it holds no more; null: it stays.")]
    last_used_at: Annotated[Time | None, about("To some minutes; null: never yet.")]
    permissions: Annotated[list[Permission] | None, about("No more than these; null: all.")]
    tenants: Annotated[list[str] | None, about("For no others than these; null: for all.")]


class TokenList(WholeList[Token], kw_only=True, frozen=True):
    """A user's tokens that are good, sessions too, oldest first."""


class NewToken(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A token for a program that acts for a user."""

    label: Annotated[str, Meta(min_length=1, max_length=100, description="What it is for.")]
    expires_at: Annotated[Moment | None, about("null: it stays.")] = None
    permissions: Annotated[
        Annotated[list[ServicePermission], Meta(min_length=1)] | None,
        about("No more than these; null: all that the user has."),
    ] = None
    tenants: Annotated[
        Annotated[list[TenantName], Meta(min_length=1)] | None,
        about("For no others than these; null: for all."),
    ] = None


class NewTokenAnswer(_WithSecret, kw_only=True, frozen=True):
    """A token that was made."""

    token: Token
    secret: Annotated[str, about("Shown this once.")]


class AdminEvent(Struct, kw_only=True, frozen=True):
    """Who changed who may do what, came in, or was refused."""

    id: Annotated[int, about("Counted upwards; the `next` of a page is one.")]
    at: Time
    actor: Annotated[str, about("Who did it.")]
    address: Annotated[str, about("From where; `console`: on the machine itself.")]
    token: Annotated[str | None, about("Which token the actor showed; null: none, as at a log-in.")]
    action: Annotated[str, name_of(AccessAction)]
    subject: Annotated[str, about("To whom or what it was done.")]
    details: Annotated[dict[str, AnyJson], about("What else there is to tell, by kind of action.")]


class AdminAuditPage(Page[AdminEvent, int], kw_only=True, frozen=True):
    """What was done to users, in the order asked for."""


class AdminAuditQuery(HistoryQuery, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A page of the audit of users."""

    actor: (
        Annotated[str, Meta(max_length=200, description="Only what this one did.")] | UnsetType
    ) = UNSET
    subject: (
        Annotated[str, Meta(max_length=200, description="Only what was done to this one.")]
        | UnsetType
    ) = UNSET
    action: Annotated[AccessAction, about("Only this kind.")] | UnsetType = UNSET
    since: Annotated[Moment, about("Not before then.")] | UnsetType = UNSET
    until: Annotated[Moment, about("Not after then.")] | UnsetType = UNSET
