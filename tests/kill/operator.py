"""The operator of the kill test: gives commands at random, and notes what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Protocol

import attrs

from campaign_core import (
    CallLimits,
    CampaignId,
    CampaignModel,
    Line,
    ModelId,
    Position,
    Recipient,
    Settings,
    events,
)
from campaign_core import commands as cm

__all__ = ["CommandGiver", "GivenCommand", "Operator", "Response", "broken_promises"]

ACTOR = "operator"


@attrs.frozen(kw_only=True)
class Response:
    """What the service said to a command."""

    seq: int | None = None
    """Its last event's number; ``None``: it was refused."""
    why: str = ""


@attrs.define(kw_only=True)
class GivenCommand:
    """A command that was given, once or more often under one key."""

    command: cm.Command
    key: str
    answer: Response | None = None
    tries: int = 0


class CommandGiver(Protocol):
    """A way to the service."""

    async def give(self, command: cm.Command, key: str) -> Response | None:
        """Give a command; ``None``: no answer came, and nobody knows what became of it."""


class Operator:
    """Gives commands until each is answered, over as many lives of the service as that takes.

    Args:
        gives: the way to the service.
        chance: what is commanded.
        numbers: of recipients that are appended, each once.
    """

    def __init__(
        self,
        gives: CommandGiver,
        chance: random.Random,
        numbers: Iterator[str],
    ) -> None:
        self.asked: list[GivenCommand] = []
        self._gives = gives
        self._chance = chance
        self._numbers = numbers
        self._totals = itertools.cycle([14, 9, 18, 7])
        self._paused: set[CampaignId] = set()
        self._is_insisting = False
        self.given = asyncio.Event()
        """Set whenever a command is sent."""
        self.answered = asyncio.Event()
        """Set whenever one is answered."""

    async def open(self, given: Sequence[CampaignModel]) -> None:
        """Set the limits and start a campaign from each model."""
        await self.insist(self._settings())
        for index, model in enumerate(given, 1):
            await self.insist(cm.AddModel(model=model, actor=ACTOR))
            await self.insist(cm.StartCampaign(model_id=ModelId(index), actor=ACTOR))

    async def command(self, campaigns: int) -> None:
        """Give one command, of whatever kind."""
        chance = self._chance
        campaign_id = CampaignId(chance.randint(1, campaigns))
        which = chance.randrange(7)
        if which == 0 and campaign_id not in self._paused:
            self._paused.add(campaign_id)
            await self.insist(cm.PauseCampaign(campaign_id=campaign_id, actor=ACTOR))
        elif which == 1 and self._paused:
            campaign_id = chance.choice(sorted(self._paused))
            self._paused.discard(campaign_id)
            await self.insist(cm.ResumeCampaign(campaign_id=campaign_id, actor=ACTOR))
        elif which in {2, 3}:
            added = [
                Recipient(number=number, line=chance.choice(list(Line)))
                for number in itertools.islice(self._numbers, chance.randint(1, 3))
            ]
            await self.insist(
                cm.AppendRecipients(campaign_id=campaign_id, recipients=added, actor=ACTOR)
            )
        elif which == 4:
            positions = chance.sample(range(1, 20), 2)
            command = cm.AddAttempts(
                campaign_id=campaign_id, positions=tuple(map(Position, positions)), attempts=1,
                actor=ACTOR,
            )  # fmt: skip
            await self.insist(command)
        elif which == 5:
            position = Position(chance.randint(1, 20))
            await self.insist(
                cm.StopAttempts(campaign_id=campaign_id, positions=(position,), actor=ACTOR)
            )
        else:
            await self.insist(self._settings())

    @property
    def is_between(self) -> bool:
        """Whether no command waits for its answer."""
        return not self._is_insisting

    async def finish(self) -> None:
        """Let every campaign go on to its end."""
        for campaign_id in sorted(self._paused):
            await self.insist(cm.ResumeCampaign(campaign_id=campaign_id, actor=ACTOR))

    def _settings(self) -> cm.Command:
        external = self._chance.choice([6, 10])
        limits = CallLimits(total=next(self._totals), internal=9, external=external)
        return cm.ChangeSettings(settings=Settings(call_limits=limits), actor=ACTOR)

    async def insist(self, command: cm.Command) -> None:
        """Give a command; again under the same key, until there is an answer."""
        asked = GivenCommand(command=command, key=f"k{len(self.asked)}")
        self.asked.append(asked)
        self._is_insisting = True
        while asked.answer is None:
            asked.tries += 1
            self.given.set()
            asked.answer = await self._gives.give(command, asked.key)
            if asked.answer is None:
                await asyncio.sleep(0.02)
        self.answered.set()
        self._is_insisting = False


# What was promised -------------------------------------------------------------------------


def _means(command: cm.Command, event: events.Event) -> bool:
    """Return whether an event is of a command."""
    match command, event:
        case cm.ChangeSettings(), events.SettingsChanged():
            return event.settings == command.settings
        case cm.AddModel(), events.ModelAdded():
            return event.model == command.model
        case cm.StartCampaign(), events.CampaignScheduled():
            return event.model_id == command.model_id
        case (cm.PauseCampaign(), events.CampaignPaused()) | (
            cm.ResumeCampaign(),
            events.CampaignResumed(),
        ):
            return event.campaign_id == command.campaign_id
        case cm.AppendRecipients(), events.RecipientsAppended():
            same = event.campaign_id == command.campaign_id
            return same and list(event.recipients) == list(command.recipients)
        case cm.AddAttempts(), events.AttemptsAdded():
            same = event.campaign_id == command.campaign_id
            return same and event.positions == command.positions
        case cm.StopAttempts(), events.AttemptsStopped():
            same = event.campaign_id == command.campaign_id
            return same and event.positions == command.positions
        case _:
            return False


def broken_promises(
    asked: Sequence[GivenCommand], journal: Sequence[events.Event]
) -> Iterator[str]:
    """Yield where the journal is not what was acknowledged (R9.3).

    Every command that was acknowledged is there, at the place that was named; each is there once,
    however often it was given; and what nobody commanded is not there.
    """
    own = [event for event in journal if event.actor == ACTOR]
    taken: set[int] = set()
    for one in asked:
        if one.answer is None or one.answer.seq is None:
            continue
        upto = one.answer.seq
        found = [
            event
            for event in own
            if event.seq not in taken and event.seq <= upto and _means(one.command, event)
        ]
        if not found:
            yield f"{one.key} {one.command} was acknowledged as {upto}, and is not in the journal"
            continue
        taken.add(found[-1].seq)
        if upto - found[-1].seq > 1:
            yield f"{one.key} {one.command} was acknowledged as {upto}, and is {found[-1].seq}"
    unanswered = [one.command for one in asked if one.answer is None]
    for event in own:
        if event.seq in taken or isinstance(event, events.CampaignStarted):
            continue
        commands = [command for command in unanswered if _means(command, event)]
        if not commands:
            yield f"event {event.seq} was commanded once and is there twice, or by nobody: {event}"
        else:
            unanswered.remove(commands[0])
