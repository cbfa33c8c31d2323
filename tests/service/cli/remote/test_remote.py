"""The commands that speak to a running service, against one."""

import json
import re
import threading
import time
from datetime import UTC, datetime

import msgspec
import pytest
from tests.service.cli.remote.conftest import PEOPLE
from tests.service.ringing import LACKED
from tests.service.serving_process import PASSWORD

from campaign_service.cli import main
from campaign_service.cli.remote import watch
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import Client

HANG_UP = "--hang-up"


def test_campaign_goes_its_way(campaign):
    """R4.7: pause, resume and stop, by name or by id."""
    status, told = campaign("start", "drill.toml")
    number = told.split()[0]
    assert (status, told) == (
        0,
        f"{number}  {campaign.name}: BLOCKED, from model {campaign.name}, 3 recipients\n",
    )

    for command, now in (("pause", "PAUSED"), ("resume", "BLOCKED")):
        status, told = campaign(command, number)
        assert (status, told) == (0, f"{number}  {campaign.name}: {now}; 1 in a call\n")

    status, told = campaign("stop", campaign.name, "--hang-up")
    assert status == 0
    assert told.startswith(f"{number}  {campaign.name}: TERMINATED")

    status, told = campaign("resume", number)
    assert status == ExitStatus.BAD_INPUT
    assert "TERMINATED" in told


def test_list_shows_what_the_rules_name(campaign, started):
    """R4.8: name, model, numbers, limits, start, counts, status."""
    status, told = campaign("list", "--status", "paused")

    assert status == 0
    (row,) = [line for line in told.splitlines() if f" {campaign.name} " in line]
    words = re.split(r" {2,}", row.strip())
    assert "start (UTC)" in told.splitlines()[0]
    assert words[:3] == [str(started), campaign.name, "PAUSED"]
    assert f"SIMULATED: nobody is really called in {started}" in told
    assert words[4:] == [
        *("0", "3", "all", "0", "1", "1 in all", "0", "2", "600 s", "none", "100"),
        campaign.name,
    ]


@pytest.mark.parametrize(("columns", "is_table"), [(100, False), (300, True)])
def test_list_is_no_table_where_a_terminal_is_too_narrow(
    campaign, started, monkeypatch, columns, is_table
):
    """R4.8: nothing of the list is cut short."""
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", str(columns))):
        monkeypatch.setenv(name, value)

    _, told = campaign("list", "--status", "paused")

    assert ("confirm" in told.splitlines()[0]) is is_table
    assert (f"{started}  {campaign.name}: PAUSED by user\n" in told) is not is_table
    assert campaign.name in told


@pytest.mark.parametrize("columns", [80, 120])
def test_no_table_leaves_out_what_a_terminal_has_no_room_for(
    campaign, started, monkeypatch, columns
):
    """R5.4: a number, a state and a time are shown whole."""
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", str(columns))):
        monkeypatch.setenv(name, value)

    told = "".join(campaign(*which)[1] for which in (("status", started), ("models",)))
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)

    assert "…" not in plain
    assert re.search(r"^3 .*\+390105550101 Chiara", plain, re.MULTILINE)
    assert re.search(r"last call .*20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", plain, re.DOTALL)
    tables = plain[plain.index("\n\n") :].splitlines()
    assert max(len(line) for line in tables) <= columns


def test_list_is_json_for_a_program(campaign, started):
    status, told = campaign("list", "--json")

    (row,) = [row for row in json.loads(told) if row["campaign_id"] == started]
    assert status == 0
    assert row["call_limits"] == {"total": 1, "internal": None, "external": None}
    assert row["starts_at"].endswith("Z")


def test_status_shows_each_recipient(campaign, started):
    """R5.4: state, time of last call, outcome, attempts."""
    status, told = campaign("status", campaign.name)

    assert status == 0
    assert f"{started}  {campaign.name}: PAUSED by user\n" in told
    assert "last call (Europe/Rome)" in told
    assert re.search(r"^1 +ACTIVE +1/2 +20\d\d-.* internal +201 Ada$", told, re.MULTILINE)
    assert re.search(r"^3 +IDLE +0/2 +– .* external +\+390105550101 Chiara$", told, re.MULTILINE)


