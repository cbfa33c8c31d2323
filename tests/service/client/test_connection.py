"""Requests of the client: repeated where that is safe, and never otherwise."""

import json
import ssl

import httpx
import pytest

from campaign_core.errors import SettingsError
from campaign_service.client.connection import Connection
from campaign_service.client.errors import (
    BadValueError,
    ClientError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    ProblemError,
    ResponseError,
    UnreachableError,
    UntrustedError,
)

TOKEN = "throwaway-token-61c2"


class Service:
    """Answers as it is told to, and keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def away(**members):
    headers = {"Retry-After": "2", "Content-Type": "application/problem+json"}
    return httpx.Response(503, headers=headers, json={"type": "/problems/away", **members})


@pytest.fixture
def connect():
    """Connect to a service, and keep what was waited for."""

    def connect(service, url="http://one.example:1", **given):
        waited = []
        connection = Connection(
            url=url,
            token=TOKEN,
            transport=httpx.MockTransport(service),
            sleep=waited.append,
            **given,
        )
        connection.waited = waited
        return connection

    return connect


def test_query_carries_the_token_and_no_key(connect):
    service = Service(httpx.Response(200, json={"a": 1}, headers={"ETag": '"x"'}))

    answer = connect(service).ask("tenants/main/campaigns", {"at": None, "limit": 3})

    (request,) = service.asked
    assert str(request.url) == "http://one.example:1/api/v1/tenants/main/campaigns?limit=3"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Idempotency-Key" not in request.headers
    assert (answer.data, answer.etag) == ({"a": 1}, '"x"')


def test_command_is_repeated_under_the_same_key_when_the_answer_is_lost(connect):
    """Issue: idempotency keys on commands, so that a client may safely repeat one."""
    service = Service(httpx.ReadError("gone"), httpx.ConnectError("refused"), httpx.Response(200))

    connect(service).command("POST", "campaigns/1/pause")

    keys = {request.headers["Idempotency-Key"] for request in service.asked}
    assert len(service.asked) == 3
    assert len(keys) == 1


def test_each_command_has_a_key_of_its_own(connect):
    service = Service(httpx.Response(200))
    connection = connect(service)

    connection.command("POST", "campaigns/1/pause")
    connection.command("POST", "campaigns/1/pause")

    assert len({request.headers["Idempotency-Key"] for request in service.asked}) == 2


def test_service_that_is_away_is_asked_again_when_it_says(connect):
    """A 503 with Retry-After: so long is waited, and the reason is told."""
    service, told = Service(away(detail="the disk is full"), httpx.Response(200)), []
    connection = connect(service, on_wait=told.append)

    connection.command("POST", "campaigns/1/pause")

    assert (connection.waited, told) == ([2.0], ["the disk is full"])


def test_patience_has_an_end(connect):
    """A bound on the time for which a request is repeated."""
    service = Service(away(detail="the disk is full"))

    with pytest.raises(ProblemError, match="the disk is full"):
        connect(service, patience_s=1).command("POST", "campaigns/1/pause")

    assert len(service.asked) == 1


def test_unreachable_service_is_named(connect):
    with pytest.raises(UnreachableError, match=r"http://one\.example:1 cannot be reached: refused"):
        connect(Service(httpx.ConnectError("refused")), patience_s=0).ask("me")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotLoggedInError),
        (403, NotAllowedError),
        (404, NotFoundError),
        (409, ProblemError),
        (412, ProblemError),
        (422, BadValueError),
        (500, ProblemError),
    ],
)
def test_refusal_is_told_and_not_repeated(connect, status, kind):
    body = {"type": "/problems/some-kind", "title": "No", "detail": "No, for a reason."}
    service = Service(httpx.Response(status, json=body))

    with pytest.raises(kind, match=r"^No, for a reason\.$") as caught:
        connect(service).command("POST", "x")

    assert len(service.asked) == 1
    assert caught.value.kind == "some-kind"


def test_bad_values_are_all_named(connect):
    """R3.3: every bad one at once."""
    errors = [
        {"field": "name", "value": "", "rule": "not blank"},
        {"field": "sound", "value": None, "rule": "missing"},
    ]
    service = Service(httpx.Response(422, json={"title": "Bad values", "errors": errors}))

    with pytest.raises(BadValueError) as caught:
        connect(service).command("POST", "x")

    assert [str(one) for one in caught.value.fields] == ["name = '': not blank", "sound: missing"]


def test_answer_of_somebody_else_is_no_answer(connect):
    service = Service(httpx.Response(200, text="<html>"))

    with pytest.raises(ResponseError, match="a body that is no JSON"):
        connect(service).ask("me")


NOT_LEADING = {"type": "/problems/not-leading", "leader": "http://two.example:2"}


def test_leader_is_followed_if_told_so(connect):
    """The same key goes with the command to the process that leads."""
    service = Service(away(**NOT_LEADING), httpx.Response(200))

    connect(service, follows_leader=True).command("POST", "x")

    first, second = service.asked
    assert str(second.url) == "http://two.example:2/api/v1/x"
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_what_follows_a_command_is_asked_of_the_leader_that_took_it(connect):
    """Another process may not have read yet of what the leader has just done."""
    service = Service(away(**NOT_LEADING), httpx.Response(200))
    connection = connect(service, follows_leader=True)

    connection.command("POST", "x")
    connection.ask("x")

    assert [request.url.host[:3] for request in service.asked] == ["one", "two", "two"]


def test_leader_that_is_gone_is_asked_for_anew(connect):
    service = Service(away(**NOT_LEADING), httpx.ConnectError("refused"), httpx.Response(200))

    connect(service, follows_leader=True).command("POST", "x")

    assert [request.url.host[:3] for request in service.asked] == ["one", "two", "one"]


def test_leader_is_not_followed_unless_told_so(connect):
    """The token goes nowhere else of itself."""
    service = Service(away(**NOT_LEADING))

    with pytest.raises(ProblemError):
        connect(service, patience_s=1).command("POST", "x")

    assert {request.url.host for request in service.asked} == {"one.example"}


def test_token_goes_from_https_to_no_plain_http(connect):
    service = Service(away(**NOT_LEADING))

    with pytest.raises(ProblemError):
        connect(service, url="https://one.example", follows_leader=True, patience_s=1).ask("x")

    assert {request.url.scheme for request in service.asked} == {"https"}


def test_two_that_name_each_other_are_not_followed_for_ever(connect):
    service = Service(away(**NOT_LEADING))

    with pytest.raises(ProblemError):
        connect(service, follows_leader=True, patience_s=1).ask("x")

    assert len(service.asked) == 4


def test_body_is_json(connect):
    service = Service(httpx.Response(201, json={}))

    connect(service).command("PUT", "settings", {"a": [1]}, if_match='"t"')

    (request,) = service.asked
    assert json.loads(request.content) == {"a": [1]}
    assert request.headers["If-Match"] == '"t"'


def test_no_error_holds_the_token(connect):
    """Design: secrets never in errors or reprs."""
    told = []
    for answer in (httpx.ConnectError("x"), httpx.Response(401, json={}), httpx.Response(200)):
        connection = connect(Service(answer), patience_s=0)
        told.append(repr(connection))
        try:
            connection.ask("x")
        except Exception as error:  # noqa: BLE001 -- whatever it is
            told += [str(error), repr(error), repr(error.__context__)]

    assert [text for text in told if TOKEN in text] == []


@pytest.mark.parametrize(("is_repeatable", "times"), [(True, 2), (False, 1)])
def test_what_might_be_done_twice_is_sent_once(connect, is_repeatable, times):
    """A token that was made, and whose secret got lost, is not made again unasked."""
    service = Service(httpx.ReadError("reset"), httpx.Response(200, json={}))
    connection = connect(service)

    try:
        connection.change("POST", "users/anna/tokens", {}, is_repeatable=is_repeatable)
    except UnreachableError:
        assert not is_repeatable

    assert len(service.asked) == times


def test_key_is_sent_only_with_what_heeds_it(connect):
    service = Service(httpx.Response(200, json={}), httpx.Response(200, json={}))
    connection = connect(service)

    connection.command("POST", "campaigns/1/pause")
    connection.change("PUT", "roles/a", {}, if_match='"v1"')

    command, change = service.asked
    assert command.headers["Idempotency-Key"]
    assert "Idempotency-Key" not in change.headers
    assert change.headers["If-Match"] == '"v1"'


def test_what_never_arrived_is_sent_again(connect):
    service = Service(httpx.ConnectError("refused"), httpx.Response(200, json={}))

    connect(service).change("POST", "users", {}, is_repeatable=False)

    assert len(service.asked) == 2


# Commands whose answer is lost ----------------------------------------------------------------

LOST, REFUSED = httpx.ReadError("reset"), httpx.ConnectError("refused")
CONFLICT = httpx.Response(409, json={"type": "/problems/refused", "detail": "it is over"})
GATEWAY = httpx.Response(502, text="<html>")


def journal_away():
    return away(type="/problems/away")


def not_leading():
    return away(type="/problems/not-leading")


@pytest.mark.parametrize(
    ("answers", "may_be_taken"),
    [
        ([LOST], True),
        ([LOST, REFUSED], True),
        ([LOST, not_leading()], True),
        ([REFUSED], False),
        ([httpx.ConnectTimeout("late")], False),
        ([not_leading()], False),
        ([journal_away()], True),
        ([LOST, CONFLICT], False),
        ([httpx.Response(404, json={})], False),
        ([LOST, httpx.Response(401, json={})], True),
        ([GATEWAY], True),
        ([httpx.Response(200, text="<html>")], False),
    ],
)
def test_error_of_a_command_says_whether_it_may_have_been_taken(connect, answers, may_be_taken):
    """Whoever gives it again by another key may do it twice, and must know."""
    connection = connect(Service(*answers), patience_s=2 * (len(answers) - 1))

    with pytest.raises(ClientError) as caught:
        connection.command("POST", "campaigns")

    assert caught.value.may_be_taken is may_be_taken


def test_query_is_never_taken(connect):
    with pytest.raises(UnreachableError) as caught:
        connect(Service(LOST), patience_s=0).ask("campaigns")

    assert not caught.value.may_be_taken


def test_certificate_that_is_not_trusted_is_told_at_once(connect):
    refused = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]")
    refused.__cause__ = ssl.SSLCertVerificationError(1, "self-signed certificate")
    service = Service(refused)

    with pytest.raises(UntrustedError, match="its certificate is not trusted"):
        connect(service, url="https://one.example").ask("me")

    assert len(service.asked) == 1


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "geheim-ü", "a\0"])
def test_token_that_no_header_can_carry_is_refused_and_not_shown(token):
    with pytest.raises(SettingsError, match="token = '\\(not shown\\)': visible ASCII") as caught:
        Connection(url="http://one.example", token=token)

    assert not token or token not in str(caught.value)


def test_what_http_cannot_carry_is_neither_repeated_nor_quoted(connect):
    service = Service(httpx.LocalProtocolError("Illegal header value b'Bearer secret'"))

    with pytest.raises(UnreachableError) as caught:
        connect(service).command("POST", "x")

    assert (len(service.asked), "secret" in str(caught.value)) == (1, False)
    assert not caught.value.may_be_taken


def test_leader_whose_url_is_none_is_not_followed(connect):
    service = Service(away(**{**NOT_LEADING, "leader": "http://two.example:port"}))

    with pytest.raises(ProblemError):
        connect(service, follows_leader=True, patience_s=1).command("POST", "x")

    assert len(service.asked) == 1
