"""How the emulated server calls somebody: endpoints, users of the directory, legs that race."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulators.freeswitch.channel import Channel
from tests.emulators.freeswitch.lines import (
    NotUnderstoodError,
    legs_together,
    read_leg,
    read_originate,
)
from tests.emulators.freeswitch.people import Callee

if TYPE_CHECKING:
    from tests.emulators.freeswitch.switch import Switch

__all__ = ["EPOCH_MS", "Dialler"]

EPOCH_MS = 1_795_374_000_000
"""Of the server's clock, when its time is 0."""


class Dialler:
    """Makes channels of dial strings."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch

    # Orders -------------------------------------------------------------------------------

    def originate(self, text: str, job: str) -> None:
        """Carry out an originate; its result is the job's."""
        try:
            order = read_originate(text)
        except NotUnderstoodError as error:
            self._switch.result(job, text, str(error))
            return
        self._next_of(order.legs, dict(order.variables), job, text)

    def _next_of(
        self, legs: tuple[str, ...], variables: dict[str, str], job: str, text: str
    ) -> None:
        # A bar, or `:_:`, parts legs that are tried in turn; a comma those that ring together.
        first, *others = legs
        channels, failure = self.legs(first, variables)
        if not channels:
            self._switch.result(job, text, f"-ERR {failure}\n")
            return
        channels[0].job = job
        for channel in channels:
            self._switch.originated(channel)
            channel.order_text, channel.next_legs = text, tuple(others)

    def legs(self, text: str, variables: dict[str, str]) -> tuple[list[Channel], str]:
        """Call legs that ring together; return those that do, and why the last other does not."""
        channels, failure = [], ""
        for place, leg in enumerate(legs_together(text)):
            dialled, own = read_leg(leg)
            # Without an id of its own each but the first is given one by the server.
            contacts = self._contacts(dialled)
            failure = failure if contacts else "SUBSCRIBER_ABSENT"
            given = variables if place == 0 else {**variables, "origination_uuid": ""}
            for contact, number in contacts:
                channel = self._call(contact, number, {**given, **own})
                if isinstance(channel, str):
                    failure = channel
                else:
                    channels.append(channel)
        for channel in channels:
            channel.rivals = [other for other in channels if other is not channel]
        return channels, failure

    def _contacts(self, leg: str) -> list[tuple[str, str | None]]:
        """A user with several registrations is several legs, of which each takes the same id."""
        if not leg.startswith("user/"):
            return [(leg, None)]
        number = leg.removeprefix("user/").partition("@")[0]
        rung = self._switch.config.telephones.get(number)
        return [(leg, None)] if rung is None else [(leg, telephone) for telephone in rung]

    def registered(self, user: str) -> str:
        """Answer ``sofia_contact``: where a user's telephones are."""
        number = user.rpartition("/")[2].partition("@")[0]
        # To ask the plan would be to call.
        rung = self._switch.config.telephones.get(number, (number,))
        contacts = [
            f"sofia/internal/sip:{telephone}@127.0.0.1:{15_060 + place}"
            for place, telephone in enumerate(rung)
        ]
        return ",".join(contacts) or "error/user_not_registered"

    # Legs ---------------------------------------------------------------------------------

    def _call(self, leg: str, rung: str | None, variables: dict[str, str]) -> Channel | str:
        """Return the channel that was made for a leg, or why there is none."""
        switch = self._switch
        failure, number = self._endpoint(leg)
        number = number if rung is None else rung
        uuid = variables.get("origination_uuid") or switch.uuid()
        if not leg.startswith("null/"):
            # To nobody: sounds are looked for on such calls.
            switch.note("originate", id=uuid, leg=leg)
        if failure:
            if leg.startswith("sofia/"):
                # A channel is destroyed that was never created.
                gone = {"Unique-ID": uuid, "Call-Direction": "outbound", "Answer-State": "ringing"}
                switch.fire("CHANNEL_DESTROY", gone)
            return failure
        callee = switch.config.plan(number) if not leg.startswith("null/") else Callee()
        if callee is None and leg.startswith("user/"):
            return "SUBSCRIBER_ABSENT"
        legs = 2 if leg.startswith("loopback/") else 1
        # Of a second leg under one id the server says "Duplicate UUID" in its log alone.
        if switch.is_paused or uuid in switch.channels or not switch.has_room(legs):
            return "DESTINATION_OUT_OF_ORDER"
        channel = Channel(
            switch,
            uuid=uuid,
            name=f"{leg}-a" if leg.startswith("loopback/") else leg,
            number=number,
            variables=variables,
            callee=callee or Callee(),
            job=None,
        )
        self._ring(channel, callee, legs)
        return channel

    def _ring(self, channel: Channel, callee: Callee | None, legs: int) -> None:
        switch = self._switch
        switch.channels[channel.uuid] = channel
        channel.fire("CHANNEL_OUTGOING", variables=False)
        channel.fire("CHANNEL_CREATE")
        channel.state = "CS_CONSUME_MEDIA"
        channel.fire("CHANNEL_ORIGINATE")
        if legs > 1:
            self._other_end(channel)
        if callee is None:
            channel.after(20, lambda: channel.reject("NO_ROUTE_DESTINATION", 404))
            return
        timeout_s = int(channel.variables.get("originate_timeout", "60") or "60")
        # It counts whole seconds of the clock: 3 may last 2.1.
        left_ms = (switch.epoch_s() + timeout_s) * 1_000 - (EPOCH_MS + switch.now)
        channel.after(left_ms, lambda: self._timed_out(channel))
        channel.after(20, lambda: callee.called(channel))

    def _timed_out(self, channel: Channel) -> None:
        if channel.answered_at is None:
            channel.variables["sip_hangup_disposition"] = "send_cancel"
            channel.timed_out = True
            channel.end("NO_ANSWER")

    def _other_end(self, channel: Channel) -> None:
        """A loopback's other end carries our variables, and is inbound."""
        headers = {f"variable_{name}": value for name, value in channel.variables.items()}
        headers |= {"Unique-ID": self._switch.uuid(), "Call-Direction": "inbound"}
        self._switch.fire("CHANNEL_CREATE", {**headers, "Answer-State": "ringing"})
        channel.other_end = headers

    def _endpoint(self, leg: str) -> tuple[str, str]:
        parts = leg.split("/")
        number = parts[-1]
        config = self._switch.config
        match parts[0]:
            case "sofia" if parts[1] == "gateway":
                if parts[2] in config.gateways_down:
                    return "GATEWAY_DOWN", number
                return ("" if parts[2] in config.gateways else "INVALID_GATEWAY"), number
            case "sofia":
                known = parts[1] in config.profiles
                name, _, host = number.replace("%", "@").partition("@")
                if known and host.endswith(":15099"):
                    return "", "3503"
                return ("" if known else "INVALID_PROFILE"), name.removeprefix("sip:")
            case "user":
                return "", number.partition("@")[0]
            case "loopback":
                # Without a context it looks in one that has nobody.
                return "", parts[1] if len(parts) > 2 else "nobody"
            case "null":
                return "", number
            case _:
                return "CHAN_NOT_IMPLEMENTED", number

    # Races --------------------------------------------------------------------------------

    def race_won(self, channel: Channel) -> None:
        """A leg has answered: the order is its own, and the others are cancelled."""
        rivals, channel.rivals = channel.rivals, []
        for rival in rivals:
            if rival.job is not None:
                channel.job, rival.job = rival.job, None
            rival.rivals = []
            rival.next_legs = ()
            rival.end("LOSE_RACE")

    def leg_over(self, channel: Channel) -> None:
        """A leg that had the order's result to tell leaves it to those that still ring."""
        if channel.job is None:
            return
        heirs = [rival for rival in channel.rivals if rival.is_up]
        if heirs:
            heirs[0].job, channel.job = channel.job, None
        elif channel.next_legs and channel.answered_at is None:
            job, channel.job = channel.job, None
            variables = {**channel.variables, "origination_uuid": self._switch.uuid()}
            self._next_of(channel.next_legs, variables, job, channel.order_text)
