"""One call to a telephone, as campaigns place them, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from campaign_core import CallId, Line, Outcome
from campaign_core.decisions import PlaceCall
from campaign_drivers._findings import Finding, Severity, fine, wrong
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._doctor import advice, routes
from campaign_drivers.asterisk._doctor.dialplan import lost
from campaign_drivers.asterisk._doctor.modules import local_context, technology_of
from campaign_drivers.asterisk._probe import Probe, ProbeCall

__all__ = ["trial"]

_RING_S = 30
_SOON_S = 2.0

_WHY: Mapping[Outcome, tuple[str, str]] = MappingProxyType(
    {
        Outcome.BUSY: ("it is busy", "Ring another number, or this one later."),
        Outcome.NO_ANSWER: (
            f"nobody answered within {_RING_S} s",
            "Answer it; or see that the telephone is registered and does not forward.",
        ),
        Outcome.CONGESTION: (
            "there is no free line",
            "See the trunk: asterisk -rx 'pjsip show endpoints', and the provider's limit.",
        ),
        Outcome.REJECTED: ("the call was rejected", "Ring a number that takes calls."),
        Outcome.INVALID_NUMBER: (
            "there is no such number",
            "Correct the number, or the route; the other side must know it as it is dialled.",
        ),
    }
)
_BY_CAUSE: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        18: ("its telephone does not reply", "See whether it is on, and its registration."),
        20: (
            "no telephone is registered under it",
            "Register one, or ring one of those that `asterisk -rx 'pjsip show contacts'` lists.",
        ),
        23: (
            "its telephone forwards",
            "Take that off, or let the route be Local/…, which follows.",
        ),
    }
)
"""Of Q.850, where a cause tells more than the outcome that it means."""
_FAILED = ("the call failed", "What Asterisk says meanwhile: asterisk -rvvv")


async def trial(asker: Probe, number: str) -> Finding:
    """Ring a number inside the exchange, and say what came of it."""
    settings = asker.settings
    context = settings.internal.context or settings.context
    call = ProbeCall(asker, context)
    order = PlaceCall(
        call_id=CallId(call.channel_id),
        number=number,
        line=Line.INTERNAL,
        routing_class=None,
        caller_number="0",
        display_name="call campaign check",
        ring_timeout_s=_RING_S,
        dead_man_s=2 * _RING_S,
    )
    try:
        action = translate.originate(settings, order)
    except UnfitError as error:
        return wrong("test call", str(error), "Give digits, * and #, with a + before at most.")
    unknown = await _unknown(asker, number)
    if unknown is not None:
        return unknown
    reply = await asker.ask(action.name, *action.headers, action_id=call.channel_id)
    if not reply.message.is_success:
        says = f"Asterisk refused the call: {reply.message['message']}"
        return wrong("test call", says, "See the other findings.")
    answer = await call.event("originateresponse", "hangup", within_s=_RING_S + 5)
    if answer is None or answer.event != "originateresponse" or not _is_answer(answer["response"]):
        why = await _why(call, number)
        await call.hang_up()
        return why
    failure = None if settings.without_dialplan else await call.is_handed_over()
    if failure is not None:
        return await lost(asker, context, failure)
    await call.hang_up()
    return fine("test call", f"{number} was called and answered")


def _is_answer(response: str) -> bool:
    return response.lower() == "success"


async def _unknown(asker: Probe, number: str) -> Finding | None:
    """Return why a number cannot be called at all, where Asterisk knows."""
    template = asker.settings.internal.channel
    channel = template.replace("{number}", number)
    technology = technology_of(channel)
    if technology == "local":
        extension = channel.partition("/")[2].partition("@")[0]
        context = local_context(channel)
        if await asker.is_so(f"DIALPLAN_EXISTS({context},{extension},1)") is not False:
            return None
        called = f"Dial(${{PJSIP_DIAL_CONTACTS({extension})}})"
        lines = [f"[{context}]", f"exten => {extension},1,{called}"]
        return wrong(
            "test call",
            f"{channel}: there is no extension {extension} in [{context}]",
            "Ring a number that is there; or, where it is a telephone of this exchange:\n\n"
            + advice.block("extensions.conf", lines, advice.DIALPLAN_RELOAD),
        )
    if technology == "pjsip":
        finding = await routes.route(asker, "internal", channel)
        if finding.severity is Severity.WRONG:
            return wrong("test call", finding.says, finding.advice)
    return None


async def _why(call: ProbeCall, number: str) -> Finding:
    """Return why a call was not answered."""
    answer = await call.event("originateresponse", within_s=0.1)
    end = await call.event("hangup", within_s=_SOON_S)
    reason = None if answer is None else answer.number("reason")
    cause = None if end is None else end.number("cause")
    what = f"{number} was not reached"
    if answer is not None and end is None and "newchannel" not in call.events():
        return wrong(
            "test call",
            f"{what}: Asterisk made no channel for it (nobody is registered as {number}, or there "
            "is no such endpoint or technology)",
            "See the findings on the internal route, and: asterisk -rx 'pjsip show endpoints'",
        )
    if answer is None and end is None:
        return wrong("test call", f"{what}: no event came", "See the other findings.")
    told = translate.outcome_of(reason, cause)
    words, cure = _BY_CAUSE.get(cause or 0) or _WHY.get(told, _FAILED)
    numbers = [f"reason {reason}"] if reason is not None else []
    if end is not None:
        numbers.append(f"cause {end['cause']} {end['cause-txt']}".rstrip())
    return wrong("test call", f"{what}: {words} ({', '.join(numbers)})", cure)
