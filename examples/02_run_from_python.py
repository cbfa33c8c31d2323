"""A campaign from Python: on virtual time to its end, then once more by the clock.

The same model, settings and network; two engines. On virtual time a morning takes a moment; by the
clock, here a thousand times too fast, it is what a real telephony would see.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignId,
    CampaignModel,
    Instant,
    Line,
    ModelId,
    Outcome,
    Recipient,
    RetryPolicy,
    Settings,
    Status,
    campaign,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.events import CallEnded, Event
from campaign_drivers.simulated import (
    Exchange,
    Network,
    Rates,
    RealClock,
    SimulatedDriver,
    population,
)
from campaign_service.engine import RealTimeEngine, VirtualEngine
from campaign_service.report import StatusPanel, summarize

MORNING = Instant(1_768_201_200_000)  # 2026-01-12 07:00 UTC
FIRST_MODEL, FIRST_CAMPAIGN = ModelId(1), CampaignId(1)  # A service counts them from 1.

settings = Settings(call_limits=CallLimits(total=10, internal=8, external=6))
model = CampaignModel(
    name="Snow day",
    caller_number="+441632960100",
    sound="snow-day",
    threshold=90,
    script=CallScript(confirm_answer=True),
    retry=RetryPolicy(delays_s={Outcome.BUSY: 60, Outcome.NO_ANSWER: 300}),
    recipients=[
        Recipient(number=f"{2000 + i}", line=Line.INTERNAL if i % 4 else Line.EXTERNAL)
        for i in range(100)
    ],
)
network = Network(population=population(rates=Rates(answered=0.7, busy=0.2)))


def on_virtual_time() -> None:
    """Run to the end, and show what the panel has of it."""
    panel = StatusPanel(FIRST_CAMPAIGN)
    engine = VirtualEngine(
        open_service("00000001", settings, MORNING),
        exchange=Exchange(network, seed=12),
        now=MORNING,
        observers=[panel.take],
    )
    engine.give(AddModel(model=model))
    engine.give(StartCampaign(model_id=FIRST_MODEL))
    engine.run()

    summary = summarize(panel, engine.state, settings)
    print(f"{summary.name}: {summary.status.name} after {summary.lasted_s} s of virtual time")
    print(f"  {summary.reached} of {summary.recipients} reached, {summary.attempts} attempts")
    print(f"  at most {summary.most_at_once} calls at once, the limit is {summary.limits.total}")
    for row in list(panel.rows(engine.state))[:3]:
        outcome = row.last_outcome.name if row.last_outcome else "never called"
        print(f"  {row.recipient.number}: {row.status.name} after {row.attempts}, {outcome}")


async def by_the_clock() -> None:
    """Run over a driver, as with a telephony; an observer counts how calls end."""
    outcomes: Counter[Outcome] = Counter()

    def count(events: Sequence[Event]) -> None:
        outcomes.update(event.outcome for event in events if isinstance(event, CallEnded))

    clock = RealClock(speed=1_000)
    engine = RealTimeEngine(
        open_service("00000001", settings, clock.now()),
        driver=SimulatedDriver(exchange=Exchange(network, seed=12), clock=clock),
        clock=clock,
        observers=[count],
    )
    async with engine:
        await engine.give(AddModel(model=model))
        await engine.give(StartCampaign(model_id=FIRST_MODEL))
        await engine.until(lambda: engine.is_quiet)

    shown = campaign(engine.state, FIRST_CAMPAIGN, engine.now)
    is_over = shown.status in {Status.COMPLETED, Status.INCOMPLETE}
    print(
        f"by the clock: over {is_over}, {shown.contacted == outcomes[Outcome.REACHED]} in its count"
    )


on_virtual_time()
asyncio.run(by_the_clock())
