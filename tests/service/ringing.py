"""A simulated telephony where every telephone rings, and nobody answers it or turns it off.

A typical one has the odd number that is busy within a second, by chance: whoever looks at a call
in progress, or ends it, may come too late on a machine that is.
"""

import sys

from campaign_drivers.simulated import Exchange, Network, Rates, SimulatedDriver, Sounds, population
from campaign_service.engine import register_driver

__all__ = ["DRIVER", "LACKED", "SCRIPT", "ringing"]

DRIVER = "ringing"
"""What tests call it that serve in their own process."""
LACKED = "lacked/sound"
"""A sound that this telephony does not have."""
SCRIPT = "from tests.service.ringing import main; main()"
"""``campaign``, as a process that has it in place of the usual simulated one."""


def ringing(request):
    """Make a driver for it."""
    network = Network(
        population=population(rates=Rates()), sounds=Sounds(missing=frozenset({LACKED}))
    )
    return SimulatedDriver(exchange=Exchange(network, seed=request.seed), clock=request.clock)


register_driver(DRIVER, ringing)


def main():
    from campaign_service.cli import main

    register_driver("simulated", ringing)
    sys.exit(main())
