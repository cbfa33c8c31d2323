"""Answers are compressed for who takes that, but for streams of events and what may be secret."""

import asyncio
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.api.running_service import MODEL, PASSWORD, tenant_path

from campaign_service.api.compression import compressed, compressed_pieces, takes_gzip
from campaign_service.api.limits.worker_slots import WorkerSlots

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
ROWS = [{"number": f"5{number:06}", "name": f"Person {number}"} for number in range(8_000)]


@pytest.fixture(scope="module")
def model(ask):
    """The path of a model with a long list."""
    body = {**MODEL, "name": "Long", "recipients": ROWS}
    return ask.post(tenant_path("models"), json=body).headers["Location"]


@pytest.fixture(scope="module")
def campaign(ask, model):
    """The path of a campaign with a long list, that has not begun."""
    number = int(model.rpartition("/")[2])
    later = {"model_id": number, "when": {"mode": "DELAYED", "minutes": 60}}
    return ask.post(tenant_path("campaigns"), json=later).headers["Location"]


def raw(ask, path, headers):
    """Return the headers of an answer, and its body as it came."""
    with ask.stream("GET", path, headers=headers) as answer:
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("header", "is_taken"),
    [
        (None, False),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("gzip;q=0.001", True),
        ("gzip; q=0.5, identity; q=1", False),
        ("gzip;q=1, identity;q=0.5", True),
        ("identity;q=0, gzip", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("gzip;q=2", False),
        ("gzip;q=", False),
        ("gzip;q=1;level=9", False),
        (";;,,", False),
    ],
)
def test_who_takes_compressed_answers_says_so(header, is_taken):
    """RFC 9110, 12.5.3; what is not understood is no wish."""
    assert takes_gzip(header) is is_taken


@given(st.text())
def test_any_header_can_be_read(header):
    assert takes_gzip(header) in {True, False}


@given(st.lists(st.binary(max_size=2_000)))
def test_compressed_pieces_are_the_pieces(pieces):
    async def given_pieces():
        for piece in pieces:
            yield piece

    async def coded():
        slots = WorkerSlots("test", at_once=1)
        try:
            return [one async for one in compressed_pieces(given_pieces(), slots=slots, by="")]
        finally:
            slots.close()

    found = asyncio.run(coded())

    assert gzip.decompress(b"".join(found)) == b"".join(pieces)
    assert b"" not in found
    assert gzip.decompress(compressed(b"".join(pieces))) == b"".join(pieces)


@pytest.mark.parametrize("path", ["models/{}/recipients?limit=200", "models/{}?recipients=true"])
def test_long_answer_is_the_same_compressed(ask, model, path):
    """One of some kilobytes, and one that is sent in pieces."""
    path = tenant_path(path.format(model.rpartition("/")[2]))

    coded, short = raw(ask, path, GZIP)
    plain, whole = raw(ask, path, PLAIN)

    assert (coded["Content-Encoding"], "Content-Encoding" in plain) == ("gzip", False)
    assert gzip.decompress(short) == whole
    assert len(short) < len(whole) / 4
    assert coded["Vary"] == plain["Vary"] == "Accept-Encoding"
    assert coded["Content-Type"] == plain["Content-Type"]
    head = ask.head(path, headers=GZIP)
    assert (head.headers["Content-Encoding"], head.content) == ("gzip", b"")


def test_short_answer_is_sent_as_it_is(ask):
    headers, body = raw(ask, tenant_path("do-not-call"), GZIP)

    assert "Content-Encoding" not in headers
    assert headers["Vary"] == "Accept-Encoding"
    assert body.startswith(b"{")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_export_is_compressed_while_it_is_written(ask, campaign, form):
    path = f"{campaign}/export?format={form}"

    coded, short = raw(ask, path, GZIP)
    plain, whole = raw(ask, path, PLAIN)

    assert coded["Content-Encoding"] == "gzip"
    assert "Content-Length" not in coded
    assert coded["Content-Disposition"] == plain["Content-Disposition"]
    assert gzip.decompress(short) == whole
    assert whole.count(b"Person") == len(ROWS)


def test_stream_of_events_is_never_compressed(ask):
    with ask.stream("GET", tenant_path("events?after=0"), headers=GZIP) as answer:
        assert "Content-Encoding" not in answer.headers
        assert next(answer.iter_raw()).startswith(b"retry: ")


def test_what_may_hold_a_secret_is_never_compressed(service, ask, model):
    """BREACH: the length of a compressed answer tells of what is in it."""
    person = service.client(None)
    name = {"name": "administrator", "password": PASSWORD}
    token = person.post("/api/v1/login", json=name, headers=GZIP)
    session = {"Authorization": f"Bearer {token.json()['token']}"}
    made = person.post(
        "/api/v1/users",
        json={"name": "compressed", "grants": [{"role": "viewer"}]},
        headers={**GZIP, **session},
    )
    trial = {"command": "StartCampaign", "model_id": int(model.rpartition("/")[2])}
    tried = ask.post(tenant_path("what-if"), json={"trial": trial}, headers=GZIP)

    for answer in (token, made, tried):
        assert "Content-Encoding" not in answer.headers
    assert made.json()["one_time_password"]
    assert len(tried.content) > 10_000


def test_problem_is_never_compressed(ask):
    headers, body = raw(ask, tenant_path("campaigns?limit=" + "9" * 4_000), GZIP)

    assert headers["Content-Type"] == "application/problem+json"
    assert "Content-Encoding" not in headers
    assert body.startswith(b"{")


def test_document_is_compressed_and_known_by_its_tag(service):
    anybody, path = service.client(None), "/api/v1/openapi.json"

    coded, short = raw(anybody, path, GZIP)
    plain, whole = raw(anybody, path, PLAIN)

    assert zlib.decompress(short, wbits=31) == whole
    for tag in (coded["ETag"], plain["ETag"]):
        known = anybody.get(path, headers={"If-None-Match": tag})
        assert (known.status_code, known.content) == (304, b"")
    assert coded["ETag"] != plain["ETag"]
    assert anybody.get(path, headers={"If-None-Match": "no tag"}).status_code == 200
