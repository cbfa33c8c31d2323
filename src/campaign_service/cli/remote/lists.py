"""Lists on their way to a running service, read by the number plan that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from campaign_core import Duplicates, NumberPlan, RecipientList
from campaign_service.client import Client
from campaign_service.config import ListOptions, read_recipients
from campaign_service.numbers import remark_on

__all__ = ["options_for", "read_list"]


def options_for(client: Client, options: ListOptions) -> ListOptions:
    """Return how a list is read for a service: by its number plan."""
    found: Any = client.settings()[0].get("number_plan")
    return attrs.evolve(options, plan=None if found is None else NumberPlan(**found))


def read_list(client: Client, path: Path, options: ListOptions) -> RecipientList:
    """Return the list of a file, and say what was taken for granted in reading it.

    What the model says of a number that stands twice is left to the service, where it is known.
    """
    options = attrs.evolve(options_for(client, options), duplicates=Duplicates.EACH)
    notes: list[str] = []
    listed = read_recipients(path, options, notes=notes)
    if options.plan is None:
        notes += remark_on(listed)
    for note in notes:
        click.echo(note, err=True)
    return listed