def test_status_shows_some_recipients_or_none(campaign, started):
    _, some = campaign("status", started, "--state", "active")
    _, none = campaign("status", started, "--no-recipients")
    _, data = campaign("status", started, "--json")

    assert ("Ada" in some, "Ben" in some, "Ada" in none) == (True, False, False)
    assert [row["name"] for row in json.loads(data)["recipients"]] == ["Ada", "Ben", "Chiara"]


def test_status_of_the_service_itself(campaign, started):
    status, told = campaign("status")

    assert status == 0
    assert "Tenant main, leading" in told
    assert "telephony   connected; SIMULATED: nobody is really called" in told
    assert re.search(r"campaigns   .*\d+ paused", told)


def test_explain_tells_why_somebody_is_not_called(campaign, started):
    """R8.1: every reason, and what would change it."""
    status, told = campaign("explain", campaign.name, "Ben")

    assert status == 0
    assert f"{campaign.name}, recipient 2: Ben, 202 (internal)\n" in told
    assert "Why is it not being called?\n  the campaign is paused" in told


def test_explain_tells_what_happened(campaign, started):
    status, told = campaign("explain", started, "201")

    assert status == 0
    assert re.search(
        r"^Attempt 1, 20\d\d-.*, to 201 \(internal\): in progress$", told, re.MULTILINE
    )
    assert re.search(r"^  \d\d:\d\d:\d\d\.\d{3}  CallPlaced: .*number 201", told, re.MULTILINE)


@pytest.mark.parametrize("wanted", ["nobody", "4", "2010"])
def test_explain_of_nobody_is_refused(campaign, started, wanted):
    status, told = campaign("explain", started, wanted)

    assert status == ExitStatus.BAD_INPUT
    assert f"'{wanted}': no recipient of the campaign" in told


def test_explain_of_a_file_that_is_not_there_asks_no_service(campaign):
    """The first argument decides: a journal, or a campaign of the service."""
    status, told = campaign("explain", "reports/x/journal.jsonl", "Ben")

    assert status == ExitStatus.BAD_INPUT
    assert "does not exist" in told


def test_log_tells_every_event(campaign, started):
    """R9.2: a campaign's log can be consulted."""
    status, told = campaign("log", started)
    kinds = re.findall(r"^ +\d+  \S+ \S+  \S+ +(\w+)", told, re.MULTILINE)

    assert status == 0
    assert kinds[:4] == ["CampaignScheduled", "CampaignStarted", "CallPlaced", "CampaignPaused"]

    heading, line, *_ = told.splitlines()
    assert heading.split() == ["event", "time", "(Europe/Rome)", "by", "what"]
    first = int(line.split()[0])
    _, rest = campaign("log", started, "--after", first, "--json")
    assert json.loads(rest.splitlines()[0])["kind"] == "CampaignStarted"


def test_log_and_audits_are_told_newest_first(campaign, started):
    _, told = campaign("log", started, "--json")
    _, newest = campaign("log", started, "--newest", "--json")
    _, refused = campaign("log", started, "--newest", "--follow")
    _, commanded = campaign("audit", "--newest", "--json")
    _, users = campaign("audit", "--users", "--newest", "--json")

    assert newest.splitlines() == told.splitlines()[::-1]
    assert "takes no --newest" in refused
    seqs = [json.loads(line)["seq"] for line in commanded.splitlines()]
    ids = [json.loads(line)["id"] for line in users.splitlines()]
    for numbers in (seqs, ids):
        assert numbers == sorted(numbers, reverse=True)
        assert len(numbers) > 1


