"""Problem details (RFC 9457) for every error.

The type of a problem is a relative URI, which answers with what it means.
"""

from campaign_service.api.problems.body import ProblemBody
from campaign_service.api.problems.details import (
    PROBLEM_MEDIA,
    ProblemResponse,
    problem_of,
    refusal_of,
    refused_by_field,
)
from campaign_service.api.problems.errors import (
    BusyError,
    ClientGoneError,
    MalformedBodyError,
    NotAcceptableError,
    NotFoundError,
    NotReadyError,
    PreconditionFailedError,
    PreconditionNeededError,
    TooLargeError,
    TooSlowError,
    UnsupportedBodyError,
)
from campaign_service.api.problems.kinds import PROBLEMS

__all__ = [
    "PROBLEMS",
    "PROBLEM_MEDIA",
    "BusyError",
    "ClientGoneError",
    "MalformedBodyError",
    "NotAcceptableError",
    "NotFoundError",
    "NotReadyError",
    "PreconditionFailedError",
    "PreconditionNeededError",
    "ProblemBody",
    "ProblemResponse",
    "TooLargeError",
    "TooSlowError",
    "UnsupportedBodyError",
    "problem_of",
    "refusal_of",
    "refused_by_field",
]
