"""A client of the HTTP API, for programs and for the commands of this package.

Speaks to a running service and knows none of its insides: no state, no database, no rules.
"""

from typing import TYPE_CHECKING

from campaign_core.renamed import former_names
from campaign_service.client.client import Client
from campaign_service.client.connection import AsOf, Connection, Response
from campaign_service.client.errors import (
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
from campaign_service.client.model_methods import ModelRow
from campaign_service.schemas.accounts import (
    AdminEvent,
    Grant,
    LoginAnswer,
    Me,
    NewTokenAnswer,
    NewUserAnswer,
    Role,
    Token,
    User,
)
from campaign_service.schemas.core_values import CallLimits, Number, Parameters
from campaign_service.schemas.explanations import (
    CampaignForecast,
    Explanation,
    PlannedCall,
    Reason,
    Spread,
    TimeSpread,
    Waiting,
    WhatIfAnswer,
)
from campaign_service.schemas.problems import BadValue
from campaign_service.schemas.records import (
    CallsInUse,
    LinkStatus,
    LogEntry,
    Node,
    PastCampaign,
    PastCampaignDetail,
    ServiceStatus,
    Tenant,
    UnknownTimeZone,
)
from campaign_service.schemas.responses import (
    AttemptDetail,
    Call,
    Campaign,
    CampaignDetail,
    Chosen,
    ListedRecipient,
    RecipientDetail,
    RecipientRow,
    Taken,
)

__all__ = [
    "AdminEvent",
    "AsOf",
    "AttemptDetail",
    "BadValue",
    "BadValueError",
    "Call",
    "CallLimits",
    "CallsInUse",
    "Campaign",
    "CampaignDetail",
    "CampaignForecast",
    "Chosen",
    "Client",
    "ClientError",
    "Connection",
    "Explanation",
    "Grant",
    "Json",
    "LinkStatus",
    "ListedRecipient",
    "LogEntry",
    "LoginAnswer",
    "Me",
    "ModelRow",
    "NewTokenAnswer",
    "NewUserAnswer",
    "Node",
    "NotAllowedError",
    "NotFoundError",
    "NotLoggedInError",
    "Number",
    "Parameters",
    "PastCampaign",
    "PastCampaignDetail",
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
    "Taken",
    "Tenant",
    "TimeSpread",
    "Token",
    "UnknownTimeZone",
    "UnreachableError",
    "UntrustedError",
    "User",
    "Waiting",
    "WhatIfAnswer",
]

_FORMER_NAMES = {
    "Answer": "Response",
    "AnswerError": "ResponseError",
    "Attempt": "AttemptDetail",
    "BadField": "BadValue",
    "CampaignRow": "Campaign",
    "Done": "Taken",
    "Forecast": "CampaignForecast",
    "Login": "LoginAnswer",
    "NewToken": "NewTokenAnswer",
    "NewUser": "NewUserAnswer",
    "WhatIf": "WhatIfAnswer",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
