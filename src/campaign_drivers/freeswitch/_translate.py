"""Orders of the core to commands of FreeSWITCH, and what it says when it takes no call.

Nothing from outside reaches a command but through a pattern here. An originate line is split
three times, at blanks, commas and ``=``, and each time quotes and backslashes fall: no escape
holds, a comma sets any variable (one of which runs a shell), and a brace calls another number. In
the arguments of an application ``${…}`` is executed. So a value that does not fit fails its call,
with a sentence that says which, and nothing is escaped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import Enum, auto
from functools import partial
from types import MappingProxyType

from campaign_core.decisions import PlaceCall
from campaign_drivers._telephony.protocol import is_call_of
from campaign_drivers._telephony.settings import (
    UnfitError,
    caller_number_of,
    checked_number,
    fit,
    route_of,
)
from campaign_drivers.freeswitch._settings import FreeSwitchSettings, Route
from campaign_drivers.freeswitch._wire import Command

__all__ = [
    "ABSENT",
    "TURNED_AWAY",
    "TurnedAway",
    "before_bridge",
    "bridge",
    "call_of",
    "contacts",
    "delete_guards",
    "exists",
    "guard",
    "hang_up",
    "leg_ids",
    "originate",
    "playback",
    "sound_path",
    "stop_playback",
    "telephones_in",
]


class TurnedAway(Enum):
    """What becomes of a call for which the server made no channel."""

    NO_ROUTE = auto()
    """The route does not exist: it will not the next time either."""
    DOWN = auto()
    """The gateway is not in service, as FreeSWITCH sees it."""
    DEFERRED = auto()
    """The server has no room now."""


TURNED_AWAY: Mapping[str, TurnedAway] = MappingProxyType(
    {
        "INVALID_GATEWAY": TurnedAway.NO_ROUTE,
        "INVALID_PROFILE": TurnedAway.NO_ROUTE,
        "INVALID_URL": TurnedAway.NO_ROUTE,
        "CHAN_NOT_IMPLEMENTED": TurnedAway.NO_ROUTE,
        "GATEWAY_DOWN": TurnedAway.DOWN,
        # Too many sessions, too many a second, or paused; also the id of a call that is up,
        # which we never send twice.
        "DESTINATION_OUT_OF_ORDER": TurnedAway.DEFERRED,
    }
)
"""What the result of an originate means where no channel was made. Any other cause without a
channel ended the call as it would have with one."""

ABSENT = frozenset({"SUBSCRIBER_ABSENT", "USER_NOT_REGISTERED"})
"""Causes that come without a channel where no telephone is registered: there is none to wait for.
From a telephone's own answer they come long after its channel."""

_NUMBER = re.compile(r"\+?[0-9*#]{1,31}")
_CALLER = re.compile(r"\+?[0-9*#]{1,60}")
_SOUND = re.compile(r"[A-Za-z0-9/_.-]{1,255}")
_CALL_ID = re.compile(r"[0-9a-f]{32}(-[0-9]{1,2})?|[0-9a-f]{8}-probe-[0-9a-f]{12}")
_LEG_ID = re.compile(r"([0-9a-f]{32})-[0-9]{1,2}")
_CONTACT = re.compile(r"sofia/[A-Za-z0-9_.-]{1,80}/[A-Za-z0-9_.:@%/;=?&+~*!-]{1,400}")
_TELEPHONES_MAX = 20
_UUID = re.compile(r"[0-9a-zA-Z.-]{1,128}")
_DISPLAY_MAX = 64
_DISPLAY_MARKS = " ._-"
_KINDS = (".wav", ".mp3", ".ogg", ".opus", ".gsm", ".PCMU", ".PCMA", ".G722", ".G729")
_GUARD = "ALLOTTED_TIMEOUT"
_USER = re.compile(r"[A-Za-z0-9_.:@%+*#-]{1,200}")
_RINGBACK = "%(2000,4000,440,480)"
"""Two seconds of tone in six; where nothing is set, an answered call hears silence."""


