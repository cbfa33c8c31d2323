"""What an operator does on the status panel, by commands: attempts, recipients, settings, nodes."""

import json
import re
import time

import pytest
from tests.service.api.test_nodes import POOL
from tests.service.serving_process import ServingProcess

from campaign_service.cli.statuses import ExitStatus


def states(campaign, number):
    _, told = campaign("status", number, "--json")
    rows = json.loads(told)["recipients"]
    return [(row["state"], row["attempts_allowed"]) for row in rows]


def test_attempts_are_stopped_and_added(campaign, started):
    """R5.2, R5.3: a recipient is named by number or by position."""
    status, told = campaign("stop-attempts", campaign.name, "202", "3")
    assert (status, told) == (
        0,
        f"{started}  {campaign.name}: PAUSED; no more attempts for 2 recipients\n",
    )
    assert [state for state, _ in states(campaign, started)] == ["ACTIVE", "FAILED", "FAILED"]

    status, told = campaign("add-attempts", started, 2, "+390105550101")
    assert (status, told) == (
        0,
        f"{started}  {campaign.name}: PAUSED; 2 more attempts for 1 recipient\n",
    )
    assert [state for state, _ in states(campaign, started)] == ["ACTIVE", "FAILED", "IDLE"]

    status, told = campaign("add-attempts", started, 1, "--all-failed")
    assert (status, "1 more attempt for all failed recipients" in told) == (0, True)
    assert [state for state, _ in states(campaign, started)] == ["ACTIVE", "IDLE", "IDLE"]


def test_any_number_of_recipients_may_be_named(campaign, started, here):
    """Issue F10: of many, the list is read once; each may be named by number or by position."""
    rows = "".join(f"+3905{number:06}\n" for number in range(60))
    (here / "more.csv").write_text(f"number\n{rows}")
    assert campaign("append", started, "more.csv")[0] == 0
    numbers = [f"+3905{number:06}" for number in range(30)]
    places = range(34, 64)

    status, told = campaign("stop-attempts", started, *numbers, *places, numbers[0], 34)

    assert (status, "no more attempts for 60 recipients" in told) == (0, True)
    found = [state for state, _ in states(campaign, started)]
    assert found == ["ACTIVE", "IDLE", "IDLE", *["FAILED"] * 60]
    status, told = campaign("stop-attempts", started, "2", "+390199999999")
    assert (status, "no recipient of the campaign has this number" in told) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stop-attempts", "Ben"), "'Ben': no recipient of the campaign has this number or pos"),
        (("stop-attempts", "0"), "'0': no recipient of the campaign has this number or position"),
        (("stop-attempts", "7"), "7"),
        (("add-attempts", "1"), "name each RECIPIENT, or give --all-failed"),
        (("add-attempts", "1", "201", "--all-failed"), "name each RECIPIENT, or give --all-failed"),
        (("add-attempts", "0", "201"), "0 is not in the range 1<=x<=100"),
    ],
)
def test_recipient_that_is_not_there_is_refused(campaign, started, arguments, said):
    name, *rest = arguments
    status, told = campaign(name, started, *rest)

    assert status == ExitStatus.BAD_INPUT
    assert said in told


def test_number_that_several_have_is_not_enough(campaign, started, here):
    (here / "more.csv").write_text("number,line\n201,external\n")
    assert campaign("append", started, "more.csv")[0] == 0

    status, told = campaign("stop-attempts", started, "201")

    assert status == ExitStatus.BAD_INPUT
    assert "several recipients have this number: give the position of one, 1, 4" in told


def test_recipients_are_appended(campaign, started, here):
    """R4.10."""
    (here / "more.csv").write_text("number\n+39055\n+39056\n")

    status, told = campaign("append", campaign.name, "more.csv")

    assert (status, told) == (
        0,
        f"{started}  {campaign.name}: PAUSED; 2 more recipients, 5 in all\n",
    )
    status, told = campaign("append", campaign.name, "more.csv")
    assert status == ExitStatus.BAD_INPUT
    assert "recipients[1].number" in told


def test_campaign_is_deleted_once_it_is_over(campaign, started):
    """R4.9."""
    status, told = campaign("delete", started)
    assert (status, "PAUSED" in told) == (ExitStatus.BAD_INPUT, True)

    campaign("stop", started, "--hang-up")
    deadline = time.monotonic() + 20
    while " 0 in a call" not in campaign("status", started)[1]:
        assert time.monotonic() < deadline
    status, told = campaign("delete", started)

    assert (status, told) == (0, f"{started}  {campaign.name}: deleted; its log stays\n")
    assert campaign("status", started)[0] == ExitStatus.BAD_INPUT
    status, told = campaign("log", started)
    assert (status, "CampaignScheduled" in told, "CampaignDeleted" in told) == (0, True, True)


