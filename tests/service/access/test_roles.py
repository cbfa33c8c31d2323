"""Roles: four that are built in, and those that a service makes for itself."""

import pytest
from tests.service.access.people import ADA, SECOND

from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_service import access
from campaign_service.access import (
    BUILT_IN_ROLES,
    RoleGrant,
    ServicePermission,
    UnknownRoleError,
    VersionConflictError,
)

VIEW, CAMPAIGNS, SETTINGS, USERS = ServicePermission


def put(people, name, *permissions, **options):
    options = {"by": ADA, "now": people.now, **options}
    return access.put_role(people.database, name, permissions=permissions, **options)


def delete(people, name, **options):
    access.delete_role(people.database, name, by=ADA, now=people.now, **options)


def test_each_built_in_role_may_do_one_thing_more():
    allowed = [role.permissions for role in BUILT_IN_ROLES.values()]

    assert allowed == [
        {VIEW},
        {VIEW, CAMPAIGNS},
        {VIEW, CAMPAIGNS, SETTINGS},
        {VIEW, CAMPAIGNS, SETTINGS, USERS},
    ]
    assert list(BUILT_IN_ROLES) == ["viewer", "operator", "manager", "administrator"]


@pytest.mark.parametrize("name", BUILT_IN_ROLES)
def test_built_in_role_stays_as_it_is(few, name):
    with pytest.raises(CommandRefusedError, match="built in"):
        put(few, name, VIEW)
    with pytest.raises(CommandRefusedError, match="built in"):
        delete(few, name)


def test_role_is_made_changed_and_deleted(people):
    made = put(people, "auditor", VIEW, USERS)
    assert access.role(people.database, "auditor") == made
    assert [one.name for one in access.roles(people.database)][-1] == "auditor"

    changed = put(people, "auditor", VIEW, expected=made.version)
    assert (changed.permissions, changed.version > made.version) == ({VIEW}, True)

    delete(people, "auditor", expected=changed.version)
    with pytest.raises(UnknownRoleError):
        access.role(people.database, "auditor")
    assert [(one.action.name, one.details) for one in people.audit(subject="auditor")] == [
        ("ROLE_CHANGED", {"permissions": ["VIEW", "MANAGE_USERS"]}),
        ("ROLE_CHANGED", {"permissions": ["VIEW"], "before": ["VIEW", "MANAGE_USERS"]}),
        ("ROLE_DELETED", {"before": ["VIEW"]}),
    ]


def test_role_changes_for_all_who_have_it(people):
    put(people, "caller", VIEW)
    people.add("bob", "caller")
    secret = people.login("bob").token
    assert people.come(secret).permissions() == {VIEW}

    put(people, "caller", VIEW, CAMPAIGNS)

    assert people.come(secret).permissions() == {VIEW, CAMPAIGNS}


def test_role_that_somebody_has_is_not_deleted(people):
    put(people, "caller", VIEW)
    people.add("bob", "caller")

    with pytest.raises(CommandRefusedError, match="granted to bob"):
        delete(people, "caller")
    people.change("bob", grants=[])
    delete(people, "caller")


def test_role_that_is_granted_for_one_tenant_does_not_come_to_manage_users(few):
    few.tenants("rome")
    put(few, "caller", VIEW)
    few.add("bob", "caller", tenant="rome")

    with pytest.raises(CommandRefusedError, match="managed for all"):
        put(few, "caller", VIEW, USERS)
    few.change("bob", grants=[RoleGrant(role="caller")])
    put(few, "caller", VIEW, USERS)


def test_version_that_was_read_must_be_the_one_that_is_changed(people):
    made = put(people, "caller", VIEW)
    people.wait(SECOND)
    put(people, "caller", CAMPAIGNS)

    with pytest.raises(VersionConflictError):
        put(people, "caller", SETTINGS, expected=made.version)
    with pytest.raises(VersionConflictError):
        delete(people, "caller", expected=made.version)
    with pytest.raises(UnknownRoleError):
        put(people, "other", SETTINGS, expected=made.version)


def test_role_needs_a_name_and_a_permission(few):
    with pytest.raises(SettingsError, match="at least one of VIEW"):
        put(few, "caller")
    with pytest.raises(SettingsError, match="lower-case"):
        put(few, "a role", VIEW)
    with pytest.raises(UnknownRoleError):
        delete(few, "caller")