_fit = partial(fit, server="FreeSWITCH")
_number = partial(checked_number, server="FreeSWITCH")


def _display(name: str) -> str:
    # Letters, their marks and digits of any script; in single quotes a blank does not part.
    if len(name) <= _DISPLAY_MAX and all(
        letter in _DISPLAY_MARKS or unicodedata.category(letter)[0] in "LMN" for letter in name
    ):
        return name
    raise UnfitError(f"the display name {name!r} is not one that may be sent to FreeSWITCH")


def call_of(channel_id: str) -> str:
    """Return the id of the call that a channel is, or is a leg of."""
    leg = _LEG_ID.fullmatch(channel_id)
    return channel_id if leg is None else leg[1]


def contacts(route: Route, order: PlaceCall) -> Command | None:
    """Return the command that asks where the telephones of a number are.

    ``None``: it is not a number of telephones. All that are registered under a user are rung, each
    as a leg with an id of its own: under one id FreeSWITCH rings the first alone, and says
    ``Duplicate UUID`` of the others in its log.
    """
    if not route.dial_string.startswith("user/"):
        return None
    user = route.dial_string.removeprefix("user/").replace("{number}", order.number)
    return Command(f"api sofia_contact */{user}") if _USER.fullmatch(user) else None


def telephones_in(text: str) -> tuple[str, ...]:
    """Return the dial strings of several telephones, of what :func:`contacts` was answered.

    Empty: there are not several, or one has an address that may not be sent; the route itself is
    dialled then.
    """
    found = tuple(dict.fromkeys(text.strip().split(",")))
    are_fit = all(_CONTACT.fullmatch(contact) and ":_:" not in contact for contact in found)
    return found if are_fit and 1 < len(found) <= _TELEPHONES_MAX else ()


def leg_ids(call_id: str, telephones: tuple[str, ...]) -> tuple[str, ...]:
    """Return the ids of a call's channels: its own, and one for each telephone but the first."""
    return (call_id, *(f"{call_id}-{number}" for number in range(2, len(telephones) + 1)))


def originate(
    settings: FreeSwitchSettings, order: PlaceCall, telephones: tuple[str, ...] = ()
) -> Command:
    """Return the command that places a call; its job has the call's id too.

    Early media is ignored, or a ringing tone would count as an answer; a star stops no message;
    and the server ends the call by itself, should we not be there to do it. Telephones, as
    :func:`telephones_in` returned them, are rung instead of the route's one dial string.

    Raises:
        UnfitError: route, number or name is not one that may be sent.
    """
    route = route_of(order, settings.internal, settings.external)
    call_id = order.call_id
    if not is_call_of(settings.service_id, call_id):
        raise UnfitError(f"the id {call_id!r} is none of this service")
    number = _number(order.number, "the number")
    shown = caller_number_of(order, route.caller_number, server="FreeSWITCH")
    caller = _fit(_CALLER, shown, "the caller number")
    # Whole epoch seconds: 3 of them lasted 2.1. One more, so that nobody is cut short.
    rings_s = int(order.ring_timeout_s) + 1
    variables = [
        *([] if telephones else [f"origination_uuid={call_id}"]),
        f"origination_caller_id_number={caller}",
        f"origination_caller_id_name='{_display(order.display_name)}'",
        f"originate_timeout={rings_s}",
        "ignore_early_media=true",
        "playback_terminators=none",
        f"accountcode={route.account}",
        f"execute_on_answer='sched_hangup +{int(order.dead_man_s)} {_GUARD}'",
        *(f"{name}={text}" for name, text in route.variables.items()),
    ]
    if route.codecs:
        # The one escape there is: a literal between names of a pattern, seen to hold.
        variables.append("absolute_codec_string=" + "\\,".join(route.codecs))
    dialled = route.dial_string.replace("{number}", number)
    if telephones:
        ids = leg_ids(call_id, telephones)
        legs = zip(ids, telephones, strict=True)
        dialled = ",".join(f"[origination_uuid={leg}]{contact}" for leg, contact in legs)
    return Command(
        f"bgapi originate {{{','.join(variables)}}}{dialled} &park()", [("Job-UUID", call_id)]
    )