def test_list_is_searched_and_sorted(campaign, started):
    """R4.8."""
    _, everything = campaign("list", "--json")
    _, found = campaign("list", "--search", campaign.name.upper(), "--json")
    _, by_name = campaign("list", "--sort", "name", "--descending", "--json")
    _, none = campaign("list", "--search", "no such name")

    names = [row["name"] for row in json.loads(everything)]
    assert [row["name"] for row in json.loads(found)] == [campaign.name]
    assert [row["name"] for row in json.loads(by_name)] == sorted(names, key=str.casefold)[::-1]
    assert none == "No campaigns.\n"


def test_audit_tells_who_commanded_what(campaign, started):
    """Issue: an audit query: who did what, when."""
    _, told = campaign("audit", "--by", "admin")
    _, nobody = campaign("audit", "--by", "somebody-else")
    _, users = campaign("audit", "--users")

    assert told.split("\n")[0].split() == ["event", "time", "(UTC)", "by", "what"]
    assert re.search(r"  admin  +CampaignPaused", told)
    assert nobody == ""
    assert "PASSWORD_CHANGED admin" in users


def test_start_at_a_time_on_the_clock_of_the_model(campaign):
    """R4.2: at a date and time; without an offset it is on the model's own clock."""
    status, told = campaign("start", "drill.toml", "--at", "2100-07-01T08:00", "--name", "Later on")

    assert status == 0
    assert "SCHEDULED" in told
    assert told.endswith("starts 2100-07-01 08:00:00 CEST\n")
    assert campaign("stop", told.split()[0])[0] == 0


def test_start_from_a_model_with_other_recipients(campaign, here):
    """R4.1: name, sound and recipients may be changed for this run alone."""
    (here / "others.csv").write_text("number\n301\n")
    campaign("stop", campaign("start", "drill.toml")[1].split()[0], "--hang-up")

    status, told = campaign(
        "start", campaign.name, "--recipients", "others.csv", "--sound", "other", "--after", "60"
    )

    assert status == 0
    assert "SCHEDULED" in told
    assert "1 recipient of its own" in told
    assert campaign("stop", told.split()[0])[0] == 0


def test_unchanged_file_starts_again_without_a_question(campaign):
    """R3.5 asks only where the model would change."""
    first = campaign("start", "drill.toml", "--after", 60)
    second = campaign("start", "drill.toml", "--after", 60)

    assert (first[0], second[0]) == (0, 0)
    status, told = campaign("pause", campaign.name)
    assert status == ExitStatus.BAD_INPUT
    assert "several campaigns have this name: give the id of one" in told
    for _, told in (first, second):
        assert campaign("stop", told.split()[0])[0] == 0


def test_changed_file_needs_a_confirmation(campaign, here):
    """R3.5: without it the refusal lists the campaigns that were started from the model."""
    _, told = campaign("start", "drill.toml", "--after", 60)
    (here / "people.csv").write_text(PEOPLE + "Dora,204,internal\n")

    status, said = campaign("start", "drill.toml", "--after", 60)
    assert status == ExitStatus.BAD_INPUT
    assert "--yes changes the model" in said

    status, said = campaign("start", "drill.toml", "--after", 60, "--yes")
    assert status == 0
    assert "4 recipients" in said
    for text in (told, said):
        assert campaign("stop", text.split()[0])[0] == 0


def test_numbers_of_the_file_are_barred_before_anybody_is_called(campaign, here):
    """R6.12: nobody on the list is called; the file's settings are left aside, and it is said."""
    text = (here / "drill.toml").read_text()
    more = '[do_not_call]\nnumbers = ["299"]\n[settings]\nactive_campaigns_max = 7\n'
    (here / "drill.toml").write_text(text + more)
    (here / "people.csv").write_text("number,line\n299,internal\n")

    status, told = campaign("start", "drill.toml")

    assert status == 0
    assert "[settings] is left aside" in told
    assert "INCOMPLETE" in told


def test_bad_file_is_refused_as_by_run(campaign, here):
    text = (here / "drill.toml").read_text()
    (here / "drill.toml").write_text(text.replace("ring_timeout_s = 600", "ring_timeout_s = 601"))

    status, told = campaign("start", "drill.toml")

    assert status == ExitStatus.BAD_INPUT
    assert "drill.toml:8: campaign.ring_timeout_s = 601" in told


