"""What becomes of questions that Asterisk leaves without an answer."""

import asyncio

import attrs
import pytest

from campaign_drivers import Severity
from campaign_drivers.asterisk import AsteriskDriver, AsteriskSettings, examine
from campaign_drivers.errors import LinkLostError

SETTINGS = AsteriskSettings(
    service_id="0a1b2c3d", host="127.0.0.1", user="u", secret="s", answer_within_s=0.2
)


async def log_in_and_fall_silent(reader, writer):
    """Play an Asterisk that boots, and hangs with the first question."""
    writer.write(b"Asterisk Call Manager/9.0.0\r\n")
    for _ in ("Challenge", "Login", "Filter"):
        action_id = await action_id_of_next(reader)
        writer.write(f"Response: Success\r\nActionID: {action_id}\r\nChallenge: 1\r\n\r\n".encode())
    writer.write(b"Event: FullyBooted\r\nUptime: 5\r\n\r\n")
    await reader.read()
    writer.close()
    await writer.wait_closed()


async def action_id_of_next(reader):
    action = (await reader.readuntil(b"\r\n\r\n")).decode()
    return action.partition("ActionID: ")[2].partition("\r\n")[0]


def beside_the_silent(ask):
    async def story():
        served = asyncio.Queue()

        async def serve(reader, writer):
            await log_in_and_fall_silent(reader, writer)
            served.put_nowait(None)

        async with asyncio.timeout(10), await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            try:
                return await ask(attrs.evolve(SETTINGS, port=port))
            finally:
                await served.get()

    return asyncio.run(story())


def test_an_examination_ends_where_no_answer_comes():
    """An answer is waited for as long as the settings say, and not for ever."""
    (finding,) = beside_the_silent(examine)

    assert (finding.severity, finding.what) == (Severity.WRONG, "connection")
    assert finding.says == "no reply to Originate"


def test_a_check_ends_where_no_answer_comes():
    async def check(settings):
        driver = AsteriskDriver(settings)
        return await driver.check(sounds=frozenset({"a"}), routing_classes=frozenset())

    with pytest.raises(LinkLostError, match="no reply to Originate"):
        beside_the_silent(check)
