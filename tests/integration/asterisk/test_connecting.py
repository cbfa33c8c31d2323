"""Log-in in every way, TLS, and what is looked for before a campaign starts."""

import asyncio
import ssl

import attrs
import pytest
from tests.ports import held_port

from campaign_drivers import _driver as protocol
from campaign_drivers._driver import Missing, Need
from campaign_drivers.asterisk import AsteriskDriver
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


def test_what_no_call_can_be_handed_over_to_is_missing_before_a_campaign_starts(pbx):
    """A check on which no call to nobody succeeds does not call its sounds there."""
    settings = attrs.evolve(settings_for(pbx), context="forgotten")

    async def story():
        async with connected(settings) as rig:
            return await rig.driver.check(
                sounds=frozenset({"prompt"}), routing_classes=frozenset({None})
            )

    found = asyncio.run(story())

    assert {(missing.need, missing.name) for missing in found} == {
        (Need.INTERNAL_ROUTE, None),
        (Need.ROUTE, None),
    }
    assert all("[forgotten]" in missing.advice for missing in found)
