"""``campaign settings``: the general settings of a running service, shown and changed (R2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import attrs
import click
from typing_extensions import override

from campaign_core import CallLimits, NumberPlan
from campaign_service.cli.options import Command, json_option
from campaign_service.cli.remote.refusals import named_by_option
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import as_json
from campaign_service.cli.value_text import limits_text
from campaign_service.client import Client, Json

__all__ = ["settings"]

_NONE = "none"
_OPTIONS = {
    "call_limits.total": "--total",
    "call_limits.internal": "--internal",
    "call_limits.external": "--external",
    "active_campaigns_max": "--active-campaigns",
    "call_rate": "--call-rate",
    "frequency_cap": "--frequency-cap",
    "number_plan.country_code": "--country-code",
    "number_plan.international_prefix": "--international-prefix",
    "number_plan.trunk_prefix": "--trunk-prefix",
    "number_plan.national_digits": "--national-digits",
    "answer_prompt": "--answer-prompt",
    "listening_prompt": "--listening-prompt",
}
"""What the API calls by another name."""


def _limit(_context: click.Context, _option: click.Parameter, value: str | None) -> object:
    """Return a whole number, or ``none``."""
    if value is None or value == _NONE:
        return value
    if re.fullmatch(r"[0-9]{1,9}", value) is None:
        raise click.BadParameter(f"{value!r}: a whole number 0 to 999,999,999, or none")
    return int(value)


_limit_option = partial(click.option, metavar="N|none", callback=_limit)


def _share_option(flag: str, names: tuple[str, str], text: str) -> Callable[[Command], Command]:
    """Return an option of two whole numbers, so many in such a time, or ``none``."""

    def share(_context: click.Context, _option: click.Parameter, value: str | None) -> object:
        if value is None or value == _NONE:
            return value
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", value)
        if found is None:
            raise click.BadParameter(f"{value!r}: two whole numbers such as 5/1, or none")
        return {name: int(part) for name, part in zip(names, found.groups(), strict=True)}

    metavar = f"N/{names[1].removeprefix('per_').upper()}|none"
    return click.option(flag, metavar=metavar, callback=share, help=text)


class _ShownByDefault(click.Group):
    """Without a subcommand, the settings are shown."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_bare = not args or (args[0].startswith("-") and args[0] not in ("-h", "--help"))
        return super().parse_args(ctx, ["show", *args] if is_bare else args)


@click.group(cls=_ShownByDefault, short_help="Show or change the general settings of a service.")
def settings() -> None:
    """Show the general settings of a running service, or change some of them."""


@settings.command("show", short_help="Show the general settings.")
@json_option
@with_client
def show_settings(client: Client, *, is_json: bool) -> None:
    """Show the general settings, which hold for all campaigns together."""
    found, _ = client.settings()
    click.echo(as_json(found) if is_json else "\n".join(_lines(found)))


@settings.command("set", short_help="Change some of the general settings.")
@_limit_option("--total", help="Calls at one time.")
@_limit_option("--internal", help="Of these, on internal lines.")
@_limit_option("--external", help="Of these, on external lines.")
@_limit_option("--active-campaigns", "active_campaigns_max", help="Campaigns that call at once.")
@_share_option("--call-rate", ("calls", "per_s"), "Calls placed in so many seconds.")
@_share_option(
    "--frequency-cap",
    ("attempts", "per_h"),
    "Attempts to one number in so many hours, over all campaigns.",
)
@click.option(
    "--country-code",
    metavar="CC|none",
    help="Compare numbers by a plan: such as 39, without +; none: as they are written.",
)
@click.option("--international-prefix", metavar="DIGITS", help="Of the plan. [default: 00]")
@click.option("--trunk-prefix", metavar="DIGITS", help="Of the plan; may be empty. [default: 0]")
@click.option(
    "--trunk-prefix-stays/--trunk-prefix-goes",
    default=None,
    help="Of the plan: whether it stays behind the country code, as in Italy.",
)
@_limit_option("--national-digits", help="Of the plan: where all have as many.")
@click.option("--answer-prompt", metavar="SOUND|none", help="Asks to dial 1; none: silence.")
@click.option("--listening-prompt", metavar="SOUND|none", help="Asks to dial 9; none: silence.")
@click.option(
    "--one-call-per-number/--several-calls-per-number",
    default=None,
    help="Whether a number that is in a call is left alone by other campaigns.",
)
@with_client
def set_settings(client: Client, **options: object) -> None:
    """Change some of the general settings; the others stay as they are.

    It takes effect at once; calls in progress are never cut. Refused where somebody else changes
    them at the same moment.
    """
    changed: dict[str, Json] = {
        name: None if value == _NONE else cast("Json", value)
        for name, value in options.items()
        if value is not None
    }
    if not changed:
        raise click.UsageError("nothing to change: see campaign settings set --help")
    found, tag = client.settings()
    _change_plan(changed, found.get("number_plan"))
    given = found["call_limits"]
    limits: dict[str, Json] = {**given} if isinstance(given, dict) else {}
    for line in ("total", "internal", "external"):
        if line in changed:
            limits[line] = changed.pop(line)
    with named_by_option(_OPTIONS):
        client.change_settings({**found, **changed, "call_limits": limits}, tag=tag)
    now, _ = client.settings()
    click.echo("\n".join(_lines(now)))


def _change_plan(changed: dict[str, Json], before: Json) -> None:
    """Make the options of a number plan one value of the settings."""
    names = [field.name for field in attrs.fields(NumberPlan)]
    given = {name: changed.pop(name) for name in names if name in changed}
    if "country_code" in given and given["country_code"] is None:
        changed["number_plan"] = None
    elif given:
        plan = before if isinstance(before, dict) else {}
        if not plan and "country_code" not in given:
            raise click.UsageError("a number plan begins with --country-code")
        changed["number_plan"] = {**plan, **given}


def _plan_text(found: Json) -> str:
    plan: Any = found
    if plan is None:
        return "none: numbers are compared as they are written"
    stays = " that stays" if plan["trunk_prefix_stays"] else ""
    count = plan["national_digits"]
    return (
        f"+{plan['country_code']}, abroad {plan['international_prefix'] or 'none'}, trunk prefix"
        f" {plan['trunk_prefix'] or 'none'}{stays}" + ("" if count is None else f", {count} digits")
    )


def _lines(found: dict[str, Json]) -> Iterator[str]:
    limits: Any = found["call_limits"]
    rate: Any = found["call_rate"]
    cap: Any = found["frequency_cap"]
    active = found["active_campaigns_max"]
    shown = {
        "calls at once": limits_text(CallLimits(**limits)),
        "active campaigns": "no limit" if active is None else f"at most {active}",
        "call rate": "no limit" if rate is None else f"{rate['calls']} in {rate['per_s']} s",
        "frequency cap": (
            "none" if cap is None else f"{cap['attempts']} attempts to a number in {cap['per_h']} h"
        ),
        "number plan": _plan_text(found.get("number_plan")),
        "answer prompt": found["answer_prompt"] or "silence",
        "listening prompt": found["listening_prompt"] or "silence",
        "one call per number": "yes" if found["one_call_per_number"] else "no",
    }
    for name, value in shown.items():
        yield f"{name:<20} {value}"