@pytest.mark.parametrize("command", ["pause", "status", "log", "stop"])
def test_unknown_campaign_is_named(campaign, command):
    status, told = campaign(command, "nothing of the kind")

    assert status == ExitStatus.BAD_INPUT
    assert "'nothing of the kind': no campaign on the list has this id or name" in told


def test_unknown_model_is_named(campaign):
    status, told = campaign("start", "nothing of the kind")

    assert status == ExitStatus.BAD_INPUT
    assert "no model of the service has this id or name, and there is no such file" in told


def test_watch_ends_with_the_campaign(campaign, started, monkeypatch):
    """Live through the stream of events; the exit status tells how it ended."""
    threads = []

    def stop_once_shown(row, zone):
        show(row, zone)
        if not threads:
            threads.append(threading.Thread(target=main, args=[["stop", campaign.name, HANG_UP]]))
            threads[0].start()

    show = watch._log
    monkeypatch.setattr(watch, "_log", stop_once_shown)

    status, told = campaign("status", started, "--watch")
    threads[0].join()

    assert status == ExitStatus.INCOMPLETE
    assert f"{campaign.name}: paused, 0 of 3 reached" in told
    assert f"{started}  {campaign.name}: TERMINATED" in told


# Who asks ------------------------------------------------------------------------------------


def test_login_keeps_a_token_and_logout_ends_it(campaign, monkeypatch, tmp_path, service):
    monkeypatch.delenv("CAMPAIGN_TOKEN")
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    with password.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        status, told = campaign("login", "--name", "admin")

    assert status == 0
    assert told.startswith(f"Logged in to {service.url} as admin, until 20")
    assert PASSWORD not in told
    assert campaign("list")[0] == 0
    kept = (tmp_path / "config/call-campaign/tokens.json").read_text()

    assert campaign("logout") == (0, f"Logged out of {service.url}.\n")
    assert campaign("logout") == (0, f"Nobody is logged in to {service.url}.\n")
    monkeypatch.setenv("CAMPAIGN_TOKEN", json.loads(kept)[service.url]["token"])
    assert campaign("list")[0] == ExitStatus.BAD_INPUT


def test_wrong_password_is_told(campaign, monkeypatch, tmp_path):
    password = tmp_path / "password"
    password.write_text("not-the-password\n")
    with password.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        status, told = campaign("login", "--name", "admin")

    assert status == ExitStatus.BAD_INPUT
    assert "not-the-password" not in told


def test_without_a_token_it_is_told_what_to_do(campaign, monkeypatch):
    monkeypatch.delenv("CAMPAIGN_TOKEN")

    status, told = campaign("list")

    assert status == ExitStatus.BAD_INPUT
    assert told.endswith("log in with: campaign login\n")


def test_token_may_lie_in_a_file(campaign, monkeypatch, here, service):
    monkeypatch.delenv("CAMPAIGN_TOKEN")
    (here / "token").write_text(f"{service.admin_token}\n")

    assert campaign("list", "--token-file", "token")[0] == 0
    status, told = campaign("list", "--token-file", "none")
    assert status == ExitStatus.BAD_INPUT
    assert "--token-file" in told


def test_unknown_tenant_is_told(campaign):
    status, told = campaign("list", "--tenant", "nowhere")

    assert status == ExitStatus.BAD_INPUT
    assert told.startswith("campaign: ")


def test_service_that_is_not_there_is_told(campaign, monkeypatch):
    monkeypatch.setattr("campaign_service.cli.remote.service_access.PATIENCE_S", 0.0)

    status, told = campaign("list", "--url", "http://127.0.0.1:1")

    assert status == ExitStatus.FAILED
    assert "http://127.0.0.1:1 cannot be reached" in told
    assert "campaign serve starts it" in told


