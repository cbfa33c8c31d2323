"""Events as they are kept: the same text however many recipients are in them."""

import json

import pytest

from campaign_core import CampaignModel, Recipient
from campaign_core.codec import to_data
from campaign_core.events import ModelAdded
from campaign_service.journal import json_pieces
from campaign_service.journal.sql.entries import entry_of, event_of


@pytest.mark.parametrize("actor", ["anna", "half a pair: \ud800"])
@pytest.mark.parametrize("count", [0, 3, 6_000])
def test_event_with_many_recipients_is_written_and_read_like_any_other(count, actor):
    """R9.1: the chain of checksums is over this text."""
    rows = [Recipient(number=str(number), name=f"Jürgen {number}") for number in range(count)]
    model = CampaignModel(name="m", caller_number="1", recipients=rows)
    event = ModelAdded(seq=2, at=5, actor=actor, model_id=1, model=model)

    entry = entry_of(event)

    assert entry.data == json.dumps(to_data(event), separators=(",", ":"))
    assert event_of(entry) == event


def test_long_event_is_never_read_as_a_whole(monkeypatch):
    """Issue: calls are seen to while a command with a long list is repeated."""
    rows = [Recipient(number=str(number)) for number in range(6_000)]
    model = CampaignModel(name="m", caller_number="1", recipients=rows)
    entry = entry_of(ModelAdded(seq=2, at=5, actor="anna", model_id=1, model=model))
    assert len(entry.data) > json_pieces.PIECE_BYTES
    monkeypatch.setattr(json, "loads", None)

    assert len(event_of(entry).model.recipients) == 6_000
