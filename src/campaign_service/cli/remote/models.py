"""``campaign models``: from what campaigns of a running service are started."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from campaign_service.cli.remote.listing import as_json
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import show
from campaign_service.cli.statuses import ExitStatus
from campaign_service.client import Client, ModelRow

__all__ = ["models"]


@click.command(short_help="List the models of a running service.")
@click.option("--json", "is_json", is_flag=True, help="As JSON, for a program to read.")
@with_client
def models(client: Client, /, *, is_json: bool) -> int:
    """List the models, from which campaigns are started by name or by id."""
    found = list(client.models())
    if is_json:
        click.echo(as_json(found))
    elif found:
        show(_table(found))
    else:
        click.echo("No models.")
    return ExitStatus.COMPLETED


def _table(found: list[ModelRow]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("id", "name", "enabled", "recipients", "caller", "sound", "priority", "time zone"):
        is_count = name in ("id", "recipients", "priority")
        table.add_column(name, justify="right" if is_count else "left")
    for row in found:
        table.add_row(
            str(row.model_id),
            Text(row.name),
            "yes" if row.enabled else "no",
            str(row.recipient_count),
            row.caller_number,
            Text(row.sound or "–"),
            str(row.priority),
            row.time_zone,
        )
    return table
