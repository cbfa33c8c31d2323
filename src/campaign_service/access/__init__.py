"""Who may do what: users, roles, tokens, passwords, and the record of who changed them (R10.1).

Who asks and what that one may do; how that reaches us, and what it is asked of, is the API's.
"""

from typing import TYPE_CHECKING

from campaign_core.renamed import former_names
from campaign_service.access.audit import (
    AccessAction,
    AccessEvent,
    AuditedAction,
    audit,
    audit_action,
    audit_actions,
    audit_refusal,
)
from campaign_service.access.audit_chain import AuditHead, VerifiedAudit, verify_audit
from campaign_service.access.errors import (
    AccessError,
    AlreadyExistsError,
    LastAdministratorError,
    LoginLimitedError,
    NotAuthenticatedError,
    NotPermittedError,
    PasswordExpiredError,
    PasswordRefusedError,
    UnknownRoleError,
    UnknownTokenError,
    UnknownUserError,
    VersionConflictError,
)
from campaign_service.access.grants import RoleGrant
from campaign_service.access.local_authenticator import TOKEN_CACHE_S, LocalAuthenticator
from campaign_service.access.login_limit import has_logged_in_from
from campaign_service.access.logins import (
    NewSession,
    change_password,
    login,
    logout,
    reset_password,
)
from campaign_service.access.passwords import ONE_TIME_DAYS, OneTimePassword, Passwords
from campaign_service.access.principal import (
    ALL_TENANTS,
    ANONYMOUS,
    RESERVED_NAMES,
    Actor,
    Authenticator,
    Principal,
    needed_for,
)
from campaign_service.access.roles import (
    ADMINISTRATOR,
    BUILT_IN_ROLES,
    RoleRecord,
    delete_role,
    put_role,
    role,
    roles,
)
from campaign_service.access.sessions import IDLE_MIN, SESSION_H
from campaign_service.access.tokens import (
    TOKEN_PREFIX,
    IssuedToken,
    TokenRecord,
    make_token,
    revoke_token,
    tokens,
)
from campaign_service.access.users import (
    CreatedUser,
    UserRecord,
    add_user,
    change_user,
    delete_user,
    ensure_administrator,
    user,
    users,
)
from campaign_service.access.values import NAME_PATTERN
from campaign_service.vocabulary import ServicePermission

__all__ = [
    "ADMINISTRATOR",
    "ALL_TENANTS",
    "ANONYMOUS",
    "BUILT_IN_ROLES",
    "IDLE_MIN",
    "NAME_PATTERN",
    "ONE_TIME_DAYS",
    "RESERVED_NAMES",
    "SESSION_H",
    "TOKEN_CACHE_S",
    "TOKEN_PREFIX",
    "AccessAction",
    "AccessError",
    "AccessEvent",
    "Actor",
    "AlreadyExistsError",
    "AuditHead",
    "AuditedAction",
    "Authenticator",
    "CreatedUser",
    "IssuedToken",
    "LastAdministratorError",
    "LocalAuthenticator",
    "LoginLimitedError",
    "NewSession",
    "NotAuthenticatedError",
    "NotPermittedError",
    "OneTimePassword",
    "PasswordExpiredError",
    "PasswordRefusedError",
    "Passwords",
    "Principal",
    "RoleGrant",
    "RoleRecord",
    "ServicePermission",
    "TokenRecord",
    "UnknownRoleError",
    "UnknownTokenError",
    "UnknownUserError",
    "UserRecord",
    "VerifiedAudit",
    "VersionConflictError",
    "add_user",
    "audit",
    "audit_action",
    "audit_actions",
    "audit_refusal",
    "change_password",
    "change_user",
    "delete_role",
    "delete_user",
    "ensure_administrator",
    "has_logged_in_from",
    "login",
    "logout",
    "make_token",
    "needed_for",
    "put_role",
    "reset_password",
    "revoke_token",
    "role",
    "roles",
    "tokens",
    "user",
    "users",
    "verify_audit",
]

_FORMER_NAMES = {
    "Deed": "AuditedAction",
    "REMEMBERED_S": "TOKEN_CACHE_S",
    "has_come_in": "has_logged_in_from",
    "record_refusal": "audit_refusal",
    "Grant": "RoleGrant",
    "Login": "NewSession",
    "NewToken": "IssuedToken",
    "NewUser": "CreatedUser",
    "record_deed": "audit_action",
    "record_deeds": "audit_actions",
    "Role": "RoleRecord",
    "Token": "TokenRecord",
    "User": "UserRecord",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
