"""Kinds of values on the command line that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial, update_wrapper
from pathlib import Path

import attrs
import click

from campaign_core import RecipientStatus
from campaign_core.errors import Problem, SettingsError
from campaign_service.config import ListOptions, ReportSelection

__all__ = [
    "EXISTING_FILE",
    "MAX_SPEED",
    "Command",
    "bad_value",
    "campaign_argument",
    "driver_option",
    "gathered",
    "json_option",
    "list_options",
    "moment_of",
    "only_option",
    "settings_option",
    "speed",
    "states_option",
]

MAX_SPEED = 0.0
"""Of a simulation: as fast as the machine allows, on virtual time."""

EXISTING_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)

_LEAST, _MOST = 0.001, 1_000_000

Command = Callable[..., int | None]
"""A command's function; its exit status, or ``None``, which is :attr:`ExitStatus.COMPLETED`."""


def gathered(
    name: str, kind: type[attrs.AttrsInstance], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """Give a command options, and as one, by a name, those for which a class has fields."""
    names = [field.name for field in attrs.fields(kind)]

    def decorate(command: Command) -> Command:
        def gather(*given: object, **values: object) -> int | None:
            parts = {each: values.pop(each) for each in names if each in values}
            return command(*given, **{name: kind(**parts)}, **values)

        decorated: Command = update_wrapper(gather, command)
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def speed(_context: click.Context, _option: click.Parameter, value: str | None) -> float | None:
    """Return what ``--speed`` says: how many simulated seconds pass in one of ours."""
    if value is None:
        return None
    if value == "max":
        return MAX_SPEED
    try:
        number = float(value)
    except ValueError:
        number = 0
    if not _LEAST <= number <= _MOST:
        raise click.BadParameter(f"{value!r}: a number {_LEAST:g} to {_MOST:,}, or max")
    return number


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


def _report_selection(
    _context: click.Context, _option: click.Parameter, value: str | None
) -> ReportSelection | None:
    return None if value is None else ReportSelection[value.upper()]


only_option = partial(
    click.option,
    "--only",
    type=click.Choice([one.name.lower() for one in ReportSelection]),
    callback=_report_selection,
)

list_options = gathered(
    "lists",
    ListOptions,
    click.option(
        "--merge-duplicates",
        "is_merged",
        is_flag=True,
        help="Make rows of one number one recipient, their names joined.",
    ),
    only_option(help="Of a list that is a report's recipients.csv, take those alone."),
)

settings_option = click.option(
    "--settings",
    "settings",
    type=EXISTING_FILE,
    metavar="F",
    help="Take [settings] and [do_not_call] from this TOML instead of the campaign's.",
)

campaign_argument = click.argument("wanted", metavar="CAMPAIGN")

json_option = click.option(
    "--json", "is_json", is_flag=True, help="As JSON, for a program to read."
)

states_option = click.option(
    "--state",
    "states",
    type=click.Choice([entry.name.lower() for entry in RecipientStatus], case_sensitive=False),
    multiple=True,
    help="Only recipients in this state; may be given more than once.",
)


def moment_of(option: str, text: str, rule: str) -> datetime:
    """Return the date and time that an option gives, in ISO 8601."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise bad_value(option, text, rule) from None


def bad_value(option: str, value: object, rule: str) -> SettingsError:
    """Return the error for an option's value that cannot be taken, to be raised."""
    return SettingsError([Problem(field=option, value=value, rule=rule)])
