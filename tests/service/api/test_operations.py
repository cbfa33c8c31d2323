"""R10.1: which permission each operation needs; and that every command of the core has a route."""

import re
from typing import get_args

import pytest
from tests.service.api.running_service import MODEL, ROLES, tenant_path

from campaign_core.commands import Command
from campaign_service.access import BUILT_IN_ROLES, ServicePermission, needed_for
from campaign_service.api.document.openapi import document_of
from campaign_service.api.operations import IfMatch, RequiredCaller
from campaign_service.api.problems.kinds import PROBLEMS
from campaign_service.api.routes import operations_of
from campaign_service.schemas import tried_commands

OPERATIONS = operations_of(has_users=True, open_metrics=False)
ANYWHERE = {"tenant": "main", "name": "nobody", "role": "none"}
WITH_PERMISSION = [one for one in OPERATIONS if isinstance(one.needs, ServicePermission)]
STREAMS = {"follow_events", "follow_view"}


def path_of(operation):
    return re.sub(r"{(\w+)}", lambda found: ANYWHERE.get(found[1], "999"), operation.path)


def named(operations):
    return [pytest.param(one, id=one.name) for one in operations]


@pytest.mark.parametrize("command", get_args(Command), ids=lambda kind: kind.__name__)
def test_every_command_of_the_core_has_a_route(command):
    """R2 to R5: every command."""
    routes = [one for one in OPERATIONS if command in one.commands]

    assert routes != []
    assert {one.needs for one in routes} == {needed_for(command.__new__(command))}


def test_names_are_unique():
    names = [operation.name for operation in OPERATIONS]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("operation", named(OPERATIONS))
def test_operation_is_explained(operation):
    assert operation.summary != ""


@pytest.mark.parametrize("operation", named(WITH_PERMISSION))
def test_operation_is_refused_to_roles_without_its_permission(service, operation):
    """R10.1: the API enforces the table of the core; each route, each role."""
    allowed = {role for role in ROLES if operation.needs in BUILT_IN_ROLES[role].permissions}

    refused = {role for role in ROLES if asked(service, operation, role).status_code == 403}

    assert refused == set(ROLES) - allowed


def asked(service, operation, role):
    client = service.client(role)
    if operation.name in STREAMS:
        with client.stream(operation.method, path_of(operation)) as response:
            return response
    # No body, so that whoever may do it changes nothing.
    headers = {"If-Match": '"none"'} if operation.if_match is not IfMatch.IGNORED else {}
    if operation.name == "put_role":
        headers["Content-Type"] = "text/plain"
    return client.request(operation.method, path_of(operation), headers=headers)


