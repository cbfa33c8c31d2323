"""What has been: the log, the attempts, who did what; also of campaigns that are gone."""

import json
from collections import Counter

import pytest

from campaign_core import Outcome
from campaign_core import commands as cm
from campaign_core import reports as rp
from campaign_core.errors import JournalError, Problem, SettingsError
from campaign_core.events import CampaignDeleted
from campaign_service.database import Database
from campaign_service.journal import JsonLinesJournal
from campaign_service.journal.sql import (
    CampaignExport,
    JournalQueries,
    SqlJournal,
    create_tenant,
    find_tenant,
    import_journal,
    importing,
    list_tenants,
    verify,
)

from .streams import Campaign


@pytest.fixture
def campaign(journal):
    campaign = Campaign()
    campaign.end_calls(2)
    journal.append(campaign.events, expected=0)
    return campaign


def seqs(entries):
    return [entry.seq for entry in entries]


def test_log_is_read_in_parts(history, campaign):
    """R9.2."""
    assert seqs(history.entries(after=0, limit=3)) == [1, 2, 3]
    assert seqs(history.entries(after=3, limit=2)) == [4, 5]
    assert history.entries(after=len(campaign.events), limit=2) == []


def test_data_of_a_long_event_can_be_left_out(history, campaign):
    """Issue: very many recipients in one event; it is not read where it is not shown."""
    whole = history.entries(after=0, limit=100)
    lengths = sorted(len(entry.data) for entry in whole)
    data_max = lengths[len(lengths) // 2]

    found = history.entries(after=0, limit=100, data_max=data_max)

    assert [(entry.seq, entry.kind, entry.actor) for entry in found] == [
        (entry.seq, entry.kind, entry.actor) for entry in whole
    ]
    for entry, seen in zip(whole, found, strict=True):
        assert seen.data == (entry.data if len(entry.data) <= data_max else "")
    by_anna = history.by_users(actor="anna", data_max=1)
    assert by_anna
    assert {entry.data for entry in by_anna} == {""}


def test_part_of_the_log_has_bounds_in_bytes(history, campaign):
    whole = history.entries(after=0, limit=100)
    lengths = [len(entry.data) for entry in whole]

    def read(bytes_max):
        return seqs(history.entries(after=0, limit=100, bytes_max=bytes_max))

    assert read(1) == [1]
    assert read(sum(lengths[:3])) == [1, 2, 3]
    assert read(sum(lengths[:3]) + 1) == [1, 2, 3, 4]
    assert read(sum(lengths) + 1) == seqs(whole)


def test_log_of_a_campaign_has_its_calls(history, campaign):
    entries = history.entries(after=0, limit=100, campaign_id=1)

    kinds = Counter(entry.kind for entry in entries)
    assert (
        kinds["CampaignScheduled"],
        kinds["CallPlaced"],
        kinds["CallEnded"],
    ) == (1, 3, 2)
    assert {1} == {entry.campaign_id for entry in entries}
    assert history.entries(after=0, limit=100, campaign_id=2) == []


def test_log_until_a_time(history, campaign):
    at = campaign.events[8].at

    found = history.entries(after=0, limit=100, until=at)

    assert [event.seq for event in campaign.events if event.at <= at] == seqs(found)


def test_events_of_one_call_are_had_apart(history, campaign):
    """R5.4: the list of attempts with their events and times."""
    wanted = [
        event.seq
        for event in campaign.events
        if getattr(event, "call_id", "").endswith("000000010000000200000001")
    ]

    assert wanted == seqs(history.call_events(1, 2, 1))
    assert len(history.call_events(1, 3, 1)) == 1
    assert history.call_events(1, 3, 2) == []


def test_outcomes_are_counted(history, campaign):
    ended = [event.outcome for event in campaign.events if hasattr(event, "hangup_cause")]

    assert Counter(ended) == history.outcomes(1)
    assert Counter() == history.outcomes(2)


def test_attempts_of_some_recipients(history, campaign):
    assert [one.position for one in history.attempts(1, first=2, last=3)] == [2, 3]
    assert [one.position for one in history.attempts(1, first=2, last=3, known_seq=6)] == [2]


def test_who_did_what_and_when(history, campaign):
    """R9.1: the audit asks for what people and programs did."""
    everything = history.by_users()

    assert {"ModelAdded", "CampaignScheduled"} <= {entry.kind for entry in everything}
    assert not {"driver", "scheduler"} & {entry.actor for entry in everything}
    anna = history.by_users(actor="anna")
    assert [entry for entry in everything if entry.actor == "anna"] == anna
    assert anna[1:] == history.by_users(actor="anna", after=anna[0].seq)
    assert anna[:1] == history.by_users(actor="anna", limit=1)
    assert history.by_users(actor="otto") == []
    assert history.by_users(since=campaign.now + 1) == []
    assert history.by_users(until=campaign.events[0].at - 1) == []


def test_deleted_campaign_is_still_told_of(database, tenant, journal, history, campaign):
    """R9.2: a campaign's log can be consulted after it was deleted."""
    done = len(campaign.events)
    campaign.tell(cm.StopCampaign(campaign_id=1, hang_up=True))
    campaign.end_calls()
    before = campaign.state
    campaign.tell(cm.DeleteCampaign(campaign_id=1))
    journal.append(campaign.events[done:], expected=done)
    deleted = next(event for event in campaign.events if isinstance(event, CampaignDeleted))

    (record,) = history.campaigns()

    assert (record.name, record.recipients) == ("Closing", 3)
    assert (deleted.seq, deleted.at) == (record.deleted_seq, record.deleted_at)
    assert record == history.campaign(1)
    assert history.campaign(2) is None
    assert before.sequence <= deleted.seq - 1
    export = CampaignExport(history, 1)
    assert [row["position"] for row in export.recipients()] == [1, 2, 3]
    assert len(list(export.attempts())) == 3
    kinds = [json.loads(line)["type"] for line in export.log()]
    assert (kinds[0], kinds[-1]) == ("CampaignScheduled", "CampaignDeleted")


def test_campaign_that_never_was_cannot_be_exported(history, campaign):
    with pytest.raises(SettingsError) as refused:
        CampaignExport(history, 7)

    rule = "the number of a campaign that is or was there"
    assert (Problem(field="campaign", value=7, rule=rule),) == refused.value.problems


def test_appended_recipients_are_counted(journal, history, campaign):
    done = len(campaign.events)
    more = Campaign(numbers=5).events[1].model.recipients
    campaign.tell(cm.AppendRecipients(campaign_id=1, recipients=more[3:]))
    journal.append(campaign.events[done:], expected=done)

    assert [record.recipients for record in history.campaigns()] == [5]


# Tenants ------------------------------------------------------------------------------------


def test_tenants_are_listed_by_name(database):
    made = [create_tenant(database, name) for name in ("rome", "milan")]

    assert [made[1], made[0]] == list_tenants(database)
    assert made[0] == find_tenant(database, "rome")
    assert find_tenant(database, "turin") is None
    assert len({tenant.service_id for tenant in made}) == 2


@pytest.mark.parametrize("name", ["", "Rome", "a b", "-a", "a-", "x" * 65, "ä", "a/b", "main\n"])
def test_tenant_needs_a_name(database, name):
    with pytest.raises(SettingsError, match="1 to 64 of a-z"):
        create_tenant(database, name)


def test_tenants_name_and_service_id_are_its_own(database):
    tenant = create_tenant(database, "rome")

    with pytest.raises(SettingsError, match="there is one of this name"):
        create_tenant(database, "rome")
    with pytest.raises(SettingsError, match="another tenant has this one"):
        create_tenant(database, "milan", service_id=tenant.service_id)


# Journals of a run --------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path):
    campaign = Campaign()
    campaign.end_calls(2)
    journal = JsonLinesJournal.create(tmp_path / "journal.jsonl")
    journal.append(campaign.events, expected=0)
    journal.close()
    return campaign


def test_journal_of_a_run_is_imported(database, tmp_path, lines):
    source = JsonLinesJournal.open(tmp_path / "journal.jsonl")

    taken = import_journal(database, source, tenant="main")

    journal = SqlJournal(database, taken.tenant)
    assert lines.events == list(journal.read())
    assert taken.tenant.service_id == "a1b2c3d4"
    assert lines.state == journal.recover().state
    assert taken.head == journal.head()
    assert verify(database, taken.tenant, replays=True).problems == ()
    # It goes on as if it had been there all the time.
    done = len(lines.events)
    lines.end_calls()
    journal.append(lines.events[done:], expected=done)
    assert [
        one.attempt for one in JournalQueries(database, taken.tenant).attempts(1, first=1, last=3)
    ] == [1, 1, 1]


def test_import_of_a_run_that_was_interrupted_is_sound(sqlite_url, tmp_path):
    """Who may be called again at once stands in line at its end, and nobody has looked since."""
    campaign = Campaign()
    campaign.tell(cm.PauseCampaign(campaign_id=1))
    campaign.tell(rp.EndReport(call_id=campaign.calls[0], unanswered_as=Outcome.BUSY))
    written = JsonLinesJournal.create(tmp_path / "journal.jsonl")
    written.append(campaign.events, expected=0)
    written.close()
    database = Database.open(sqlite_url)

    source = JsonLinesJournal.open(tmp_path / "journal.jsonl")
    taken = import_journal(database, source, tenant="main")

    found = verify(database, taken.tenant, replays=True)
    assert (found.problems, found.snapshots) == ((), 1)
    database.close()


def test_import_is_not_spoilt_by_a_snapshot_that_cannot_be_kept(
    sqlite_url, tmp_path, lines, monkeypatch, caplog
):
    def keep(database, tenant, state):
        raise RuntimeError("no room")

    monkeypatch.setattr(importing, "write_snapshot", keep)
    database = Database.open(sqlite_url)
    source = JsonLinesJournal.open(tmp_path / "journal.jsonl")

    taken = import_journal(database, source, tenant="main")

    assert lines.events == list(SqlJournal(database, taken.tenant).read())
    assert "no snapshot of the import is kept: no room" in caplog.text
    database.close()


def test_import_is_refused_where_the_tenant_is_there(database, tmp_path, lines):
    source = JsonLinesJournal.open(tmp_path / "journal.jsonl")
    tenant = create_tenant(database, "main")

    with pytest.raises(SettingsError, match="there is one of this name"):
        import_journal(database, source, tenant="main")

    assert [tenant] == list_tenants(database)
    assert SqlJournal(database, tenant).recover() is None


def test_torn_tail_is_told_of(database, tmp_path, lines):
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(b'{"format":1,"type":"Ca')
    source = JsonLinesJournal.open(tmp_path / "journal.jsonl")

    taken = import_journal(database, source, tenant="main")

    assert taken.torn_tail.size == 22
    assert len(lines.events) == taken.head.seq


def test_nothing_is_imported_of_a_journal_that_does_not_add_up(database, tmp_path, lines):
    path = tmp_path / "journal.jsonl"
    kept = path.read_text().splitlines()
    del kept[lines.placed()[0].seq]
    text = "\n".join(kept)
    for event in lines.events[5:]:
        text = text.replace(f'"seq":{event.seq},', f'"seq":{event.seq - 1},')
    path.write_text(f"{text}\n")

    # Its chain tells first; of a journal that has none, the events themselves do.
    with pytest.raises(JournalError, match=r"is not what was written|cannot happen here"):
        import_journal(database, JsonLinesJournal.open(path), tenant="main")

    assert list_tenants(database) == []
