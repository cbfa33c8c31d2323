"""A running service, a folder with a campaign, and somebody who types commands."""

import os
import re

import pytest
from tests.service.ringing import SCRIPT
from tests.service.serving_process import ServingProcess

from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus

CAMPAIGN = """
[campaign]
name = "{name}"
caller_number = "100"
sound = "drill"
recipients = "people.csv"
time_zone = "Europe/Rome"
ring_timeout_s = 600
attempts_max = 2
retry = {{ delays_s = {{ BUSY = 60 }}, never_again = ["INVALID_NUMBER"] }}
calling_hours = [{{ days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday",
                            "saturday"], opens = "00:00", closes = "24:00" }}]

[campaign.call_limits]
total = 1
"""
PEOPLE = "name,number,line\nAda,201,internal\nBen,202,internal\nChiara,+390105550101,external\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A service whose calls are never answered, and the token of its administrator."""
    with ServingProcess(tmp_path_factory.mktemp("service"), script=SCRIPT) as process:
        process.admin_token = process.token()
        yield process
        assert process.stop() == ExitStatus.COMPLETED


@pytest.fixture
def here(tmp_path, monkeypatch, service):
    """A folder with a campaign of a name that no other test uses, and the service's address."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CAMPAIGN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CAMPAIGN_URL", service.url)
    monkeypatch.setenv("CAMPAIGN_TOKEN", service.admin_token)
    name = f"Drill {re.sub(r'[^a-z0-9]', '', tmp_path.name)[-40:]}"
    (tmp_path / "drill.toml").write_text(CAMPAIGN.format(name=name))
    (tmp_path / "people.csv").write_text(PEOPLE)
    tmp_path.joinpath("name").write_text(name)
    return tmp_path


@pytest.fixture
def campaign(here, capsys):
    """Type a command; the exit status and what was said."""

    def campaign(*arguments):
        status = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    campaign.name = (here / "name").read_text()
    return campaign


@pytest.fixture
def started(campaign):
    """A campaign that is paused, with one call in progress; its id."""
    status, told = campaign("start", "drill.toml")
    assert status == 0, told
    assert campaign("pause", campaign.name)[0] == 0
    yield int(told.split()[0])
    campaign("stop", campaign.name, "--hang-up")
