"""Who may do what: users, roles, tokens, passwords, and the record of who changed them (R10.1).

Who asks and what that one may do; how that reaches us, and what it is asked of, is the API's.
"""

from campaign_service.access.audit import (
    AccessAction,
    AccessEvent,
    Deed,
    audit,
    record_deed,
    record_deeds,
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
from campaign_service.access.grants import Grant
from campaign_service.access.interface import (
    ALL_TENANTS,
    ANONYMOUS,
    RESERVED_NAMES,
    Actor,
    Authenticator,
    Principal,
)
from campaign_service.access.local import REMEMBERED_S, LocalAuthenticator
from campaign_service.access.logging_in import SESSION_H, Login, login, logout
from campaign_service.access.login_limit import has_come_in
from campaign_service.access.password_changes import change_password, reset_password
from campaign_service.access.passwords import ONE_TIME_DAYS, OneTimePassword, Passwords
from campaign_service.access.permissions import ServicePermission, needed_for
from campaign_service.access.roles import (
    ADMINISTRATOR,
    BUILT_IN_ROLES,
    Role,
    delete_role,
    put_role,
    role,
    roles,
)
from campaign_service.access.tokens import (
    TOKEN_PREFIX,
    NewToken,
    Token,
    make_token,
    revoke_token,
    tokens,
)
from campaign_service.access.user_rows import User
from campaign_service.access.users import (
    NewUser,
    add_user,
    change_user,
    delete_user,
    ensure_administrator,
    user,
    users,
)
from campaign_service.access.values import NAME_PATTERN

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
    "Authenticator",
    "Deed",
    "Grant",
    "LastAdministratorError",
    "LocalAuthenticator",
    "Login",
    "LoginLimitedError",
    "NewToken",
    "NewUser",
    "NotAuthenticatedError",
    "NotPermittedError",
    "OneTimePassword",
    "PasswordExpiredError",
    "PasswordRefusedError",
    "Passwords",
    "Principal",
    "Role",
    "ServicePermission",
    "Token",
    "UnknownRoleError",
    "UnknownTokenError",
    "UnknownUserError",
    "User",
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
    "record_deed",
    "record_deeds",
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
