"""Who asks, whoever told us so."""

import pytest

from campaign_core import Permission, permission_for
from campaign_core.commands import ChangeSettings, Command, StopCampaign
from campaign_core.errors import SettingsError
from campaign_service.access import (
    ALL_TENANTS,
    NotPermittedError,
    Principal,
    ServicePermission,
    needed_for,
)
from campaign_service.access.principal import RESERVED_NAMES

VIEW, CAMPAIGNS = ServicePermission.VIEW, ServicePermission.MANAGE_CAMPAIGNS


def principal(**fields):
    return Principal(**{"name": "eve", "address": "10.0.0.7", "grants": {}, **fields})


def test_permissions_are_the_core_s_and_one_more():
    """R10.1: VIEW, MANAGE_CAMPAIGNS, MANAGE_SETTINGS; users are the service's own."""
    own = {one.name for one in ServicePermission} - {one.name for one in Permission}

    assert own == {"MANAGE_USERS"}


@pytest.mark.parametrize("command", Command.__args__)
def test_each_command_needs_what_the_core_says(command):
    """R10.1: which permission a command needs is a pure table in the core."""
    empty = object.__new__(command)

    assert needed_for(empty).name == permission_for(empty).name


def test_commands_of_settings_and_of_campaigns_differ():
    assert needed_for(object.__new__(ChangeSettings)) is ServicePermission.MANAGE_SETTINGS
    assert needed_for(object.__new__(StopCampaign)) is CAMPAIGNS


def test_what_is_granted_for_all_tenants_holds_for_each():
    who = principal(grants={ALL_TENANTS: frozenset({VIEW}), "rome": frozenset({CAMPAIGNS})})

    assert who.permissions("rome") == {VIEW, CAMPAIGNS}
    assert who.permissions("oslo") == {VIEW}
    assert who.permissions() == {VIEW}


def test_what_is_lacking_is_named():
    who = principal(grants={"rome": frozenset({VIEW})})

    who.require(VIEW, tenant="rome")
    with pytest.raises(NotPermittedError, match="VIEW for tenant 'oslo'"):
        who.require(VIEW, tenant="oslo")
    with pytest.raises(NotPermittedError, match="VIEW for all tenants"):
        who.require(VIEW)


def test_nothing_may_be_done_before_the_password_is_changed():
    who = principal(grants={ALL_TENANTS: frozenset(ServicePermission)}, must_change_password=True)

    assert who.permissions("rome") == frozenset()
    with pytest.raises(NotPermittedError, match="password must be changed"):
        who.require(VIEW, tenant="rome")


@pytest.mark.parametrize("name", [*sorted(RESERVED_NAMES), "", "a\nb", "x" * 201])
def test_nobody_goes_by_a_name_that_means_something_else(name):
    """R9.1: every event has its actor, and `driver` and `scheduler` are none of the users."""
    with pytest.raises(SettingsError) as refused:
        principal(name=name)

    assert refused.value.field == "name"


def test_a_host_program_s_users_may_have_names_of_its_own():
    assert principal(name="SCHOOL\\Émile").actor.name == "SCHOOL\\Émile"
