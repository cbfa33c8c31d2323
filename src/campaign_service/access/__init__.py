"""Who may do what: users, roles, tokens, passwords, and the record of who changed them (R10.1).

Who asks and what that one may do; how that reaches us, and what it is asked of, is the API's.
"""

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
from campaign_service.access.interface import (
    ALL_TENANTS,
    ANONYMOUS,
    RESERVED_NAMES,
    Actor,
    Authenticator,
    Principal,
)
from campaign_service.access.permissions import ServicePermission, needed_for

__all__ = [
    "ALL_TENANTS",
    "ANONYMOUS",
    "RESERVED_NAMES",
    "AccessError",
    "Actor",
    "AlreadyExistsError",
    "Authenticator",
    "LastAdministratorError",
    "LoginLimitedError",
    "NotAuthenticatedError",
    "NotPermittedError",
    "PasswordExpiredError",
    "PasswordRefusedError",
    "Principal",
    "ServicePermission",
    "UnknownRoleError",
    "UnknownTokenError",
    "UnknownUserError",
    "VersionConflictError",
    "needed_for",
]
