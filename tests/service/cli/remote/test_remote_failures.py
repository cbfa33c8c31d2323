"""What commands tell of a service that does not answer, or not as it should."""

import json
import os
import shutil
import subprocess
import sys

import httpx
import pytest
from tests.service.serving_process import COMMAND, ServingProcess, environment

from campaign_service.cli.statuses import ExitStatus


@pytest.fixture
def losing(monkeypatch):
    """Have the answers to some requests lost, though the service took them; a switch."""
    monkeypatch.setattr("campaign_service.cli.remote.service_access.PATIENCE_S", 0.0)
    send, lost = httpx.Client.send, set()

    def lossy(client, request, **given):
        response = send(client, request, **given)
        if request.method in lost and "/campaigns" in request.url.path:
            raise httpx.ReadError("reset by peer")
        return response

    monkeypatch.setattr(httpx.Client, "send", lossy)
    return lost


def named(campaign, name):
    return [row for row in json.loads(campaign("list", "--json")[1]) if row["name"] == name]


def test_command_whose_answer_is_lost_may_have_been_taken(campaign, losing):
    """Whoever hears that nobody answers gives it again, and starts a second campaign."""
    losing.add("POST")

    status, told = campaign("start", "drill.toml", "--after", 60, "--name", "Lost")

    assert status == ExitStatus.FAILED
    assert "may have been done all the same: look, with campaign list" in told
    assert "is it running" not in told
    losing.clear()
    (row,) = named(campaign, "Lost")
    assert campaign("stop", row["campaign_id"])[0] == 0


def test_command_under_a_key_is_done_once(campaign, losing):
    """Issue: idempotency keys, so that a client may safely repeat one."""
    key = campaign.name.replace(" ", "-")
    typed = ("start", "drill.toml", "--after", 60, "--name", "Once", "--key", key)
    losing.add("POST")
    assert campaign(*typed)[0] == ExitStatus.FAILED
    losing.clear()

    status, told = campaign(*typed)

    (row,) = named(campaign, "Once")
    assert status == 0
    assert told.startswith(f"{row['campaign_id']}  Once: SCHEDULED")
    assert campaign("stop", row["campaign_id"])[0] == 0


def test_attempts_under_a_key_are_added_once(campaign, started):
    for _ in range(2):
        status, told = campaign("add-attempts", started, 2, "202", "--key", f"{started}-ben")
        assert status == 0, told

    _, told = campaign("status", started, "--json")
    assert [row["attempts_allowed"] for row in json.loads(told)["recipients"]] == [2, 4, 2]


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "k" * 256])
def test_bad_key_is_refused(campaign, key):
    status, told = campaign("pause", "1", "--key", key)

    assert status == ExitStatus.BAD_INPUT
    assert "1 to 255 visible ASCII characters" in told


def test_what_was_done_is_no_failure_when_the_service_is_away_afterwards(campaign, losing):
    """Whoever takes it for one gives the command again."""
    losing.add("GET")

    status, told = campaign("start", "drill.toml", "--after", 60)

    assert status == 0
    number = told.split()[0]
    assert f"{number}  started from model {campaign.name}; how it fares cannot be told" in told
    losing.clear()
    assert campaign("stop", number)[0] == 0


# Bad values ----------------------------------------------------------------------------------


def test_value_that_the_service_refuses_is_named_by_its_option(campaign):
    """A person has typed --at, and no member of a body; one bad value is told once."""
    status, told = campaign("start", "drill.toml", "--at", "2001-01-01T00:00")

    assert status == ExitStatus.BAD_INPUT
    assert told.startswith("campaign: --at = ")
    assert told.count("\n") == 1


def test_settings_are_named_by_their_options(campaign):
    status, told = campaign("settings", "set", "--frequency-cap", "0/1")

    assert status == ExitStatus.BAD_INPUT
    assert told.startswith("campaign: --frequency-cap attempts = 0: ")


