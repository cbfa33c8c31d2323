"""The public kit, driven over the host that keeps all in memory."""

import pytest
from hypothesis import Phase
from hypothesis import settings as profile
from hypothesis.stateful import run_state_machine_as_test
from typing_extensions import override

from campaign_core import CampaignModel, Instant, Settings, handle, open_service
from campaign_core.commands import AddModel
from campaign_core.testing import CampaignMachine, CoreHost


class Core(CampaignMachine):
    """An operator, a telephony and a clock play with the core."""


Core.TestCase.settings = profile(max_examples=40, stateful_step_count=20)
TestCore = Core.TestCase


class Mute(CoreHost):
    """A host that tells the telephony nothing."""

    @override
    def take(self, message, now):
        super().take(message, now)
        return ()


class Stutterer(CoreHost):
    """A host that tells the telephony everything twice."""

    @override
    def take(self, message, now):
        orders = super().take(message, now)
        return (*orders, *orders)


@pytest.mark.parametrize("host", [Mute, Stutterer])
def test_host_that_does_not_pass_orders_on_as_they_are_is_found_out(host):
    """R9.3: no attempt is placed twice; and every order of the core is carried out."""

    class Machine(CampaignMachine):
        @override
        def make_host(self, settings, now):
            return host(settings, now)

    with pytest.raises(AssertionError, match="not what the events want"):
        run_state_machine_as_test(
            Machine,
            settings=profile(max_examples=20, stateful_step_count=5, phases=[Phase.generate]),
        )


class Hasty(CoreHost):
    """A host whose state runs ahead of what it was told."""

    @override
    def take(self, message, now):
        orders = super().take(message, now)
        ahead = handle(self.state, AddModel(model=CampaignModel(name="B", caller_number="1")), now)
        self.state, self.journal = ahead.state, [*self.journal, *ahead.events]
        return orders


def test_host_whose_state_is_not_the_core_s_is_found_out():
    """R9.1: the state is a fold over events and nothing else: the core's, after each message."""

    class Machine(CampaignMachine):
        @override
        def make_host(self, settings, now):
            return Hasty(settings, now)

    with pytest.raises(AssertionError, match="the host's state is not the core's"):
        run_state_machine_as_test(
            Machine,
            settings=profile(max_examples=5, stateful_step_count=3, phases=[Phase.generate]),
        )


@pytest.mark.parametrize("message", [None, "hello", 5, AddModel])
def test_what_is_no_message_is_refused_by_name(message):
    """A host that forgets to make an object of a command must hear of it."""
    state = open_service("a1b2c3d4", Settings(), Instant(0)).state

    with pytest.raises(TypeError, match="a command, a report or a tick"):
        handle(state, message, Instant(0))
