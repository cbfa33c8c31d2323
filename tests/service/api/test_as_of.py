"""Every answer that shows a state says as of which event, so that a stream goes on behind it."""

import json
import random
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path
from tests.service.ringing import DRIVER

from campaign_core import do_not_call
from campaign_drivers.simulated import Exchange, Network, Rates, SimulatedDriver, population
from campaign_service.api.routes import operations_of
from campaign_service.client import Client, Connection
from campaign_service.engine import register_driver

OPERATIONS = operations_of(has_users=True, open_metrics=False)
SHOWING = [one for one in OPERATIONS if one.response.shows_state]
PEOPLE = 40
TRIES = 50
SNAPSHOTS = 25


def busy(request):
    """Make a telephony where every number is busy, so that much happens."""
    network = Network(population=population(rates=Rates(busy=1)))
    return SimulatedDriver(exchange=Exchange(network, seed=request.seed), clock=request.clock)


register_driver("busy", busy)


def start(ask, name, count, **more):
    """Start a campaign; its path."""
    rows = [{"number": f"7{number:05}"} for number in range(count)]
    body = {**MODEL, "name": name, "recipients": rows, **more}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    return ask.post(tenant_path("campaigns"), json={"model_id": model}).headers["Location"]


def seq_of(answer):
    assert answer.status_code == 200, answer.text
    return int(answer.headers["Campaign-Seq"])


def events(ask, after, until):
    """Return the events behind one and up to another, as a stream tells them that begins there."""
    found = []
    if after == until:
        return found
    with ask.stream("GET", tenant_path(f"events?after={after}")) as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            if line.startswith("data: "):
                entry = json.loads(line.removeprefix("data: "))
                found.append(entry["event"])
                assert entry["seq"] == after + len(found)
                if entry["seq"] == until:
                    return found
    raise AssertionError("the stream ended")


@contextmanager
def commanding(ask):
    """Have numbers barred and unbarred meanwhile, by two people at once."""
    is_over = threading.Event()

    def command(seed):
        chance = random.Random(seed)
        while not is_over.is_set():
            numbers = [f"9{chance.randrange(20):05}"]
            path = chance.choice(["do-not-call", "do-not-call/remove"])
            assert ask.post(tenant_path(path), json={"numbers": numbers}).is_success

    people = [threading.Thread(target=command, args=[seed]) for seed in (1, 2)]
    for person in people:
        person.start()
    try:
        yield
    finally:
        is_over.set()
        for person in people:
            person.join()


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A process that leads while much happens, who asks it, and who asks one that follows it."""
    folder = tmp_path_factory.mktemp("as-of")
    with (
        RunningService(folder, driver="busy") as leader,
        RunningService(folder, driver="busy", has_users=True) as other,
    ):
        ask = leader.client()
        of = start(ask, "Busy", PEOPLE, attempts_max=TRIES, retry={"delays_s": {"BUSY": 1}})
        with commanding(leader.client("manager")):
            yield leader, ask, other.client(token=leader.tokens["administrator"]), of


@pytest.mark.parametrize("process", ["leader", "follower"])
def test_snapshot_and_what_is_told_behind_it_is_the_later_snapshot(both, process):
    """Of a list that people change: what is taken and what is told joins without gap or repeat."""
    _, leader, follower, _ = both
    ask, path = {"leader": leader, "follower": follower}[process], tenant_path("do-not-call")
    # A follower has to have read that there is something at all.
    deadline = time.monotonic() + 20
    while not ask.get(path).json()["items"]:
        assert time.monotonic() < deadline
    before = ask.get(path)

    for _ in range(SNAPSHOTS):
        after = ask.get(path)
        numbers = set(before.json()["items"])
        for event in events(ask, seq_of(before), seq_of(after)):
            if event["type"] == "NumbersBarred":
                numbers |= set(event["numbers"])
            elif event["type"] == "NumbersUnbarred":
                numbers -= set(event["numbers"])
        assert sorted(numbers) == after.json()["items"]
        before = after


@pytest.mark.parametrize("process", ["leader", "follower"])
def test_recipients_are_those_of_their_event(both, process):
    """Also what the journal's tables tell of their calls, which go on meanwhile."""
    _, leader, follower, of = both
    ask = {"leader": leader, "follower": follower}[process]
    deadline = time.monotonic() + 20
    while ask.get(tenant_path("status")).json()["last_seq"] < 300:
        assert time.monotonic() < deadline
    ended = False

    for _ in range(SNAPSHOTS):
        answer = ask.get(f"{of}/recipients")
        calls, last = Counter(), {}
        for event in events(leader, 0, seq_of(answer)):
            if event["type"] == "CallPlaced":
                calls[event["position"]] += 1
                last[event["position"]] = (event["call_id"], None)
            elif event["type"] == "CallEnded":
                position = int(event["call_id"][16:24], 16)
                assert last[position] == (event["call_id"], None)
                last[position] = (event["call_id"], event["outcome"])
        for row in answer.json()["items"]:
            position = row["position"]
            call_id, outcome = last.get(position, (None, None))
            is_active = call_id is not None and outcome is None
            assert (row["state"] == "ACTIVE", row["last_outcome"]) == (is_active, outcome)
            assert row["attempts"] == calls[position]
            assert (row["last_call_at"] is None) is (call_id is None)
            ended |= outcome is not None
    assert ended


