"""R8.2: a forecast takes a processor for itself; so it has bounds, and says where they were met."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.service.api.running_service import MODEL, tenant_path

from campaign_service.api.views import forecasts

ROWS = [{"number": f"4{number:05}"} for number in range(5)]


class Clock:
    """A clock that stands, or has gone on by hours after its first look."""

    def __init__(self, *, stands):
        self._later = 0.0 if stands else 10_000.0
        self._is_first = True

    def monotonic(self):
        now = 0.0 if self._is_first else self._later
        self._is_first = False
        return now


@pytest.fixture
def scheduled(ask):
    """Makes a campaign that waits for its time; returns its URL."""
    made = []

    def make(**more):
        body = {**MODEL, "name": "Forecast", "recipients": ROWS, **more}
        answer = ask.post(tenant_path("models"), json=body)
        models.append(answer.headers["Location"])
        later = {
            "model_id": answer.json()["model_id"],
            "when": {"mode": "DELAYED", "minutes": 9},
        }
        made.append(ask.post(tenant_path("campaigns"), json=later).headers["Location"])
        return made[-1]

    models = []
    yield make
    for of in made:
        ask.post(f"{of}/stop")
    for model in models:
        ask.delete(f"{model}?confirmed=true")


def test_forecast_tells_of_how_many_runs_it_is(ask, scheduled, monkeypatch):
    played = forecasts.forecast

    def a_quarter(*state, runs, go_on):
        return played(*state, runs=runs // 4, go_on=go_on)

    monkeypatch.setattr(forecasts, "forecast", a_quarter)

    assert ask.get(f"{scheduled()}/forecast?runs=20").json()["runs"] == 5


def test_forecast_for_which_there_is_no_time_is_refused(ask, scheduled, monkeypatch):
    of = scheduled()
    monkeypatch.setattr(forecasts, "time", Clock(stands=False))

    answer = ask.get(f"{of}/forecast")

    assert answer.status_code == 409
    assert "fewer than 3 runs could be played in 15 s" in answer.json()["why"]


def test_forecast_counts_calls_that_may_be_placed_and_not_recipients_alone(ask, scheduled):
    rows = [{"number": f"5{number:05}"} for number in range(251)]
    of = scheduled(recipients=rows, attempts_max=100)

    answer = ask.get(f"{of}/forecast")

    assert answer.status_code == 409
    assert "25100 calls" in answer.json()["why"]


def test_forecast_ends_when_nobody_waits_for_it(service, ask, scheduled, monkeypatch):
    of = scheduled()
    began, ended = threading.Event(), threading.Event()

    def endless(*_, runs, go_on):
        began.set()
        while go_on():
            pass
        ended.set()
        raise TimeoutError

    monkeypatch.setattr(forecasts, "time", Clock(stands=True))
    monkeypatch.setattr(forecasts, "forecast", endless)
    url = httpx.URL(service.url)
    with socket.create_connection((url.host, url.port)) as client:
        head = f"GET {of}/forecast HTTP/1.1\r\nHost: x\r\n"
        client.sendall(f"{head}Authorization: Bearer {service.tokens['viewer']}\r\n\r\n".encode())
        assert began.wait(30)
        assert not ended.is_set()

    assert ended.wait(30)


def test_one_forecast_waits_for_another_and_a_third_comes_again(service, scheduled, monkeypatch):
    of = scheduled()
    let_go = threading.Event()

    def held(*_, runs, go_on):
        let_go.wait(30)
        raise TimeoutError

    monkeypatch.setattr(forecasts, "forecast", held)

    def ask(_):
        headers = {"Authorization": f"Bearer {service.tokens['viewer']}"}
        answer = httpx.get(f"{service.url}{of}/forecast", headers=headers, timeout=40)
        if answer.status_code == 503:
            let_go.set()
        return answer.status_code, json.loads(answer.text)["type"]

    with ThreadPoolExecutor(3) as threads:
        found = sorted(threads.map(ask, range(3)))

    refused = (409, "/problems/refused")
    assert found == [refused, refused, (503, "/problems/busy")]
