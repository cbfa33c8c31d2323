"""A campaign's file: what each key means, and how a bad value is named."""

from datetime import UTC, datetime

import pytest

from campaign_core import (
    FROM_SETTINGS,
    Breaker,
    CallingHours,
    CallLimits,
    CallRate,
    CallScript,
    CampaignModel,
    Duplicates,
    FrequencyCap,
    NumberPlan,
    Order,
    Outcome,
    Recipient,
    RetryPolicy,
    Settings,
    TransferOption,
    Weekday,
)
from campaign_core.commands import StartAfter, StartAt, StartImmediately
from campaign_drivers.simulated import Rates, Uniform, population
from campaign_service.config import InputError, Simulation, read_campaign

LEAST = """
[campaign]
name = "Least"
caller_number = "100"
sound = "message"
recipients = "recipients.csv"
"""


@pytest.fixture
def read(tmp_path):
    (tmp_path / "recipients.csv").write_text("number\n201\n202\n")

    def read(text, settings=None):
        path = tmp_path / "campaign.toml"
        path.write_text(text)
        if settings is None:
            return read_campaign(path)
        (tmp_path / "settings.toml").write_text(settings)
        return read_campaign(path, tmp_path / "settings.toml")

    return read


@pytest.fixture
def problems(read, tmp_path):
    def problems(text, settings=None):
        with pytest.raises(InputError) as caught:
            read(text, settings)
        return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]

    return problems


def ms(text):
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


def test_least_campaign_takes_every_default(read):
    file = read(LEAST)

    assert file.model == CampaignModel(
        name="Least",
        caller_number="100",
        sound="message",
        recipients=[Recipient(number="201"), Recipient(number="202")],
    )
    assert file.settings == Settings()
    assert file.when == StartImmediately()
    assert file.expires_at is None
    assert file.do_not_call == ()
    assert file.simulation == Simulation()


def test_every_key_of_a_campaign_is_taken(read):
    file = read(
        LEAST
        + """
routing_class = "local"
priority = 7
threshold = 1
stop_at_threshold = true
attempts_max = 3
ring_timeout_s = 20
order = "retries-first"
time_zone = "Europe/Rome"
call_rate = { calls = 5, per_s = 2 }
breaker = { calls = 20, failed_percent = 50 }

[campaign.script]
confirm_answer = true
confirm_listening = true
answer_prompt = false
listening_prompt = "press-9"
digit_timeout_s = 4
answer_prompts_max = 2
message_plays_max = 3
call_duration_max_s = 120
opt_out_digit = "8"
transfer = { digit = "0", extension = "200" }

[campaign.call_limits]
total = 10
internal = 8
external = 6

[campaign.retry]
delays_s = { BUSY = 60, OTHERS = 120 }
never_again = ["invalid_number"]

[[campaign.calling_hours]]
days = ["monday", "FRIDAY"]
opens = "08:30"
closes = 12:00:00

[[campaign.calling_hours]]
days = ["sunday"]
opens = "00:00"
closes = "24:00"
"""
    )

    model = file.model
    assert model.script == CallScript(
        confirm_answer=True,
        confirm_listening=True,
        answer_prompt=None,
        listening_prompt="press-9",
        digit_timeout_s=4,
        answer_prompts_max=2,
        message_plays_max=3,
        call_duration_max_s=120,
        opt_out_digit="8",
        transfer=TransferOption(digit="0", extension="200"),
    )
    tried_again = set(Outcome) - {Outcome.REACHED, Outcome.OPTED_OUT}
    assert model == CampaignModel(
        name="Least",
        caller_number="100",
        sound="message",
        recipients=model.recipients,
        routing_class="local",
        priority=7,
        threshold=1,
        stop_at_threshold=True,
        attempts_max=3,
        ring_timeout_s=20,
        order=Order.RETRIES_FIRST,
        time_zone="Europe/Rome",
        call_rate=CallRate(calls=5, per_s=2),
        breaker=Breaker(calls=20, failed_percent=50),
        script=model.script,
        call_limits=CallLimits(total=10, internal=8, external=6),
        retry=RetryPolicy(
            delays_s=dict.fromkeys(tried_again, 120) | {Outcome.BUSY: 60},
            never_again=[Outcome.INVALID_NUMBER],
        ),
        calling_hours=[
            CallingHours(days=[Weekday.MONDAY, Weekday.FRIDAY], opens_min=510, closes_min=720),
            CallingHours(days=[Weekday.SUNDAY], opens_min=0, closes_min=1440),
        ],
    )


def test_prompt_that_is_not_named_is_the_settings_own(read):
    assert read(LEAST).model.script.answer_prompt is FROM_SETTINGS


