"""``campaign nodes``, ``drain`` and ``restore``: the nodes of a telephony that is a pool."""

from __future__ import annotations

import click

from campaign_service.cli.options import json_option
from campaign_service.cli.remote.service_access import with_client
from campaign_service.cli.remote.tables import show_list
from campaign_service.cli.value_text import counted, limits_text
from campaign_service.client import Client, Node

__all__ = ["drain", "nodes", "restore"]

_node_argument = click.argument("name", metavar="NODE")


@click.command(short_help="List the nodes of a service's telephony.")
@json_option
@with_client
def nodes(client: Client, *, is_json: bool) -> None:
    """List the nodes of a telephony that is a pool of several: which are up, drained, how busy."""
    show_list(
        client.nodes(),
        {
            "node": lambda node: node.name,
            "state": _state,
            "calls": lambda node: str(node.calls),
            "adrift": lambda node: str(node.calls_adrift),
            "weight": lambda node: str(node.weight),
            "limits": lambda node: limits_text(node.call_limits).removeprefix("at most "),
            "calls/s": lambda node: "–" if node.calls_per_s is None else str(node.calls_per_s),
            "last error": lambda node: node.last_error or "",
        },
        right=("calls", "adrift", "weight", "calls/s"),
        is_json=is_json,
        otherwise="No nodes: the telephony is no pool.",
    )


@click.command(short_help="Place no new calls on a node.")
@_node_argument
@with_client
def drain(client: Client, *, name: str) -> None:
    """Place no new calls on a node; its calls come to their end.

    NODE is its name in the file of the pool. It stays drained until it is restored, or the service
    starts anew, or another process leads: the file keeps it out for longer.
    """
    _tell(client.drain_node(name))


@click.command(short_help="Place calls on a drained node again.")
@_node_argument
@with_client
def restore(client: Client, *, name: str) -> None:
    """Place calls on a drained node again.

    NODE is its name in the file of the pool.
    """
    _tell(client.restore_node(name))


def _tell(node: Node) -> None:
    adrift = f", {node.calls_adrift} of them adrift" if node.calls_adrift else ""
    click.echo(f"{node.name}: {_state(node)}; {counted(node.calls, 'call')}{adrift}")


def _state(node: Node) -> str:
    link = "up" if node.is_up else "OUT OF REACH"
    return f"{link}, drained" if node.is_drained else link
