"""What the causes of Q.850 mean, by which most telephony tells why a call ended."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from campaign_core import Outcome

__all__ = ["Q850"]

Q850: Mapping[int, Outcome] = MappingProxyType(
    {
        1: Outcome.INVALID_NUMBER,  # unallocated; SIP 404
        2: Outcome.INVALID_NUMBER,  # no route to transit network
        3: Outcome.INVALID_NUMBER,  # no route to destination
        5: Outcome.INVALID_NUMBER,  # misdialled prefix
        16: Outcome.REJECTED,  # cleared before an answer: 603 arrives so from some peers
        17: Outcome.BUSY,  # 486
        18: Outcome.NO_ANSWER,  # no user responding; 408
        19: Outcome.NO_ANSWER,  # alerted, no answer; 480
        20: Outcome.NO_ANSWER,  # the telephone is off or not registered
        21: Outcome.REJECTED,  # 403, and 603 from other peers
        22: Outcome.INVALID_NUMBER,  # number changed; 410
        28: Outcome.INVALID_NUMBER,  # incomplete number; 484
        34: Outcome.CONGESTION,  # no circuit; 503
        38: Outcome.CONGESTION,  # network out of order
        41: Outcome.CONGESTION,  # temporary failure
        42: Outcome.CONGESTION,  # switching equipment congestion
        44: Outcome.CONGESTION,  # requested circuit not available
        47: Outcome.CONGESTION,  # resource not available
    }
)
"""A cause to what it means if nobody had answered (R7.1); what is not here is ``FAILED``."""
