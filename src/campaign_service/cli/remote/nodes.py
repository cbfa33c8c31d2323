"""``campaign nodes``, ``drain`` and ``restore``: the nodes of a telephony that is a pool."""

from __future__ import annotations

import click
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from campaign_service.cli.remote.listing import as_json
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import show
from campaign_service.cli.statuses import ExitStatus
from campaign_service.cli.value_text import counted, limits_text
from campaign_service.client import Client, Node

__all__ = ["drain", "nodes", "restore"]

_ARGUMENT = click.argument("name", metavar="NODE")


@click.command(short_help="List the nodes of a service's telephony.")
@click.option("--json", "is_json", is_flag=True, help="As JSON, for a program to read.")
@with_client
def nodes(client: Client, /, *, is_json: bool) -> int:
    """List the nodes of a telephony that is a pool of several: which are up, drained, how busy."""
    found = client.nodes()
    if is_json:
        click.echo(as_json(found))
    elif found:
        show(_table(found))
    else:
        click.echo("No nodes: the telephony is no pool.")
    return ExitStatus.COMPLETED


@click.command(short_help="Place no new calls on a node.")
@_ARGUMENT
@with_client
def drain(client: Client, /, *, name: str) -> int:
    """Place no new calls on a node; its calls come to their end.

    NODE is its name in the file of the pool. It stays drained until it is restored, or the service
    starts anew, or another process leads: the file keeps it out for longer.
    """
    return _tell(client.drain_node(name))


@click.command(short_help="Place calls on a drained node again.")
@_ARGUMENT
@with_client
def restore(client: Client, /, *, name: str) -> int:
    """Place calls on a drained node again.

    NODE is its name in the file of the pool.
    """
    return _tell(client.restore_node(name))


def _tell(node: Node) -> int:
    adrift = f", {node.calls_adrift} of them adrift" if node.calls_adrift else ""
    click.echo(f"{node.name}: {_state(node)}; {counted(node.calls, 'call')}{adrift}")
    return ExitStatus.COMPLETED


def _state(node: Node) -> str:
    link = "up" if node.is_up else "OUT OF REACH"
    return f"{link}, drained" if node.is_drained else link


def _table(found: list[Node]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("node", "state", "calls", "adrift", "weight", "limits", "calls/s", "last error"):
        is_count = name in ("calls", "adrift", "weight", "calls/s")
        table.add_column(name, justify="right" if is_count else "left")
    for node in found:
        table.add_row(
            Text(node.name),
            _state(node),
            str(node.calls),
            str(node.calls_adrift),
            str(node.weight),
            limits_text(node.call_limits).removeprefix("at most "),
            "–" if node.calls_per_s is None else str(node.calls_per_s),
            Text(node.last_error or ""),
        )
    return table
