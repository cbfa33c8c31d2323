"""Every operation of the API has a method of the client, told by a story against a real service."""

import re
import time
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import pytest
from tests.service.api.running_service import PASSWORD, RunningService
from tests.service.api.test_nodes import POOL
from tests.service.ringing import DRIVER

from campaign_core import CampaignModel, Line, Recipient, RecipientList
from campaign_service.api.routes import operations_of
from campaign_service.client import Client, Connection, Grant, ProblemError

OPERATIONS = operations_of(has_users=True, open_metrics=False)
FOR_OTHERS = {
    "log_in_browser",
    "read_health",
    "read_metrics",
    "read_problem_kind",
    "read_readiness",
}
"""Asked by browsers (a program has a token, and no use for a cookie), by monitors, by Prometheus,
and by people who follow the type of a problem."""
MODEL = CampaignModel(
    name="Drill",
    caller_number="100",
    sound="drill",
    attempts_max=1,
    recipients=RecipientList(
        [Recipient(number=number, line=Line.INTERNAL) for number in ("201", "202", "203")]
    ),
)
NEXT_WEEK = datetime.now(UTC) + timedelta(days=7)


class Recording(httpx.HTTPTransport):
    """Puts down which operations are asked for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def handle_request(self, request):
        for one in OPERATIONS:
            pattern = re.sub(r"{\w+}", r"[^/]+", one.path)
            path = request.url.raw_path.decode().partition("?")[0]
            if one.method == request.method and re.fullmatch(pattern, path):
                self.asked.add(one.name)
        return super().handle_request(request)


@pytest.fixture(scope="module")
def transport():
    return Recording()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    (folder / "pool.toml").write_text(POOL.replace("simulated", DRIVER))
    with RunningService(folder, driver=f"pool:{folder / 'pool.toml'}") as running:
        yield running


@pytest.fixture(scope="module")
def client(service, transport):
    # A person: a program's token makes no tokens.
    with Client(Connection(url=service.url, transport=transport)) as anybody:
        token = anybody.log_in("administrator", PASSWORD).token
    connection = Connection(url=service.url, token=token, transport=transport)
    with Client(connection) as opened:
        yield opened


def test_settings_are_changed_as_they_were_seen(client):
    """R2: nobody's change is lost."""
    found, tag = client.settings()

    client.change_settings({**found, "call_limits": {"total": 0}}, tag=tag)

    assert client.settings()[0]["call_limits"]["total"] == 0
    with pytest.raises(ProblemError) as caught:
        client.change_settings(found, tag=tag)
    assert caught.value.kind == "precondition-failed"
    client.bar(["+39055", "+39056"])
    client.unbar(["+39055"])
    assert list(client.do_not_call()) == ["+39056"]


def test_models_are_made_changed_and_deleted(client):
    """R3.4."""
    first = client.add_model(MODEL).model_id
    second = client.clone_model(first, "Copy").model_id
    third = client.clone_model(first, "Another").model_id
    _, tag = client.model(second)
    client.disable_model(second, tag=tag)
    assert [row.enabled for row in client.models()] == [True, False, True]
    client.enable_model(second)
    _, tag = client.model(second)
    client.edit_model(second, CampaignModel(name="Edited", caller_number="7"), tag=tag)
    assert [row.number for row in client.model_recipients(first)] == ["201", "202", "203"]
    client.delete_model(second)
    client.delete_models([third])
    assert [row.name for row in client.models()] == ["Drill"]


def test_campaign_is_led_from_start_to_end(client):
    """R4, R5, R8, R9."""
    (model,) = client.models()
    at = NEXT_WEEK
    campaign_id = client.start(model_id=model.model_id, at=at, name="Run").campaign_id
    assert [row.status for row in client.campaigns()] == ["SCHEDULED"]
    client.start_now(campaign_id, tag=client.campaign_tag(campaign_id))
    began = client.campaign(campaign_id).status
    assert began == "BLOCKED"
    assert client.forecast(campaign_id, runs=10).runs == 10
    view, is_reset = next(client.follow_view(campaign_id=campaign_id))
    assert (view.campaigns[-1].status, view.campaigns[-1].idle, is_reset) == ("BLOCKED", 3, True)
    client.pause(campaign_id)
    settings, tag = client.settings()
    client.change_settings({**settings, "call_limits": {"total": 1}}, tag=tag)
    assert client.what_if({"command": "ResumeCampaign", "campaign_id": campaign_id}).call_count == 1
    client.resume(campaign_id)
    (call,) = client.calls(campaign_id)
    assert (call.position, call.number) == (1, "201")
    more = RecipientList([Recipient(number="204", line=Line.INTERNAL)])
    client.append_recipients(campaign_id, more)
    client.stop_attempts(campaign_id, [4])
    client.add_attempts(campaign_id, 2, positions=[4])
    client.add_attempts(campaign_id, 1, positions=[2])
    (row,) = client.recipients(campaign_id, number="202")
    assert (row.position, row.attempts_allowed) == (2, 2)
    assert [row.position for row in client.recipients(campaign_id, states=["IDLE"])] == [2, 3, 4]
    assert client.recipient(campaign_id, 1).history[0].number == "201"
    assert not client.explain(campaign_id, 3).is_called_next
    (waits,) = client.status(waiting=True).waiting
    assert waits.campaign_id == campaign_id
    client.stop(campaign_id, hang_up=True)
    wait_until_no_call(client, campaign_id)
    client.delete_campaign(campaign_id)
    assert list(client.campaigns()) == []


