"""``campaign check``: everything that can be known about a campaign without calling anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import click

from campaign_core import Instant, Line, ServiceId, open_service, sounds_of
from campaign_core.commands import StartAfter, StartAt
from campaign_core.events import CallPlaced, Event
from campaign_drivers import Driver, DriverError, Missing, Need
from campaign_drivers.simulated import Exchange, RealClock
from campaign_service.cli.options import EXISTING_FILE, driver_option, list_options, settings_option
from campaign_service.cli.runs.campaign_run import (
    CAMPAIGN_ID,
    commands_of,
    first_instant,
    refuse_unstartable,
)
from campaign_service.cli.runs.display import duration_text
from campaign_service.cli.runs.remarks import remarks_on
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import counted, echo_lines, limits_text, within
from campaign_service.config import CampaignFile, ListOptions, read_campaign
from campaign_service.engine import DriverRequest, VirtualEngine, open_driver
from campaign_service.instants import zone_of
from campaign_service.report import StatusPanel, Summary, limits_in_force, summarize

__all__ = ["check"]

_FIRST = 10
_SIMULATED_MAX = 20_000
"""Larger campaigns are simulated by ``campaign run``, not in passing."""


@click.command(short_help="Check a campaign's files and say what would happen.")
@click.argument("campaign", type=EXISTING_FILE, metavar="CAMPAIGN.toml")
@driver_option
@settings_option
@list_options
@click.option("--no-simulation", is_flag=True, help="Leave out how it would go.")
def check(
    *, lists: ListOptions, campaign: Path, driver: str, settings: Path | None, no_simulation: bool
) -> int:
    """Check everything about a campaign, and say what would happen, without calling anybody.

    Every bad value is named with its file and line. With --driver URL the telephony is asked
    whether it has the sounds and the routes that the campaign needs. How the campaign would go is
    told from a simulation with the network of its file.
    """
    file = read_campaign(campaign, settings, lists)
    now = first_instant(file, is_simulated=driver == "simulated")
    refuse_unstartable(file, now)

    def tell(verdict: str) -> None:
        click.echo(f"{click.format_filename(campaign)}: {verdict}.\n")
        echo_lines(_facts(file))

    opened = _driver(file, driver)
    try:
        missing = asyncio.run(_missing(file, opened))
    except DriverError:
        tell("nothing wrong with the files, and the telephony cannot be asked")
        raise
    tell("the telephony lacks something for it" if missing else "nothing wrong with it")
    echo_lines(_missing_lines(missing))
    remarks = list(remarks_on(file, driver))
    if remarks:
        echo_lines(["", "Mind:", *(f"  {remark}" for remark in remarks)])
    if not no_simulation:
        count = len(file.model.recipients)
        echo_lines(_forecast_lines(_forecast(file, now, to_its_end=count <= _SIMULATED_MAX), file))
    return ExitStatus.BAD_INPUT if missing else ExitStatus.COMPLETED


# What the files say --------------------------------------------------------------------------


def _facts(file: CampaignFile) -> Iterator[str]:
    model, script = file.model, file.model.script
    recipients = model.recipients
    internal = sum(recipient.line is Line.INTERNAL for recipient in recipients)
    yield f"{model.name}, calling from {model.caller_number}, priority {model.priority}"
    yield (
        f"  recipients     {len(recipients)}: {internal} internal,"
        f" {len(recipients) - internal} external"
    )
    threshold = "all" if model.threshold is None else str(model.threshold)
    stops = " (and calls stop there)" if model.stop_at_threshold else ""
    yield f"  needed         {threshold} reached{stops}"
    yield f"  start          {_start(file)}"
    yield f"  attempts       up to {model.attempts_max} each, {model.ring_timeout_s} s of ringing"
    asked = [
        text
        for flag, text in (
            (script.confirm_answer, "1 to confirm the answer"),
            (script.confirm_listening, "9 to confirm having listened"),
        )
        if flag
    ]
    yield f"  to be dialled  {' and '.join(asked) or 'nothing: an answer is enough'}"
    limits = limits_in_force(model.call_limits, file.settings.call_limits)
    yield f"  calls at once  {limits_text(limits)}"
    hours = "restricted" if model.calling_hours else "any time"
    yield f"  calling hours  {hours}, {model.time_zone}"


def _start(file: CampaignFile) -> str:
    zone = zone_of(file.model.time_zone)
    match file.when:
        case StartAt(at=at):
            return f"{datetime.fromtimestamp(at / 1_000, zone):%Y-%m-%d %H:%M:%S %Z}"
        case StartAfter(minutes=minutes):
            return f"{minutes} min after the command"
        case _:
            return "at once"


# What the telephony has ------------------------------------------------------------------------


def _driver(file: CampaignFile, url: str) -> Driver:
    return open_driver(
        DriverRequest(
            url=url,
            service_id=ServiceId("00000000"),
            clock=RealClock(),
            network=file.simulation.network,
            seed=file.simulation.seed,
        )
    )


async def _missing(file: CampaignFile, driver: Driver) -> tuple[Missing, ...]:
    """Return what the telephony lacks.

    Raises:
        DriverError: it cannot be asked.
    """
    model = file.model
    lines = {number.line for recipient in model.recipients for number in recipient.numbers}
    classes = frozenset({model.routing_class} if Line.EXTERNAL in lines else ())
    await driver.start(lambda _: None)
    try:
        found = await driver.check(sounds=sounds_of(model, file.settings), routing_classes=classes)
    finally:
        await driver.close()
    needs_internal = Line.INTERNAL in lines
    return tuple(one for one in found if needs_internal or one.need is not Need.INTERNAL_ROUTE)


def _missing_lines(missing: Sequence[Missing]) -> Iterator[str]:
    if missing:
        yield "\nThe telephony lacks:"
    for one in missing:
        name = f" {one.name}" if one.name else ""
        yield f"  {one.need.name.lower().replace('_', ' ')}{name}: {within(one.advice)}"


# What would happen -----------------------------------------------------------------------------


@attrs.frozen
class _Forecast:
    """What a simulation showed."""

    first_calls: tuple[CallPlaced, ...]
    summary: Summary | None
    """``None``: the simulation was ended before the campaign."""


def _forecast(file: CampaignFile, now: Instant, *, to_its_end: bool) -> _Forecast:
    """Return how a campaign would go with the network of its file.

    Args:
        to_its_end: whether to go on after the first calls.
    """
    panel = StatusPanel(CAMPAIGN_ID)
    first: list[CallPlaced] = []

    def note_first(events: Sequence[Event]) -> None:
        if len(first) < _FIRST:
            first.extend(event for event in events if isinstance(event, CallPlaced))

    engine = VirtualEngine(
        open_service(ServiceId(f"{file.simulation.seed:08x}"), file.settings, now),
        exchange=Exchange(file.simulation.network, seed=file.simulation.seed),
        now=now,
        observers=[panel.take, note_first],
        grain_ms=file.simulation.grain_ms,
    )
    for command in commands_of(file):
        engine.give(command)

    def is_over() -> bool:
        has_ended = panel.ended_at is not None and not panel.in_progress
        return has_ended or (not to_its_end and len(first) >= _FIRST)

    engine.run(until=is_over)
    summary = summarize(panel, engine.state, file.settings) if to_its_end else None
    return _Forecast(tuple(first[:_FIRST]), summary)


def _forecast_lines(forecast: _Forecast, file: CampaignFile) -> Iterator[str]:
    zone = zone_of(file.model.time_zone)
    yield "\nFirst calls:"
    for placed in forecast.first_calls:
        yield f"  {_call_text(placed, file, zone)}"
    if not forecast.first_calls:
        yield "  none: nobody would be called"
    summary = forecast.summary
    if summary is None:
        yield f"\nNot simulated to its end: there are more than {_SIMULATED_MAX} recipients."
        return
    lasted = "" if summary.lasted_s is None else f" after {duration_text(summary.lasted_s)}"
    yield f"\nSimulated (seed {file.simulation.seed}): {summary.status.name}{lasted},"
    yield (
        f"  {summary.reached} of {summary.recipients} reached with {summary.attempts} attempts,"
        f" at most {counted(summary.most_at_once, 'call')} at once."
    )


def _call_text(placed: CallPlaced, file: CampaignFile, zone: ZoneInfo) -> str:
    who = file.model.recipients.at(placed.position)
    time = datetime.fromtimestamp(placed.at / 1_000, zone)
    name = f"  {who.name}" if who.name else ""
    return f"{time:%Y-%m-%d %H:%M:%S}  {placed.line.name.lower()} {placed.number}{name}"
