"""What telephones do with a call: several ring, forward, are picked up, transfer, park (R7.11)."""

import asyncio

import pytest

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Line,
    Outcome,
    Recipient,
    Settings,
    events,
)
from campaign_core.decisions import Transfer
from campaign_core.reports import AnswerReport, DigitReport, EndReport, PlaybackReport
from campaign_drivers.asterisk import AsteriskDriver, Route

from .host import Host
from .rig import connected, settings_for
from .telephone import ADDRESS, Telephone

OURS, DIRECT = None, Route(channel="PJSIP/{number}")
"""Of internal numbers: the default, which needs the lines of our page, and one device dialled."""
ROUTES = {"ours": OURS, "direct": DIRECT}


@pytest.fixture(params=ROUTES)
def route(request):
    return ROUTES[request.param]


async def goes_on(rig, call_id, leg):
    """See that a call plays to this telephone, hears it, and ends with it, under its own id."""
    await rig.answered(call_id)
    rig.play(call_id, 1, "prompt", "1")
    # What came before the first sound would be of another call.
    await leg.hears()
    await leg.dial("1")
    await rig.seen(PlaybackReport)
    assert rig.of(call_id)[:2] == [AnswerReport(call_id), DigitReport(call_id=call_id, digit="1")]
    rig.hang_up(call_id)
    await rig.ended(call_id)
    await rig.until(lambda: leg.state == "over")
    assert rig.kinds(call_id).count(EndReport) == 1


# Several devices of one extension -----------------------------------------------------------


@pytest.mark.parametrize("answers", [0, 1])
def test_every_device_of_an_extension_rings_and_the_one_that_answers_has_the_call(pbx, answers):
    """R7.11: an internal number rings every device that is registered under it."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("201", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            legs = [await one.called(), await two.called()]
            assert AnswerReport(call_id) not in rig.of(call_id)
            # R7.8: the display name is the campaign's.
            assert legs[answers].invite["from"].startswith('"School closing" <sip:100@')
            legs[answers].answer()
            await rig.until(lambda: legs[1 - answers].state == "over")
            await goes_on(rig, call_id, legs[answers])

    asyncio.run(story())


@pytest.mark.parametrize("how", ["we cancel", "all refuse", "nobody answers"])
def test_a_call_that_no_device_answers_ends_on_all_of_them(pbx, how):
    outcomes = {"all refuse": Outcome.BUSY, "nobody answers": Outcome.NO_ANSWER}

    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("201", pbx.sip) as two,
        ):
            call_id = rig.place("201", ring_timeout_s=2 if how == "nobody answers" else 20)
            legs = [await one.called(), await two.called()]
            if how == "we cancel":
                rig.hang_up(call_id)
            if how == "all refuse":
                legs[0].refuse()
                await asyncio.sleep(0.3)
                assert rig.of(call_id) == []
                legs[1].refuse()
            await rig.ended(call_id)
            (end,) = rig.of(call_id)
            assert end.unanswered_as is outcomes.get(how, end.unanswered_as)
            await rig.until(lambda: {leg.state for leg in legs} == {"over"})

    asyncio.run(story())


def test_an_extension_where_nobody_is_registered_does_not_answer(pbx):
    async def story():
        async with connected(settings_for(pbx, internal=None)) as rig:
            call_id = rig.place("203")
            await rig.ended(call_id)
            (end,) = rig.of(call_id)
            assert (end.unanswered_as, end.hangup_cause) == (Outcome.NO_ANSWER, 20)

    asyncio.run(story())


# A telephone that forwards ------------------------------------------------------------------


def test_a_call_that_is_forwarded_goes_on_under_its_own_id(pbx):
    """R7.11: followed under the same call id, with its prompts, limits and switch."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            (await one.called()).forward("202")
            leg = await two.called()
            leg.answer()
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


def test_a_call_that_is_forwarded_to_an_address_goes_on_under_its_own_id(pbx):
    """``redirect_method=uri_core``."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("204", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("204")
            (await one.called()).forward("202", f"{ADDRESS}:{two.port}")
            leg = await two.called()
            leg.answer()
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


@pytest.mark.parametrize("to", ["201", "299"])
def test_a_telephone_that_forwards_to_itself_or_to_nobody_ends_its_call(pbx, to):
    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
        ):
            one.on_call = lambda leg: leg.forward(to)
            call_id = rig.place("201")
            await rig.ended(call_id)
            (end,) = rig.of(call_id)
            assert end.unanswered_as is Outcome.REJECTED

    asyncio.run(story())


def test_the_switch_holds_for_a_call_that_is_forwarded(pbx):
    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201", dead_man_s=6)
            (await one.called()).forward("202")
            leg = await two.called()
            leg.answer()
            await rig.ended(call_id)
            await rig.until(lambda: leg.state == "over")

    asyncio.run(story())


def test_a_call_to_one_device_that_forwards_ends_and_rings_nowhere(pbx):
    """R7.11: or ended at once with a true outcome."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=DIRECT)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            (await one.called()).forward("202")
            await rig.ended(call_id)
            (end,) = rig.of(call_id)
            assert (end.unanswered_as, end.hangup_cause) == (Outcome.REJECTED, 23)
            await asyncio.sleep(0.5)
            assert two.legs == []

    asyncio.run(story())


