"""R3.6: what another machine accepted and this one does not know is read and shown all the same."""

import asyncio
import logging

import pytest
from tests.core._decision.test_unknown_zones import ALWAYS, ELSEWHERE, HERE, read_here, somebody
from tests.core._decision.test_unknown_zones import written_elsewhere as elsewhere
from tests.core.stories import NOON, Story
from tests.service.engine.test_journal_away import Telephony

from campaign_core import Transition, codec, commands
from campaign_drivers.simulated import VirtualClock
from campaign_service.cli import main
from campaign_service.cli.zones import in_zone
from campaign_service.engine import RealTimeEngine, Upkeep
from campaign_service.instants import zone_of
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import SqlJournal, create_tenant


@pytest.fixture
def events():
    """A campaign whose own zone, and one recipient's, are not known here."""
    story = Story()
    recipients = [somebody("201"), somebody("202", "UTC")]
    model = story.model(recipients, name="Evening", calling_hours=ALWAYS, time_zone=HERE)
    story.tell(commands.StartCampaign(model_id=model, when=commands.StartAfter(minutes=1)))
    return [codec.from_data(elsewhere(event)) for event in story.events]


@pytest.fixture
def lines(tmp_path, events):
    path = tmp_path / "journal.jsonl"
    journal = JsonLinesJournal.create(path)
    journal.append(events, expected=0)
    journal.close()
    return str(path)


def test_intact_journal_is_verified(lines, capsys):
    assert main(["verify", lines]) == 0
    assert main(["verify", lines, "--replay"]) == 0
    assert "3 events" in capsys.readouterr().out


def test_journal_can_be_asked(lines, capsys):
    assert main(["replay", lines, "--json"]) == 0
    assert main(["explain", lines, "201"]) == 0
    assert "UTC" in capsys.readouterr().out


def test_journal_in_a_database_is_verified_and_exported(database, database_url, events, tmp_path):
    tenant = create_tenant(database, "main", service_id="a1b2c3d4")
    SqlJournal(database, tenant).append(events, expected=0)

    out = str(tmp_path / "out")

    assert main(["verify", database_url, "--replay"]) == 0
    assert main(["export", "--db", database_url, "--campaign", "1", "--out", out]) == 0


def test_engine_tells_the_log_once_and_calls_the_others(events, caplog):
    """... and a note to the operator."""

    async def run():
        clock, driver = VirtualClock(NOON + 60_000), Telephony()
        engine = RealTimeEngine(
            Transition(read_here(events), (), ()),
            driver=driver,
            clock=clock,
            upkeep=Upkeep(is_recovered=True),
        )
        async with engine:
            await engine.until(lambda: bool(driver.orders))
            await engine.give(commands.AddToDoNotCall(numbers=["9"]))
        return [order.number for order in driver.orders]

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(asyncio.wait_for(run(), timeout=20)) == ["202"]
    told = [record.message for record in caplog.records if ELSEWHERE in record.message]
    assert len(told) == 1
    assert "1 recipients are not called" in told[0]


def test_zone_that_is_not_known_is_shown_in_utc():
    assert zone_of(ELSEWHERE).key == zone_of("UTC").key == "UTC"
    assert zone_of(HERE).key == HERE


def test_sentence_with_times_in_an_unknown_zone_is_left_as_it_is():
    sentence = f"opens at 2026-01-12 08:00:00 {ELSEWHERE}"

    assert in_zone(sentence, zone_of("Europe/Rome")) == sentence
    assert in_zone("at 2026-01-12 08:00:00 UTC", zone_of(HERE)) == f"at 2026-01-12 17:00:00 {HERE}"