def test_models_are_listed(campaign, started):
    """R3.4."""
    status, told = campaign("models")
    (row,) = [line for line in told.splitlines() if f" {campaign.name} " in line]
    words = re.split(r" {2,}", row.strip())

    assert status == 0
    assert words[1:] == [campaign.name, "yes", "3", "100", "drill", "0", "Europe/Rome"]
    _, told = campaign("models", "--json")
    (row,) = [row for row in json.loads(told) if row["name"] == campaign.name]
    assert (row["enabled"], row["recipient_count"]) == (True, 3)


@pytest.fixture
def kept(campaign):
    """The settings as they were, put back afterwards."""
    yield json.loads(campaign("settings", "show", "--json")[1])
    limits = ("--total", "none", "--internal", "none", "--external", "none")
    assert campaign("settings", "set", *limits, "--call-rate", "none")[0] == 0


def test_settings_are_changed_one_by_one(campaign, kept):
    """R2: the others stay as they are."""
    status, told = campaign("settings", "set", "--total", 7, "--external", 3, "--call-rate", "5/1")

    assert status == 0
    assert re.search(r"^calls at once +at most 7 in all, 3 external$", told, re.MULTILINE)
    assert re.search(r"^call rate +5 in 1 s$", told, re.MULTILINE)
    assert campaign("settings")[1] == told
    changed = json.loads(campaign("settings", "--json")[1])
    assert changed == {
        **kept,
        "call_limits": {"total": 7, "internal": None, "external": 3},
        "call_rate": {"calls": 5, "per_s": 1},
    }
    status, told = campaign("settings", "set", "--call-rate", "none", "--frequency-cap", "3/24")
    assert (status, "3 attempts to a number in 24 h" in told) == (0, True)
    status, told = campaign("settings", "set", "--frequency-cap", "none")
    assert json.loads(campaign("settings", "--json")[1]) == {
        **changed,
        "call_rate": None,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "nothing to change"),
        (("--total", "many"), "'many': a whole number 0 to 999,999,999, or none"),
        (("--total", "-1"), "'-1': a whole number 0 to 999,999,999, or none"),
        (("--country-code", "+39"), "--country-code = '+39': 1 to 3 digits without +"),
        (("--call-rate", "5"), "'5': two whole numbers such as 5/1, or none"),
        (("--call-rate", "0/1"), "--call-rate calls = 0: a whole number"),
        (("--answer-prompt", "../x"), "--answer-prompt = '../x': "),
    ],
)
def test_bad_setting_is_refused(campaign, kept, arguments, said):
    status, told = campaign("settings", "set", *arguments)

    assert status == ExitStatus.BAD_INPUT
    assert said in told
    assert json.loads(campaign("settings", "--json")[1]) == kept


def test_telephony_that_is_no_pool_has_no_nodes(campaign):
    assert campaign("nodes") == (0, "No nodes: the telephony is no pool.\n")
    status, told = campaign("drain", "pbx1")
    assert (status, "no pool of nodes" in told) == (ExitStatus.BAD_INPUT, True)


def test_node_is_drained_and_restored(campaign, tmp_path_factory, monkeypatch):
    """R5.5."""
    folder = tmp_path_factory.mktemp("pool")
    (folder / "pool.toml").write_text(POOL)
    driver = f"pool:{folder / 'pool.toml'}"
    with ServingProcess(folder, "--driver", driver) as process:
        monkeypatch.setenv("CAMPAIGN_URL", process.url)
        monkeypatch.setenv("CAMPAIGN_TOKEN", process.token())
        status, told = campaign("nodes")
        assert status == 0
        assert [re.split(r" {2,}", line.strip()) for line in told.splitlines()[2:]] == [
            ["pbx 1", "up", "0", "0", "2", "60 in all, 30 external", "5"],
            ["pbx2", "up", "0", "0", "1", "no limit", "–"],
        ]
        assert campaign("drain", "pbx 1") == (0, "pbx 1: up, drained; 0 calls\n")
        _, told = campaign("nodes", "--json")
        assert [node["is_drained"] for node in json.loads(told)] == [True, False]
        assert campaign("restore", "pbx 1") == (0, "pbx 1: up; 0 calls\n")
        campaign("drain", "pbx2")
        takes = "; takes at most 60 in all, 60 internal, 30 external"
        assert takes in campaign("status")[1]
        status, told = campaign("drain", "pbx3")
        assert (status, "there is no node 'pbx3'" in told) == (ExitStatus.BAD_INPUT, True)
        assert process.stop() == ExitStatus.COMPLETED