def test_state_is_the_very_one_that_is_named(both):
    service, ask, _, of = both

    for _ in range(SNAPSHOTS):
        barred, detail = ask.get(tenant_path("do-not-call")), ask.get(f"{of}/recipients/1")
        calls, status = ask.get(tenant_path("calls?limit=1000")), ask.get(tenant_path("status"))
        history = service.tenant.history
        assert barred.json()["items"] == sorted(do_not_call(history.state_after(seq_of(barred))))
        told = [event for one in detail.json()["history"] for event in one["events"]]
        known = events(ask, 0, seq_of(detail))
        assert told == [one for one in known if one.get("call_id", "")[16:24] == "00000001"]
        for answer, count in (
            (calls, len(calls.json()["items"])),
            (status, status.json()["calls"]["internal"] + status.json()["calls"]["external"]),
        ):
            happened = Counter(one["type"] for one in events(ask, 0, seq_of(answer)))
            ended = happened["CallEnded"] + happened["CallGivenBack"]
            assert count == happened["CallPlaced"] - ended


def test_state_of_the_past_is_that_after_its_last_event(both):
    _, ask, _, of = both
    log = ask.get(tenant_path("log?limit=1000")).json()["items"]
    for entry in (log[len(log) // 2], log[-1]):
        at = {"at": entry["at"]}
        last = [one["seq"] for one in log if one["at"] <= entry["at"]][-1]
        if entry is log[-1]:
            # More may have happened in its millisecond.
            continue
        for path in (f"{of}/recipients", tenant_path("settings"), tenant_path("calls")):
            assert seq_of(ask.get(path, params=at)) == last


def test_client_goes_on_behind_what_it_has_seen(both):
    service, _, _, _ = both
    connection = Connection(url=service.url, token=service.tokens["administrator"])
    with Client(connection) as client:
        with client.as_of() as seen:
            assert seen.seq == 0
            list(client.do_not_call())
            first = seen.seq
            client.settings()
            list(client.campaigns())
        client.settings()

        assert seen.seq == first > 0
        assert next(client.follow(after=seen.seq)).seq == first + 1
        with client.as_of() as nothing:
            list(client.past_campaigns())
        assert nothing.seq == 0


# Whoever shows a state ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def paths(ask):
    of = start(ask, "Shown", 3)
    campaign_id = of.rpartition("/")[2]
    return {"tenant": "main", "campaign_id": campaign_id, "model_id": "1", "position": "1"}


@pytest.mark.parametrize("operation", SHOWING, ids=lambda one: one.name)
def test_who_shows_a_state_says_so_in_the_document_and_in_the_answer(ask, paths, operation):
    path = operation.path.format(**paths)
    body = {"trial": {"command": "PauseCampaign", "campaign_id": int(paths["campaign_id"])}}
    more = {} if operation.method == "GET" else {"json": body}

    answer = ask.request(operation.method, path, **more)

    assert 0 < seq_of(answer) <= ask.get(tenant_path("status")).json()["last_seq"]
    if operation.method == "GET":
        assert "Campaign-Seq" in ask.head(path).headers
    described = ask.get("/api/v1/openapi.json").json()["paths"][operation.path]
    assert "Campaign-Seq" in described[operation.method.lower()]["responses"]["200"]["headers"]


@pytest.mark.parametrize("path", ["log", "audit", "past-campaigns", "events"])
def test_what_is_no_state_names_no_event(ask, paths, path):
    with ask.stream("GET", tenant_path(path)) as answer:
        assert answer.status_code == 200
        assert "Campaign-Seq" not in answer.headers


def test_command_that_is_done_is_seen_in_the_next_answer(ask):
    for number in range(20):
        done = ask.post(tenant_path("do-not-call"), json={"numbers": [f"8{number:04}"]}).json()
        seen = ask.get(tenant_path("do-not-call"))
        assert seq_of(seen) >= done["seq"]
        assert f"8{number:04}" in seen.json()["items"]


def test_what_is_not_durable_yet_is_not_shown(tmp_path):
    """Nothing that was shown is ever taken back, and a stream may begin behind it at once."""
    with RunningService(tmp_path, driver=DRIVER) as service:
        ask, path = service.client(), tenant_path("do-not-call")
        journal = service.tenant.supervisor.leader.engine._writer._journal
        append, may_write = journal.append, threading.Event()

        def held(*args, **more):
            assert may_write.wait(20)
            return append(*args, **more)

        journal.append = held
        before = seq_of(ask.get(path))
        taking = threading.Thread(
            target=service.client("manager").post, args=[path], kwargs={"json": {"numbers": ["39"]}}
        )
        taking.start()
        deadline = time.monotonic() + 10
        while service.tenant.state.sequence == before:
            assert time.monotonic() < deadline
        meanwhile = ask.get(path)
        assert (seq_of(meanwhile), meanwhile.json()["items"]) == (before, [])
        with ask.stream("GET", tenant_path(f"events?after={before}")) as answer:
            assert answer.status_code == 200
            may_write.set()
            lines = (line for line in answer.iter_lines() if line.startswith("id: "))
            assert next(lines) == f"id: {before + 1}"
        taking.join()
        assert ask.get(path).json()["items"] == ["39"]
