"""For those who embed the core: chance that plays operator, telephony and clock, and the laws.

Needs Hypothesis, which only this package imports. What stands here: strategies for every value
and message, an auditor of journals, and a state machine that drives a host. No test of our own,
and nothing that a running service needs.

A host is whatever keeps a state and a journal: a firmware's loop, a service with a data base, or
:class:`CoreHost`, which keeps both in memory. To hold yours to the laws, tell the machine how to
make one, and give its ``TestCase`` to pytest or unittest::

    class Firmware(CampaignMachine):
        def make_host(self, settings, now):
            return FirmwareHost(settings, now)


    TestFirmware = Firmware.TestCase

>>> from campaign_core import Settings, replay
>>> host = CoreHost(Settings(), now=0)
>>> audit(host.journal), check(host.state), replay(host.journal) == host.state
((), (), True)
"""

from campaign_core._state.invariants import check
from campaign_core.testing import _hypothesis_needed as _hypothesis_needed
from campaign_core.testing._auditor import Auditor, audit
from campaign_core.testing._histories import History, histories
from campaign_core.testing._host import CoreHost, Host
from campaign_core.testing._laws import broken_laws
from campaign_core.testing._machine import CampaignMachine
from campaign_core.testing._messages import commands_for, messages_for, reports_for
from campaign_core.testing._values import (
    call_limits,
    call_scripts,
    calling_hours,
    campaign_models,
    number_plans,
    recipient_lists,
    retry_policies,
    settings,
)

__all__ = [
    "Auditor",
    "CampaignMachine",
    "CoreHost",
    "History",
    "Host",
    "audit",
    "broken_laws",
    "call_limits",
    "call_scripts",
    "calling_hours",
    "campaign_models",
    "check",
    "commands_for",
    "histories",
    "messages_for",
    "number_plans",
    "recipient_lists",
    "reports_for",
    "retry_policies",
    "settings",
]
