"""Log-in in every way, TLS, and what the doctor says."""

import asyncio
import ssl

import attrs
import pytest
from tests.ports import held_port

from campaign_drivers import Severity
from campaign_drivers import _driver as protocol
from campaign_drivers._driver import Missing, Need
from campaign_drivers.asterisk import AsteriskDriver, examine
from campaign_drivers.errors import LinkLostError, LoginRefusedError

from .rig import connected, settings_for


def start(settings):
    async def story():
        driver = AsteriskDriver(settings)
        try:
            await driver.start(lambda _: None)
        finally:
            await driver.close()

    asyncio.run(story())


@pytest.mark.parametrize("by_secret", [True, False])
def test_log_in_works_by_secret_and_by_challenge(pbx, by_secret):
    start(settings_for(pbx, login_by_secret=by_secret))


def test_log_in_works_over_tls_with_the_certificate_verified(pbx):
    start(settings_for(pbx, port=pbx.ami_tls, tls=True, tls_ca=pbx.certificate))


def test_a_certificate_that_is_not_trusted_is_no_connection(pbx):
    with pytest.raises(LinkLostError) as lost:
        start(settings_for(pbx, port=pbx.ami_tls, tls=True))

    assert isinstance(lost.value.__cause__, ssl.SSLError)


@pytest.mark.parametrize(
    "changes", [{"secret": "wrong"}, {"user": "nobody"}, {"user": "elsewhere"}]
)
@pytest.mark.parametrize("by_secret", [True, False])
def test_wrong_credentials_are_told_as_such(pbx, changes, by_secret):
    with pytest.raises(LoginRefusedError):
        start(settings_for(pbx, login_by_secret=by_secret, **changes))


def test_a_port_where_nobody_listens_is_no_connection(pbx):
    with pytest.raises(LinkLostError):
        start(settings_for(pbx, port=held_port()))


def test_the_driver_is_one_of_the_protocol(pbx):
    assert isinstance(AsteriskDriver(settings_for(pbx)), protocol.Driver)


def findings(settings, **asked):
    return asyncio.run(examine(settings, **asked))


def wrong(found):
    return {finding.what for finding in found if finding.severity is Severity.WRONG}


@pytest.mark.parametrize("user", ["campaign", "free"])
def test_the_doctor_finds_nothing_wrong_where_nothing_is(pbx, user):
    found = findings(
        settings_for(pbx, user=user, external={}),
        sounds=frozenset({"prompt", "message.wav"}),
        number="607",
    )

    assert wrong(found) == set()
    assert {"filters", "digits", "clock", "test call", "sounds"} <= {f.what for f in found}


def test_the_doctor_says_what_to_write_into_manager_conf(pbx):
    found = findings(settings_for(pbx, user="reader"))

    assert "permissions" in wrong(found)
    advice = " ".join(finding.advice for finding in found)
    assert "write = originate,call,agi" in advice
    assert "read = system,call,agi,dtmf" in advice
    assert "[reader]" in advice


def test_the_doctor_says_what_to_write_into_extensions_conf(pbx):
    found = findings(settings_for(pbx, context="forgotten"))

    assert wrong(found) == {"context"}
    advice = " ".join(finding.advice for finding in found)
    assert "[forgotten]" in advice
    assert "exten => agi,1,AGI(agi:async)" in advice


def test_the_doctor_finds_endpoints_and_sounds_that_are_not_there(pbx):
    found = findings(settings_for(pbx, user="free"), sounds=frozenset({"nosuch", "prompt"}))

    assert wrong(found) == {"sounds", "route nosuch"}


def test_the_doctor_tells_refused_from_absent(pbx):
    refused = findings(settings_for(pbx, secret="wrong"))
    absent = findings(settings_for(pbx, port=9))

    assert wrong(refused) == {"log-in"}
    assert wrong(absent) == {"connection"}
    assert "wrong" not in refused[0].advice


def test_missing_sounds_and_routes_are_found_before_a_campaign_starts(pbx):
    settings = attrs.evolve(settings_for(pbx), external={})

    async def story():
        async with connected(settings) as rig:
            return await rig.driver.check(
                sounds=frozenset({"prompt", "nosuch", "also/not", "message"}),
                routing_classes=frozenset({None, "gold"}),
            )

    found = asyncio.run(story())

    assert all(isinstance(missing, Missing) for missing in found)
    assert {(missing.need, missing.name) for missing in found} == {
        (Need.SOUND, "nosuch"),
        (Need.SOUND, "also/not"),
        (Need.ROUTE, None),
        (Need.ROUTE, "gold"),
    }


def test_a_route_whose_endpoint_is_not_there_is_found_by_who_may_look(pbx):
    settings = settings_for(pbx, user="free")
    settings = attrs.evolve(settings, internal=settings.external["nosuch"])

    async def story():
        async with connected(settings) as rig:
            return await rig.driver.check(
                sounds=frozenset(), routing_classes=frozenset({None, "nosuch"})
            )

    found = asyncio.run(story())

    assert [(missing.need, missing.name) for missing in found] == [
        (Need.INTERNAL_ROUTE, None),
        (Need.ROUTE, "nosuch"),
    ]
    assert all("nosuch" in missing.advice for missing in found)
