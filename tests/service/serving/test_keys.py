"""Idempotency keys where a command was taken and its sender was told that nobody knows."""

import asyncio

import pytest

from campaign_core import CampaignModel
from campaign_core.commands import AddModel, PauseCampaign
from campaign_core.errors import CommandRefusedError
from campaign_service.journal import JournalAwayError, Receipt
from campaign_service.serving import KeyReusedError, Taken
from campaign_service.serving.keys import Keys, digest_of

COMMAND = PauseCampaign(campaign_id=1)


class Receipts:
    """Those that are durable."""

    def __init__(self):
        self.kept = {}

    def receipt(self, actor, key):
        return self.kept.get((actor, key))

    def entries(self, *, after, limit):
        return []


class Engine:
    """Takes commands; their receipts become durable once that is let."""

    def __init__(self):
        self.receipts = Receipts()
        self.taken = 0
        self.waiting = []
        self.error = None

    async def take(self, digest):
        self.taken += 1
        receipt = Receipt(
            actor=COMMAND.actor, key="k", request_digest=digest, first_seq=8, last_seq=7
        )
        if self.error is not None:
            if isinstance(self.error, OSError):
                self.waiting.append(receipt)
            raise self.error
        self.receipts.kept[COMMAND.actor, "k"] = receipt
        return Taken(seq=7, at=0, events=())

    async def settled(self, seq):
        assert seq == 7
        for receipt in self.waiting:
            self.receipts.kept[receipt.actor, receipt.key] = receipt
        self.waiting.clear()


def once(keys, engine, command=COMMAND):
    return keys.once(command, "k", take=engine.take, settled=engine.settled, sequence=lambda: 7)


def test_command_that_waited_for_the_disk_when_its_sender_gave_up_is_not_taken_again():
    """R9.3: its receipt is looked for only once everything before is durable."""

    async def story():
        engine = Engine()
        keys = Keys(engine.receipts)
        engine.error = JournalAwayError("gone")
        with pytest.raises(JournalAwayError):
            await once(keys, engine)
        engine.error = None
        assert (await once(keys, engine)).repeated
        assert engine.taken == 1
        assert keys._in_doubt == {}

    asyncio.run(story())


def test_refused_command_is_in_no_doubt():
    async def story():
        engine = Engine()
        keys = Keys(engine.receipts)
        engine.error = CommandRefusedError(COMMAND, "not now")
        with pytest.raises(CommandRefusedError):
            await once(keys, engine)
        engine.error = None
        assert not (await once(keys, engine)).repeated
        assert keys._turns == {}

    asyncio.run(story())


def test_key_of_another_request_is_refused():
    async def story():
        engine = Engine()
        keys = Keys(engine.receipts)
        await once(keys, engine)
        with pytest.raises(KeyReusedError, match="'k'"):
            await once(keys, engine, PauseCampaign(campaign_id=2))

    asyncio.run(story())


def test_digest_tells_requests_apart_by_all_that_they_ask_for():
    one = AddModel(model=CampaignModel(name="A", caller_number="1"))
    assert digest_of(one) == digest_of(AddModel(model=CampaignModel(name="A", caller_number="1")))
    assert digest_of(one) != digest_of(AddModel(model=CampaignModel(name="B", caller_number="1")))
