"""What is said where there is no manager to be asked, and what is advised then."""

import asyncio
import re
from contextlib import suppress

import attrs
import pytest
from tests.ports import held_port

from campaign_drivers import Severity
from campaign_drivers.asterisk import AsteriskSettings, Route, examine
from campaign_drivers.asterisk._doctor import advice, modules, routes

SETTINGS = AsteriskSettings(
    service_id="0a1b2c3d", host="127.0.0.1", user="campaign", secret="hush", login_within_s=0.5
)


def found_beside(said, **changes):
    """Return the one finding where a port says this by itself, and nothing more."""

    async def story():
        async def say(reader, writer):
            writer.write(said)
            with suppress(ConnectionError):
                await reader.read()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            found = await examine(attrs.evolve(SETTINGS, port=port, **changes))
            await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
            return found

    (finding,) = asyncio.run(story())
    assert (finding.what, finding.severity) == ("connection", Severity.WRONG)
    return finding


def test_another_service_on_the_port_is_told_by_what_it_says():
    """The port of another service is told as that, with the one of Asterisk's own."""
    finding = found_beside(b"SSH-2.0-OpenSSH_9.2\r\n")

    assert "SSH-2.0-OpenSSH_9.2" in finding.says
    assert "5038" in finding.advice


def test_a_port_that_says_nothing_is_told_as_that():
    """Another service waits for its client to speak first; a frozen Asterisk says nothing."""
    finding = found_beside(b"")

    assert "says nothing" in finding.says
    assert "stands still" in finding.advice


def test_a_manager_that_shuts_down_is_told_as_that():
    refusal = (
        b"Response: Error\r\nActionID: 0a1b2c3d-1\r\nMessage: Asterisk is shutting down\r\n\r\n"
    )
    finding = found_beside(b"Asterisk Call Manager/9.0.0\r\n" + refusal)

    assert "shutting down" in finding.says
    assert "core abort shutdown" in finding.advice


def test_a_manager_in_clear_text_is_told_to_who_speaks_tls():
    """TLS to a clear port."""
    finding = found_beside(b"Asterisk Call Manager/9.0.0\r\n", tls=True)

    assert "clear text" in finding.says
    assert "asterisk://" in finding.advice
    assert "tlscertfile = /etc/asterisk/manager.pem" in finding.advice


def test_certificates_that_are_not_there_are_told_before_the_network_is():
    """`tls_ca` missing."""
    finding = found_beside(b"", tls=True, tls_ca="/nowhere/ca.pem")

    assert "/nowhere/ca.pem" in finding.says
    assert "/nowhere/ca.pem" in finding.advice


@pytest.mark.parametrize(
    ("host", "bind"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("::1", "::1")]
)
def test_where_nobody_listens_the_lines_that_let_it_listen_are_given(host, bind):
    """Asterisk's manager is off, or elsewhere."""
    port = held_port()
    (finding,) = asyncio.run(examine(attrs.evolve(SETTINGS, host=host, port=port)))

    for line in ("enabled = yes", f"port = {port}", f"bindaddr = {bind}"):
        assert f"    {line}\n" in finding.advice
    assert "hush" not in finding.says + finding.advice


def test_a_host_that_has_no_address_is_told_as_that():
    (finding,) = asyncio.run(examine(attrs.evolve(SETTINGS, host="no-such-host.invalid")))

    assert "has no address" in finding.says


@pytest.mark.parametrize(
    ("here", "permit"),
    [
        ("192.0.2.7", "permit = 192.0.2.7/255.255.255.255"),
        ("2001:db8::7", "permit = 2001:db8::7/128"),
    ],
)
def test_whoever_is_refused_is_permitted_by_the_address_that_asterisk_sees(here, permit):
    """A refused log-in: the lines are for this machine, and do not hold the secret."""
    told = advice.login(SETTINGS, here)

    assert f"    {permit}\n" in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("channel", "endpoint"),
    [
        ("PJSIP/{number}", "{number}"),
        ("PJSIP/9{number}", "9{number}"),
        ("PJSIP/{number}@trunk", "trunk"),
        ("PJSIP/trunk/sip:{number}@host", "trunk"),
        ("PJSIP/trunk/sip:{number}@host:5070", "trunk"),
    ],
)
def test_the_endpoint_of_a_route_is_what_asterisk_takes_for_it(channel, endpoint):
    """Also with `sip:` in it."""
    assert routes.endpoint_of(channel) == endpoint


@pytest.mark.parametrize(
    ("channel", "context"),
    [
        ("Local/{number}@from-internal/n", "from-internal"),
        ("Local/9{number}@out", "out"),
        ("local/{number}", "default"),
    ],
)
def test_the_context_of_a_local_route_is_what_asterisk_takes_for_it(channel, context):
    assert modules.technology_of(channel) == "local"
    assert modules.local_context(channel) == context


def test_all_routes_are_looked_at_by_the_names_that_urls_give_them():
    settings = attrs.evolve(
        SETTINGS, external={None: Route(channel="A/{number}"), "gold": Route(channel="B/{number}")}
    )

    assert dict(modules.routes_of(settings)) == {
        "internal": "Local/{number}@call-campaign/n",
        "external without a class": "A/{number}",
        "gold": "B/{number}",
    }


def test_what_is_to_be_pasted_stands_apart_from_what_is_to_be_run():
    """Lines of a file, then the commands that make them count; nothing else is indented."""
    told = advice.modules(["res_agi"])
    written, run = re.findall(r"\n\n((?: {4}[^\n]*\n?)+)", told)

    assert written == "    [modules](+)\n    load = res_agi.so\n"
    assert run == "    asterisk -rx 'module load res_agi.so'"
