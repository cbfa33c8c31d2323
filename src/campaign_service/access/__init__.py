"""Who may do what: users, roles, tokens, passwords, and the record of who changed them (R10.1).

Who asks and what that one may do; how that reaches us, and what it is asked of, is the API's.
"""

from typing import TYPE_CHECKING

from campaign_service.access.audit import (
    AccessAction,
    AccessEvent,
    AuditedAction,
    audit,
    record_action,
    record_actions,
    record_refusal,
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
from campaign_service.access.interface import (
    ALL_TENANTS,
    ANONYMOUS,
    RESERVED_NAMES,
    Actor,
    Authenticator,
    Principal,
)
from campaign_service.access.local import REMEMBERED_S, LocalAuthenticator
from campaign_service.access.logging_in import SESSION_H, NewSession, login, logout
from campaign_service.access.login_limit import has_come_in
from campaign_service.access.password_changes import change_password, reset_password
from campaign_service.access.passwords import ONE_TIME_DAYS, OneTimePassword, Passwords
from campaign_service.access.permissions import ServicePermission, needed_for
from campaign_service.access.roles import (
    ADMINISTRATOR,
    BUILT_IN_ROLES,
    RoleRecord,
    delete_role,
    put_role,
    role,
    roles,
)
from campaign_service.access.tokens import (
    TOKEN_PREFIX,
    IssuedToken,
    TokenRecord,
    make_token,
    revoke_token,
    tokens,
)
from campaign_service.access.user_rows import UserRecord
from campaign_service.access.users import (
    CreatedUser,
    add_user,
    change_user,
    delete_user,
    ensure_administrator,
    user,
    users,
)
from campaign_service.access.values import NAME_PATTERN
from campaign_service.renamed import former_names

__all__ = [
    "ADMINISTRATOR",
    "ALL_TENANTS",
    "ANONYMOUS",
    "BUILT_IN_ROLES",
    "NAME_PATTERN",
    "ONE_TIME_DAYS",
    "REMEMBERED_S",
    "RESERVED_NAMES",
    "SESSION_H",
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
    "change_password",
    "change_user",
    "delete_role",
    "delete_user",
    "ensure_administrator",
    "has_come_in",
    "login",
    "logout",
    "make_token",
    "needed_for",
    "put_role",
    "record_action",
    "record_actions",
    "record_refusal",
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
    "Grant": "RoleGrant",
    "Login": "NewSession",
    "NewToken": "IssuedToken",
    "NewUser": "CreatedUser",
    "record_deed": "record_action",
    "record_deeds": "record_actions",
    "Role": "RoleRecord",
    "Token": "TokenRecord",
    "User": "UserRecord",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