@pytest.mark.parametrize("url", ["here", "ftp://x", "http://ada:throwaway@x"])
def test_bad_url_is_refused(campaign, url):
    status, told = campaign("list", "--url", url)

    assert status == ExitStatus.BAD_INPUT
    assert "--url = " in told
    assert "throwaway" not in told


def test_campaign_whose_sound_is_missing_is_started_with_yes_alone(campaign):
    """R6.18: the command needs a confirmation; a job that nobody watches gives --yes."""
    campaign("start", "drill.toml")
    started = ("start", campaign.name, "--sound", LACKED)

    status, told = campaign(*started)
    assert status == ExitStatus.BAD_INPUT
    assert f"the telephony lacks sounds of this campaign:\n  {LACKED}: " in told
    assert "--yes calls all the same" in told

    assert campaign(*started, "--yes")[0] == ExitStatus.COMPLETED


def test_rest_of_a_campaign_is_called_again_in_one_step(campaign, started):
    """Those who were not reached, by a new campaign."""
    status, told = campaign("rerun", started)
    assert status == ExitStatus.BAD_INPUT
    assert "it calls them itself" in told
    campaign("stop", started)
    status, told = campaign("rerun", started)
    assert status == ExitStatus.BAD_INPUT
    assert "has calls in progress (1); wait for their end, or stop it with hang-up" in told
    campaign("stop", started, "--hang-up")

    again = ("rerun", started, "--name", f"{campaign.name} again", "--key", "again")
    deadline = time.monotonic() + 20
    while (taken := campaign(*again))[0] and time.monotonic() < deadline:
        assert "has calls in progress" in taken[1]
    status, told = taken
    same = campaign("rerun", started, "--name", f"{campaign.name} again", "--key", "again")

    assert status == 0, told
    assert f"{campaign.name} again: BLOCKED, 3 recipients of campaign {started}" in told
    assert same[1].split()[0] == told.split()[0]
    campaign("stop", told.split()[0], "--hang-up")


def test_number_plan_is_set_shown_and_taken_off(campaign, here):
    """R3.7: lists are read by the plan of the service."""
    status, told = campaign(
        "settings", "set", "--country-code", "39", "--trunk-prefix-stays", "--trunk-prefix", "0"
    )
    assert status == 0, told
    assert "+39, abroad 00, trunk prefix 0 that stays" in told
    (here / "more.csv").write_text("number\n+39 (0)10 5550777\n010 5550777\n")

    status, told = campaign("start", "drill.toml", "--recipients", "more.csv")
    assert status == ExitStatus.BAD_INPUT
    assert "each number once on a line" in told
    merged = campaign("start", "drill.toml", "--recipients", "more.csv", "--merge-duplicates")
    assert merged[0] == 0, merged[1]
    assert "1 recipient of its own" in merged[1]
    campaign("stop", campaign.name, "--hang-up")

    assert "none: numbers are compared" in campaign("settings", "set", "--country-code", "none")[1]
    status, told = campaign("settings", "set", "--trunk-prefix", "0")
    assert status == ExitStatus.BAD_INPUT
    assert "begins with --country-code" in told


def test_start_says_how_many_numbers_differ_by_form_only(campaign, here):
    """R3.7: without a plan."""
    (here / "more.csv").write_text("number\n+390105550778\n0105550778\n")

    status, told = campaign("start", "drill.toml", "--recipients", "more.csv")

    assert status == 0
    assert "1 pair of numbers differ by form only" in told
    campaign("stop", campaign.name, "--hang-up")


def test_explain_says_that_the_journal_is_away(campaign, started, monkeypatch):
    """While the disk is full nobody is called, whatever else is so of one recipient."""
    status = Client.status

    def away(client):
        return msgspec.structs.replace(
            status(client), journal_away_since=datetime(2026, 12, 1, tzinfo=UTC)
        )

    assert "can be written" not in campaign("explain", str(started), "1")[1]
    monkeypatch.setattr(Client, "status", away)
    code, told = campaign("explain", str(started), "1")
    assert code == 0
    assert told.startswith("Nothing can be written to the journal since 2026-12-01")
