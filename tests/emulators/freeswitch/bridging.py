"""``bridge``: another leg is called from a channel, and the two are joined.

A bridge that fails ends its channel with that cause. When either hangs up the other does; a
channel that called outlives its bridge only without ``hangup_after_bridge``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulators.freeswitch.channel import Channel
    from tests.emulators.freeswitch.running import Running

__all__ = ["begin"]


def begin(caller: Channel, running: Running) -> None:
    """Call whoever is to be joined."""
    switch = caller.switch
    caller.bridge = running
    switch.bridged.append((caller.uuid, running.argument))
    ringing, failure = switch.dialler.legs(running.argument, {})
    if not ringing:
        caller.after(1, lambda: caller.end(failure))
        return
    for leg in ringing:
        leg.on_answer = _joining(caller, leg)
        leg.on_end = _ending(caller, leg, ringing, running)
    # Whoever gives up takes those along who only ring for him.
    caller.on_end = _giving_up(ringing)


def _giving_up(ringing: list[Channel]) -> Callable[[], None]:
    def gave_up() -> None:
        for leg in ringing:
            if leg.answered_at is None:
                leg.end("ORIGINATOR_CANCEL")

    return gave_up


def _joining(caller: Channel, leg: Channel) -> Callable[[], None]:
    def answered() -> None:
        caller.peer, leg.peer = leg, caller
        leg.state, leg.call_state = "CS_EXCHANGE_MEDIA", "ACTIVE"
        leg.note_row()
        bridge_ms = caller.switch.config.bridge_ms
        if bridge_ms is not None:
            leg.after(bridge_ms, leg.hang_up)

    return answered


def _ending(
    caller: Channel, leg: Channel, ringing: list[Channel], running: Running
) -> Callable[[], None]:
    def ended() -> None:
        if not caller.is_up:
            return
        if caller.peer is leg:
            caller.peer = None
            if caller.variables.get("hangup_after_bridge") == "true":
                caller.after(0, lambda: caller.end("NORMAL_CLEARING"))
            else:
                caller.bridge_over(running)
        elif caller.peer is None and not any(other.is_up for other in ringing):
            caller.sip = leg.sip
            if leg.sip is not None:
                caller.variables["sip_invite_failure_status"] = str(leg.sip)
            caller.after(0, lambda: caller.end(leg.cause))

    return ended