SETTINGS = """
[settings]
active_campaigns_max = 3
call_limits = { total = 10 }
call_rate = { calls = 1, per_s = 2 }
answer_prompt = false
listening_prompt = "press-9"
one_call_per_number = false
frequency_cap = { attempts = 3, per_h = 24 }

[do_not_call]
numbers = ["201"]
file = "barred.txt"
"""


def test_settings_come_from_the_same_file_or_from_another_one(read, tmp_path):
    (tmp_path / "barred.txt").write_text("\ufeff202  # moved away\n\n# 7 follows\n7\n")

    expected = Settings(
        active_campaigns_max=3,
        call_limits=CallLimits(total=10),
        call_rate=CallRate(calls=1, per_s=2),
        answer_prompt=None,
        listening_prompt="press-9",
        one_call_per_number=False,
        frequency_cap=FrequencyCap(attempts=3, per_h=24),
    )
    within = read(LEAST + SETTINGS)
    beside = read(LEAST + "[settings]\nactive_campaigns_max = 99\n", SETTINGS)

    assert within.settings == expected
    assert beside.settings == expected
    assert within.do_not_call == beside.do_not_call == ("201", "202", "7")


@pytest.mark.parametrize(
    ("start", "when"),
    [
        ("after_min = 5", StartAfter(minutes=5)),
        ("at = 2026-01-12T08:00:00+02:00", StartAt(at=ms("2026-01-12T06:00:00+00:00"))),
        # Without an offset: on the clock of the campaign's zone.
        ("at = 2026-07-01T08:00:00", StartAt(at=ms("2026-07-01T06:00:00+00:00"))),
    ],
)
def test_start_is_a_delay_or_a_moment(read, start, when):
    file = read(f"{LEAST}time_zone = 'Europe/Rome'\n[start]\n{start}\n")

    assert file.when == when


