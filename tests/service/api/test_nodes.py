"""R5.5: the nodes of a pool, seen, drained and restored while a service runs."""

import pytest
from tests.service.api.running_service import RunningService, tenant_path

POOL = """
[[node]]
name = "pbx 1"
driver = "simulated"
weight = 2
call_limits = { total = 60, external = 30 }
calls_per_s = 5

[[node]]
name = "pbx2"
driver = "simulated"
"""


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    (folder / "pool.toml").write_text(POOL)
    with RunningService(folder, driver=f"pool:{folder / 'pool.toml'}") as running:
        yield running


def drained(client):
    items = client.get(tenant_path("nodes")).json()["items"]
    return [node["name"] for node in items if node["is_drained"]]


def audited(client):
    items = client.get("/api/v1/audit", params={"limit": 1000}).json()["items"]
    told = [item for item in items if item["action"].startswith("NODE_")]
    return [(one["actor"], one["action"], one["subject"], one["details"]) for one in told]


def test_nodes_are_listed_in_their_order(pool):
    first, second = pool.client("viewer").get(tenant_path("nodes")).json()["items"]

    assert (first["name"], second["name"]) == ("pbx 1", "pbx2")
    assert first == {
        "name": "pbx 1",
        "is_up": True,
        "is_drained": False,
        "calls": 0,
        "calls_adrift": 0,
        "weight": 2,
        "call_limits": {"total": 60, "internal": None, "external": 30},
        "calls_per_s": 5,
        "deferred_until": None,
        "last_error": None,
    }


def test_node_is_drained_and_restored_and_the_audit_tells_who_did_it(pool):
    """R9.1: who did what, when."""
    manager = pool.client("manager")

    answer = manager.post(tenant_path("nodes/pbx%201/drain"))

    assert (answer.status_code, answer.json()["is_drained"]) == (200, True)
    assert drained(manager) == ["pbx 1"]
    # Once more changes nothing, and there is nothing to tell.
    assert manager.post(tenant_path("nodes/pbx%201/drain")).status_code == 200
    assert manager.post(tenant_path("nodes/pbx%201/restore")).json()["is_drained"] is False
    assert drained(manager) == []
    assert audited(pool.client()) == [
        ("manager", "NODE_DRAINED", "pbx 1", {"tenant": "main"}),
        ("manager", "NODE_RESTORED", "pbx 1", {"tenant": "main"}),
    ]


def test_unknown_node_is_not_found(pool):
    answer = pool.client().post(tenant_path("nodes/pbx3/drain"))

    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")
    assert "'pbx3'" in answer.json()["detail"]
    assert "pbx2" in answer.json()["detail"]


def test_nodes_are_measured(pool):
    client = pool.client()
    client.post(tenant_path("nodes/pbx2/drain"))

    lines = client.get("/metrics").text.splitlines()

    client.post(tenant_path("nodes/pbx2/restore"))
    for name, values in (("up", (1, 1)), ("draining", (0, 1)), ("calls", (0, 0))):
        for node, value in zip(("pbx 1", "pbx2"), values, strict=True):
            assert f'campaign_node_{name}{{node="{node}",tenant="main"}} {value}.0' in lines


def test_telephony_that_is_no_pool_has_no_nodes_to_drain(ask):
    answer = ask.post(tenant_path("nodes/pbx1/drain"))

    assert ask.get(tenant_path("nodes")).json() == {"items": []}
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/refused")
    assert answer.json()["command"] == "DrainNode"
    assert "no pool" in answer.json()["why"]
