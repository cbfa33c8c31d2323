"""Why calls end, in FreeSWITCH's words: to Q.850 and to what it means if nobody had answered.

A cause comes from the peer's ``Reason`` header where there is one, else from the SIP status; that
header wins even where it says less than the status (a 480 was seen as three causes). So the cause
decides where it is specific, and a vague one, which :data:`VAGUE` names, leaves it to the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from campaign_core import Outcome

__all__ = ["CAUSES", "SIP", "VAGUE", "outcome_of", "q850_of"]

CAUSES: Mapping[str, tuple[int | None, Outcome]] = MappingProxyType(
    {
        "UNALLOCATED_NUMBER": (1, Outcome.INVALID_NUMBER),
        "NO_ROUTE_TRANSIT_NET": (2, Outcome.INVALID_NUMBER),
        "NO_ROUTE_DESTINATION": (3, Outcome.INVALID_NUMBER),
        "CHANNEL_UNACCEPTABLE": (6, Outcome.FAILED),
        "CALL_AWARDED_DELIVERED": (7, Outcome.FAILED),
        "NORMAL_CLEARING": (16, Outcome.REJECTED),
        "USER_BUSY": (17, Outcome.BUSY),
        "NO_USER_RESPONSE": (18, Outcome.NO_ANSWER),
        "NO_ANSWER": (19, Outcome.NO_ANSWER),
        "SUBSCRIBER_ABSENT": (20, Outcome.NO_ANSWER),
        "CALL_REJECTED": (21, Outcome.REJECTED),
        "NUMBER_CHANGED": (22, Outcome.INVALID_NUMBER),
        "REDIRECTION_TO_NEW_DESTINATION": (23, Outcome.FAILED),
        "EXCHANGE_ROUTING_ERROR": (25, Outcome.FAILED),
        "DESTINATION_OUT_OF_ORDER": (27, Outcome.FAILED),
        "INVALID_NUMBER_FORMAT": (28, Outcome.INVALID_NUMBER),
        "FACILITY_REJECTED": (29, Outcome.FAILED),
        "RESPONSE_TO_STATUS_ENQUIRY": (30, Outcome.FAILED),
        "NORMAL_UNSPECIFIED": (31, Outcome.FAILED),
        "NORMAL_CIRCUIT_CONGESTION": (34, Outcome.CONGESTION),
        "NETWORK_OUT_OF_ORDER": (38, Outcome.CONGESTION),
        "NORMAL_TEMPORARY_FAILURE": (41, Outcome.CONGESTION),
        "SWITCH_CONGESTION": (42, Outcome.CONGESTION),
        "ACCESS_INFO_DISCARDED": (43, Outcome.FAILED),
        "REQUESTED_CHAN_UNAVAIL": (44, Outcome.CONGESTION),
        "PRE_EMPTED": (45, Outcome.CONGESTION),
        "RESOURCE_UNAVAILABLE": (47, Outcome.CONGESTION),
        "FACILITY_NOT_SUBSCRIBED": (50, Outcome.FAILED),
        "OUTGOING_CALL_BARRED": (52, Outcome.FAILED),
        "INCOMING_CALL_BARRED": (54, Outcome.FAILED),
        "BEARERCAPABILITY_NOTAUTH": (57, Outcome.FAILED),
        "BEARERCAPABILITY_NOTAVAIL": (58, Outcome.CONGESTION),
        "SERVICE_UNAVAILABLE": (63, Outcome.CONGESTION),
        "BEARERCAPABILITY_NOTIMPL": (65, Outcome.FAILED),
        "CHAN_NOT_IMPLEMENTED": (66, Outcome.FAILED),
        "FACILITY_NOT_IMPLEMENTED": (69, Outcome.FAILED),
        "SERVICE_NOT_IMPLEMENTED": (79, Outcome.FAILED),
        "INVALID_CALL_REFERENCE": (81, Outcome.FAILED),
        "INCOMPATIBLE_DESTINATION": (88, Outcome.FAILED),
        "INVALID_MSG_UNSPECIFIED": (95, Outcome.FAILED),
        "MANDATORY_IE_MISSING": (96, Outcome.FAILED),
        "MESSAGE_TYPE_NONEXIST": (97, Outcome.FAILED),
        "WRONG_MESSAGE": (98, Outcome.FAILED),
        "IE_NONEXIST": (99, Outcome.FAILED),
        "INVALID_IE_CONTENTS": (100, Outcome.FAILED),
        "WRONG_CALL_STATE": (101, Outcome.FAILED),
        "RECOVERY_ON_TIMER_EXPIRE": (102, Outcome.CONGESTION),  # 408: the peer does not respond
        "MANDATORY_IE_LENGTH_ERROR": (103, Outcome.FAILED),
        "PROTOCOL_ERROR": (111, Outcome.FAILED),
        "INTERWORKING": (127, Outcome.FAILED),
        # FreeSWITCH's own, beyond Q.850.
        "ORIGINATOR_CANCEL": (None, Outcome.NO_ANSWER),
        "ALLOTTED_TIMEOUT": (None, Outcome.NO_ANSWER),
        "PROGRESS_TIMEOUT": (None, Outcome.NO_ANSWER),
        "NO_PICKUP": (None, Outcome.NO_ANSWER),
        "USER_NOT_REGISTERED": (None, Outcome.NO_ANSWER),
        "BUSY_EVERYWHERE": (None, Outcome.BUSY),
        "DECLINE": (None, Outcome.REJECTED),
        "UNWANTED": (None, Outcome.REJECTED),
        "REJECT_ALL": (None, Outcome.REJECTED),
        "DOES_NOT_EXIST_ANYWHERE": (None, Outcome.INVALID_NUMBER),
        "GATEWAY_DOWN": (None, Outcome.CONGESTION),
    }
)
"""``Hangup-Cause`` to its Q.850 number and to what it means unanswered; what is not here, the
server's shutting down and an administrator's hand among it, is ``FAILED``."""

VAGUE = frozenset({"", "NONE", "NORMAL_CLEARING", "NORMAL_UNSPECIFIED", "INTERWORKING"})
"""Causes that say less than a SIP status does."""

SIP: Mapping[int, Outcome] = MappingProxyType(
    {
        400: Outcome.CONGESTION,
        403: Outcome.REJECTED,
        404: Outcome.INVALID_NUMBER,
        408: Outcome.CONGESTION,
        410: Outcome.INVALID_NUMBER,
        480: Outcome.NO_ANSWER,
        481: Outcome.CONGESTION,
        484: Outcome.INVALID_NUMBER,
        486: Outcome.BUSY,
        487: Outcome.NO_ANSWER,
        500: Outcome.CONGESTION,
        502: Outcome.CONGESTION,
        503: Outcome.CONGESTION,
        504: Outcome.CONGESTION,
        600: Outcome.BUSY,
        603: Outcome.REJECTED,
        604: Outcome.INVALID_NUMBER,
        607: Outcome.REJECTED,
    }
)
"""What a SIP status means, as FreeSWITCH's own table has it; any other is ``FAILED``."""

_Q850_MAX = 127


def outcome_of(cause: str, sip_status: int | None) -> Outcome:
    """Return what the end of a call means if nobody had answered (R7.1)."""
    if cause in VAGUE and sip_status is not None:
        return SIP.get(sip_status, Outcome.FAILED)
    return CAUSES.get(cause, (None, Outcome.FAILED))[1]


def q850_of(told: str, cause: str) -> int | None:
    """Return the Q.850 number: the one that was told, else that of the cause's name.

    Args:
        told: ``variable_hangup_cause_q850``, or nothing.
        cause: ``Hangup-Cause``.
    """
    if told.isascii() and told.isdecimal() and 0 < int(told) <= _Q850_MAX:
        return int(told)
    return CAUSES.get(cause, (None, Outcome.FAILED))[0]
