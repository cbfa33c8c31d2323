"""A client of the HTTP API, for programs and for the commands of this package.

Speaks to a running service and knows none of its insides: no state, no database, no rules.
"""

from typing import TYPE_CHECKING

from campaign_service.client.accounts import (
    AdminEvent,
    Grant,
    Login,
    Me,
    NewToken,
    NewUser,
    Role,
    Token,
    User,
)
from campaign_service.client.campaigns import (
    Attempt,
    CallLimits,
    CampaignRow,
    Chosen,
    Done,
    Explanation,
    ListedRecipient,
    LogEntry,
    ModelRow,
    PastCampaign,
    Reason,
    RecipientDetail,
    RecipientRow,
)
from campaign_service.client.client import Client
from campaign_service.client.connection import Connection, Response
from campaign_service.client.errors import (
    BadField,
    BadValueError,
    ClientError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    ProblemError,
    ResponseError,
    UnreachableError,
    UntrustedError,
)
from campaign_service.client.json_data import Json
from campaign_service.client.status import (
    Call,
    CallsInUse,
    Forecast,
    LinkStatus,
    Node,
    PlannedCall,
    ServiceStatus,
    Spread,
    Tenant,
    TimeSpread,
    UnknownTimeZone,
    Waiting,
    WhatIf,
)
from campaign_service.renamed import former_names

__all__ = [
    "AdminEvent",
    "Attempt",
    "BadField",
    "BadValueError",
    "Call",
    "CallLimits",
    "CallsInUse",
    "CampaignRow",
    "Chosen",
    "Client",
    "ClientError",
    "Connection",
    "Done",
    "Explanation",
    "Forecast",
    "Grant",
    "Json",
    "LinkStatus",
    "ListedRecipient",
    "LogEntry",
    "Login",
    "Me",
    "ModelRow",
    "NewToken",
    "NewUser",
    "Node",
    "NotAllowedError",
    "NotFoundError",
    "NotLoggedInError",
    "PastCampaign",
    "PlannedCall",
    "ProblemError",
    "Reason",
    "RecipientDetail",
    "RecipientRow",
    "Response",
    "ResponseError",
    "Role",
    "ServiceStatus",
    "Spread",
    "Tenant",
    "TimeSpread",
    "Token",
    "UnknownTimeZone",
    "UnreachableError",
    "UntrustedError",
    "User",
    "Waiting",
    "WhatIf",
]

_FORMER_NAMES = {
    "Answer": "Response",
    "AnswerError": "ResponseError",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
