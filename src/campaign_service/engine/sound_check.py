"""Sounds are looked for before a campaign starts (R6.18): nobody shall answer to silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from campaign_core import State, campaign, link, models, sounds_of
from campaign_core.commands import Command, ResumeCampaign, StartCampaign, StartNow
from campaign_core.errors import CommandRefusedError, UnknownCampaignError
from campaign_drivers import Driver, DriverError, Missing, Need

__all__ = ["SoundsMissingError", "refuse_if_missing", "refuse_missing_sounds", "sounds_needed"]

_log = logging.getLogger(__name__)

_WITHIN_S = 15
"""A telephony that takes longer to tell is not waited for."""


class SoundsMissingError(CommandRefusedError):
    """A campaign whose sounds the telephony lacks starts with a confirmation alone (R6.18)."""

    def __init__(self, command: object, missing: Sequence[Missing]) -> None:
        """Take the command as given, and the sounds with what to do about each."""
        self.missing = tuple(missing)
        listed = "; ".join(f"{one.name}: {one.advice}" for one in self.missing)
        super().__init__(
            command,
            f"confirmed = False: the telephony lacks sounds of this campaign: {listed} "
            "Give confirmed=True to start it all the same",
        )


async def refuse_missing_sounds(driver: Driver, sounds: frozenset[str], *, command: object) -> None:
    """Look for sounds on a telephony; one that cannot be asked just now is taken to have them.

    Args:
        driver: over the telephony; it need not be connected.
        sounds: which.
        command: that needs them.

    Raises:
        SoundsMissingError: it lacks some.
    """
    if not sounds:
        return
    try:
        async with asyncio.timeout(_WITHIN_S):
            found = await driver.check(sounds=sounds, routing_classes=frozenset())
    except (DriverError, TimeoutError) as error:
        _log.warning(
            "the telephony cannot be asked for a campaign's sounds: %s", str(error) or "late"
        )
        return
    refuse_if_missing(found, command=command)


def refuse_if_missing(found: Sequence[Missing], *, command: object) -> None:
    """Refuse a command where a telephony was found to lack sounds.

    Raises:
        SoundsMissingError: it lacks some.
    """
    missing = [one for one in found if one.need is Need.SOUND]
    if missing:
        raise SoundsMissingError(command, missing)


def sounds_needed(state: State, command: Command) -> frozenset[str]:
    """Return the sounds that must be there before a command is taken; of most there are none.

    While the telephony is out of reach there are none either: nobody is called before it is back.
    """
    needed = _NEEDED.get(type(command))
    return needed(state, command) if needed is not None and link(state).is_up else frozenset()


def _of_start(state: State, command: StartCampaign) -> frozenset[str]:
    model = models(state).get(command.model_id)
    if model is None:
        return frozenset()
    own = model if command.sound is None else model.changed(sound=command.sound)
    return sounds_of(own, state.settings)


def _of_campaign(state: State, command: StartNow | ResumeCampaign) -> frozenset[str]:
    try:
        found = campaign(state, command.campaign_id, state.now)
    except UnknownCampaignError:
        return frozenset()
    return sounds_of(found.parameters, state.settings)


_NEEDED: Mapping[type[Any], Callable[[State, Any], frozenset[str]]] = {
    StartCampaign: _of_start,
    StartNow: _of_campaign,
    ResumeCampaign: _of_campaign,
}
