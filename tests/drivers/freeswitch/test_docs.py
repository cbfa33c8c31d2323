"""What ``docs/freeswitch.md`` says is what the driver does."""

import re
from pathlib import Path

from campaign_core import Outcome
from campaign_drivers.freeswitch import settings_from_url
from campaign_drivers.freeswitch._causes import CAUSES, SIP
from campaign_drivers.freeswitch._doctor import _COMMANDS
from campaign_drivers.freeswitch._session import EVENTS
from campaign_drivers.freeswitch._translate import TURNED_AWAY

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "freeswitch.md").read_text(encoding="utf-8")


def value_of(param: str) -> list[str]:
    (value,) = re.findall(rf'<param name="{param}" value="([^"]*)"/>', PAGE)
    return value.split()


def test_its_user_of_the_directory_may_what_the_doctor_asks_for():
    assert set(value_of("esl-allowed-api")) == set(_COMMANDS)
    assert value_of("esl-allowed-events") == list(EVENTS)


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading."""
    below = PAGE.partition(heading)[2].splitlines()
    lines = [line for line in below if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_its_table_of_outcomes_is_the_driver_s():
    told = {name: outcome for name, (_, outcome) in CAUSES.items()}
    gone = set(TURNED_AWAY) | {"NORMAL_CLEARING"}
    said: dict[str, Outcome] = {}
    statuses: dict[int, Outcome] = {}
    for outcome, causes, sip in rows("## What an outcome came from"):
        name = outcome.strip("`")
        if name in Outcome.__members__ and name not in {"FAILED", "REFUSED"}:
            said |= dict.fromkeys(re.findall(r"`([A-Z_]+)`", causes), Outcome[name])
            statuses |= {int(status): Outcome[name] for status in re.findall(r"\d+", sip)}

    specific = {name: o for name, o in told.items() if o is not Outcome.FAILED and name not in gone}
    assert said == specific
    assert statuses == dict(SIP)


def test_it_names_what_turns_a_call_away():
    told = [row for row in rows("## What an outcome came from") if "`" in row[1]]
    (refused,) = [row[1] for row in told if row[0] == "`REFUSED`"]
    (deferred,) = [row[1] for row in told if row[0] == "deferred"]

    assert {*re.findall(r"`([A-Z_]+)`", refused + deferred)} == set(TURNED_AWAY)


def test_its_dial_strings_can_be_had_in_a_url():
    for dial_string in re.findall(r"^\| `(\w+/[^`]*\{number\}[^`]*)` \|", PAGE, re.MULTILINE):
        told = settings_from_url(
            f"freeswitch://:word@127.0.0.1/?internal={dial_string}", service_id="0badcafe"
        )
        assert told.internal is not None
        assert told.internal.dial_string == dial_string
