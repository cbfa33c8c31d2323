"""A process that follows answers questions, and sends whoever commands to the one that leads."""

import time

import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Somebody who asks the process that leads, and one that follows it."""
    folder = tmp_path_factory.mktemp("both")
    with (
        RunningService(folder) as leader,
        RunningService(folder, url="http://10.0.0.9:8080", has_users=True) as other,
    ):
        token = leader.tokens["administrator"]
        yield leader.client(), other.client(token=token)


def test_follower_answers_what_it_has_followed(both):
    leader, follower = both
    leader.post(tenant_path("models"), json={**MODEL, "name": "Followed"})

    assert follower.get(tenant_path("status")).json()["role"] == "FOLLOWING"
    deadline = time.monotonic() + 10
    while not follower.get(tenant_path("models")).json()["items"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert follower.get("/ready").status_code == 200


def test_follower_takes_no_command(both):
    _, follower = both

    answer = follower.post(tenant_path("models"), json={**MODEL, "name": "Not here"})

    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/not-leading"
    assert "leader" in answer.json()
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(("method", "path"), [("GET", "nodes"), ("POST", "nodes/pbx1/drain")])
def test_follower_knows_no_nodes(both, method, path):
    """The leader alone has the driver."""
    _, follower = both

    answer = follower.request(method, tenant_path(path))

    assert answer.json()["type"] == "/problems/not-leading"
