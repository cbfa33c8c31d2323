"""What holds for users whatever is done to them."""

from contextlib import suppress

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings
from tests.service.access.people import ADA, START, empty

from campaign_core.errors import CampaignError
from campaign_service import access
from campaign_service.access import ALL_TENANTS, BUILT_IN_ROLES, RoleGrant, ServicePermission
from campaign_service.access.grants import has_administrator, narrowed_permissions, permissions_of
from campaign_service.access.roles import RoleRecord

TENANTS = ("rome", "oslo")

some_permissions = st.frozensets(st.sampled_from(ServicePermission), min_size=1)
grants = st.frozensets(
    st.builds(
        RoleGrant,
        role=st.sampled_from(["viewer", "operator", "own", "other"]),
        tenant=st.sampled_from([*TENANTS, ALL_TENANTS]),
    )
)


def principal_of(given):
    return access.Principal(name="bob", address="10.0.0.7", grants=given)


@given(held=grants, own=some_permissions, other=some_permissions, tenant=st.sampled_from(TENANTS))
def test_permissions_are_the_union_of_the_roles_for_the_tenant(held, own, other, tenant):
    """R10.1: a user is granted roles for one tenant or for all."""
    permissions = {name: role.permissions for name, role in BUILT_IN_ROLES.items()}
    permissions |= {"own": own, "other": other}
    roles = {name: RoleRecord(name=name, permissions=each) for name, each in permissions.items()}

    who = principal_of(permissions_of(held, roles))

    expected = set()
    for grant in held:
        if grant.tenant in (tenant, "*"):
            expected |= permissions[grant.role]
    assert who.permissions(tenant) == expected


@given(
    held=st.dictionaries(st.sampled_from([*TENANTS, ALL_TENANTS]), some_permissions),
    to=st.none() | some_permissions,
    tenants=st.none() | st.frozensets(st.sampled_from([*TENANTS, "nowhere"]), min_size=1),
)
def test_narrowed_permissions_are_those_of_the_user_that_the_token_names(held, to, tenants):
    whole, part = (
        principal_of(held),
        principal_of(narrowed_permissions(held, to=to, tenants=tenants)),
    )

    for tenant in (*TENANTS, None):
        is_named = tenants is None or tenant in tenants
        allowed = whole.permissions(tenant) if is_named else frozenset()
        assert part.permissions(tenant) == (allowed if to is None else allowed & to)


names = st.sampled_from(["anna", "bert", "carl"])
roles_held = st.frozensets(
    st.builds(RoleGrant, role=st.sampled_from(["administrator", "viewer", "own"]))
)
steps = st.one_of(
    st.tuples(st.just("add"), names, roles_held),
    st.tuples(st.just("grant"), names, roles_held),
    st.tuples(st.just("enable"), names, st.booleans()),
    st.tuples(st.just("delete"), names, st.none()),
    st.tuples(st.just("put role"), st.sampled_from(["own", "administrator"]), some_permissions),
    st.tuples(st.just("delete role"), st.sampled_from(["own", "administrator"]), st.none()),
)


def take(people, what, name, value):
    options = {"by": ADA, "now": people.now}
    match what:
        case "add":
            access.add_user(people.database, people.passwords, name, grants=value, **options)
        case "grant":
            people.change(name, grants=value)
        case "enable":
            people.change(name, enabled=value)
        case "delete":
            people.delete(name)
        case "put role":
            access.put_role(people.database, name, permissions=value, **options)
        case "delete role":
            access.delete_role(people.database, name, **options)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(steps, max_size=25))
def test_no_story_leaves_the_service_without_an_administrator(few, story):
    """The last enabled administrator cannot be deleted, disabled, or stripped of the role."""
    empty(few.database)
    few.now = START
    few.add("boss", "administrator")

    for what, name, value in [*story, ("enable", "boss", False), ("delete", "boss", None)]:
        few.wait(1)
        with suppress(CampaignError):
            take(few, what, name, value)

        administrators = [
            user
            for user in access.users(few.database)
            if user.enabled and RoleGrant(role="administrator") in user.grants
        ]
        with few.database.reading() as connection:
            assert has_administrator(connection) == bool(administrators)
        assert administrators
        users_managed = access.role(few.database, "administrator").permissions
        assert users_managed == frozenset(ServicePermission)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(steps, max_size=25))
def test_every_role_that_somebody_has_exists(few, story):
    empty(few.database)
    few.add("boss", "administrator")

    for what, name, value in story:
        with suppress(CampaignError):
            take(few, what, name, value)

    known = {role.name for role in access.roles(few.database)}
    for user in access.users(few.database):
        assert {grant.role for grant in user.grants} <= known
        if user.enabled:
            assert few.come(few.token(user.name).secret).name == user.name
