"""The least that can host the core on a driver: no disk, no users, only time and telephony."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from campaign_core import (
    CampaignId,
    CampaignModel,
    Contacted,
    Failed,
    Instant,
    ModelId,
    Settings,
    Status,
    check,
    events,
    handle,
    handle_batch,
    next_wakeup,
    open_service,
    recipients,
    status,
    strays,
)
from campaign_core.commands import AddModel, Command, StartCampaign
from campaign_core.decisions import HangUp
from campaign_core.reports import Report, Tick

if TYPE_CHECKING:
    from collections.abc import Iterator

    from campaign_core.decisions import Decision
    from campaign_drivers import Driver

CAMPAIGN = CampaignId(1)


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


class Host:
    """One service in memory."""

    def __init__(self, driver: Driver, service_id: str, settings: Settings) -> None:
        self.driver = driver
        opened = open_service(service_id, settings, now())
        self.state = opened.state
        self.events: list[events.Event] = list(opened.events)
        self.told: list[tuple[Instant, Report | Decision]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._done = asyncio.Event()

    async def start(self) -> None:
        await self.driver.start(self.report)

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        await self.driver.close()

    def report(self, report: Report) -> None:
        self.told.append((now(), report))
        self._take(handle_batch(self.state, [report], now()))
        for call_id in strays(self.state, [report]):
            self.driver.carry_out(HangUp(call_id))

    def command(self, command: Command) -> None:
        self._take(handle(self.state, command, now()))

    def run(self, model: CampaignModel) -> None:
        """Start a campaign from a model."""
        self.command(AddModel(model=model))
        self.command(StartCampaign(model_id=ModelId(1)))

    async def ended(self, within_s: float) -> Status:
        """Wait for the campaign's end."""
        try:
            async with asyncio.timeout(within_s):
                await self._done.wait()
        except TimeoutError:
            told = "\n".join(self._history_of_open_calls())
            message = f"the campaign has not ended within {within_s} s; calls open:\n{told}"
            raise AssertionError(message) from None
        assert check(self.state) == ()
        return status(self.state, CAMPAIGN, now())

    def _take(self, transition) -> None:
        self.state = transition.state
        self.events += transition.events
        for decision in transition.decisions:
            self.told.append((now(), decision))
            self.driver.carry_out(decision)
        if any(isinstance(event, events.CampaignEnded) for event in transition.events):
            self._done.set()
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        at = next_wakeup(self.state, now())
        if at is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0, at - now()) / 1_000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._take(handle(self.state, Tick(), now()))

    def _history_of_open_calls(self) -> Iterator[str]:
        """Yield all that was decided and reported of the calls that have not ended."""
        ended = {event.call_id for event in self.of(events.CallEnded)}
        ended |= {event.call_id for event in self.of(events.CallGivenBack)}
        for at, said in self.told:
            call_id = getattr(said, "call_id", None)
            if call_id not in ended:
                yield f"{at} {said}"

    # What came of it ----------------------------------------------------------------------

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def outcomes(self) -> list[str]:
        """Return the outcome of each recipient's last attempt, in list order."""
        number = {event.call_id: event.position for event in self.of(events.CallPlaced)}
        last: dict[int, str] = {}
        for event in self.of(events.CallEnded):
            last[number[event.call_id]] = event.outcome.name
        return [last[position] for position in sorted(last)]

    def reached(self) -> list[bool]:
        found = list(recipients(self.state, CAMPAIGN))
        assert all(isinstance(state, Contacted | Failed) for state in found)
        return [isinstance(state, Contacted) for state in found]
