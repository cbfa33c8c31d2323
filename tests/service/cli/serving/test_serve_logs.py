"""What the service logs: one line a record, and never a secret."""

import io
import json
import logging
from urllib.parse import unquote

import pytest

from campaign_service.cli.serving.logs import HIDDEN, secrets_of, set_up_logging
from campaign_service.config.service_file import read_service
from campaign_service.serving import current_tenant

SECRET = "throw%40way-7f3a"


def settings(**flags):
    return read_service(flags=flags, environment={})


@pytest.fixture
def logged():
    """Log within a service's logging, and return what was written."""

    def logged(do, **flags):
        stream = io.StringIO()
        with set_up_logging(settings(**flags), stream):
            do(logging.getLogger("campaign_service.serving.service_host"))
        return stream.getvalue()

    return logged


def test_record_is_one_line(logged):
    """A name that somebody chose must not forge a line."""
    text = logged(lambda log: log.warning("campaign %s", "a\n2026-01-01 forged\r"))

    assert text.count("\n") == 1
    assert "warning serving.service_host: campaign a\\n2026-01-01 forged\\r\n" in text


def test_record_is_one_json_object(logged):
    text = logged(lambda log: log.error("campaign %s", 'a "b"\n'), log_format="json")

    told = json.loads(text)
    assert told.pop("at").endswith("Z")
    assert told == {
        "level": "error",
        "logger": "campaign_service.serving.service_host",
        "message": 'campaign a "b"\n',
    }


@pytest.mark.parametrize(
    ("log_format", "told"),
    [("text", "driver.asterisk: tenant north: connection lost"), ("json", '"tenant": "north"')],
)
def test_who_knows_of_no_tenants_is_told_of_with_its_tenant(logged, log_format, told):
    """Of several PBXs one has lost its connection: which?"""

    def do(_):
        token = current_tenant.set("north")
        logging.getLogger("driver.asterisk").warning("connection lost")
        current_tenant.reset(token)
        logging.getLogger("serve").warning("listening")

    of_driver, of_process = logged(do, log_format=log_format).splitlines()
    assert told in of_driver
    assert "tenant" not in of_process


def test_level_is_kept_and_libraries_are_quiet(logged):
    def do(log):
        log.info("not told")
        log.warning("told")
        logging.getLogger("httpx").info("not told either")

    assert logged(do, log_level="warning").count("\n") == 1
    assert "either" not in logged(do, log_level="debug")


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("before", "password", "behind"),
    [
        ("asterisk://user:", SECRET, "@pbx/?internal=PJSIP/{number}@trunk"),
        ("freeswitch://:", SECRET, "@pbx"),
        ("freeswitch://:", f"sla/sh{SECRET}", "@pbx"),
    ],
)
def test_secret_that_a_library_tells_is_taken_out(logged, before, password, behind, log_format):
    """Design: secrets are never logged, whoever quotes them, in a trace of an error neither."""
    url = f"{before}{password}{behind}"

    def do(log):
        log.error("cannot connect to %s", url)
        try:
            int(password)
        except ValueError:
            log.exception("password %s was refused", unquote(password))

    text = logged(do, driver=url, log_format=log_format)

    assert "7f3a" not in text
    assert text.count(HIDDEN) == 3


def test_words_of_an_address_are_no_secrets():
    assert secrets_of(settings(db="campaigns.db", driver="asterisk://user@host/")) == frozenset()


def test_requests_are_logged_without_their_query(logged):
    def do(_):
        logging.getLogger("uvicorn.access").info(
            '%s - "%s %s HTTP/%s" %d', "1.2.3.4:5", "GET", "/api/v1/x?after=1", "1.1", 200
        )

    assert logged(do) == ""
    assert '"GET /api/v1/x HTTP/1.1" 200' in logged(do, access_log="true")


def test_event_loop_tells_the_same_once_a_second(logged):
    """Issue F2: where files run out, it told so thousands of times a second."""

    def do(_):
        loop = logging.getLogger("asyncio")
        for number in range(1_000):
            error = OSError(24, f"Too many open files: {number}")
            loop.error("socket.accept() out of system resource\nsocket: %s", number, exc_info=error)
        loop.error("something else")

    text = logged(do)

    assert text.count("out of system resource") < 5
    assert text.count("something else") == 1


def test_logging_is_as_before_once_the_service_has_ended(logged):
    before = list(logging.getLogger().handlers), logging.getLogger().level

    logged(lambda log: log.info("told"), log_level="debug")

    assert (logging.getLogger().handlers, logging.getLogger().level) == before
