"""What a report of the driver brings about (R5.5, R7, R9.1). None raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import events as ev
from campaign_core import reports as rp
from campaign_core._decision.call_flow import FLOW, Scene, ended, taken_over
from campaign_core._decision.stamp import Events, Stamp
from campaign_core._model.outcomes import Outcome
from campaign_core._state.call import Call
from campaign_core._state.link import SURVEYS, Link
from campaign_core._state.service import Draft
from campaign_core._values.instants import END, SECOND_MS, Instant

__all__ = ["OF_CALL", "REPORTS", "scene_of"]


_DEFERRAL_MIN_MS = 1 * SECOND_MS
_IN_TRANSIT_MS = 5 * SECOND_MS
"""A call placed this shortly before the connection went may be unknown to the first survey."""


def scene_of(draft: Draft, call: Call, stamp: Stamp) -> Scene:
    """Return what a step of a call is decided from."""
    campaign = draft.campaign(call.placement.campaign_id)
    return Scene(
        call,
        campaign.parameters,
        draft.settings,
        seq=stamp.seq,
        at=stamp.at,
        actor=stamp.actor,
    )


def _deferred(draft: Draft, report: rp.DeferralReport, stamp: Stamp) -> Events:
    call = draft.calls.get(report.call_id)
    if call is None:
        return ()
    scene = scene_of(draft, call, stamp)
    events = FLOW[type(call.step), rp.DeferralReport](scene, report)
    if not events:
        return ()
    stamp.seq = scene.seq
    # R5.5: at least a second, so that nobody spins; and within the calendar.
    until = Instant(min(max(report.until, stamp.at + _DEFERRAL_MIN_MS), END))
    return (*events, stamp(ev.DriverDeferred, until=until))


def _capacity(draft: Draft, report: rp.CapacityReport, stamp: Stamp) -> Events:
    limits = report.call_limits
    if limits == draft.link.call_limits:
        return ()
    return (stamp(ev.DriverCapacityChanged, call_limits=limits),)


def _came_up(draft: Draft, _: rp.DriverUpReport, stamp: Stamp) -> Events:
    return () if draft.link.is_up else (stamp(ev.DriverCameUp),)


def _went_down(draft: Draft, report: rp.DriverDownReport, stamp: Stamp) -> Events:
    events: list[ev.Event] = []
    for call_id in dict.fromkeys(report.returned):
        call = draft.calls.get(call_id)
        if call is not None and not call.is_answered:
            reason = ev.GiveBackReason.DRIVER_DOWN
            events.append(stamp(ev.CallGivenBack, call_id=call_id, reason=reason))
    if draft.link.is_up:
        events.append(stamp(ev.DriverWentDown))
    return tuple(events)


def _went_adrift(draft: Draft, report: rp.CallsAdriftReport, stamp: Stamp) -> Events:
    return tuple(
        stamp(ev.CallWentAdrift, call_id=call.placement.call_id)
        for call in draft.calls.in_order()
        if call.placement.call_id in report.call_ids and not call.is_adrift
    )


def _calls_up(draft: Draft, report: rp.CallsUpReport, stamp: Stamp) -> Events:
    link = draft.link
    is_whole = report.among is None
    if not link.is_up or (is_whole and not link.surveys_due):
        return ()
    # A survey of a part is none of the two that tell of everything, and may come at any time.
    events: list[ev.Event] = [stamp(ev.CallsUpReported)] if is_whole else []
    for call in draft.calls.in_order():
        if not call.is_adrift:
            continue
        scene = scene_of(draft, call, stamp)
        if call.placement.call_id in report.call_ids:
            events.extend(taken_over(scene))
        elif _is_gone(call, report, link):
            events.extend(ended(scene, Outcome.LOST))
        stamp.seq = scene.seq
    return tuple(events)


def _is_gone(call: Call, report: rp.CallsUpReport, link: Link) -> bool:
    """Return whether a call that is not among those up is lost, by this survey alone."""
    if report.among is not None:
        return call.placement.call_id in report.among
    is_first = link.surveys_due == SURVEYS
    return not is_first or link.went_down_at - call.placement.placed_at >= _IN_TRANSIT_MS


REPORTS: dict[type[Any], Callable[[Draft, Any, Stamp], Events]] = {
    rp.DeferralReport: _deferred,
    rp.CapacityReport: _capacity,
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
