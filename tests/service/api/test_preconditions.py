"""Nobody's change is lost (If-Match), and a command is taken once however often it is sent."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.service.api.running_service import MODEL, tenant_path

from campaign_core import CampaignModel, Recipient, Settings
from campaign_core.testing import campaign_models, settings
from campaign_service.api.etags import ModelTags, etag_matches, settings_tag

KEY = {"Idempotency-Key": "k"}


@pytest.fixture
def read(ask):
    return ask.get(tenant_path("settings"))


def kind(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def with_total(body, total):
    return {**body, "call_limits": {**body["call_limits"], "total": total}}


def test_change_without_a_tag_is_refused(ask, read):
    assert kind(ask.put(tenant_path("settings"), json=read.json())) == (428, "precondition-needed")


def test_change_with_an_old_tag_is_refused_and_told_the_new_one(ask, read):
    tag = {"If-Match": read.headers["ETag"]}
    assert ask.put(tenant_path("settings"), json=with_total(read.json(), 7), headers=tag).is_success

    late = ask.put(tenant_path("settings"), json=with_total(read.json(), 8), headers=tag)

    assert kind(late) == (412, "precondition-failed")
    assert late.headers["ETag"] == ask.get(tenant_path("settings")).headers["ETag"]
    assert ask.get(tenant_path("settings")).json()["call_limits"]["total"] == 7


def test_of_many_who_saw_the_same_one_changes_it(service, ask, read):
    tag = {"If-Match": read.headers["ETag"]}
    answers = []

    def change(total):
        body = with_total(read.json(), total)
        answers.append(
            service.client().put(tenant_path("settings"), json=body, headers=tag).status_code
        )

    racers = [threading.Thread(target=change, args=[100 + number]) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()

    assert sorted(answers) == [200, *[412] * 7]


@pytest.mark.parametrize("tag", ["", "none", '"a', "**"])
def test_tag_that_is_none_is_a_bad_value(ask, read, tag):
    answer = ask.put(tenant_path("settings"), json=read.json(), headers={"If-Match": tag})

    assert kind(answer) == (422, "bad-value")


def test_campaign_that_somebody_paused_is_not_stopped_unawares(ask):
    body = {**MODEL, "name": "Tagged", "recipients": [{"number": "7001"}]}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    of = ask.post(tenant_path("campaigns"), json={"model_id": model}).headers["Location"]
    tag = {"If-Match": ask.get(of).headers["ETag"]}
    assert ask.post(f"{of}/pause", headers=tag).status_code == 200

    assert kind(ask.post(f"{of}/stop", headers=tag)) == (412, "precondition-failed")
    assert ask.post(f"{of}/stop", headers={"If-Match": "*"}).status_code == 200


def test_command_sent_again_is_answered_as_before(ask):
    body = {**MODEL, "name": "Once"}

    first = ask.post(tenant_path("models"), json=body, headers=KEY)
    again = ask.post(tenant_path("models"), json=body, headers=KEY)

    assert first.json()["repeated"] is False
    assert again.json() == {**first.json(), "repeated": True}
    assert (first.status_code, first.headers["Location"]) == (
        again.status_code,
        again.headers["Location"],
    )


def test_key_of_another_command_is_refused(ask):
    ask.post(tenant_path("do-not-call"), json={"numbers": ["1"]}, headers={"Idempotency-Key": "n"})

    other = ask.post(
        tenant_path("do-not-call"), json={"numbers": ["2"]}, headers={"Idempotency-Key": "n"}
    )

    assert kind(other) == (409, "key-reused")


def test_key_is_its_sender_s_own(service):
    body = {"numbers": ["1"]}
    key = {"Idempotency-Key": "mine"}

    answers = [
        service.client(role)
        .post(tenant_path("do-not-call"), json=body, headers=key)
        .json()["repeated"]
        for role in ("manager", "administrator", "manager")
    ]

    assert answers == [False, False, True]


@pytest.mark.parametrize("key", ["", "a b", "ä".encode(), "a" * 256])
def test_bad_key_is_a_bad_value(ask, key):
    answer = ask.post(
        tenant_path("do-not-call"), json={"numbers": ["1"]}, headers={"Idempotency-Key": key}
    )

    assert kind(answer) == (422, "bad-value")
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def test_many_who_send_one_command_at_once_have_it_taken_once(service, ask):
    body = {**MODEL, "name": "Hasty"}
    key = {"Idempotency-Key": "hasty"}
    answers = []

    def send():
        answers.append(service.client().post(tenant_path("models"), json=body, headers=key).json())

    senders = [threading.Thread(target=send) for _ in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()

    assert len({answer["model_id"] for answer in answers}) == 1
    assert sorted(answer["repeated"] for answer in answers) == [False, *[True] * 5]


# Tags ----------------------------------------------------------------------------------------


@given(settings(), settings())
def test_tag_of_settings_differs_when_they_do(one, other):
    assert (settings_tag(one) == settings_tag(other)) == (one == other)


@given(st.lists(campaign_models(), min_size=2, max_size=2))
def test_tag_of_models_differs_when_they_do(both):
    tags = ModelTags()
    one, other = both

    assert (tags.of(one) == tags.of(other)) == (one == other)


def test_tag_of_a_model_is_of_its_content_alone():
    def made():
        return CampaignModel(name="a", caller_number="1", recipients=[Recipient(number="1")])

    assert ModelTags().of(made()) == ModelTags().of(made())


def test_tag_is_forgotten_with_its_model():
    tags = ModelTags()
    model = CampaignModel(name="a", caller_number="1")
    tags.of(model)
    del model

    assert tags._kept == {}


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ("*", True),
        ('"a"', True),
        ('"b", "a"', True),
        ('"b"', False),
        ('W/"a"', False),
        ('"b,*,c"', False),
        ('"b,c"', False),
        ('"b" , W/"c","a"', True),
    ],
)
def test_header_holds_where_the_tag_is_one_of_it(header, holds):
    assert etag_matches(header, '"a"') == holds


def test_settings_of_nothing_have_a_tag():
    assert settings_tag(Settings()).startswith('"')


def test_header_that_comes_twice_is_one_list(ask, service):
    """RFC 9110, 5.3: and of idempotency keys there is one."""
    read = ask.get(tenant_path("settings"))
    command = {"url": tenant_path("settings"), "json": read.json()}
    tags = [("If-Match", '"another"'), ("If-Match", read.headers["ETag"])]
    keys = [("If-Match", "*"), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]

    assert ask.put(**command, headers=tags).status_code == 200
    assert ask.put(**command, headers=keys).status_code == 422
