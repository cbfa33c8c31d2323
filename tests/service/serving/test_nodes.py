"""R5.5: a node of a pool is drained, and gets no new calls until it is restored."""

import attrs
import pytest
from tests.service.serving.test_database_away import until
from tests.service.serving.test_tenant_service import MODEL, host, run, tenant

from campaign_core import Line, Recipient
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.errors import CommandRefusedError
from campaign_service.serving import NotLeadingError, ProcessRole, UnknownNodeError

NODES = """
[[node]]
name = "pbx1"
driver = "simulated"

[[node]]
name = "pbx2"
driver = "simulated"
"""
PEOPLE = attrs.evolve(
    MODEL, recipients=[Recipient(number=f"20{n}", line=Line.INTERNAL) for n in range(6)]
)


@pytest.fixture
def pool(tmp_path):
    (tmp_path / "pool.toml").write_text(NODES)
    return {"tenants": {"main": f"pool:{tmp_path / 'pool.toml'}"}}


def calls_of(found):
    return {node.name: node.calls for node in found.nodes()}


def test_drained_node_gets_no_new_calls_until_it_is_restored(sqlite_url, pool):
    async def story():
        async with tenant(sqlite_url, **pool) as found:
            await found.give(AddModel(model=PEOPLE))
            found.drain_node("pbx1")
            await found.give(StartCampaign(model_id=1))
            await until(lambda: calls_of(found)["pbx2"] == 6)
            assert calls_of(found)["pbx1"] == 0
            assert [node.is_drained for node in found.nodes()] == [True, False]
            found.restore_node("pbx1")
            more = [Recipient(number=f"30{n}", line=Line.INTERNAL) for n in range(6)]
            await found.give(AddModel(model=attrs.evolve(PEOPLE, name="B", recipients=more)))
            await found.give(StartCampaign(model_id=2))
            await until(lambda: calls_of(found)["pbx1"] == 3)

    run(story())


def test_node_that_is_not_there_is_not_drained(sqlite_url, pool):
    async def story():
        async with tenant(sqlite_url, **pool) as found:
            with pytest.raises(UnknownNodeError, match="no node 'pbx3'; there are pbx1, pbx2"):
                found.drain_node("pbx3")

    run(story())


def test_telephony_that_is_no_pool_has_no_nodes(sqlite_url):
    async def story():
        async with tenant(sqlite_url) as found:
            assert found.nodes() == ()
            with pytest.raises(CommandRefusedError, match="no pool of nodes"):
                found.restore_node("pbx1")

    run(story())


def test_process_that_follows_knows_no_nodes(sqlite_url, pool):
    async def story():
        async with host(sqlite_url, **pool), tenant(sqlite_url, **pool) as found:
            for asked in (found.nodes, lambda: found.drain_node("pbx1")):
                with pytest.raises(NotLeadingError):
                    asked()

    run(story())


def test_tenant_whose_file_of_nodes_went_bad_is_led_once_it_is_mended(
    sqlite_url, pool, tmp_path, monkeypatch, caplog
):
    """A process that cannot make the driver lets go of the lock, says why, and tries again."""
    monkeypatch.setattr("campaign_service.serving.tenant_supervisor._AFTER_DEFECT_S", 0.2)
    path = tmp_path / "pool.toml"

    async def story():
        async with host(sqlite_url, **pool) as first, host(sqlite_url, **pool) as second:
            survivor = second.tenants["main"]
            path.write_text(NODES.replace("simulated", "simulatd", 1))
            await first.stop(at_once=True)
            await until(lambda: survivor.health().trouble is not None)
            assert "simulatd" in survivor.health().trouble
            assert "cannot be served" in caplog.text
            assert survivor.role is ProcessRole.FOLLOWING
            path.write_text(NODES)
            await until(lambda: survivor.role is ProcessRole.LEADING)
            assert survivor.health().trouble is None

    run(story())