def wait_until_no_call(client, campaign_id):
    deadline = time.monotonic() + 20
    while list(client.calls(campaign_id)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_happened_stays(client):
    """R9.2."""
    (past,) = client.past_campaigns()
    campaign_id = past.campaign_id
    detail = client.past_campaign(campaign_id)
    assert (detail.name, detail.parameters.sound) == ("Run", "drill")
    entries = list(client.log(campaign_id))
    assert entries[0].kind == "CampaignScheduled"
    assert client.log_entry(entries[0].seq).event["type"] == "CampaignScheduled"
    assert {entry.kind for entry in client.log()} > {entry.kind for entry in entries}
    assert next(client.follow(after=entries[0].seq)).seq == entries[0].seq + 1
    assert {entry.actor for entry in client.audit({})} == {"administrator"}
    assert list(client.log(campaign_id, newest_first=True)) == entries[::-1]
    assert list(client.past_campaigns(newest_first=True)) == [past]
    audited = list(client.audit({}))
    assert list(client.audit({}, newest_first=True)) == audited[::-1]
    lines = list(client.export(campaign_id))
    assert len(lines) == 5
    assert '"204"' in "".join(client.export(campaign_id, what="recipients", form="json"))


def test_nodes_are_drained_and_restored(client):
    assert client.drain_node("pbx 1").is_drained
    assert [node.is_drained for node in client.nodes()] == [True, False]
    assert not client.restore_node("pbx 1").is_drained
    assert [tenant.name for tenant in client.tenants()] == ["main"]


def test_users_roles_and_tokens_are_administered(client, service, transport):
    """R10.1."""
    role = client.put_role("watch", ["VIEW"])
    assert client.role("watch")[0] == role
    made = client.add_user("anna", grants=[Grant(role="watch")])
    assert made.one_time_password is not None
    assert made.one_time_password not in repr(made)
    _, tag = client.user("anna")
    assert client.change_user("anna", grants=[], tag=tag).grants == []
    client.change_user("anna", enabled=True, grants=[Grant(role="watch", tenant="main")])
    assert client.reset_password("anna", password="a passing phrase").one_time_password is None
    new = client.make_token("anna", "door bell", permissions=["VIEW"], expires_at=NEXT_WEEK)
    assert new.secret not in repr(new)
    assert [token.label for token in client.tokens("anna")] == ["door bell"]
    client.revoke_token("anna", new.token.id)
    with Client(Connection(url=service.url, transport=transport)) as anybody:
        token = anybody.log_in("anna", "a passing phrase").token
    with Client(Connection(url=service.url, token=token, transport=Recording())) as anna:
        assert anna.me().must_change_password
        anna.change_password("a passing phrase", PASSWORD)
        assert anna.me().tenants == {"main": ["VIEW"]}
        anna.log_out()
        transport.asked |= anna.connection._http._transport.asked
    client.delete_user("anna")
    client.delete_role("watch")
    assert "watch" not in [one.name for one in client.roles()]
    assert "anna" not in [one.name for one in client.users()]
    told = [event.action for event in client.admin_audit({"subject": "pbx 1"})]
    assert told == ["NODE_DRAINED", "NODE_RESTORED"]
    newest = client.admin_audit({"subject": "pbx 1"}, newest_first=True)
    assert [event.action for event in newest] == told[::-1]


def test_rest_of_a_campaign_is_called_again(client):
    """Those not reached, by a new campaign, in one step."""
    model_id = client.add_model(attrs.evolve(MODEL, name="Drill again")).model_id
    before = client.start(model_id=model_id, at=NEXT_WEEK).campaign_id
    client.stop(before)

    again = client.rerun(before, name="Again", at=NEXT_WEEK, key=f"again-{before}").campaign_id

    assert (client.campaign(again).name, client.campaign(again).recipient_count) == ("Again", 3)
    assert [row.campaign_id for row in client.campaigns(search="AGAIN")] == [before, again]
    sorted_by_name = client.campaigns(search="again", sort="NAME", descending=True)
    assert [row.name for row in sorted_by_name] == ["Drill again", "Again"]
    with pytest.raises(ProblemError, match="nobody who failed"):
        client.rerun(before, only="FAILED")
    client.stop(again)


def test_every_operation_has_a_method(transport):
    """Told by the stories above: they ask for all there is."""
    assert {one.name for one in OPERATIONS} - transport.asked == FOR_OTHERS