def test_simulated_network_is_described(read):
    file = read(
        LEAST
        + """
[simulated]
seed = 9
starts_at = 2026-01-12T08:00:00Z
grain_ms = 100
deferral_s = 3
routing_classes = ["local", ""]
refuses_when_full = true
capacity = { calls_max = 20, calls_per_s = 2 }
rates = { answered = 0.5, busy = 0.25 }
people = { follows_prompts = 3, voicemail = 1 }
delays = { ring = { least_s = 1, most_s = 2 }, think = 1.5 }
sounds = { default_s = 5, durations_s = { message = 8 }, missing = ["gone"] }
numbers = { "201" = ["busy", "follows_prompts"] }
faults = { lost = 0.1, outages = [{ after_s = 60, lasts_s = 5, restarts = true }] }
"""
    )

    simulation = file.simulation
    network = simulation.network
    assert simulation.seed == 9
    assert simulation.starts_at == ms("2026-01-12T08:00:00+00:00")
    assert simulation.grain_ms == 100
    assert network.deferral_s == 3
    assert network.routing_classes == {"local", None}
    assert network.refuses_when_full
    assert (network.capacity.calls_max, network.capacity.calls_per_s) == (20, 2)
    assert network.sounds.lasts_ms("message") == 8_000
    assert network.sounds.missing == {"gone"}
    assert network.faults.lost == 0.1
    assert network.faults.outages[0].restarts
    follows = network.population.script("201")[1]
    assert follows.ring == Uniform(least_s=1, most_s=2)
    expected = population(
        rates=Rates(answered=0.5, busy=0.25), scripts={"201": network.population.script("201")}
    )
    weights = [share.weight for share in network.population.kinds[0].calls]
    assert weights[:2] == [0.375, 0.125]
    assert weights[2:] == [share.weight for share in expected.kinds[0].calls[7:]]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('nmae = "x"', "campaign.toml:7: campaign.nmae: unknown; known here: name, caller_number"),
        ("enabled = false", "campaign.toml:7: campaign.enabled: unknown"),
        ("attempts_max = 0", "campaign.toml:7: campaign.attempts_max = 0: a whole number 1 to 100"),
        ("attempts_max = true", "campaign.attempts_max = true: a whole number 1 to 100"),
        ("ring_timeout_s = 1.5", "campaign.ring_timeout_s = 1.5: a whole number 1 to 600"),
        ('priority = "high"', "campaign.priority = 'high': a whole number 0 to 1000"),
        ("stop_at_threshold = 1", "campaign.stop_at_threshold = 1: true or false"),
        ('order = "random"', "campaign.order = 'random': one of FRESH_FIRST, RETRIES_FIRST"),
        ('time_zone = "Rome"', "campaign.time_zone = 'Rome': a known IANA time zone"),
        ('routing_class = "a b"', "campaign.routing_class = 'a b': 1 to 64 ASCII letters"),
        ("threshold = 3", "campaign.threshold = 3: at most the number of recipients: 2"),
        ("threshold = 0", "campaign.threshold = 0: a whole number >= 1"),
        ("call_limits = 5", "campaign.call_limits = 5: a table"),
        ("call_limits.total = -1", "campaign.call_limits.total = -1: a whole number >= 0"),
        ("call_rate.calls = 1", "campaign.toml:7: campaign.call_rate.per_s: missing"),
        ("retry.delays_s.LATER = 5", "campaign.retry.delays_s.LATER: unknown"),
        (
            "retry.delays_s.BUSY = -5",
            "campaign.retry.delays_s.BUSY = -5: a whole number 0 to 604800",
        ),
        ("retry.never_again = ['REACHED']", "campaign.retry.never_again"),
        ("retry.never_again = 'BUSY'", "campaign.retry.never_again = 'BUSY': a list of texts"),
        ("script.answer_prompt = true", "campaign.script.answer_prompt = true: the name of a"),
        ("script.opt_out_digit = '1'", "campaign.script.opt_out_digit = '1': one of 0 2 3"),
        ("breaker = {}", "campaign.breaker.calls: missing"),
        ("calling_hours = [{}]", "campaign.calling_hours[1].days: a list out of MONDAY"),
        ("calling_hours = 'always'", "campaign.calling_hours = 'always': a list of tables"),
        (
            "calling_hours = [{ days = ['MONDAY'], opens = '9am', closes = '25:00' }]",
            "campaign.calling_hours[1].opens = '9am': a time of day",
        ),
        (
            "calling_hours = [{ days = ['MONDAY'], opens = '22:00', closes = '06:00' }]",
            "campaign.calling_hours[1].closes = '06:00': later than opens",
        ),
        ("[campain]", "campaign.toml:7: campain: unknown; known here: campaign, start"),
        ("[start]\nat = '8:00'", "campaign.toml:8: start.at = '8:00': a date and time"),
        ("[start]\nat = 2026-01-01T00:00:00\nafter_min = 1", "start.after_min = 1: either this"),
        (
            "[start]\nat = 9999-12-31T23:59:59",
            "campaign.toml:8: start.at = 9999-12-31T23:59:59: a time within 1970-01-01 to 2199",
        ),
        ("[start]\nexpires_at = 1969-12-31T00:00:00Z", "start.expires_at = 1969-12-31T00:00:00+00"),
        (
            "[simulated]\nstarts_at = 9999-12-31T23:59:59Z",
            "simulated.starts_at = 9999-12-31T23:59:59+00:00: a time within 1970-01-01 to 2199",
        ),
        (
            "[simulated]\nstarts_at = 1969-07-20T20:17:00Z",
            "within 1970-01-01 to 2199-12-31, in UTC",
        ),
        (
            "[simulated]\nnumbers = { ada = ['busy'] }",
            "simulated.numbers.ada: not a number to call",
        ),
        ("[start]\nafter_min = -1", "start.after_min = -1: a whole number 0 to"),
        ("[settings]\nanswer_prompt = 5", "settings.answer_prompt = 5: a text in quotes"),
        ("[settings]\nfrequency_cap = {}", "settings.frequency_cap.attempts: missing"),
        ("[do_not_call]\nnumbers = ['x']", "do_not_call.numbers = 'x': letters are no"),
        ("[do_not_call]\nfile = 'none.txt'", "none.txt: cannot be read: No such file"),
        ("[simulated]\nseed = -1", "simulated.seed = -1: a whole number 0 to 4294967295"),
        ("[simulated]\nstarts_at = 2026-01-01", "simulated.starts_at = 2026-01-01: a date and"),
        ("[simulated]\nrates = { answered = 2 }", "simulated.rates.answered = 2: a number 0 to 1"),
        (
            "[simulated.rates]\nanswered = 0.9\nbusy = 0.2",
            "campaign.toml:7: simulated.rates = 1.1: shares that add up to 1 at most",
        ),
        ("[simulated]\npeople = { robot = 1 }", "simulated.people.robot: unknown"),
        ("[simulated]\npeople = { voicemail = 0 }", "simulated.people: at least one kind"),
        ("[simulated]\npeople = { opts_out = 1 }", "simulated.people.opts_out = 1: needs the"),
        ("[simulated]\nnumbers = { 201 = ['asleep'] }", "simulated.numbers.201 = 'asleep': calls"),
        ("[simulated]\ndelays = { ring = 'long' }", "simulated.delays.ring = 'long': seconds, or"),
        (
            "[simulated]\ncapacity = { calls_max = -1 }",
            "simulated.capacity.calls_max = -1: a whole",
        ),
        ("[simulated]\nfaults = { lost = 2 }", "simulated.faults.lost = 2: a number 0 to 1"),
        ("[simulated]\nsounds = { default_s = 'x' }", "simulated.sounds.default_s = 'x': a number"),
        ("[simulated]\nrefuses_when_full = 1", "simulated.refuses_when_full = 1: true or false"),
        ("name = 'twice'", "campaign.toml:7: not TOML: cannot overwrite a value"),
        ("name = ", "campaign.toml:7: not TOML: invalid value"),
        (f"priority = {'9' * 5_000}", "campaign.toml:7: not TOML: a number of too many digits"),
        (f"priority = {'[' * 5_000}", "campaign.toml:7: not TOML: "),
        ('[do_not_call]\nfile = "a\\u0000b"', "a\x00b: cannot be read: embedded null byte"),
    ],
)
def test_bad_value_is_named_with_file_line_field_value_and_rule(problems, line, expected):
    (problem, *_) = problems(f"{LEAST.strip()}\n{line}\n".replace("\n", "\n\n", 1))

    assert expected in problem


