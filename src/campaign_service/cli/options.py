"""Kinds of values on the command line that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from typing_extensions import override

from campaign_core import NumberPlan
from campaign_service.config import ListOptions, ReportSelection

__all__ = [
    "EXISTING_FILE",
    "MAX_SPEED",
    "SpeedType",
    "driver_option",
    "list_options",
    "merge_option",
    "only_option",
    "settings_option",
]

MAX_SPEED = 0.0
"""Of a simulation: as fast as the machine allows, on virtual time."""

EXISTING_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

_LEAST, _MOST = 0.001, 1_000_000


class SpeedType(click.ParamType[float]):
    """``max``, or how many simulated seconds pass in one of ours."""

    name = "speed"

    @override
    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "N|max"

    @override
    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        if isinstance(value, float):
            return value
        if value == "max":
            return MAX_SPEED
        try:
            speed = float(value)
        except ValueError:
            speed = 0
        if not _LEAST <= speed <= _MOST:
            self.fail(f"{value!r}: a number {_LEAST:g} to {_MOST:,}, or max", param, ctx)
        return speed


driver_option = click.option(
    "--driver",
    "driver",
    metavar="simulated|URL",
    default="simulated",
    show_default=True,
    envvar="CAMPAIGN_DRIVER",
    show_envvar=True,
    help=(
        "Who places the calls: the simulated network, or a telephony by its URL, such as"
        " asterisk://user:secret@host/, or several by pool:FILE. A URL with a secret is best given"
        " by the environment."
    ),
)

merge_option = click.option(
    "--merge-duplicates",
    "is_merged",
    is_flag=True,
    help="Make rows of one number one recipient, their names joined.",
)

only_option = click.option(
    "--only",
    type=click.Choice([only.name.lower() for only in ReportSelection]),
    help="Of a list that is a report's recipients.csv, take those alone.",
)


def list_options(
    is_merged: bool,  # noqa: FBT001 -- an option's value
    only: str | None,
    plan: NumberPlan | None = None,
) -> ListOptions:
    """Return how a list is to be read, as the two options say."""
    chosen = None if only is None else ReportSelection[only.upper()]
    return ListOptions(plan=plan, is_merged=is_merged, only=chosen)


settings_option = click.option(
    "--settings",
    "settings",
    type=EXISTING_FILE,
    metavar="F",
    help="Take [settings] and [do_not_call] from this TOML instead of the campaign's.",
)
