"""The auditor finds what it is there to find: journals with one thing wrong in them."""

import attrs
import pytest
from tests.core.stories import SECOND, Story

import campaign_core as core
from campaign_core import CallLimits, CallRate, FrequencyCap, commands, events
from campaign_core.testing import Auditor, CoreHost, audit


def calls(*numbers: str, **settings: object) -> list[events.Event]:
    story = Story(**settings)
    story.start(" ".join(numbers), attempts_max=1)
    return story.events


def changed(journal, kind, which=-1, **fields):
    """Return a journal with one event of a kind changed."""
    found = [place for place, event in enumerate(journal) if isinstance(event, kind)][which]
    return [*journal[:found], attrs.evolve(journal[found], **fields), *journal[found + 1 :]]


def with_settings(journal, **settings):
    return changed(journal, events.ServiceOpened, settings=core.Settings(**settings))


PLACED = events.CallPlaced


@pytest.mark.parametrize(
    ("journal", "rule", "says"),
    [
        (calls("1")[:1] + calls("1")[2:], "R9.1", "event 3 follows event 1"),
        (changed(calls("1"), PLACED, at=1), "R6.13", "before the one before it"),
        (with_settings(calls("1", "2"), call_limits=CallLimits(total=1)), "R2.2", "no room"),
        (with_settings(calls("1", "2"), call_limits=CallLimits(external=1)), "R2.2", "no room"),
        (changed(calls("1", "2"), PLACED, number="1"), "R6.14", "its number is in a call"),
        (changed(calls("1", "2"), PLACED, position=1), "R6.8", "its recipient is in a call"),
        (changed(calls("1", "2"), PLACED, position=1), "R6.8", "more attempts than allowed (1)"),
        (changed(calls("1"), PLACED, in_use=(1, 0, 0, 0)), "R8.4", "wrong in_use"),
        (changed(calls("1"), PLACED, is_retry=True), "R8.4", "wrong is_retry"),
        (changed(calls("1"), PLACED, campaign_id=9), "R6.8", "its campaign is None"),
        (
            with_settings(calls("1", "2"), call_rate=CallRate(calls=1, per_s=1)),
            "R2.4",
            "above the call rate",
        ),
        (
            with_settings(
                changed(calls("1", "2"), PLACED, number="1"),
                frequency_cap=FrequencyCap(attempts=1, per_h=1),
            ),
            "R6.15",
            "its number is capped",
        ),
    ],
)
def test_what_is_wrong_in_a_journal_is_found(journal, rule, says):
    """R6.8 and its kin, over events alone."""
    assert [law for law in audit(journal) if law.startswith(f"{rule}: ") and says in law]


def test_call_to_whom_was_reached_is_found():
    story = Story()
    story.start("1 2")
    story.reach("1")
    again = attrs.evolve(
        story.heard(PLACED)[0], seq=story.state.sequence + 1, at=story.now, attempt=2
    )

    found = audit([*story.events, again])

    assert any("its recipient was reached" in law for law in found)
    assert any("its call id was used before" in law for law in found)


@pytest.mark.parametrize("ended", [commands.PauseCampaign, commands.StopCampaign])
def test_call_of_a_campaign_that_is_not_active_is_found(ended):
    story = Story(call_limits=CallLimits(total=0))
    story.start("1")
    story.tell(ended(campaign_id=1))
    call = calls("1")[-1]

    found = audit([*story.events, attrs.evolve(call, seq=story.state.sequence + 1)])

    assert [law for law in found if "its campaign is" in law]


def test_auditor_reads_on_where_it_stopped():
    story = Story()
    auditor = Auditor()
    assert auditor.hear(story.events) == ()
    count = len(story.events)
    story.start("1")

    assert auditor.hear(story.events[count:]) == ()
    assert auditor.hear(story.events[-1:]) != ()


def test_host_begins_again_from_what_is_durable():
    """R9.3: no event that was acknowledged is lost."""
    host = CoreHost(core.Settings(), 0)
    model = core.CampaignModel(
        name="A", caller_number="1", sound="m", recipients=[core.Recipient(number="1")]
    )
    host.take(commands.AddModel(model=model), 0)
    orders = host.take(commands.StartCampaign(model_id=1), SECOND)
    state, journal = host.state, list(host.journal)

    host.restart()

    assert len(orders) == 1
    assert (host.state, host.journal) == (state, journal)
