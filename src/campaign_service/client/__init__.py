"""A client of the HTTP API, for programs and for the commands of this package.

Speaks to a running service and knows none of its insides: no state, no database, no rules.
"""

from campaign_service.client.client import Client
from campaign_service.client.connection import Answer, Connection
from campaign_service.client.errors import (
    AnswerError,
    BadField,
    BadValueError,
    ClientError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    ProblemError,
    UnreachableError,
)
from campaign_service.client.json_data import Json
from campaign_service.client.shapes import (
    AdminEvent,
    Attempt,
    CallLimits,
    CallsInUse,
    CampaignRow,
    Done,
    Explanation,
    LinkStatus,
    LogEntry,
    Login,
    ModelRow,
    Reason,
    RecipientDetail,
    RecipientRow,
    ServiceStatus,
)

__all__ = [
    "AdminEvent",
    "Answer",
    "AnswerError",
    "Attempt",
    "BadField",
    "BadValueError",
    "CallLimits",
    "CallsInUse",
    "CampaignRow",
    "Client",
    "ClientError",
    "Connection",
    "Done",
    "Explanation",
    "Json",
    "LinkStatus",
    "LogEntry",
    "Login",
    "ModelRow",
    "NotAllowedError",
    "NotFoundError",
    "NotLoggedInError",
    "ProblemError",
    "Reason",
    "RecipientDetail",
    "RecipientRow",
    "ServiceStatus",
    "UnreachableError",
]
