"""Sounds are looked for before a campaign starts (R6.18)."""

import asyncio

import pytest

from campaign_core import CallScript, CampaignModel, Recipient, handle, open_service
from campaign_core import Settings as GeneralSettings
from campaign_core.commands import (
    AddModel,
    ChangeSettings,
    PauseCampaign,
    ResumeCampaign,
    StartAfter,
    StartCampaign,
    StartNow,
)
from campaign_core.reports import DriverDownReport
from campaign_drivers import LinkLostError, Missing, Need
from campaign_service.engine import SoundsMissingError, refuse_missing_sounds, sounds_needed

MODEL = CampaignModel(
    name="Closing",
    caller_number="100",
    sound="closing",
    script=CallScript(confirm_answer=True, confirm_listening=True),
    recipients=[Recipient(number="200")],
)


def state_after(*messages):
    state = open_service("0a1b2c3d", GeneralSettings(), 0).state
    for message in messages:
        state = handle(state, message, 1_000).state
    return state


class Telephony:
    def __init__(self, *missing, error=None, takes_s=0):
        self._missing, self._error, self._takes_s = missing, error, takes_s
        self.asked = []

    async def check(self, *, sounds, routing_classes):
        self.asked.append((sounds, routing_classes))
        await asyncio.sleep(self._takes_s)
        if self._error is not None:
            raise self._error
        return tuple(
            Missing(need=need, name=name, advice="Put it there.") for need, name in self._missing
        )


def refused(telephony, sounds=frozenset({"closing"})):
    return asyncio.run(refuse_missing_sounds(telephony, sounds, command="start"))


def test_every_sound_of_a_start_is_needed_prompts_as_they_are_in_force():
    state = state_after(
        AddModel(model=MODEL), ChangeSettings(settings=GeneralSettings(listening_prompt="nine"))
    )

    start = StartCampaign(model_id=1)
    assert sounds_needed(state, start) == {"closing", "press-1", "nine"}
    own = StartCampaign(model_id=1, sound="other")
    assert sounds_needed(state, own) == {"other", "press-1", "nine"}


def test_scheduled_campaign_that_starts_now_and_one_that_is_resumed_need_theirs():
    scheduled = state_after(
        AddModel(model=MODEL), StartCampaign(model_id=1, when=StartAfter(5), sound="other")
    )
    paused = state_after(
        AddModel(model=MODEL), StartCampaign(model_id=1), PauseCampaign(campaign_id=1)
    )

    assert sounds_needed(scheduled, StartNow(campaign_id=1)) == {"other", "press-1"}
    assert sounds_needed(paused, ResumeCampaign(campaign_id=1)) == {"closing", "press-1"}


@pytest.mark.parametrize(
    "command",
    [
        PauseCampaign(campaign_id=1),
        StartNow(campaign_id=7),
        ResumeCampaign(campaign_id=7),
        StartCampaign(model_id=7),
    ],
)
def test_no_other_command_needs_any_and_an_unknown_campaign_is_for_the_core_to_refuse(command):
    assert sounds_needed(state_after(AddModel(model=MODEL)), command) == frozenset()


def test_nothing_is_needed_of_a_telephony_that_is_out_of_reach():
    """Nobody is called before it is back."""
    state = state_after(AddModel(model=MODEL), DriverDownReport())

    assert sounds_needed(state, StartCampaign(model_id=1)) == frozenset()


def test_missing_sound_is_refused_with_what_to_do():
    telephony = Telephony((Need.SOUND, "closing"), (Need.INTERNAL_ROUTE, None))

    with pytest.raises(SoundsMissingError) as caught:
        refused(telephony)

    assert [one.name for one in caught.value.missing] == ["closing"]
    assert "closing: Put it there." in caught.value.why
    assert telephony.asked == [({"closing"}, frozenset())]


def test_route_that_is_missing_refuses_nothing():
    """R7.8: no check in advance whether a class allows a number."""
    assert refused(Telephony((Need.ROUTE, "gold"))) is None


def test_telephony_that_cannot_be_asked_is_taken_to_have_them_and_that_is_logged(caplog):
    assert refused(Telephony(error=LinkLostError("gone"))) is None
    assert "cannot be asked for a campaign's sounds: gone" in caplog.text


def test_nothing_is_asked_where_nothing_is_needed():
    telephony = Telephony()

    assert refused(telephony, frozenset()) is None
    assert telephony.asked == []
