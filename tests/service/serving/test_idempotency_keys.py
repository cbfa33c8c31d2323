"""Idempotency keys where a command was taken and its sender was told that nobody knows."""

import asyncio
import hashlib
import json

import pytest
from tests.service.journal.sql.streams import Campaign

from campaign_core import CampaignModel, Recipient
from campaign_core.codec import to_data
from campaign_core.commands import AddModel, PauseCampaign
from campaign_core.errors import CommandRefusedError
from campaign_service.journal import JournalAwayError, Receipt
from campaign_service.journal.sql.entries import entry_of
from campaign_service.serving import CommandResult, KeyedRequest, KeyReusedError
from campaign_service.serving.idempotency_keys import IdempotencyKeys, digest_of

COMMAND = PauseCampaign(campaign_id=1)


class Receipts:
    """Those that are durable."""

    def __init__(self):
        self.kept = {}
        self.log = []

    def receipt(self, actor, key):
        return self.kept.get((actor, key))

    def entries(self, *, after, limit):
        return [entry for entry in self.log if entry.seq > after][:limit]


class Engine:
    """Takes commands; their receipts become durable once that is let."""

    def __init__(self):
        self.receipts = Receipts()
        self.taken = 0
        self.waiting = []
        self.error = None
        self.is_at_work = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def take(self, digest):
        self.taken += 1
        receipt = Receipt(
            actor=COMMAND.actor, key="k", request_digest=digest, first_seq=8, last_seq=7
        )
        if not self.may_go_on.is_set():
            self.waiting.append(receipt)
            self.is_at_work.set()
            await self.may_go_on.wait()
        if self.error is not None:
            if isinstance(self.error, OSError):
                self.waiting.append(receipt)
            raise self.error
        self.receipts.kept[COMMAND.actor, "k"] = receipt
        return CommandResult(seq=7, at=0, events=())

    async def settled(self, seq):
        assert seq == 7
        for receipt in self.waiting:
            self.receipts.kept[receipt.actor, receipt.key] = receipt
        self.waiting.clear()


def run(story):
    asyncio.run(asyncio.wait_for(story, timeout=20))


def once(keys, engine, command=COMMAND):
    request = KeyedRequest(actor=command.actor, key="k", digest=digest_of(command))
    return keys.once(request, take=engine.take, settled=engine.settled, sequence=lambda: 7)


def test_command_that_waited_for_the_disk_when_its_sender_gave_up_is_not_taken_again():
    """R9.3: its receipt is looked for only once everything before is durable."""

    async def story():
        engine = Engine()
        keys = IdempotencyKeys(engine.receipts)
        engine.error = JournalAwayError("gone")
        with pytest.raises(JournalAwayError):
            await once(keys, engine)
        engine.error = None
        assert (await once(keys, engine)).repeated
        assert engine.taken == 1
        assert keys._in_doubt == {}

    run(story())


def test_command_whose_sender_hung_up_is_not_taken_again():
    """R9.3: it was taken, and its receipt may still wait for the disk."""

    async def story():
        engine = Engine()
        keys = IdempotencyKeys(engine.receipts)
        engine.may_go_on.clear()
        asking = asyncio.ensure_future(once(keys, engine))
        await engine.is_at_work.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        engine.may_go_on.set()
        assert (await once(keys, engine)).repeated
        assert engine.taken == 1

    run(story())


def test_requests_under_one_key_at_one_time_are_taken_once():
    async def story():
        engine = Engine()
        keys = IdempotencyKeys(engine.receipts)
        engine.may_go_on.clear()
        asking = [asyncio.ensure_future(once(keys, engine)) for _ in range(3)]
        await engine.is_at_work.wait()
        engine.may_go_on.set()
        assert [taken.repeated for taken in await asyncio.gather(*asking)] == [False, True, True]
        assert engine.taken == 1

    run(story())


def test_key_of_one_sender_holds_up_no_other():
    async def story():
        anna, bert = Engine(), Engine()
        keys = IdempotencyKeys(bert.receipts)
        anna.may_go_on.clear()
        asking = asyncio.ensure_future(once(keys, anna))
        await anna.is_at_work.wait()
        taken = await once(keys, bert, PauseCampaign(campaign_id=1, actor="bert"))
        assert not taken.repeated
        anna.may_go_on.set()
        await asking

    run(story())


@pytest.mark.parametrize("own", [0, 1, 2])
def test_repeated_command_tells_its_own_events_and_when_it_was_taken(own):
    """One that changed nothing has none; its time is that of the last event before."""
    events = list(Campaign().events)[:4]
    last_seq = events[-1].seq

    async def story():
        receipts = Receipts()
        receipts.log = [entry_of(event) for event in events]
        receipts.kept[COMMAND.actor, "k"] = Receipt(
            actor=COMMAND.actor,
            key="k",
            request_digest=digest_of(COMMAND),
            first_seq=last_seq + 1 - own,
            last_seq=last_seq,
        )
        engine = Engine()
        taken = await once(IdempotencyKeys(receipts), engine)
        assert engine.taken == 0
        assert taken == CommandResult(
            seq=last_seq,
            at=events[-1].at,
            events=tuple(events[len(events) - own :]),
            repeated=True,
        )

    run(story())


def test_refused_command_is_in_no_doubt():
    async def story():
        engine = Engine()
        keys = IdempotencyKeys(engine.receipts)
        engine.error = CommandRefusedError(COMMAND, "not now")
        with pytest.raises(CommandRefusedError):
            await once(keys, engine)
        engine.error = None
        assert not (await once(keys, engine)).repeated
        assert keys._turns == {}

    run(story())


def test_key_of_another_request_is_refused():
    async def story():
        engine = Engine()
        keys = IdempotencyKeys(engine.receipts)
        await once(keys, engine)
        with pytest.raises(KeyReusedError, match="'k'"):
            await once(keys, engine, PauseCampaign(campaign_id=2))

    run(story())


def test_digest_tells_requests_apart_by_all_that_they_ask_for():
    one = AddModel(model=CampaignModel(name="A", caller_number="1"))
    assert digest_of(one) == digest_of(AddModel(model=CampaignModel(name="A", caller_number="1")))
    assert digest_of(one) != digest_of(AddModel(model=CampaignModel(name="B", caller_number="1")))


def test_digest_is_that_of_older_releases():
    """Issue: idempotency keys; a receipt outlives the release that wrote it."""
    rows = [Recipient(number=str(number), name="Ännä") for number in range(2_500)]
    long = AddModel(model=CampaignModel(name="m", caller_number="1", recipients=rows))

    for command in (COMMAND, long):
        data = json.dumps(to_data(command), sort_keys=True)
        assert digest_of(command) == hashlib.sha256(data.encode()).hexdigest()
