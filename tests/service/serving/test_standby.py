"""Standby on a real PostgreSQL: processes that are killed, stopped and cut off."""

import signal
from collections import Counter

import pytest
from tests.service.serving.processes import Pbx, Process, Slowness

from campaign_core.events import CallPlaced, CampaignEnded
from campaign_core.testing import audit
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, find_tenant

pytestmark = pytest.mark.integration

TAKEN_OVER_WITHIN_S = 5


@pytest.fixture
def pbx(tmp_path):
    pbx = Pbx(tmp_path)
    yield pbx
    pbx.close()


@pytest.fixture
def start_at():
    """What starts processes over a database."""
    processes = []

    def start_at(database):
        def start(name, tenants, **more):
            settings = {"database": database, "tenants": tenants, "url": f"http://{name}", **more}
            processes.append(Process(**settings))
            return processes[-1]

        return start

    yield start_at
    for process in processes:
        process.close()


@pytest.fixture
def start(start_at, postgres_url):
    return start_at(postgres_url)


def journal_of(url):
    database = Database.open(url)
    try:
        return list(SqlJournal(database, find_tenant(database, "main")).read())
    finally:
        database.close()


def check_against(journal, pbx):
    """R9.3, R6.8: the journal keeps all laws, and the telephony saw no call but those in it."""
    assert audit(journal) == ()
    called = [line["id"] for line in pbx.happenings("originate")]
    # What looks for sounds rings no telephone, and is no call of a campaign.
    ordered = Counter(call_id for call_id in called if "-probe-" not in call_id)
    assert set(ordered.values()) <= {1}
    placed = {event.call_id for event in journal if isinstance(event, CallPlaced)}
    assert ordered.keys() <= placed


def leading_pair(start, pbx):
    """Return two processes, of which the first leads and the second is warm."""
    leader = start("a", {"main": pbx.driver_url})
    leader.until_it_leads("main")
    standby = start("b", {"main": pbx.driver_url})
    standby.until(lambda said: "ready" in said)
    return leader, standby


def until_it_ended(url, pbx):
    pbx.until(lambda: any(isinstance(event, CampaignEnded) for event in journal_of(url)))
    return journal_of(url)


def test_standby_takes_over_within_five_seconds_when_the_leader_is_killed(
    start, pbx, postgres_url, record_property
):
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=40, limit=8)
    assert standby.start_campaign()["leader"] == "http://a"
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    with Slowness() as slowness:
        killed_at = leader.kill()
        took_s = standby.until_it_leads("main") - killed_at
    record_property("took_s", took_s)
    assert took_s <= TAKEN_OVER_WITHIN_S * slowness.factor
    journal = until_it_ended(postgres_url, pbx)
    check_against(journal, pbx)


def test_leader_that_stood_still_and_lost_its_lock_neither_writes_nor_places_anything(
    start, pbx, postgres, postgres_url
):
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=50, limit=8)
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    leader.send(signal.SIGSTOP)
    postgres.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        database=postgres_url.rpartition("/")[2],
    )
    standby.until_it_leads("main")
    taken_over = len(journal_of(postgres_url))
    leader.hear()
    leader.send(signal.SIGCONT)
    leader.until(lambda _: leader.tenants["main"]["role"] == "FOLLOWING")
    pbx.until(lambda: leader.start_campaign(name="Other")["leader"] == "http://b")

    journal = until_it_ended(postgres_url, pbx)
    assert len(journal) > taken_over
    check_against(journal, pbx)


def test_leader_that_hangs_while_its_connection_lives_loses_its_lock(start, pbx, postgres_url):
    """It gives no sign of life; when it wakes it finds out before it places anything."""
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=50, limit=8)
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    leader.send(signal.SIGSTOP)
    standby.until_it_leads("main")
    leader.hear()
    leader.send(signal.SIGCONT)
    leader.until(lambda _: leader.tenants["main"]["role"] == "FOLLOWING")

    check_against(until_it_ended(postgres_url, pbx), pbx)


def test_leader_of_a_file_that_hangs_loses_its_lock(start_at, pbx, tmp_path):
    """With SQLite the kernel keeps a lock for as long as its process lives."""
    url = str(tmp_path / "campaigns.db")
    leader, standby = leading_pair(start_at(url), pbx)

    # Between two appends: one that stands still within a transaction keeps the file itself.
    leader.send(signal.SIGSTOP)
    standby.until_it_leads("main")
    leader.hear()
    leader.send(signal.SIGCONT)
    leader.until(lambda _: leader.tenants["main"]["role"] == "FOLLOWING")
    standby.start_campaign(recipients=20, limit=8)
    check_against(until_it_ended(url, pbx), pbx)


def test_leader_that_is_stopped_hands_over_at_once(start, pbx, postgres_url, record_property):
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=40, limit=8)
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    with Slowness() as slowness:
        leader.send(signal.SIGTERM)
        stopped_at = leader.until(lambda said: "stopped" in said)["wall"]
        # Calls last about a second: none was cut, and none was left.
        took_s = standby.until_it_leads("main") - stopped_at
    record_property("took_s", took_s)
    assert took_s <= 2 * slowness.factor
    assert leader.popen.wait(timeout=60) == 0
    journal = until_it_ended(postgres_url, pbx)
    check_against(journal, pbx)
    assert {event.outcome.name for event in journal if hasattr(event, "outcome")}.isdisjoint(
        {"LOST"}
    )


def test_second_request_to_stop_leaves_the_calls_in_progress_to_the_standby(
    start, pbx, postgres_url
):
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=40, limit=8)
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    with Slowness() as slowness:
        asked_at = leader.send(signal.SIGTERM)
        leader.send(signal.SIGTERM)
        took_s = leader.until(lambda said: "stopped" in said)["wall"] - asked_at
    assert took_s < 2 * slowness.factor
    standby.until_it_leads("main")
    check_against(until_it_ended(postgres_url, pbx), pbx)


def test_all_tenants_are_taken_over_when_the_process_that_leads_them_is_killed(
    start, record_property
):
    tenants = dict.fromkeys(["north", "south", "east", "west"], "simulated")
    one = start("a", tenants)
    one.until_it_leads(*tenants)
    other = start("b", tenants)
    other.until(lambda said: "ready" in said)

    with Slowness() as slowness:
        killed_at = one.kill()
        took_s = other.until_it_leads(*tenants) - killed_at
    record_property("took_s", took_s)
    assert took_s <= TAKEN_OVER_WITHIN_S * slowness.factor


def test_database_that_is_restarted_leaves_one_leader_who_ends_the_campaign(
    start, pbx, postgres, postgres_url
):
    leader, standby = leading_pair(start, pbx)
    leader.start_campaign(recipients=40, limit=8)
    pbx.until(lambda: len(pbx.happenings("originate")) > 15)

    postgres.restart()
    journal = until_it_ended(postgres_url, pbx)
    check_against(journal, pbx)
    pbx.until(lambda: len(leader.led) + len(standby.led) == 1, within_s=60)
