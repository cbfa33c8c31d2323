"""Messages that make sense in a state: what an operator, a telephony and a clock may say.

Most are such that the state takes them. Some are refused, late, doubled or of no call at all:
those are part of life.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from campaign_core import commands as cm
from campaign_core import reports as rp
from campaign_core._decision.handle import Message
from campaign_core._decision.queries import (
    Campaign,
    calls,
    campaign,
    campaign_ids,
    link,
    models,
    recipients,
)
from campaign_core._model.outcomes import UNANSWERED
from campaign_core._model.statuses import Purpose, RecipientStatus, Status
from campaign_core._state.call import Call, Playing, Ringing, Silent
from campaign_core._state.service import State
from campaign_core._values.identifiers import CallId, CampaignId, ModelId, Position
from campaign_core._values.instants import HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from campaign_core.testing._values import (
    call_limits,
    campaign_models,
    recipient_lists,
    seldom,
    settings,
)

__all__ = ["commands_for", "messages_for", "reports_for"]

T = TypeVar("T")

_CAMPAIGNS_MOST = 4
_MODELS_MOST = 4
_UNANSWERED_AS = sorted(UNANSWERED, key=lambda outcome: outcome.name)
_SENTENCES = ("no such route", "", "linea – «è occupata» 📵", "x" * rp.WHY_MAX)
_STRANGERS = (CallId("f" * 32), CallId("x"))
_OF_CAMPAIGN: dict[Status, tuple[type[cm.Command], ...]] = {
    Status.SCHEDULED: (cm.StartNow, cm.StopCampaign, cm.DeleteCampaign, cm.AppendRecipients),
    Status.ACTIVE: (cm.PauseCampaign, cm.PauseCampaign, cm.StopCampaign, cm.AppendRecipients),
    Status.BLOCKED: (cm.PauseCampaign, cm.StopCampaign, cm.AppendRecipients),
    Status.PAUSED: (cm.ResumeCampaign, cm.ResumeCampaign, cm.ResumeCampaign, cm.StopCampaign),
    Status.INCOMPLETE: (cm.AppendRecipients, cm.StopCampaign),
    Status.TERMINATED: (cm.StopCampaign, cm.DeleteCampaign),
    Status.COMPLETED: (cm.DeleteCampaign,),
}


def _one(choices: Sequence[T]) -> st.SearchStrategy[T]:
    return st.sampled_from(choices)


# The telephony -----------------------------------------------------------------------------


@st.composite
def reports_for(draw: st.DrawFn, state: State) -> rp.Report:
    """Draw what the telephony may report in a state.

    Args:
        draw: given by Hypothesis.
        state: with calls in progress or without.
    """
    up = calls(state)
    kind = draw(st.integers(0, 9))
    if kind == 0:
        return draw(_of_the_link(state))
    if up and kind < 8:  # noqa: PLR2004 -- eight times in ten
        return draw(_likely(draw(_one(up))))
    return draw(_whatever(state))


@st.composite
def _likely(draw: st.DrawFn, call: Call) -> rp.Report:
    """Draw what a call in its step reports next."""
    call_id = call.placement.call_id
    answered = rp.AnswerReport(call_id)
    ended = rp.EndReport(
        call_id=call_id,
        unanswered_as=draw(_one(_UNANSWERED_AS)),
        took_commands=draw(_one([True, True, True, False])),
    )
    played = rp.PlaybackReport(call_id=call_id, play=call.plays)
    digit = rp.DigitReport(call_id=call_id, digit=draw(_one("1919578042*#A")))
    likely: list[rp.Report] = [ended]
    if isinstance(call.step, Ringing):
        likely = [answered, answered, ended]
    elif isinstance(call.step, Silent):
        likely = [digit, digit, ended]
    elif isinstance(call.step, Playing):
        is_message = call.step.purpose is Purpose.MESSAGE
        likely = [played, played, ended, digit] if is_message else [played, digit, ended]
    return draw(_one(likely))


@st.composite
def _whatever(draw: st.DrawFn, state: State) -> rp.Report:
    call_id = draw(_one([*_STRANGERS, *(call.placement.call_id for call in calls(state))]))
    until = Instant(state.now + draw(_one([-SECOND_MS, 0, 1_500, 30_000])))
    play = draw(st.integers(0, 4))
    end = draw(_one(list(rp.PlaybackEnd)))
    reports: list[rp.Report] = [
        rp.AnswerReport(call_id),
        rp.DigitReport(call_id=call_id, digit=draw(_one("0123456789*#ABCD"))),
        rp.PlaybackReport(call_id=call_id, play=play, end=end),
        rp.EndReport(call_id=call_id, unanswered_as=draw(_one(_UNANSWERED_AS)), hangup_cause=17),
        rp.RefusalReport(call_id=call_id, why=draw(_one(_SENTENCES))),
        rp.DeferralReport(call_id=call_id, until=until),
    ]
    return draw(_one(reports))


@st.composite
def _of_the_link(draw: st.DrawFn, state: State) -> rp.Report:
    up = [call.placement.call_id for call in calls(state)]
    some = draw(st.lists(_one([*up, *_STRANGERS]), unique=True, max_size=4))
    if not link(state).is_up:
        return rp.DriverUpReport()
    surveyed = draw(st.lists(_one([*up, *_STRANGERS]), unique=True, max_size=4))
    silent_ms = draw(st.sampled_from((0, 0, 1_000, 12_000)))
    down = rp.DriverDownReport(tuple(some), silent_ms=silent_ms)
    whole = rp.CallsUpReport(some) if link(state).surveys_due else down
    reports: list[rp.Report] = [
        whole,
        rp.CallsAdriftReport(some),
        rp.CallsUpReport(some, among=[*some, *surveyed]),
        rp.CapacityReport(draw(call_limits())),
    ]
    return draw(_one(reports))


# The operator ------------------------------------------------------------------------------


@st.composite
def commands_for(draw: st.DrawFn, state: State) -> cm.Command:
    """Draw what an operator may want in a state.

    Args:
        draw: given by Hypothesis.
        state: with models and campaigns or without.
    """
    listed, known = campaign_ids(state), models(state)
    kinds = ["service"]
    if len(known) < _MODELS_MOST:
        kinds += ["model"] if known else ["model"] * 9
    if known:
        kinds.append("models")
        if len(listed) < _CAMPAIGNS_MOST:
            kinds += ["start", "start"]
    if listed:
        kinds += ["campaign", "campaign", "recipients", "recipients"]
    match draw(_one(kinds)):
        case "service":
            return draw(_of_the_service())
        case "model":
            return cm.AddModel(model=draw(campaign_models(name=f"Model {state.sequence}")))
        case "models":
            return draw(_of_a_model(state, draw(_one(list(known)))))
        case "start":
            return draw(_start(state, draw(_one(list(known)))))
        case "campaign":
            one = campaign(state, draw(_one(listed)), state.now)
            return draw(_of_a_campaign(one))
        case _:
            return draw(_of_recipients(state, draw(_one(listed))))


@st.composite
def _of_the_service(draw: st.DrawFn) -> cm.Command:
    numbers = draw(st.lists(_one("12345"), min_size=1, max_size=2, unique=True))
    match draw(st.integers(0, 3)):
        case 0:
            return cm.AddToDoNotCall(numbers=tuple(numbers))
        case 1:
            return cm.RemoveFromDoNotCall(numbers=tuple(numbers))
        case _:
            return cm.ChangeSettings(settings=draw(settings()))


@st.composite
def _of_a_model(draw: st.DrawFn, state: State, model_id: ModelId) -> cm.Command:
    confirmed = draw(st.booleans())
    new_name = f"Copy {state.sequence}"
    match draw(st.integers(0, 4)):
        case 0:
            model = draw(campaign_models(name=new_name))
            return cm.EditModel(model_id=model_id, model=model, confirmed=confirmed)
        case 1:
            return cm.CloneModel(model_id=model_id, name=new_name)
        case 2:
            return cm.DeleteModels(model_ids=(model_id,), confirmed=confirmed)
        case 3:
            return cm.DisableModel(model_id=model_id)
        case _:
            return cm.EnableModel(model_id=model_id)


@st.composite
def _start(draw: st.DrawFn, state: State, model_id: ModelId) -> cm.Command:
    today = state.now + state.calendar_ahead_ms
    whens: list[cm.StartImmediately | cm.StartAfter | cm.StartAt] = [
        cm.StartImmediately(),
        cm.StartImmediately(),
        cm.StartAfter(1),
        cm.StartAt(Instant(today + 1_500)),
    ]
    lasts_ms = draw(seldom(_one([30 * SECOND_MS, 90 * SECOND_MS, 60 * MINUTE_MS])))
    expires_at = None if lasts_ms is None else Instant(today + lasts_ms)
    return cm.StartCampaign(model_id=model_id, when=draw(_one(whens)), expires_at=expires_at)


@st.composite
def _of_a_campaign(draw: st.DrawFn, row: Campaign) -> cm.Command:
    every = [kind for kinds in _OF_CAMPAIGN.values() for kind in kinds]
    # Now and then one that the status does not allow.
    kinds = every if draw(st.integers(0, 7)) == 0 else _OF_CAMPAIGN[row.status]
    kind = draw(_one(kinds))
    if kind is cm.AppendRecipients:
        recipients = draw(recipient_lists(most=2))
        return cm.AppendRecipients(campaign_id=row.campaign_id, recipients=recipients)
    if kind is cm.StopCampaign:
        return cm.StopCampaign(campaign_id=row.campaign_id, hang_up=draw(st.booleans()))
    if kind is cm.StartNow:
        return cm.StartNow(campaign_id=row.campaign_id)
    if kind is cm.PauseCampaign:
        return cm.PauseCampaign(campaign_id=row.campaign_id)
    if kind is cm.ResumeCampaign:
        return cm.ResumeCampaign(campaign_id=row.campaign_id)
    return cm.DeleteCampaign(campaign_id=row.campaign_id)


@st.composite
def _of_recipients(draw: st.DrawFn, state: State, campaign_id: CampaignId) -> cm.Command:
    views = list(recipients(state, campaign_id))
    everyone = [Position(position) for position in range(1, len(views) + 1)]
    open_still = (RecipientStatus.IDLE, RecipientStatus.ACTIVE)
    still = [p for p, view in zip(everyone, views, strict=True) if view.status in open_still]
    some = tuple(draw(st.lists(_one(everyone), min_size=1, max_size=2)))
    if draw(st.integers(0, 2)) == 0:
        chosen = (draw(_one(still)),) if still else some
        return cm.StopAttempts(campaign_id=campaign_id, positions=chosen)
    attempts = draw(st.integers(1, 2))
    if draw(st.booleans()):
        return cm.AddAttempts(campaign_id=campaign_id, attempts=attempts)
    return cm.AddAttempts(campaign_id=campaign_id, positions=some, attempts=attempts)


@st.composite
def _of_the_host(draw: st.DrawFn, state: State) -> rp.HostReport:
    steps = [-HOUR_MS, -SECOND_MS, 0, 90 * SECOND_MS, HOUR_MS]
    shows = max(0, state.now + state.calendar_ahead_ms + draw(_one(steps)))
    told: list[rp.HostReport] = [rp.Tick(), rp.Tick(), rp.StandstillReport()]
    named = rp.TelephonyReport(draw(_one(["simulated", "asterisk"])))
    held = rp.HoldReport(campaign_ids(state))
    return draw(_one([*told, rp.ClockReport(Instant(shows)), named, held]))


# Both, and the clock -----------------------------------------------------------------------


@st.composite
def messages_for(draw: st.DrawFn, state: State) -> Message:
    """Draw what may come next in a state: a report, a command, a tick, another telephony.

    Args:
        draw: given by Hypothesis.
        state: any.
    """
    if not campaign_ids(state):
        return draw(commands_for(state))
    kind = draw(st.integers(0, 9))
    if kind < 3:  # noqa: PLR2004 -- three times in ten
        return draw(commands_for(state))
    if kind == 3:  # noqa: PLR2004
        return draw(_of_the_host(state))
    return draw(reports_for(state))