def test_everything_wrong_is_told_at_once_from_top_to_bottom(problems, tmp_path):
    (tmp_path / "people.csv").write_text("number\nx\n201\ny\n")
    found = problems(
        """\
[campaign]
name = "What?"
caller_number = "one"
recipients = "people.csv"
attempts_max = 0

[settings]
active_campaigns_max = -1

[other]
"""
    )

    assert [problem.partition(" = ")[0].partition(": unknown")[0] for problem in found] == [
        "campaign.toml:1: campaign.sound: missing",
        "campaign.toml:2: campaign.name",
        "campaign.toml:3: campaign.caller_number",
        "campaign.toml:5: campaign.attempts_max",
        "campaign.toml:8: settings.active_campaigns_max",
        "campaign.toml:10: other",
        "people.csv:2: number",
        "people.csv:4: number",
    ]


def test_what_a_campaign_cannot_be_without_is_missing_by_name(problems):
    found = problems("")

    assert "campaign.toml: campaign: missing: a campaign needs a table of this name" in found


def test_sound_is_needed_from_the_start(problems):
    """R4.1: a campaign needs a sound."""
    found = problems(LEAST.replace('sound = "message"\n', ""))

    assert found == ["campaign.toml:2: campaign.sound: missing"]


def test_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "campaign.toml"
    path.write_bytes(b'[campaign]\nname = "\xff"\n')

    with pytest.raises(InputError, match=r"campaign.toml:2: not TOML: no UTF-8 text"):
        read_campaign(path)


def test_instants_are_counted_in_utc():
    assert ms("1970-01-01T00:00:01+00:00") == 1_000
    assert datetime.fromtimestamp(1, UTC).year == 1970


def test_number_plan_is_read_and_the_list_by_it(read, tmp_path):
    """R3.7, R3.2: `(0)` is read by the plan, numbers to bar too."""
    (tmp_path / "recipients.csv").write_text("number\n+44 (0) 20 7946 0958\n02079460958\n")
    told = read(
        LEAST
        + 'duplicates = "EACH"\n'
        + '[settings]\nnumber_plan = { country_code = "44" }\n'
        + '[do_not_call]\nnumbers = ["+44 (0)20 7946 0959"]\n'
    )

    assert told.settings.number_plan == NumberPlan(country_code="44")
    assert [one.number for one in told.model.recipients] == ["+442079460958", "02079460958"]
    assert told.model.duplicates is Duplicates.EACH
    assert told.do_not_call == ("+442079460959",)


def test_numbers_of_one_form_are_refused_under_a_plan(problems, tmp_path):
    """R3.2 with R3.7."""
    (tmp_path / "recipients.csv").write_text("number\n+442079460958\n02079460958\n")

    (problem,) = problems(LEAST + '[settings]\nnumber_plan = { country_code = "44" }\n')

    assert problem.endswith("external it stands also on line 2, as +442079460958")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            LEAST + '[settings]\nnumber_plan = { country_code = "+44" }\n',
            "settings.number_plan.country_code = '+44': 1 to 3 digits, not 0..",
        ),
        (LEAST + "[settings]\nnumber_plan = {}\n", "settings.number_plan.country_code: missing"),
        (LEAST + 'duplicates = "MERGE"\n', "campaign.duplicates = 'MERGE': one of REFUSE, EACH"),
        (
            LEAST + '[do_not_call]\nnumbers = ["3.93E+11"]\n',
            "do_not_call.numbers = '3.93E+11': a spreadsheet shortened this",
        ),
    ],
)
def test_bad_plan_and_bad_numbers_are_named(problems, text, expected):
    (problem,) = problems(text)

    assert expected in problem
