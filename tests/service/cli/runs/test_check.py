"""``campaign check``: what would happen, without calling."""

import pytest

from campaign_service.cli import main
from campaign_service.cli.runs.remarks import remarks_on
from campaign_service.config import read_campaign

CAMPAIGN = """
[campaign]
name = "Fire drill"
caller_number = "100"
sound = "drill"
recipients = "recipients.csv"
attempts_max = 2
call_limits = { total = 2 }
script = { confirm_answer = true, confirm_listening = true }

[simulated]
starts_at = 2026-01-12T08:00:00Z
rates = { answered = 1.0 }
people = { follows_prompts = 1 }
"""


CONFIRMED = "confirm_answer = true, confirm_listening = true"


@pytest.fixture
def check(tmp_path, capsys):
    (tmp_path / "recipients.csv").write_text(
        "number,line,name\n201,internal,Ada\n202,external,Ben\n203,external,Eve\n"
    )

    def check(*arguments, change=("", "")):
        path = tmp_path / "campaign.toml"
        path.write_text(CAMPAIGN.replace(*change) if change[0] else CAMPAIGN)
        status = main(["check", str(path), *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    return check


def test_campaign_that_is_right_is_told_about(check):
    status, told = check()

    assert status == 0
    assert "nothing wrong with it" in told
    assert "recipients     3: 1 internal, 2 external" in told
    assert "calls at once  at most 2 in all" in told
    assert "to be dialled  1 to confirm the answer and 9 to confirm having listened" in told


def test_first_calls_are_told_in_their_order(check):
    _, told = check()
    first = told.partition("First calls:\n")[2].splitlines()[:2]

    assert first == [
        "  2026-01-12 08:00:00  internal 201  Ada",
        "  2026-01-12 08:00:00  external 202  Ben",
    ]


def test_end_is_told_from_a_simulation_that_leaves_nothing_behind(check, tmp_path):
    _, told = check()

    assert "Simulated (seed 0): COMPLETED after 0:00:" in told
    assert "3 of 3 reached with 3 attempts, at most 2 calls at once" in told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["campaign.toml", "recipients.csv"]


def test_simulation_can_be_left_out(check):
    assert "Simulated" not in check("--no-simulation")[1]


def test_everything_wrong_is_told(check):
    status, told = check(change=("attempts_max = 2", "attempts_max = 0\nsond = 'x'"))

    assert status == 2
    assert "campaign.attempts_max = 0: a whole number 1 to 100" in told
    assert "campaign.sond: unknown" in told
    assert "campaign: 2 problems; nothing was done" in told


def test_sound_or_route_that_the_telephony_lacks_is_told(check):
    status, told = check(
        change=(
            "[simulated]",
            "[simulated]\nsounds = { missing = ['press-1', 'other'] }\nrouting_classes = ['far']",
        )
    )

    assert status == 2
    assert "campaign.toml: the telephony lacks something for it." in told
    assert "nothing wrong" not in told
    assert "The telephony lacks:\n  sound press-1: record it" in told
    assert "  route: add a route for this class" in told
    assert "other" not in told


def test_route_that_only_further_numbers_take_is_looked_for(check, tmp_path):
    """R5.6: further numbers are taken in turn, each on its line."""
    (tmp_path / "recipients.csv").write_text(
        "number,line,further_numbers\n201,internal,external:202\n"
    )
    status, told = check(change=("[simulated]", "[simulated]\nrouting_classes = ['far']"))

    assert status == 2
    assert "  route: add a route for this class" in told


def test_telephony_out_of_reach_ends_with_status_3(check):
    status, told = check("--driver", "asterisk://user:hush@127.0.0.1:1/?internal=PJSIP/{number}")

    assert status == 3
    assert "nothing wrong with the files, and the telephony cannot be asked" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("change", "remark"),
    [
        (("total = 2", "external = 0"), "A limit of 0 keeps 2 external recipients from being"),
        (("total = 2", "external = 2"), "No limit of internal calls: up to 1 are placed at once"),
        (("attempts_max = 2", "ring_timeout_s = 10"), "Ringing for less than 15 s"),
        (("confirm_answer = true, confirm_listening = true", ""), "a voicemail box too"),
        (("total = 2", "total = 0"), "A limit of 0 keeps 1 internal recipients from being called"),
        (
            ("[campaign]", "[settings]\nactive_campaigns_max = 0\n[campaign]"),
            "A limit of 0 campaigns at a time keeps this one from being called",
        ),
        (
            ("[campaign]", "[do_not_call]\nnumbers = ['201', '202', '203']\n[campaign]"),
            "Everyone is on the do-not-call list",
        ),
        (("attempts_max = 2", "attempts_max = 5"), "uses up the 5 attempts of many"),
        (("attempts_max = 2", ""), "External calls without a breaker"),
        ((CONFIRMED, "opt_out_digit = '7'"), "Nobody can ever dial 7 to opt out"),
        (
            (CONFIRMED, "transfer = { digit = '0', extension = '200' }"),
            "Nobody can ever dial 0 to be connected",
        ),
        (("[simulated]", "do_not_call.numbers = ['201']\n[simulated]"), "1 recipients are on the"),
    ],
)
def test_what_is_perhaps_not_meant_is_remarked(check, change, remark):
    if change[0] == "[simulated]":
        change = ("[campaign]", "[do_not_call]\nnumbers = ['201']\n\n[campaign]")

    assert remark in check(change=change)[1]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-29T02:30:00", "02:30 on 2026-03-29 is left out on the clock of Europe/Rome"),
        ("2026-03-29T02:30:00", "it is taken as 03:30 CEST"),
        ("2026-10-25T02:30:00", "02:30 on 2026-10-25 comes twice on the clock of Europe/Rome"),
        ("2026-10-25T02:30:00", "the first is taken, 02:30 CEST, and not 02:30 CET"),
        ("2026-10-25T02:30:00+01:00", None),
        ("2026-10-25T03:00:00", None),
    ],
)
def test_time_that_a_change_of_the_clock_leaves_out_or_repeats_is_remarked(check, at, told):
    start = f"time_zone = 'Europe/Rome'\n[start]\nat = {at}\n[simulated]"

    said = check(change=("[simulated]", start))[1]

    assert (told is None and "start.at:" not in said) or f"{told}" in said