def test_what_the_channel_itself_forwards_keeps_its_id(pbx, route):
    """``redirect_method=uri_pjsip``."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("205", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("205")
            (await one.called()).forward("202", f"{ADDRESS}:{two.port}")
            leg = await two.called()
            leg.answer()
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


@pytest.mark.parametrize("user", ["campaign", "free"])
def test_what_is_forwarded_past_all_of_it_is_hung_up_as_it_answers(pbx, user):
    """``redirect_method=uri_core``: another channel, with nothing of the call's."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=DIRECT, user=user)) as rig,
            Telephone("204", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("204")
            (await one.called()).forward("202", f"{ADDRESS}:{two.port}")
            leg = await two.called()
            leg.answer()
            await rig.until(lambda: leg.state == "over", within_s=3)
            await rig.ended(call_id)
            assert rig.of(call_id)[-1].took_commands is False

    asyncio.run(story())


# Another telephone takes the call -----------------------------------------------------------


@pytest.mark.parametrize("user", ["campaign", "free"])
def test_a_call_that_another_telephone_picks_up_goes_on_there(pbx, route, user):
    async def story():
        async with (
            connected(settings_for(pbx, internal=route, user=user)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            await one.called()
            leg = two.call("*8")
            await rig.until(lambda: leg.state == "up")
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


def test_without_dialplan_a_call_that_is_picked_up_goes_on_too(pbx):
    settings = settings_for(pbx, internal=None, user="free", without_dialplan=True)

    async def story():
        async with (
            connected(settings) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            await one.called()
            leg = two.call("*8")
            await rig.until(lambda: leg.state == "up")
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


def test_a_call_whose_own_channel_is_picked_up_goes_on_there(pbx):
    """By the extension that the Local channel itself has, which takes its place."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=None)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            first = await one.called()
            await rig.until(lambda: pbx.is_ringing("Local/201@"))
            leg = two.call("*8201")
            await rig.until(lambda: leg.state == "up")
            await rig.until(lambda: first.state == "over")
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


def test_a_call_that_another_telephone_replaces_goes_on_there(pbx, route):
    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            first = await one.called()
            first.answer()
            await rig.answered(call_id)
            leg = two.call("201", replaces=first.replaces())
            await rig.until(lambda: leg.state == "up")
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


def test_a_ringing_call_that_another_telephone_replaces_goes_on_or_ends(pbx, route):
    """Dialled directly, Asterisk itself never sees the second telephone answer."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            first = await one.called()
            # Before that there is nothing to be replaced.
            await rig.until(lambda: pbx.is_ringing("PJSIP/201-"))
            leg = two.call("201", replaces=first.replaces())
            if route is OURS:
                await rig.until(lambda: leg.state == "up")
                await goes_on(rig, call_id, leg)
            else:
                await rig.ended(call_id, within_s=5)
                await rig.until(lambda: leg.state == "over", within_s=5)
                assert rig.kinds(call_id) == [EndReport]

    asyncio.run(story())


def test_a_call_that_is_taken_over_goes_on_where_it_was_transferred_to(pbx, route):
    """R9.3: a later start of the service finds it, whatever id its channel has by now."""
    settings = settings_for(pbx, internal=route)

    async def story():
        async with Telephone("201", pbx.sip) as one, Telephone("202", pbx.sip) as two:
            async with connected(settings) as rig:
                call_id = rig.place("201")
                first = await one.called()
                first.answer()
                await rig.answered(call_id)
                leg = two.call("201", replaces=first.replaces())
                await rig.until(lambda: first.state == "over")
                rig.driver._board.calls.clear()
            async with connected(settings) as rig:
                await goes_on(rig, call_id, leg)

    asyncio.run(story())


# The recipient sends the call elsewhere -----------------------------------------------------


def test_a_call_that_its_recipient_transfers_after_asking_goes_on_there(pbx, route):
    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            first = await one.called()
            first.answer()
            await rig.answered(call_id)
            asking = one.call("202")
            leg = await two.called()
            leg.answer()
            await rig.until(lambda: asking.state == "up")
            await rig.until(lambda: pbx.talking("PJSIP/201-") == (2 if route is OURS else 1))
            first.transfer("202", consulted=asking)
            await rig.until(lambda: asking.state == "over")
            await goes_on(rig, call_id, leg)

    asyncio.run(story())


@pytest.mark.parametrize("to", ["a telephone", "a parking place"])
def test_a_call_that_its_recipient_transfers_goes_on_there_or_stays(pbx, route, to):
    """Dialled directly, Asterisk refuses such a transfer."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            leg = await one.called()
            leg.answer()
            await rig.answered(call_id)
            if route is OURS:
                # Asterisk tells of the answer first, and connects the two then.
                await rig.until(lambda: pbx.talking("PJSIP/201-"))
            leg.transfer("202" if to == "a telephone" else "700")
            await rig.until(lambda: any(not told.endswith("100 Trying") for told in leg.notified))
            if route is OURS:
                first, leg = leg, await _taken(rig, two, to)
                first.hang_up()
            await goes_on(rig, call_id, leg)

    async def _taken(rig, two, to):
        if to == "a telephone":
            leg = await two.called()
            leg.answer()
            return leg
        leg = two.call("701")
        await rig.until(lambda: leg.state == "up")
        return leg

    asyncio.run(story())


# Transfers of ours --------------------------------------------------------------------------


def test_a_transferred_call_keeps_its_id_whatever_its_local_channel_may_do(pbx):
    """A Local channel without `/n` would optimise itself away, and the id with it."""
    route = Route(channel="Local/{number}@call-campaign")

    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
        ):
            call_id = rig.place("201")
            leg = await one.called()
            leg.answer()
            await rig.answered(call_id)
            rig.driver.carry_out(Transfer(call_id=call_id, extension="202", dead_man_s=30))
            agent = await two.called()
            agent.answer()
            await asyncio.sleep(1.5)
            assert call_id in pbx.channels()
            assert rig.kinds(call_id) == [AnswerReport]
            agent.hang_up()
            await rig.ended(call_id)

    asyncio.run(story())


def test_whom_a_call_is_transferred_to_may_forward_it(pbx, route):
    """R7.7."""

    async def story():
        async with (
            connected(settings_for(pbx, internal=route)) as rig,
            Telephone("201", pbx.sip) as one,
            Telephone("202", pbx.sip) as two,
            Telephone("203", pbx.sip) as three,
        ):
            two.on_call = lambda leg: leg.forward("203")
            call_id = rig.place("201")
            leg = await one.called()
            leg.answer()
            await rig.answered(call_id)
            rig.driver.carry_out(Transfer(call_id=call_id, extension="202", dead_man_s=30))
            agent = await three.called()
            agent.answer()
            await asyncio.sleep(0.5)
            assert rig.kinds(call_id) == [AnswerReport]
            agent.hang_up()
            await rig.ended(call_id)

    asyncio.run(story())


# A campaign ---------------------------------------------------------------------------------


def test_a_campaign_counts_a_call_once_however_many_telephones_it_rings(pbx):
    """R7.11, R6.1: two devices, and a telephone that forwards; never two calls at one time."""
    settings = settings_for(pbx, internal=None)
    model = CampaignModel(
        name="School closing",
        sound="message",
        caller_number="100",
        script=CallScript(confirm_answer=True),
        attempts_max=1,
        recipients=[Recipient(number=number, line=Line.INTERNAL) for number in ("201", "202")],
    )

    async def answers(leg):
        leg.answer()
        await leg.hears()
        await leg.dial("1")

    async def story():
        host = Host(
            AsteriskDriver(settings),
            settings.service_id,
            Settings(answer_prompt="prompt", call_limits=CallLimits(total=1)),
        )
        tasks = []
        async with (
            Telephone("201", pbx.sip) as one,
            Telephone("201", pbx.sip) as other,
            Telephone("202", pbx.sip) as two,
            Telephone("203", pbx.sip) as three,
        ):
            other.on_call = lambda leg: tasks.append(asyncio.ensure_future(answers(leg)))
            two.on_call = lambda leg: leg.forward("203")
            three.on_call = lambda leg: tasks.append(asyncio.ensure_future(answers(leg)))
            await host.start()
            try:
                host.run(model)
                await host.ended(60)
            finally:
                await host.close()
            await asyncio.gather(*tasks)
            assert [len(it.legs) for it in (one, other, two, three)] == [1, 1, 1, 1]
        assert host.outcomes() == ["REACHED", "REACHED"]
        placed = [event.at for event in host.of(events.CallPlaced)]
        ended = [event.at for event in host.of(events.CallEnded)]
        assert placed[1] >= ended[0]

    asyncio.run(story())
