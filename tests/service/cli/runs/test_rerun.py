"""``campaign rerun`` of a report: call the rest again, in one step."""

import csv
import json

import pytest

from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus

CAMPAIGN = """
[campaign]
name = "Fire drill"
caller_number = "100"
sound = "drill"
recipients = "recipients.csv"
attempts_max = 1
threshold = 3
script = { confirm_answer = true, opt_out_digit = "7" }

[settings]
number_plan = { country_code = "39", trunk_prefix = "0", trunk_prefix_stays = true }

[do_not_call]
numbers = ["0105550109"]

[simulated]
starts_at = 2026-01-12T08:00:00Z
numbers = { "201" = ["follows_prompts"], "202" = ["busy"], "203" = ["opts_out"], "204" = ["busy"] }
"""
PEOPLE = (
    "name,number,line\nAda,201,internal\nBen,202,internal\nCam,203,internal\nDan,204,internal\n"
    "Eve,+39 010 5550109,external\n"
)


@pytest.fixture
def report(tmp_path, monkeypatch, capsys):
    """The folder of a run that reached one of five: two were busy, two said no."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    (tmp_path / "recipients.csv").write_text(PEOPLE)
    assert main(["run", "campaign.toml", "--out", "first"]) == ExitStatus.INCOMPLETE
    capsys.readouterr()
    return tmp_path / "first"


def rows(folder):
    with (folder / "recipients.csv").open(encoding="utf-8", newline="") as file:
        return [(row["name"], row["number"]) for row in csv.DictReader(file)]


def test_rest_of_a_report_is_called_again_and_nobody_who_said_no(report, tmp_path):
    """R6.12, R7.7: whoever opted out or is barred is not called again."""
    main(["rerun", "first", "--out", "second", "--name", "Once more"])

    assert rows(tmp_path / "second") == [("Ben", "202"), ("Dan", "204")]
    told = json.loads((tmp_path / "second" / "report.json").read_text(encoding="utf-8"))
    assert told["campaign"]["name"] == "Once more"
    assert told["campaign"]["attempts_max"] == 1
    # All of the rest are to be reached: three of five were the whole list's.
    assert told["campaign"]["threshold"] is None
    assert told["settings"]["number_plan"]["country_code"] == "39"


def test_number_that_opted_out_is_barred_in_whatever_form_it_is_listed(report, tmp_path):
    main(["rerun", "first", "--out", "second"])

    journal = (tmp_path / "second" / "journal.jsonl").read_text(encoding="utf-8")
    barred = [line for line in journal.splitlines() if "NumbersBarred" in line]
    assert all(number in barred[0] for number in ("203", "0105550109"))


def test_report_s_list_can_be_given_to_run_again(report, tmp_path):
    """The report's own recipients.csv can be given as a list again."""
    (tmp_path / "recipients.csv").write_bytes((report / "recipients.csv").read_bytes())
    text = (tmp_path / "campaign.toml").read_text().replace("threshold = 3\n", "")
    (tmp_path / "campaign.toml").write_text(text)

    main(["run", "campaign.toml", "--only", "failed", "--out", "again"])

    assert rows(tmp_path / "again") == [("Ben", "202"), ("Dan", "204")]


def test_report_of_which_nobody_is_left_says_so(report, tmp_path, capsys):
    path = report / "recipients.csv"
    kept = [line for line in path.read_text().splitlines() if "FAILED" not in line]
    path.write_text("\n".join(kept) + "\n")

    assert main(["rerun", "first"]) == ExitStatus.BAD_INPUT
    assert "the list has none that is unreached" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "{}", '{"settings": 1, "campaign": 2}', "[]"])
def test_folder_that_is_no_report_is_told(report, capsys, content):
    (report / "report.json").write_text(content)

    assert main(["rerun", "first"]) == ExitStatus.BAD_INPUT
    assert "not a report of campaign run" in capsys.readouterr().err


def test_report_of_other_values_is_told(report, capsys):
    path = report / "report.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "settings": {"format": 1, "type": "Tick"}}))

    assert main(["rerun", "first"]) == ExitStatus.BAD_INPUT
    assert "not a report of campaign run" in capsys.readouterr().err


def test_option_of_the_simulation_is_refused_where_calls_are_real(report, capsys):
    status = main(["rerun", "first", "--driver", "asterisk://u:s@127.0.0.1/", "--seed", "1"])

    assert status == ExitStatus.BAD_INPUT
    assert "--seed = 1: only with the simulated driver" in capsys.readouterr().err


def test_rest_of_a_simulation_is_nobody_s_rest(report, capsys):
    """Whom a simulation reached, nobody has called."""
    status = main(["rerun", "first", "--driver", "asterisk://u:s@127.0.0.1/"])

    assert status == ExitStatus.BAD_INPUT
    assert "of a simulation, which called nobody" in capsys.readouterr().err
