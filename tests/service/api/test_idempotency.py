"""A command is taken once however often it is sent, whatever has become of what it was about."""

import itertools

import attrs
import pytest
from tests.service.api.running_service import MODEL, RunningService, tenant_path

from campaign_service.api.idempotency import request_digest
from campaign_service.api.routes import operations_of
from campaign_service.schemas import core_values, requests

OPERATIONS = operations_of(has_users=True, open_metrics=False)
COMMANDS = {one.name for one in OPERATIONS if one.commands}
NUMBERS = itertools.count(1)


@attrs.frozen
class Scene:
    """A model, and a campaign of it that may place no call."""

    ask: object
    model: int
    campaign: int
    name: str

    def wipe(self):
        """Leave nothing as it was: neither the campaign, nor the model, nor the settings."""
        # Some of it may be gone already.
        self.ask.post(tenant_path(f"campaigns/{self.campaign}/stop"))
        self.ask.delete(tenant_path(f"campaigns/{self.campaign}"))
        for one in self.ask.get(tenant_path("models")).json()["items"]:
            where = tenant_path(f"models/{one['model_id']}?confirmed=true")
            assert self.ask.delete(where).status_code == 200
        settings = self.ask.get(tenant_path("settings")).json()
        total = (settings["call_limits"]["total"] or 0) + 1
        changed = {**settings, "call_limits": {**settings["call_limits"], "total": total}}
        answer = self.ask.put(tenant_path("settings"), json=changed, headers={"If-Match": "*"})
        assert answer.status_code == 200


@pytest.fixture
def scene(ask):
    name = f"Once {next(NUMBERS)}"
    body = {**MODEL, "name": name, "call_limits": {"total": 0}}
    model = ask.post(tenant_path("models"), json=body).json()["model_id"]
    later = {"model_id": model, "when": {"mode": "DELAYED", "minutes": 60}}
    campaign = ask.post(tenant_path("campaigns"), json=later).json()["campaign_id"]
    return Scene(ask, model, campaign, name)


def of_campaign(verb, body=None, before=()):
    """Return what makes a command on the campaign, once others were given."""

    def made(scene):
        where = f"campaigns/{scene.campaign}"
        for step in before:
            assert scene.ask.post(tenant_path(f"{where}/{step}")).status_code == 200
        return "POST", f"{where}/{verb}", body

    return made


def with_numbers(path):
    return lambda _: ("POST", path, {"numbers": ["7"]})


def of_model(method, more="", body=None):
    return lambda scene: (method, f"models/{scene.model}{more}", body)


def new_settings(scene):
    settings = scene.ask.get(tenant_path("settings")).json()
    return "PUT", "settings", {**settings, "active_campaigns_max": 5}


# A model without its recipients keeps those that it has, so what it becomes depends on the state.
EDITED = {"name": "Edited", "caller_number": "1", "sound": "a"}
MADE = {
    "change_settings": new_settings,
    "add_to_do_not_call": with_numbers("do-not-call"),
    "remove_from_do_not_call": with_numbers("do-not-call/remove"),
    "add_model": lambda scene: ("POST", "models", {**MODEL, "name": f"{scene.name} more"}),
    "edit_model": of_model("PUT", "?confirmed=true", EDITED),
    "delete_model": of_model("DELETE", "?confirmed=true"),
    "delete_models": lambda scene: (
        "POST",
        "models/delete",
        {"model_ids": [scene.model], "confirmed": True},
    ),
    "clone_model": of_model("POST", "/clone", {"name": "Cloned"}),
    "enable_model": of_model("POST", "/enable"),
    "disable_model": of_model("POST", "/disable"),
    "start_campaign": lambda scene: (
        "POST",
        "campaigns",
        {"model_id": scene.model, "when": {"mode": "DELAYED", "minutes": 1}},
    ),
    "delete_campaign": lambda scene: ("DELETE", f"campaigns/{scene.campaign}", None),
    "start_campaign_now": of_campaign("start-now"),
    "pause_campaign": of_campaign("pause", before=["start-now"]),
    "resume_campaign": of_campaign("resume", before=["start-now", "pause"]),
    "stop_campaign": of_campaign("stop", {"hang_up": True}),
    "rerun_campaign": of_campaign(
        "rerun", {"when": {"mode": "DELAYED", "minutes": 1}}, before=["stop"]
    ),
    "append_recipients": of_campaign("recipients", {"recipients": [{"number": "5550001"}]}),
    "add_attempts": of_campaign("add-attempts", {"attempts": 2, "positions": [1]}),
    "stop_attempts": of_campaign("stop-attempts", {"positions": [1]}),
}


