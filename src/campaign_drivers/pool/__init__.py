"""One driver over several telephonies: calls are spread over nodes by weight and their limits.

To the core a pool is one driver. It takes calls while one node does; a node that is lost is left
out, and taken in again when it is back, while the calls of the others go on.

Two simulated exchanges of which one takes twice as many calls:

>>> import asyncio
>>> from campaign_core import Instant, Line
>>> from campaign_core.decisions import PlaceCall
>>> from campaign_drivers.simulated import Exchange, Network, SimulatedDriver, VirtualClock
>>> clock = VirtualClock(Instant(0))
>>> pool = PoolDriver(
...     [
...         Node(name=name, weight=weight, driver=SimulatedDriver(exchange=exchange, clock=clock))
...         for name, weight, exchange in [
...             ("large", 2, Exchange(Network())),
...             ("small", 1, Exchange(Network())),
...         ]
...     ],
...     clock=clock,
... )
>>> async def place(calls):
...     await pool.start(lambda report: None)
...     for number in range(calls):
...         pool.carry_out(
...             PlaceCall(
...                 call_id=f"{number:032x}",
...                 number=f"20{number}",
...                 line=Line.INTERNAL,
...                 routing_class=None,
...                 caller_number="100",
...                 display_name="Test",
...                 ring_timeout_s=30,
...                 dead_man_s=645,
...             )
...         )
...     for node in pool.nodes():
...         print(node.name, node.calls)
>>> asyncio.run(place(6))
large 4
small 2
"""

from campaign_drivers.pool._driver import PoolDriver
from campaign_drivers.pool._node import Node, NodeStatus

__all__ = ["Node", "NodeStatus", "PoolDriver"]
