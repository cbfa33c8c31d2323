"""The promises of the driver protocol as scenarios that any driver can be put through.

For our drivers and a vendor's. Describe the telephony under test as a :class:`LineUp` (which
numbers answer, are busy, dial digits; what it can play), and either ask for the verdicts, ::

    for verdict in asyncio.run(check_driver(MyLineUp)):
        print(verdict.scenario.name, verdict.broken or verdict.not_offered or "kept")

or make a test of each scenario::

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_my_driver_keeps_its_promises(scenario):
        try:
            asyncio.run(check_scenario(scenario, MyLineUp()))
        except NotOfferedError as error:
            pytest.skip(str(error))
"""

from campaign_drivers.conformance._check import Verdict, check_driver, check_scenario
from campaign_drivers.conformance._driver_under_test import BrokenPromiseError, NotOfferedError
from campaign_drivers.conformance._line_up import Callee, LineUp, Sound
from campaign_drivers.conformance._scenario import Scenario
from campaign_drivers.conformance._scenarios import SCENARIOS

__all__ = [
    "SCENARIOS",
    "BrokenPromiseError",
    "Callee",
    "LineUp",
    "NotOfferedError",
    "Scenario",
    "Sound",
    "Verdict",
    "check_driver",
    "check_scenario",
]
