"""``campaign serve`` as a process: its start, its end, what it refuses, what it says."""

import gc
import signal
import socket
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import httpx
import pytest
from tests.service.ringing import SCRIPT
from tests.service.serving_process import WITHIN_S, ServingProcess

from campaign_core import Instant, Settings, open_service
from campaign_service.cli import main
from campaign_service.cli.serving.listening import open_sockets, public_url
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import Client, Connection
from campaign_service.config.service_file import read_service
from campaign_service.database import Database
from campaign_service.journal.sql import SqlJournal, create_tenant
from campaign_service.sounds import shipped

MAIN = "/api/v1/tenants/main"
HELD = """
import sys, time
from campaign_service.api.routes import campaigns
from campaign_service.cli import main
from campaign_service.journal.sql import JournalQueries

def held(*_, **__):
    print("a question takes its time", flush=True)
    time.sleep(600)

JournalQueries.campaigns = campaigns.what_if = held
sys.exit(main())
"""
SECRET = "throwaway-7f3a"  # of nothing: it is looked for in what is told


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, and no word from the machine's environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("CAMPAIGN_DRIVER", "CAMPAIGN_DB", "CAMPAIGN_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def refused(here, capsys):
    """Start with bad arguments; the exit status and what was said."""

    def refused(*arguments):
        status = main(["serve", *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    return refused


def ask(process, path, **given):
    patient = {"timeout": WITHIN_S, **given}
    return httpx.request("GET", f"{process.url}{path}", trust_env=False, **patient)


def test_first_start_makes_an_administrator_with_a_password_for_one_log_in(here):
    """Issue: first start creates an administrator and prints a one-time password."""
    with ServingProcess(here) as process:
        assert ask(process, "/ready").status_code == 200
        assert process.text.count(process.first_password()) == 0
        assert "SIMULATED, NOBODY IS REALLY CALLED" in process.text
        token = process.token()
        files = sorted(here.glob("campaigns.db*"))
        # Names, numbers, and what became of each call: nobody else's to read.
        assert [path.name for path in files if path.stat().st_mode & stat.S_IRWXO] == []
        assert process.stop() == ExitStatus.COMPLETED

    with ServingProcess(here) as process:
        headers = {"Authorization": f"Bearer {token}"}
        assert ask(process, "/api/v1/me", headers=headers).json()["name"] == "admin"
        assert "password" not in process.text
        assert process.stop(signal.SIGINT) == ExitStatus.COMPLETED


def test_second_signal_does_not_wait_for_calls(here):
    """Graceful stop: calls in progress end or are handed over; a second signal: at once."""
    files = {"drill.toml": CAMPAIGN, "people.csv": "number,line\n201,internal\n"}
    for name, text in files.items():
        (here / name).write_text(text)
    with ServingProcess(here, "--drain-s", "3600", script=SCRIPT) as process:
        token = process.token()
        started = ["start", "drill.toml", "--url", process.url]
        (here / "token").write_text(token)
        assert main([*started, "--token-file", "token"]) == 0
        process.process.send_signal(signal.SIGTERM)
        process.wait_for("stopping: no new calls")

        # While calls go on it answers, and takes no new ones.
        with Client(Connection(url=process.url, token=token)) as client:
            assert client.status().is_draining
        assert process.stop() == ExitStatus.COMPLETED
        assert "1 calls in progress are left" in process.text


CAMPAIGN = """
[campaign]
name = "Drill"
caller_number = "100"
sound = "drill"
recipients = "people.csv"
ring_timeout_s = 600
"""


def test_stop_waits_for_no_question(here):
    """Graceful stop: it ends when calls have ended, whatever somebody asked; and says so once."""
    with ServingProcess(here, "--drain-s", "0", script=HELD) as process:
        headers = {"Authorization": f"Bearer {process.token()}"}
        try_it = {"trial": {"command": "PauseCampaign", "campaign_id": 1}}
        asked = [
            lambda: ask(process, f"{MAIN}/past-campaigns", headers=headers, timeout=60),
            lambda: httpx.post(
                f"{process.url}{MAIN}/what-if", json=try_it, headers=headers, timeout=60
            ),
        ]
        with ThreadPoolExecutor(4) as threads:
            answers = [threads.submit(one) for one in asked * 2]
            process.wait_for(r"(?s)(a question takes its time.*){4}")
            began = time.monotonic()
            status = process.stop()

        assert status == ExitStatus.COMPLETED
        assert time.monotonic() - began < WITHIN_S / 2
        assert {answer.result().status_code for answer in answers} == {503}
        assert {answer.result().json()["type"] for answer in answers} == {"/problems/not-ready"}
        assert "Traceback" not in process.text
        assert "Exception" not in process.text
        assert "4 requests had no answer by the end" in process.text


def test_port_in_use_is_named_before_anything_is_done(refused, here):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        status, told = refused("--listen", f"127.0.0.1:{port}")

    assert status == ExitStatus.FAILED
    assert f"listen = 127.0.0.1:{port}: it is in use" in told
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("listen", "told"),
    [("127.0.0.1:0", "http://127.0.0.1:"), ("0.0.0.0:0", None), ("[::]:0", None)],
)
def test_only_an_address_that_others_can_reach_is_told_to_them(listen, told):
    sockets = open_sockets(read_service(flags={"listen": listen}, environment={}).listen)
    try:
        url = public_url(sockets, is_tls=False)
    finally:
        for one in sockets:
            one.close()

    assert url == told or url.startswith(told)


def test_stale_socket_of_a_killed_process_is_no_hindrance(here):
    path = here / "http.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))

    with ServingProcess(here, "--listen", f"unix:{path}") as process:
        assert process.url == f"unix:{path}"
        with Connection(url=process.url) as connection:
            assert connection.ask("openapi.json").status == 200
        assert process.stop() == ExitStatus.COMPLETED
    assert not path.exists()


def test_socket_that_another_has_put_there_is_left_alone(here):
    """Whoever took the place over serves there: it is not ours to remove."""
    path = here / "http.sock"
    with ServingProcess(here, "--listen", f"unix:{path}") as process:
        assert process.url
        path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            assert process.stop() == ExitStatus.COMPLETED
            assert path.exists()


def test_socket_path_with_something_else_is_left_alone(refused, here):
    (here / "file").write_text("mine")

    status, told = refused("--listen", f"unix:{here}/file")

    assert status == ExitStatus.FAILED
    assert "something else is there" in told
    assert (here / "file").read_text() == "mine"


def test_database_of_a_newer_release_is_refused(refused, here):
    """Issue: one from a newer release is refused with a clear error."""
    Database.open("campaigns.db").close()
    with closing(sqlite3.connect(here / "campaigns.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")

    status, told = refused("--listen", "127.0.0.1:0")

    assert status == ExitStatus.BAD_INPUT
    assert "newer" in told


def test_damaged_database_is_refused(refused, here):
    (here / "campaigns.db").write_bytes(b"no database " * 1_000)

    status, told = refused("--listen", "127.0.0.1:0")

    assert status == ExitStatus.BAD_INPUT
    assert "campaigns.db: " in told


def test_altered_journal_is_refused(refused):
    """Issue: an altered tail is found and reported, never silently dropped."""
    database = Database.open("campaigns.db")
    tenant = create_tenant(database, "main")
    opened = open_service(tenant.service_id, Settings(), Instant(1_795_000_000_000))
    SqlJournal(database, tenant).append(opened.events, expected=0)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE event SET data = replace(data, 'press-1', 'press-2')")
    database.close()

    status, told = refused("--listen", "127.0.0.1:0")

    assert status == ExitStatus.BAD_INPUT
    assert "campaign: event 1 is altered" in told


def test_database_that_is_away_is_told(refused, monkeypatch):
    monkeypatch.setenv("CAMPAIGN_DB", f"postgresql://u:{SECRET}@127.0.0.1:1/none")

    status, told = refused("--listen", "127.0.0.1:0")

    assert status == ExitStatus.FAILED
    assert "://u:***@127.0.0.1:1/none: connection failed" in told
    assert SECRET not in told


def test_secret_on_the_command_line_is_warned_of(refused):
    status, told = refused(
        *("--listen", "127.0.0.1:0", "--db", f"postgresql://u:{SECRET}@127.0.0.1:1/none")
    )

    assert status == ExitStatus.FAILED
    assert "--db: a secret on the command line is seen by everybody" in told
    assert "give it by --db-file or by CAMPAIGN_DB" in told
    assert SECRET not in told


def test_all_that_is_wrong_is_told_at_once(refused, here, monkeypatch):
    """R3.3: every bad value at once, each with where it came from."""
    (here / "service.toml").write_text('log_level = "loud"\ndriver = "asterisk://u@h:x/"\n')
    monkeypatch.setenv("CAMPAIGN_DRAIN_S", "long")

    status, told = refused("--config", "service.toml", "--listen", "nowhere")

    assert status == ExitStatus.BAD_INPUT
    places = ("service.toml:1: log_level", "CAMPAIGN_DRAIN_S", "--listen")
    assert [place for place in places if place not in told] == []


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"asterisk://u:{SECRET}@h:port/", "port: 1 to 65535"),
        (f"asterisk://u:{SECRET}@h/?what={SECRET}", "what: one of"),
        (f"http://u:{SECRET}@h/", "driver: one of"),
        (f"freeswitch://:{SECRET}@[::1", "no URL of a telephony"),
        (f"asterisk://u:{SECRET}\x01@h/", "CAMPAIGN_DRIVER"),
    ],
)
def test_bad_driver_is_refused_without_its_secret(refused, monkeypatch, url, told):
    monkeypatch.setenv("CAMPAIGN_DRIVER", url)

    status, said = refused()

    assert status == ExitStatus.BAD_INPUT
    assert told in said
    assert SECRET not in said