def test_every_command_is_sent_again_here():
    assert set(MADE) == COMMANDS


def sent(ask, key, method, path, body, tag="*"):
    headers = {"Idempotency-Key": key, "If-Match": tag}
    return ask.request(method, tenant_path(path), json=body, headers=headers)


@pytest.mark.parametrize("name", MADE)
def test_command_that_was_taken_is_answered_as_before_whatever_has_become_of_it(ask, scene, name):
    """R9.3: that one's answer was lost, and the same is sent again; meanwhile all has changed."""
    command = MADE[name](scene)
    key = f"{name}-{scene.name}".replace(" ", "-")
    first = sent(ask, key, *command)
    assert first.is_success, first.text
    scene.wipe()

    again = sent(ask, key, *command, tag='"as-it-was-then"')

    assert again.json() == {**first.json(), "repeated": True}
    assert again.status_code == first.status_code
    assert again.headers.get("Location") == first.headers.get("Location")


def test_model_without_recipients_is_the_same_request_when_those_have_changed(ask, scene):
    """What a request leaves out is not of the request, whatever is taken for it."""
    edit = ("PUT", f"models/{scene.model}?confirmed=true", {**EDITED, "name": scene.name})
    assert sent(ask, "kept", *edit).json()["repeated"] is False
    other = {**edit[2], "recipients": [{"number": "99"}]}
    assert sent(ask, "other", *edit[:2], other).is_success

    assert sent(ask, "kept", *edit).json()["repeated"] is True
    kept = ask.get(tenant_path(f"models/{scene.model}")).json()
    assert kept["recipient_count"] == 1


def test_model_that_is_gone_has_no_tag(ask, scene):
    gone = ("DELETE", f"models/{scene.model}?confirmed=true", None)
    assert sent(ask, "gone", *gone).is_success

    another = sent(ask, "gone-again", *gone, tag='"a"')

    assert another.json()["type"] == "/problems/not-found"


def test_deletion_is_done_once_over_a_restart(tmp_path):
    """R9.3: its sender waits for the service to be back, and sends it again."""
    with RunningService(tmp_path) as service:
        token, ask = service.tokens["administrator"], service.client()
        model = ask.post(tenant_path("models"), json=MODEL).json()["model_id"]
        first = sent(ask, "over", "DELETE", f"models/{model}", None)
    with RunningService(tmp_path, has_users=True) as service:
        again = sent(service.client(token=token), "over", "DELETE", f"models/{model}", None)

    assert again.json() == {**first.json(), "repeated": True}


# What tells requests apart -------------------------------------------------------------------


def digest(**other):
    given = {
        "method": "POST",
        "path": "/models/{model_id}",
        "names": {"model_id": "1"},
        "query": requests.Confirmation(),
        "body": core_values.Model(name="A", caller_number="1"),
    }
    return request_digest(**{**given, **other})


@pytest.mark.parametrize(
    "other",
    [
        {"method": "PUT"},
        {"path": "/models/{model_id}/clone"},
        {"names": {"model_id": "2"}},
        {"query": requests.Confirmation(confirmed=True)},
        {"body": None},
        {"body": core_values.Model(name="B", caller_number="1")},
        {"body": core_values.Model(name="A", caller_number="1", recipients=[])},
        {
            "body": core_values.Model(
                name="A", caller_number="1", recipients=[core_values.Recipient(number="1")]
            )
        },
    ],
)
def test_request_is_told_apart_by_all_that_was_sent(other):
    assert digest() == digest()
    assert digest(**other) != digest()


def test_long_lists_are_told_apart_by_each_entry():
    rows = [core_values.Recipient(number=str(number)) for number in range(2_500)]
    swapped = [*rows[:1_999], rows[2_000], rows[1_999], *rows[2_001:]]

    assert digest(body=requests.Recipients(recipients=rows)) != digest(
        body=requests.Recipients(recipients=swapped)
    )
