"""Why calls end, in FreeSWITCH's words: to Q.850 and to what it means if nobody had answered.

A cause comes from the peer's ``Reason`` header where there is one, else from the SIP status; that
header wins even where it says less than the status (a 480 was seen as three causes). So the cause
decides where it is specific, and a vague one, which :data:`VAGUE` names, leaves it to the status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from campaign_core import Outcome
from campaign_drivers._telephony.causes import Q850

__all__ = ["CAUSES", "SIP", "VAGUE", "outcome_of", "q850_of"]

_NUMBERED = (
    "1 UNALLOCATED_NUMBER 2 NO_ROUTE_TRANSIT_NET 3 NO_ROUTE_DESTINATION 6 CHANNEL_UNACCEPTABLE "
    "7 CALL_AWARDED_DELIVERED 16 NORMAL_CLEARING 17 USER_BUSY 18 NO_USER_RESPONSE 19 NO_ANSWER "
    "20 SUBSCRIBER_ABSENT 21 CALL_REJECTED 22 NUMBER_CHANGED 23 REDIRECTION_TO_NEW_DESTINATION "
    "25 EXCHANGE_ROUTING_ERROR 27 DESTINATION_OUT_OF_ORDER 28 INVALID_NUMBER_FORMAT "
    "29 FACILITY_REJECTED 30 RESPONSE_TO_STATUS_ENQUIRY 31 NORMAL_UNSPECIFIED "
    "34 NORMAL_CIRCUIT_CONGESTION 38 NETWORK_OUT_OF_ORDER 41 NORMAL_TEMPORARY_FAILURE "
    "42 SWITCH_CONGESTION 43 ACCESS_INFO_DISCARDED 44 REQUESTED_CHAN_UNAVAIL 45 PRE_EMPTED "
    "47 RESOURCE_UNAVAILABLE 50 FACILITY_NOT_SUBSCRIBED 52 OUTGOING_CALL_BARRED "
    "54 INCOMING_CALL_BARRED 57 BEARERCAPABILITY_NOTAUTH 58 BEARERCAPABILITY_NOTAVAIL "
    "63 SERVICE_UNAVAILABLE 65 BEARERCAPABILITY_NOTIMPL 66 CHAN_NOT_IMPLEMENTED "
    "69 FACILITY_NOT_IMPLEMENTED 79 SERVICE_NOT_IMPLEMENTED 81 INVALID_CALL_REFERENCE "
    "88 INCOMPATIBLE_DESTINATION 95 INVALID_MSG_UNSPECIFIED 96 MANDATORY_IE_MISSING "
    "97 MESSAGE_TYPE_NONEXIST 98 WRONG_MESSAGE 99 IE_NONEXIST 100 INVALID_IE_CONTENTS "
    "101 WRONG_CALL_STATE 102 RECOVERY_ON_TIMER_EXPIRE 103 MANDATORY_IE_LENGTH_ERROR "
    "111 PROTOCOL_ERROR 127 INTERWORKING "
)
"""The causes of Q.850, each behind its number."""

_MEANT: Mapping[int, Outcome] = {
    **Q850,
    45: Outcome.CONGESTION,
    58: Outcome.CONGESTION,
    63: Outcome.CONGESTION,
    102: Outcome.CONGESTION,  # 408: the peer does not respond
}

CAUSES: Mapping[str, tuple[int | None, Outcome]] = MappingProxyType(
    {
        **{
            name: (int(number), _MEANT.get(int(number), Outcome.FAILED))
            for number, name in re.findall(r"(\d+) (\w+)", _NUMBERED)
        },
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
    """Return the Q.850 number: the one that was told, if any, else that of the cause's name."""
    if told.isascii() and told.isdecimal() and 0 < int(told) <= _Q850_MAX:
        return int(told)
    return CAUSES.get(cause, (None, Outcome.FAILED))[0]