def test_bad_database_is_refused_without_its_secret(refused):
    status, said = refused("--db", f"mysql://u:{SECRET}@h/n")

    assert status == ExitStatus.BAD_INPUT
    assert "--db: " in said
    assert SECRET not in said


def test_certificate_that_is_none_is_refused(refused, here):
    (here / "cert.pem").write_text("none")

    status, said = refused("--tls-certificate", "cert.pem", "--tls-key", "key.pem")

    assert status == ExitStatus.BAD_INPUT
    assert "--tls-key: key.pem cannot be read" in said

    (here / "key.pem").write_text("none")
    status, said = refused("--tls-certificate", "cert.pem", "--tls-key", "key.pem")
    assert "--tls-certificate: a certificate, PEM, that fits" in said


def test_no_secret_is_told_by_a_service_whose_telephony_is_away(here):
    """Design: start with secrets in all places, and look for them in all output."""
    (here / "driver").write_text(f"asterisk://u:{SECRET}@127.0.0.1:1/?internal=PJSIP/{{number}}")
    (here / "service.toml").write_text(
        'log_level = "debug"\n[tenants.one]\ndriver_file = "driver"\n[tenants.two]\n'
        f'driver = "freeswitch://:{SECRET}@127.0.0.1:1/"\n'
    )
    with ServingProcess(here, "--config", "service.toml") as process:
        url, token = process.url, process.token()
        for path in ("/health", "/ready", "/metrics", "/api/v1/tenants", "/api/v1/nothing"):
            answer = ask(process, path, headers={"Authorization": f"Bearer {token}"})
            assert SECRET not in answer.text
        ask(process, "/api/v1/tenants", headers={"Authorization": "Bearer wrong"})
        assert url.startswith("http://127.0.0.1:")
        assert process.stop() == ExitStatus.COMPLETED
        text = process.text

    assert SECRET not in text
    assert token not in text
    # Once, for whoever sits at the terminal; none of the tries since is written down.
    assert text.count("for one log-in") == 1


