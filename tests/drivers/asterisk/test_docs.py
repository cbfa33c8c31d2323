"""What ``docs/asterisk.md`` says is what the driver does."""

import re
from pathlib import Path

from campaign_core import Outcome
from campaign_drivers.asterisk import settings_from_url
from campaign_drivers.asterisk._doctor import advice, modules
from campaign_drivers.asterisk._translate import CAUSES, REASONS

from .recordings import SERVICE

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "asterisk.md").read_text(encoding="utf-8")
TRIED = (ROOT / "tests/integration/asterisk/etc/manager.conf").read_text(encoding="utf-8")


def test_its_manager_conf_is_the_one_that_the_tests_use():
    said = re.findall(r"^(?:read|write|eventfilter) = .*$", PAGE.split("```")[1], re.MULTILINE)
    section = re.search(r"^\[campaign\]\n(.*?)\n\n", TRIED, re.MULTILINE | re.DOTALL)

    assert said == re.findall(r"^(?:read|write|eventfilter) = .*$", section[1], re.MULTILINE)


def test_its_dialplan_is_the_one_that_the_tests_use():
    (said,) = re.findall(r"^\[call-campaign\]\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    tried = (ROOT / "tests/integration/asterisk/etc/extensions.conf").read_text(encoding="utf-8")

    assert f"[call-campaign]\n{said}\n" in tried


def test_it_asks_for_what_the_doctor_advises():
    settings = settings_from_url("asterisk://campaign:s@127.0.0.1", service_id=SERVICE)
    advised = [
        advice.user(settings),
        advice.context(settings, "call-campaign", is_pbx_config_loaded=True),
    ]
    lines = re.findall(r"^ {4}(?!asterisk -rx)(.*)$", "\n".join(advised), re.MULTILINE)

    assert [line for line in lines if line not in PAGE.splitlines()] == []


def test_it_names_the_modules_that_the_doctor_looks_for():
    needed = {*modules.ALWAYS, *modules.PJSIP, modules.OWN_ROUTE}

    assert [module for module in sorted(needed) if f"`{module}`" not in PAGE] == []


def test_its_table_of_causes_is_the_driver_s():
    said = {}
    for cell, name in re.findall(r"^\| (.*(?:causes?) .*?) \| `([A-Z_]+)` \|$", PAGE, re.MULTILINE):
        numbers = {
            kind: {int(number) for number in re.findall(r"\d+", listed)}
            for kind, listed in re.findall(r"(reason|cause)s? ([\d, ]+)", cell)
        }
        said[Outcome[name]] = numbers

    for outcome, numbers in said.items():
        assert numbers.get("reason", set()) == {n for n, o in REASONS.items() if o is outcome}
        assert numbers.get("cause", set()) == {n for n, o in CAUSES.items() if o is outcome}
    assert set(said) == set(CAUSES.values())


def test_its_urls_can_be_taken():
    (url,) = re.findall(r"^asterisk://\S+$", PAGE, re.MULTILINE)

    settings = settings_from_url(url, service_id=SERVICE)

    assert settings.external[None].channel == "PJSIP/{number}@trunk"
    assert settings.sound_path == "/srv/campaign/{sound}"