def test_number_is_an_id_and_never_a_name(campaign):
    """A campaign that happens to be called by a number is not taken for the one of that id."""
    name = "987654"
    number = campaign("start", "drill.toml", "--after", 60, "--name", name)[1].split()[0]

    status, told = campaign("stop", name)

    assert status == ExitStatus.BAD_INPUT
    assert f"no campaign has this id; it is the name of {number} (SCHEDULED): give its id" in told
    assert campaign("stop", number)[0] == 0


def test_campaign_of_an_id_is_asked_for_directly(campaign, started, monkeypatch):
    """A list of thousands is not read for the one that is named."""
    asked, send = [], httpx.Client.send

    def noted(client, request, **given):
        asked.append(request.url.path)
        return send(client, request, **given)

    monkeypatch.setattr(httpx.Client, "send", noted)
    assert campaign("status", started, "--no-recipients")[0] == 0

    assert asked == [f"/api/v1/tenants/main/campaigns/{started}"]


# Who asks, and whom --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["throwaway\nsecond", "schlüssel-throwaway", "throw away", "\n"])
def test_token_that_is_none_is_refused_and_not_shown(campaign, monkeypatch, here, text):
    (here / "token").write_text(text)
    by_file = campaign("list", "--token-file", "token")
    monkeypatch.setenv("CAMPAIGN_TOKEN", text)
    by_variable = campaign("list")

    for (status, told), field in ((by_file, "--token-file"), (by_variable, "CAMPAIGN_TOKEN")):
        assert status == ExitStatus.BAD_INPUT
        assert f"{field} = '(not shown)': one token of visible ASCII characters" in told
        assert "throw" not in told


@pytest.mark.parametrize(
    "url",
    ["http://x:port", "http://x:99999", "http://[::1", "http://a..b", "http://x/?a=throwaway"],
)
def test_url_that_is_none_is_refused(campaign, url):
    status, told = campaign("list", "--url", url)

    assert status == ExitStatus.BAD_INPUT
    assert "--url = " in told


def test_url_may_be_that_of_the_api(campaign, service):
    assert campaign("list", "--url", f"{service.url}/api/v1/")[0] == 0


def test_log_out_says_that_a_given_token_goes_on(campaign):
    status, told = campaign("logout")

    assert status == 0
    assert "CAMPAIGN_TOKEN is not ended by this" in told


def test_wrong_password_is_no_reason_to_log_in(campaign, monkeypatch, here):
    (here / "password").write_text("not-the-password\n")
    with (here / "password").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        _, told = campaign("login", "--name", "admin")

    assert "log in with" not in told


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_private_authority_is_trusted_by_its_file(campaign, here, monkeypatch):
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named_as = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", here / "key.pem", "-out", here / "cert.pem"]
    subprocess.run([*made, *named_as, *files], check=True, capture_output=True)
    monkeypatch.delenv("CAMPAIGN_TOKEN")
    given = ("--tls-certificate", "cert.pem", "--tls-key", "key.pem")
    with ServingProcess(here, *given) as process:
        monkeypatch.setenv("CAMPAIGN_URL", process.url)
        status, told = campaign("list")
        assert status == ExitStatus.FAILED
        assert "its certificate is not trusted" in told
        assert "--ca-file" in told
        assert "is it running" not in told
        assert "trying again" not in told

        monkeypatch.setenv("CAMPAIGN_CA_FILE", "cert.pem")
        status, told = campaign("list")
        assert told.endswith("log in with: campaign login\n")

        status, told = campaign("list", "--ca-file", "key.pem")
        assert (status, "--ca-file = 'key.pem': certificates, PEM" in told) == (2, True)
        assert process.stop() == ExitStatus.COMPLETED


def test_reader_of_a_list_who_has_had_enough_is_no_failure(started):
    """As in `campaign list | head -1`, with a pipe of the system."""
    reading, writing = os.pipe()
    os.close(reading)
    variables = {name: os.environ[name] for name in ("CAMPAIGN_URL", "CAMPAIGN_TOKEN")}
    try:
        for command in (["list"], ["log", str(started)]):
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *command],
                env=environment(**variables),
                stdout=writing,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
            assert (done.returncode, done.stderr) == (0, ""), command
    finally:
        os.close(writing)