@pytest.mark.parametrize(
    "operation", named(one for one in OPERATIONS if one.needs is not RequiredCaller.ANYBODY)
)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic YTpi", "Bearer"])
def test_operation_is_refused_without_a_good_token(service, operation, header):
    client = service.client(None)

    answer = client.request(
        operation.method,
        path_of(operation),
        headers={} if header is None else {"Authorization": header},
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["type"] == "/problems/not-authenticated"


@pytest.mark.parametrize("path", ["/health", "/ready", "/api/v1/openapi.json"])
def test_health_and_the_document_are_for_everybody(service, path):
    assert service.client(None).get(path).status_code == 200


@pytest.mark.parametrize(
    "operation", named(one for one in OPERATIONS if one.method == "GET" and one.name not in STREAMS)
)
def test_whatever_is_read_has_a_head(service, operation):
    """RFC 9110, 9.3.2: the headers of an answer, without the answer; of a refusal, too."""
    client, path = service.client(), path_of(operation)

    head, whole = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    if operation.name not in {"read_status", "read_metrics"}:
        # What these two tell changes by itself.
        assert head.headers.get("Content-Length") == whole.headers.get("Content-Length")
        assert head.headers.get("ETag") == whole.headers.get("ETag")


def test_head_of_what_goes_on_ends_at_once(service):
    model = {**MODEL, "name": "Headed"}
    made = service.client().post(tenant_path("models"), json=model).json()["model_id"]
    of = (
        service.client().post(tenant_path("campaigns"), json={"model_id": made}).headers["Location"]
    )

    for path in (tenant_path("events"), tenant_path("view"), f"{of}/export"):
        head = service.client().head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert "Content-Length" not in head.headers
    assert service.client(None).head("/api/v1/openapi.json").status_code == 200
    assert service.client(None).head(tenant_path("settings")).status_code == 401


def test_measurements_are_for_whoever_may_view_every_tenant(service):
    assert service.client(None).get("/metrics").status_code == 401
    assert service.client("viewer").get("/metrics").status_code == 200


def test_document_is_what_the_table_says(service):
    served = service.client(None).get("/api/v1/openapi.json").json()

    assert served["openapi"].startswith("3.1")
    told = {
        (method.upper(), path) for path, methods in served["paths"].items() for method in methods
    }
    assert told == {(one.method, one.path) for one in OPERATIONS}


def test_document_names_schemas_by_plain_names():
    schemas = document_of(OPERATIONS)["components"]["schemas"]

    assert [name for name in schemas if not name.isalnum()] == []


def test_document_says_what_each_property_and_parameter_is():
    """But for what says what kind of object this is, and for what has a schema of its own."""
    document = document_of(OPERATIONS)
    undescribed = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if not {"description", "$ref"} & told.keys() and len(told.get("enum", [])) != 1
    ]
    undescribed += [
        f"{one.name}.{parameter['name']}"
        for one in OPERATIONS
        for parameter in document["paths"][one.path][one.method.lower()]["parameters"]
        if not {"description", "$ref"} & (parameter.keys() | parameter["schema"].keys())
    ]

    assert undescribed == []
    assert [tag["name"] for tag in document["tags"] if not tag["description"]] == []
    assert document["servers"][0]["url"] == "/"


def test_document_calls_one_thing_by_one_word():
    """A role is a set of permissions; what a process is to a tenant is another thing."""
    schemas = document_of(OPERATIONS)["components"]["schemas"]

    assert set(schemas["Role"]["properties"]) == {"name", "permissions", "is_built_in"}
    assert schemas["ProcessRole"]["enum"] == ["FOLLOWING", "LEADING"]
    assert schemas["Grant"]["properties"]["role"]["examples"] == ["operator"]
    # What is asked of a new password is said before it is refused.
    password = schemas["NewUser"]["properties"]["password"]["anyOf"][0]
    assert (password["minLength"], password["maxLength"]) == (12, 256)


def test_every_problem_is_explained(request):
    text = (request.config.rootpath / "docs" / "api.md").read_text(encoding="utf-8")

    table = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \| (.*) \|$", text, re.MULTILINE)

    assert sorted(table) == sorted(
        (one.name, str(one.status), one.meaning) for one in PROBLEMS.values()
    )


@pytest.mark.parametrize("name", PROBLEMS)
def test_type_of_a_problem_answers_with_what_it_means(service, name):
    """RFC 9457, 3.1.1: whoever follows it finds out, without a token."""
    answer = service.client(None).get(f"/problems/{name}")

    kind = PROBLEMS[name]
    assert answer.json() == {
        "type": f"/problems/{name}",
        "title": kind.title,
        "status": kind.status,
        "meaning": kind.meaning,
    }


def test_problem_that_is_none_is_not_found(service):
    unknown = service.client(None).get("/problems/of-another-kind")

    assert unknown.status_code == 404
    assert service.client(None).get(unknown.json()["type"]).status_code == 200


def test_requests_take_no_field_that_is_unknown():
    schemas = document_of(OPERATIONS)["components"]["schemas"]
    bodies = [one.body.__name__ for one in OPERATIONS if one.body is not None]
    bodies += [trial.__name__ for trial in get_args(tried_commands.Trial)]

    assert [name for name in bodies if schemas[name]["additionalProperties"] is not False] == []