def sound_path(settings: FreeSwitchSettings, sound: str) -> str:
    """Return where a campaign's sound is on the switch's host.

    Raises:
        UnfitError: the name has a character in it that no path of ours has.
    """
    name = _fit(_SOUND, sound, "the sound")
    if ".." in name:
        raise UnfitError(f"the sound {name!r} is not one that may be sent to FreeSWITCH")
    path = settings.sound_path.replace("{sound}", name)
    return path if path.endswith(_KINDS) else f"{path}.wav"


def playback(call_id: str, path: str, event_uuid: str) -> Command:
    """Return the command that plays a sound; without its lock a second would play inside it.

    The path is as :func:`sound_path` returned it, the id is that of the event of its end.
    """
    return _execute(call_id, "playback", path, event_uuid)


def bridge(settings: FreeSwitchSettings, call_id: str, extension: str, event_uuid: str) -> Command:
    """Return the command that connects a call to an internal extension.

    Raises:
        UnfitError: it is no extension, or there is no internal route.
    """
    if settings.internal is None:
        raise UnfitError("no route is configured for internal calls")
    number = _number(extension, "the extension")
    dialled = settings.internal.dial_string.replace("{number}", number)
    return _execute(call_id, "bridge", dialled, event_uuid)


def before_bridge(call_id: str, number: str, event_uuid: str) -> tuple[Command, ...]:
    """Return the commands that say how the next :func:`bridge` goes.

    The server ends the call with it, for nobody may be connected any more by then; whoever was
    called hears it ring, and at the extension it is seen which number is on the line, if that may
    be sent.
    """
    variables = ["hangup_after_bridge=true", f"transfer_ringback={_RINGBACK}"]
    if _NUMBER.fullmatch(number):
        variables += [f"effective_caller_id_number={number}", f"effective_caller_id_name={number}"]
    return tuple(_execute(call_id, "set", text, event_uuid) for text in variables)


def _execute(call_id: str, application: str, argument: str, event_uuid: str) -> Command:
    assert "$" not in argument
    assert "{" not in argument
    return Command(
        f"sendmsg {_fit(_CALL_ID, call_id, 'the call id')}",
        [
            ("call-command", "execute"),
            ("execute-app-name", application),
            ("execute-app-arg", argument),
            ("event-lock", "true"),
            ("Event-UUID", _fit(_UUID, event_uuid, "the event id")),
        ],
    )


def stop_playback(call_id: str) -> Command:
    """Return the command that ends whatever plays in a call, and drops what is queued."""
    return Command(f"api uuid_break {_fit(_CALL_ID, call_id, 'the call id')} all")


def hang_up(call_id: str, *, while_ringing: bool = False) -> Command:
    """Return the command that ends a call; the cause is what its record will show."""
    cause = "ORIGINATOR_CANCEL" if while_ringing else "NORMAL_CLEARING"
    return Command(f"api uuid_kill {_fit(_CALL_ID, call_id, 'the call id')} {cause}")


def exists(call_id: str) -> Command:
    """Return the command that asks whether a call is up."""
    return Command(f"api uuid_exists {_fit(_CALL_ID, call_id, 'the call id')}")


def guard(call_id: str, after_s: int) -> Command:
    """Return the command by which the server ends a call after some time, ringing or not."""
    fit = _fit(_CALL_ID, call_id, "the call id")
    return Command(f"api sched_hangup +{int(after_s)} {fit} {_GUARD}")


def delete_guards(call_id: str) -> Command:
    """Return the command that takes back every :func:`guard` of a call."""
    return Command(f"api sched_del {_fit(_CALL_ID, call_id, 'the call id')}")
