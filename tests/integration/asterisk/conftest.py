"""Servers for these tests, one pair of each version a worker; or the reason why there are none."""

import pytest

from . import servers
from .rig import settings_for

VERSIONS = ["16", "22"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(servers.HERE):
            item.add_marker(pytest.mark.integration)


def provided(version):
    reason = servers.why_not()
    if reason is not None:
        pytest.skip(reason)
    try:
        servers.provide(servers.RELEASES[version])
    except servers.CannotProvideError as error:
        pytest.skip(f"no Asterisk {version} is to be had: {error}")


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(version, marks=pytest.mark.xdist_group(f"asterisk-{version}"))
        for version in VERSIONS
    ],
)
def version(request):
    provided(request.param)
    return request.param


@pytest.fixture(scope="session")
def pbx(version):
    """A running Asterisk of this version, whose `peer` is one of the other."""
    other = VERSIONS[version == VERSIONS[0]]
    provided(other)
    first, second = servers.pair(servers.RELEASES[version], servers.RELEASES[other])
    with servers.running(first, second):
        yield first


@pytest.fixture
def own_pbx(version):
    """An Asterisk of this version that this test alone has, to be broken."""
    server = servers.Server(servers.RELEASES[version])
    with servers.running(server):
        yield server


@pytest.fixture
def settings(pbx):
    return settings_for(pbx)
