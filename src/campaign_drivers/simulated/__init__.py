"""The simulated driver: a telephone network with seeded chance, on virtual or on real time.

A network (:class:`Network`) is a description: who lives at its numbers (:class:`Population`),
what it can play (:class:`Sounds`), how many calls it takes, what goes wrong (:class:`Faults`).
An :class:`Exchange` brings it to life without any I/O, for a host that keeps the time itself; a
:class:`SimulatedDriver` puts an exchange behind the protocol that all drivers have.

Two calls that an exchange takes, from the order to the end:

>>> from campaign_core import Line, Outcome
>>> from campaign_core.decisions import PlaceCall
>>> network = Network(
...     population=population(
...         scripts={
...             "200": [NotAnswered(outcome=Outcome.BUSY, after=1)],
...             "201": [Answers(ring=4, acts=[HangsUp(when=Moment.ANSWER, after=2.5)])],
...         }
...     )
... )
>>> exchange = Exchange(network, seed=1)
>>> exchange.connect(0)
>>> for number in ("200", "201"):
...     order = PlaceCall(
...         call_id=f"{number:0>32}",
...         number=number,
...         line=Line.INTERNAL,
...         routing_class=None,
...         caller_number="100",
...         display_name="Test",
...         ring_timeout_s=30,
...         dead_man_s=645,
...     )
...     exchange.carry_out(order, 0)
>>> for at, report in exchange.reports_until(10_000):
...     print(at, type(report).__name__, getattr(report, "hangup_cause", ""))
0 DriverUpReport
0 CallsUpReport
1000 EndReport 17
4000 AnswerReport
5000 CallsUpReport
6500 EndReport 16
"""

from typing import TYPE_CHECKING

from campaign_core.renamed import former_names
from campaign_drivers.clock import Clock
from campaign_drivers.simulated._behaviour import (
    Act,
    Answers,
    Behaviour,
    CalleeKind,
    Dials,
    HangsUp,
    IsRefused,
    Moment,
    NotAnswered,
    Population,
    Waits,
    WeightedBehaviour,
)
from campaign_drivers.simulated._call_counters import Counts
from campaign_drivers.simulated._callee_kinds import (
    PEOPLE,
    TYPICAL,
    Rates,
    asks_for_transfer,
    dials_wrong,
    follows_prompts,
    hangs_up_in_message,
    hangs_up_in_prompt,
    hangs_up_in_silence,
    opts_out,
    population,
    voicemail,
)
from campaign_drivers.simulated._clock import RealClock, VirtualClock
from campaign_drivers.simulated._delays import Constant, Delay, Exponential, LogNormal, Uniform
from campaign_drivers.simulated._driver import SimulatedDriver
from campaign_drivers.simulated._exchange import Exchange
from campaign_drivers.simulated._faults import Faults, FaultyReport, Outage, ReportFault
from campaign_drivers.simulated._live_call import CallRecord
from campaign_drivers.simulated._network import Network, Sounds

__all__ = [
    "PEOPLE",
    "TYPICAL",
    "Act",
    "Answers",
    "Behaviour",
    "CallRecord",
    "CalleeKind",
    "Clock",
    "Constant",
    "Counts",
    "Delay",
    "Dials",
    "Exchange",
    "Exponential",
    "Faults",
    "FaultyReport",
    "HangsUp",
    "IsRefused",
    "LogNormal",
    "Moment",
    "Network",
    "NotAnswered",
    "Outage",
    "Population",
    "Rates",
    "RealClock",
    "ReportFault",
    "SimulatedDriver",
    "Sounds",
    "Uniform",
    "VirtualClock",
    "Waits",
    "WeightedBehaviour",
    "asks_for_transfer",
    "dials_wrong",
    "follows_prompts",
    "hangs_up_in_message",
    "hangs_up_in_prompt",
    "hangs_up_in_silence",
    "opts_out",
    "population",
    "voicemail",
]

_FORMER_NAMES = {
    "Kind": "CalleeKind",
    "Mishap": "ReportFault",
    "Share": "WeightedBehaviour",
    "Spoiled": "FaultyReport",
}

if not TYPE_CHECKING:
    __getattr__ = former_names(__name__, _FORMER_NAMES)