def test_campaign_with_nothing_to_mind_is_told_without_remarks(check):
    calm = """attempts_max = 2
retry = { delays_s = { CONGESTION = 60, FAILED = 60, REFUSED = 60 } }
breaker = { calls = 10, failed_percent = 80 }"""

    assert "Mind:" not in check(change=("attempts_max = 2", calm))[1]


def test_caller_number_that_a_route_doubles_is_remarked(check, tmp_path):
    """R7.8: the telephony would show a number that nobody has."""
    check(change=('caller_number = "100"', 'caller_number = "+390105550100"'))
    file = read_campaign(tmp_path / "campaign.toml")

    remarks = list(remarks_on(file, "asterisk://u:hush@h/?external.caller=+39{caller_number}"))

    assert remarks[-1] == (
        "The route external sends +39+390105550100 as the caller number: {caller_number-+39} in its"
        " external.caller takes +39 off before."
    )


def test_campaign_that_calls_nobody_says_so(check):
    assert "none: nobody would be called" in check(change=("total = 2", "total = 0"))[1]


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (
            "at = 2026-01-12T07:59:59Z",
            "campaign.toml:12: start.at = 2026-01-12T07:59:59+00:00: a time not past; the run",
        ),
        (
            "after_min = 5\nexpires_at = 2026-01-12T08:05:00Z",
            "start.expires_at = 2026-01-12T08:05:00+00:00: later than the start, 2026-01-12T08:05",
        ),
    ],
)
def test_what_a_run_would_refuse_is_refused(check, start, why):
    status, told = check(change=("[simulated]", f"[start]\n{start}\n\n[simulated]"))

    assert status == 2
    assert why in told
    assert "nothing wrong" not in told


def test_unknown_driver_is_refused_before_anything_is_said(check):
    status, told = check("--driver", "modem")

    assert status == 2
    assert "driver = 'modem': one of asterisk" in told
    assert "nothing wrong" not in told


def test_numbers_that_differ_by_form_only_are_told_where_no_plan_compares_them(check, tmp_path):
    """R3.7: without a plan numbers are compared as written, and a check says which differ."""
    (tmp_path / "recipients.csv").write_text("number\n+390105550101\n0105550101\n0105550103\n")
    bars = '[do_not_call]\nnumbers = ["+390105550103"]\n\n[simulated]'

    _, told = check(change=("[simulated]", bars))

    assert "2 pairs of numbers differ by form only" in told
    assert "+390105550101 and 0105550101" in told

    _, told = check(
        change=(
            "[simulated]",
            '[settings.number_plan]\ncountry_code = "39"\ntrunk_prefix = ""\n\n'
            + bars.replace("0103", "0104"),
        )
    )
    assert "each number once on a line" in told


def test_barred_number_is_counted_by_the_plan(check, tmp_path):
    (tmp_path / "recipients.csv").write_text("number\n0105550101\n0105550103\n")
    bars = (
        '[settings.number_plan]\ncountry_code = "39"\ntrunk_prefix = ""\n\n'
        '[do_not_call]\nnumbers = ["+390105550103"]\n\n[simulated]'
    )

    _, told = check(change=("[simulated]", bars))

    assert "1 recipients are on the do-not-call list" in told


def test_siblings_are_merged_and_a_guessed_encoding_is_told(check, tmp_path):
    """R3.2: whoever reads a list may ask for rows of one number to be merged."""
    (tmp_path / "recipients.csv").write_bytes(b"number;name\r\n201;Niccol\xf2\r\n201;Ada\r\n")

    status, told = check("--merge-duplicates")

    assert status == 0
    assert "recipients     1: 0 internal, 1 external" in told
    assert "1 rows were merged" in told
    assert "read as Windows-1252" in told
