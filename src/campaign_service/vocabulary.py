"""Closed lists of the service's own, which who keeps them and who writes of them both know."""

from __future__ import annotations

from enum import Enum

__all__ = ["AccessAction", "ProcessRole", "ServicePermission"]


class ServicePermission(Enum):
    """What somebody may do in a running service."""

    VIEW = "VIEW"
    """See settings, models, campaigns and logs: every query."""
    MANAGE_CAMPAIGNS = "MANAGE_CAMPAIGNS"
    """Models and campaigns."""
    MANAGE_SETTINGS = "MANAGE_SETTINGS"
    """The general settings, and the do-not-call list."""
    MANAGE_USERS = "MANAGE_USERS"
    """Users, roles, tokens and the audit, of all tenants: who has it can give himself the rest."""


class AccessAction(Enum):
    """What was done, or tried."""

    LOGGED_IN = "LOGGED_IN"
    LOGIN_FAILED = "LOGIN_FAILED"
    """Details: why. The subject is the user; empty, where there is none of the name given."""
    LOGIN_LIMITED = "LOGIN_LIMITED"
    """From this failure on, log-ins were turned away for a while; details: for how long."""
    LOGGED_OUT = "LOGGED_OUT"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 -- the name of an action
    """By its user."""
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 -- the name of an action
    """By somebody who manages users."""
    USER_ADDED = "USER_ADDED"
    USER_CHANGED = "USER_CHANGED"
    """Details: what is so now, or which roles were granted and which revoked."""
    USER_DELETED = "USER_DELETED"
    ROLE_CHANGED = "ROLE_CHANGED"
    """Made, or given other permissions; details: the permissions, and those before."""
    ROLE_DELETED = "ROLE_DELETED"
    TOKEN_MADE = "TOKEN_MADE"  # noqa: S105 -- the name of an action
    TOKEN_REVOKED = "TOKEN_REVOKED"  # noqa: S105 -- the name of an action
    NODE_DRAINED = "NODE_DRAINED"
    """A node of the telephony gets no new calls; details: whose telephony."""
    NODE_RESTORED = "NODE_RESTORED"
    EXPORTED = "EXPORTED"
    """Names and numbers of many were given to somebody; the subject is the tenant, details: whose,
    and in which form."""
    COMMANDED = "COMMANDED"
    """A command to a tenant, its subject, was taken; details: its event's number in the journal."""
    REFUSED = "REFUSED"
    """Somebody known asked for what that one may not do; the subject is what was asked for."""


class ProcessRole(Enum):
    """What this process is to a tenant."""

    FOLLOWING = "FOLLOWING"
    """It reads what the leader writes, and takes over when the leader is gone."""
    LEADING = "LEADING"
    """It alone writes the journal, and has the driver."""
