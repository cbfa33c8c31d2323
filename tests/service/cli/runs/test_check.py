"""``campaign check``: what would happen, without calling."""

import pytest

from campaign_service.cli import main

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
    assert "The telephony lacks:\n  sound press-1: record it" in told
    assert "  route: add a route for this class" in told
    assert "other" not in told


def test_telephony_out_of_reach_ends_with_status_3(check):
    status, told = check("--driver", "asterisk://user:hush@127.0.0.1:1/?internal=PJSIP/{number}")

    assert status == 3
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
        (("[simulated]", "do_not_call.numbers = ['201']\n[simulated]"), "1 recipients are on the"),
    ],
)
def test_what_is_perhaps_not_meant_is_remarked(check, change, remark):
    if change[0] == "[simulated]":
        change = ("[campaign]", "[do_not_call]\nnumbers = ['201']\n\n[campaign]")

    assert remark in check(change=change)[1]


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
