"""A driver that does what a test tells it, and keeps what it was ordered."""

from campaign_core.reports import DriverUpReport
from campaign_drivers import Capacity, LinkLostError


class RecordingDriver:
    def __init__(self, *, tries_in_vain=0):
        self.orders = []
        self.is_closed = False
        self.tries_in_vain = tries_in_vain

    async def start(self, report):
        if self.tries_in_vain:
            self.tries_in_vain -= 1
            raise LinkLostError("out of reach")
        self.report = report
        report(DriverUpReport())

    def carry_out(self, decision):
        self.orders.append(decision)

    async def check(self, *, sounds, routing_classes):
        return ()

    def capacity(self):
        return Capacity()

    async def close(self):
        self.is_closed = True

    def ordered(self, kind):
        return [order for order in self.orders if isinstance(order, kind)]
