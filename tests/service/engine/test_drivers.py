"""Drivers by the URL that names them: a pool by its file."""

import asyncio

import pytest

from campaign_core import Instant, ServiceId
from campaign_core.errors import SettingsError
from campaign_drivers import Finding, Severity
from campaign_drivers.pool import PoolDriver
from campaign_drivers.simulated import VirtualClock
from campaign_service.engine import DriverRequest, examine, open_driver, register_driver

SERVICE = ServiceId("00000001")
TWO = """
[[node]]
name = "one"
driver = "simulated"
weight = 2

[[node]]
name = "other"
driver = "examined://u:secret@host/"
"""


def request(url):
    return DriverRequest(url=url, service_id=SERVICE, clock=VirtualClock(Instant(0)))


@pytest.fixture
def pool(tmp_path):
    def doctor(asked):
        async def look():
            return (Finding(what="log-in", severity=Severity.WRONG, says=f"{asked.number}"),)

        return look()

    register_driver("examined", lambda _: open_driver(request("simulated")), doctor)

    def written(text):
        path = tmp_path / "pool.toml"
        path.write_text(text, encoding="utf-8")
        return f"pool:{path}"

    return written


def test_pool_is_named_by_its_file(pool):
    driver = open_driver(request(pool(TWO)))

    assert isinstance(driver, PoolDriver)
    assert [(node.name, node.weight) for node in driver.nodes()] == [("one", 2), ("other", 1)]


def test_pool_is_examined_node_by_node(pool):
    """`campaign doctor`: each finding says which node it is about."""
    found = asyncio.run(examine(pool(TWO), service_id=SERVICE, sounds=frozenset(), number="200"))

    assert [(finding.what, finding.severity) for finding in found] == [
        ("one", Severity.NOTE),
        ("other: log-in", Severity.WRONG),
    ]
    assert found[1].says == "200"


def test_pool_is_no_node_of_a_pool(pool):
    with pytest.raises(SettingsError, match="not a pool again"):
        open_driver(request(pool('[[node]]\nname = "one"\ndriver = "pool:pool.toml"\n')))


def test_kind_without_a_doctor_is_not_examined():
    with pytest.raises(SettingsError, match=r"one of asterisk, .*pool"):
        asyncio.run(examine("simulated", service_id=SERVICE, sounds=frozenset(), number=None))