def test_everything_in_memory_is_looked_through_rarely(here, monkeypatch):
    """Issue: calls are seen to; while the collector looks, nothing else runs."""
    seen = []

    class Served:
        def __init__(self, *_, **__):
            pass

        async def run(self):
            seen.append(gc.get_threshold())
            return ExitStatus.COMPLETED

    before = gc.get_threshold()
    monkeypatch.setattr("campaign_service.cli.serving.serve.ServiceProcess", Served)

    assert main(["serve", "--listen", "127.0.0.1:0"]) == ExitStatus.COMPLETED
    young, older, old = seen[0]
    assert young * older * old >= 10_000_000
    assert gc.get_threshold() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "--driver: none.toml: cannot be read: No such file or directory"),
        ("[[node]]\nweight = 0\n", "--driver: none.toml:2: node[1].weight = 0: "),
    ],
)
def test_what_is_wrong_in_the_file_of_a_pool_is_told_with_file_and_line(refused, here, text, said):
    if text is not None:
        (here / "none.toml").write_text(text)

    status, told = refused("--driver", "pool:none.toml")

    assert (status, said in told) == (ExitStatus.BAD_INPUT, True), told


def test_pool_without_a_file_is_refused(refused):
    status, told = refused("--driver", "pool:")

    assert (status, "--driver: pool: pool:FILE, with a file" in told) == (2, True), told


def test_variables_that_mean_nothing_are_named_once_without_their_values(refused, monkeypatch):
    monkeypatch.setenv("CAMPAIGN_PBX1_PASSWORD", SECRET)
    monkeypatch.setenv("CAMPAIGN_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("CAMPAIGN_DB", "postgresql://127.0.0.1:1/none")

    status, told = refused("--listen", "127.0.0.1:0")

    assert status == ExitStatus.FAILED
    assert told.count("CAMPAIGN_PBX1_PASSWORD, CAMPAIGN_SERVICE_HOST") == 1
    assert SECRET not in told


def test_prompts_that_we_ship_are_put_where_the_telephony_plays_from(here):
    """R2.5: in Italian where the service's configuration says so."""
    (here / "service.toml").write_text('sounds_dir = "played"\nlanguage = "it"\n')
    with ServingProcess(here, "--config", "service.toml") as process:
        process.wait_for("played/press-1.wav: written")
        assert process.stop() == ExitStatus.COMPLETED

    assert (here / "played" / "press-1.wav").read_bytes() == shipped("it")["press-1"]
