"""A process that serves tenants, for tests to stop, kill and command.

``python -m tests.service.serving.runner '{"database": ..., "tenants": {...}, "url": ...}'``
prints how it fares as lines of JSON; takes lines of JSON, each a tenant, a number of recipients
and a limit: a campaign to be started. A first SIGTERM stops it, a second one at once.
"""

import asyncio
import json
import logging
import signal
import sys
import time

from campaign_core import CallLimits, CampaignModel, Line, Recipient
from campaign_core.commands import AddModel, StartCampaign
from campaign_service.serving import NotLeadingError, ServiceHost, ServiceHostSettings

EVERY_S = 0.05


def tell(**what):
    print(json.dumps({"wall": time.time(), **what}), flush=True)  # noqa: T201


async def report(host):
    last = None
    while True:
        now = {
            name: {"role": health.role.name, "link": health.link_is_up, "calls": health.calls}
            for name, health in ((name, tenant.health()) for name, tenant in host.tenants.items())
        }
        if now != last:
            tell(tenants=now)
            last = now
        await asyncio.sleep(EVERY_S)


async def obey(host):
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        model = CampaignModel(
            name=asked["name"],
            caller_number="100",
            sound="message",
            attempts_max=2,
            ring_timeout_s=5,
            call_limits=CallLimits(total=asked["limit"]),
            recipients=[
                Recipient(number=f"1{i:04d}", line=Line.EXTERNAL)
                for i in range(asked["recipients"])
            ],
        )
        tenant = host.tenants[asked["tenant"]]
        try:
            added = await tenant.give(AddModel(model=model), key=asked["name"])
            model_id = added.events[0].model_id
            taken = await tenant.give(StartCampaign(model_id=model_id), key=asked["name"] + " go")
        except NotLeadingError as error:
            tell(refused=str(error), leader=error.leader_url)
        else:
            tell(taken=taken.seq)


async def serve(settings):
    host = ServiceHost(settings)
    stopped = asyncio.Event()
    stops = []

    def stop():
        stops.append(asyncio.ensure_future(host.stop(at_once=bool(stops))))
        stopped.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop)
    await host.start()
    tasks = [asyncio.create_task(report(host)), asyncio.create_task(obey(host))]
    tell(ready=True)
    await stopped.wait()
    await stops[0]
    for task in tasks:
        task.cancel()
    tell(stopped=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(serve(ServiceHostSettings(**json.loads(sys.argv[1]))))
