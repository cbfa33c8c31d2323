"""What a report of the driver brings about (R5.5, R7, R9.1). None raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core import reports as rp
from campaign_core._decision.call_context import CallContext
from campaign_core._decision.call_flow import FLOW, ended, silence_again, taken_over
from campaign_core._decision.recorder import Recorder
from campaign_core._model.outcomes import Outcome
from campaign_core._model.statuses import PauseReason, Status
from campaign_core._state.call import Call
from campaign_core._state.link import SURVEYS, Link
from campaign_core._state.service import Draft
from campaign_core._values.instants import END, SECOND_MS, Instant

__all__ = ["OF_CALL", "REPORTS", "held", "stood_still"]


_DEFERRAL_MIN_MS = 1 * SECOND_MS
_IN_TRANSIT_MS = 5 * SECOND_MS
"""A call placed this shortly before the connection went may be unknown to the first survey."""


def _deferred(draft: Draft, report: rp.DeferralReport, record: Recorder) -> None:
    call = draft.calls.get(report.call_id)
    if call is None:
        return
    FLOW[type(call.step), rp.DeferralReport](CallContext(call, record), report)
    if report.call_id in draft.calls:
        # It was not given back: a deferral that comes late tells of nothing.
        return
    # R5.5: at least a second, so that nobody spins; and within the calendar.
    until = Instant(min(max(report.until, record.at + _DEFERRAL_MIN_MS), END))
    record(ev.DriverDeferred, until=until)


def _capacity(draft: Draft, report: rp.CapacityReport, record: Recorder) -> None:
    limits = report.call_limits
    if limits != draft.link.call_limits:
        record(ev.DriverCapacityChanged, call_limits=limits)


def _telephony(draft: Draft, report: rp.TelephonyReport, record: Recorder) -> None:
    if report.telephony != draft.link.telephony:
        record(ev.TelephonyNamed, telephony=report.telephony)


def held(draft: Draft, report: rp.HoldReport, record: Recorder) -> None:
    """Pause the campaigns among some that are active."""
    for campaign_id in dict.fromkeys(report.campaign_ids):
        campaign = draft.campaigns.get(campaign_id)
        if campaign is not None and campaign.status is Status.ACTIVE:
            record(ev.CampaignPaused, campaign_id=campaign_id, reason=PauseReason.HELD)


def _came_up(draft: Draft, _: rp.DriverUpReport, record: Recorder) -> None:
    if not draft.link.is_up:
        record(ev.DriverCameUp)


def _went_down(draft: Draft, report: rp.DriverDownReport, record: Recorder) -> None:
    for call_id in report.returned:
        call = draft.calls.get(call_id)
        if call is not None and not call.is_answered:
            reason = ev.GiveBackReason.DRIVER_DOWN
            record(ev.CallGivenBack, call_id=call.placement.call_id, reason=reason)
    if draft.link.is_up:
        record(ev.DriverWentDown, silent_ms=report.silent_ms)


def _went_adrift(draft: Draft, report: rp.CallsAdriftReport, record: Recorder) -> None:
    for call in draft.calls.in_order():
        if call.placement.call_id in report.call_ids and not call.is_adrift:
            record(ev.CallWentAdrift, call_id=call.placement.call_id)


def _calls_up(draft: Draft, report: rp.CallsUpReport, record: Recorder) -> None:
    link = draft.link
    is_whole = report.among is None
    if not link.is_up or (is_whole and not link.surveys_due):
        return
    # A survey of a part is none of the two that tell of everything, and may come at any time.
    if is_whole:
        record(ev.CallsUpReported)
    for call in draft.calls.in_order():
        if not call.is_adrift:
            continue
        if call.placement.call_id in report.call_ids:
            taken_over(CallContext(call, record))
        elif _is_gone(call, report, link):
            ended(CallContext(call, record), Outcome.LOST)


def _is_gone(call: Call, report: rp.CallsUpReport, link: Link) -> bool:
    """Return whether a call that is not among those up is lost, by this survey alone."""
    if report.among is not None:
        return call.placement.call_id in report.among
    is_first = link.surveys_due == SURVEYS
    return not is_first or link.went_down_at - call.placement.placed_at >= _IN_TRANSIT_MS


def stood_still(draft: Draft, record: Recorder) -> None:
    """R7.12: the silences of all calls whose digits can be heard again start anew."""
    if not draft.link.is_up:
        return
    for call in draft.calls.in_order():
        if not call.is_adrift:
            silence_again(CallContext(call, record))


REPORTS: dict[type[Any], Callable[[Draft, Any, Recorder], None]] = {
    rp.DeferralReport: _deferred,
    rp.CapacityReport: _capacity,
    rp.TelephonyReport: _telephony,
    rp.DriverDownReport: _went_down,
    rp.DriverUpReport: _came_up,
    rp.CallsAdriftReport: _went_adrift,
    rp.CallsUpReport: _calls_up,
}
"""What the reports bring about that concern more than the flow of one call."""

OF_CALL: frozenset[type[Any]] = frozenset(
    {rp.AnswerReport, rp.DigitReport, rp.PlaybackReport, rp.EndReport, rp.RefusalReport}
)
"""Reports of which the table of the call flow tells all."""
