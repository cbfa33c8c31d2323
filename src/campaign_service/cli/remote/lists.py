"""Lists on their way to a running service, read by the number plan that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from campaign_core import Duplicates, NumberPlan, RecipientList
from campaign_service.cli.options import list_options
from campaign_service.client import Client
from campaign_service.config import ListOptions, read_recipients
from campaign_service.numbers import remark_on

__all__ = ["options_for", "read_list"]


def options_for(client: Client, *, is_merged: bool, only: str | None) -> ListOptions:
    """Return how a list is read for a service: by its number plan."""
    found: Any = client.settings()[0].get("number_plan")
    plan = None if found is None else NumberPlan(**found)
    return list_options(is_merged, only, plan)


def read_list(
    client: Client,
    path: Path,
    *,
    is_merged: bool,
    only: str | None,
    duplicates: Duplicates = Duplicates.EACH,
) -> RecipientList:
    """Return the list of a file, and say what was taken for granted in reading it.

    Args:
        client: of the service.
        path: the file.
        is_merged: whether rows of one number become one recipient.
        only: who of a report's list is taken.
        duplicates: what the model says of a number that stands twice; where it is not known, that
            is left to the service.

    Raises:
        InputError: the file cannot be read, or something in it cannot be taken.
    """
    options = options_for(client, is_merged=is_merged, only=only)
    options = attrs.evolve(options, duplicates=duplicates)
    notes: list[str] = []
    listed = read_recipients(path, options, notes=notes)
    if options.plan is None:
        notes += remark_on(listed)
    for note in notes:
        click.echo(note, err=True)
    return listed
