"""R3.6: what another machine accepted and this one does not know is read and shown all the same."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from tests.core._decision.test_unknown_zones import ALWAYS, ELSEWHERE, HERE, read_here, somebody
from tests.core._decision.test_unknown_zones import written_elsewhere as elsewhere
from tests.core.stories import NOON, Story
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core import Transition, codec, commands
from campaign_core.errors import SettingsError
from campaign_drivers.simulated import VirtualClock
from campaign_service.cli import main
from campaign_service.cli.remote.listing import _service_lines
from campaign_service.cli.remote.start import _moment
from campaign_service.cli.value_text import in_zone
from campaign_service.client import (
    CallLimits,
    CallsInUse,
    LinkStatus,
    ServiceStatus,
    UnknownTimeZone,
)
from campaign_service.engine import RealTimeEngine, ServicePolicy
from campaign_service.instants import zone_of
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import SqlJournal, create_tenant

# Where a module and its command have one name, the package shows the command.
doctor = import_module("campaign_service.cli.doctor")


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
        clock, driver = VirtualClock(NOON + 60_000), RecordingDriver()
        engine = RealTimeEngine(
            Transition(read_here(events), (), ()),
            driver=driver,
            clock=clock,
            policy=ServicePolicy(is_recovered=True),
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


def test_status_names_unknown_zones_and_a_clock_that_was_set():
    """R3.6, R7.12: notes to the operator."""
    now = ServiceStatus(
        tenant="main",
        service_id="a1b2c3d4",
        now=datetime(2026, 1, 12, 8, tzinfo=UTC),
        role="LEADING",
        leader=None,
        journal_away_since=None,
        events_waiting=0,
        last_seq=7,
        is_draining=False,
        trouble=None,
        link=LinkStatus(is_up=True, deferred_until=None, call_limits=CallLimits(), telephony=None),
        calls=CallsInUse(internal=0, external=0, limits=CallLimits()),
        campaigns={"ACTIVE": 1},
        waiting=None,
        calendar_ahead_ms=-3_601_000,
        unknown_time_zones=[UnknownTimeZone(campaign_id=4, time_zone=ELSEWHERE, recipients=2)],
    )

    told = "\n".join(_service_lines(now))

    assert f"2 recipients of campaign 4: the server does not know the time zone {ELSEWHERE}" in told
    assert "stands 1:00:01 behind the service's time" in told


def test_time_without_an_offset_is_not_taken_on_a_clock_that_is_not_known_here():
    with pytest.raises(SettingsError) as caught:
        _moment("--at", "2026-01-12T08:30:00", ELSEWHERE)

    assert "with an offset" in caught.value.rule
    assert _moment("--at", "2026-01-12T08:30:00+01:00", ELSEWHERE).utcoffset() == timedelta(hours=1)
    assert _moment("--at", "2026-01-12T08:30:00", HERE).utcoffset() == timedelta(hours=9)


@pytest.mark.parametrize(("names", "says"), [({"UTC"}, "note  "), ({"UTC", HERE}, "fine  ")])
def test_doctor_says_whether_there_are_zone_data(monkeypatch, capsys, names, says):
    """What is missing (tzdata) is said."""
    monkeypatch.setattr(doctor, "available_timezones", lambda: names)

    main(["doctor", "asterisk://user:secret@127.0.0.1:9/"])

    (line,) = [one for one in capsys.readouterr().out.splitlines() if "time zones:" in one]
    assert line.startswith(says)
