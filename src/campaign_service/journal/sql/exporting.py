"""A campaign as rows and lines: what became of everybody, every attempt, every event (R9.2).

Also of a campaign that was deleted: as it was just before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from campaign_core import (
    CampaignId,
    Position,
    RecipientList,
    State,
    campaign,
    link,
    recipients,
)
from campaign_core.errors import Problem, SettingsError
from campaign_service.instants import TimeWriter, zone_of
from campaign_service.journal.sql.history import CampaignRecord, JournalQueries
from campaign_service.report import Attempt
from campaign_service.report.panel import row_from_attempts
from campaign_service.report.rows import Row, attempt_row, recipient_row

__all__ = ["CampaignExport"]

_CHUNK = 1_000


class CampaignExport:
    """One campaign at one moment: that of the journal's end, or just before it was deleted.

    Args:
        history: whose campaign.
        campaign_id: which one.

    Raises:
        SettingsError: there was never such a campaign.
        JournalAwayError: the database cannot be read just now.
    """

    def __init__(self, history: JournalQueries, campaign_id: CampaignId) -> None:
        record = history.campaign(campaign_id)
        if record is None:
            rule = "the number of a campaign that is or was there"
            raise SettingsError([Problem(field="campaign", value=campaign_id, rule=rule)])
        self.record: CampaignRecord = record
        """What is kept of it beside its events."""
        self._history = history
        gone = record.deleted_seq
        self.last_seq = history.last_seq() if gone is None else gone - 1
        """The last event that is known here."""
        self._state: State = history.state_after(self.last_seq)
        view = campaign(self._state, campaign_id, self._state.now)
        self._listed: RecipientList = view.recipients
        self.zone = zone_of(view.parameters.time_zone)
        """The campaign's own: on its clock times are written."""
        self._text = TimeWriter(self.zone)
        self._simulated = link(self._state).was_simulated

    def recipients(self) -> Iterator[Row]:
        """Yield a row for each recipient, in list order."""
        states = recipients(self._state, self.record.campaign_id)
        tried = self._by_recipient()
        for position, (who, now) in enumerate(zip(self._listed, states, strict=True), 1):
            yield recipient_row(
                row_from_attempts(Position(position), who, now, next(tried)),
                self._text,
                self._simulated,
            )

    def attempts(self) -> Iterator[Row]:
        """Yield a row for each attempt, in list order of the recipients."""
        for attempts in self._by_recipient():
            for attempt in attempts:
                name = self._listed.at(attempt.position).name
                yield attempt_row(attempt, name, self._text, self._simulated)

    def log(self) -> Iterator[str]:
        """Yield each event as a line of JSON, in order; the first has all parameters."""
        after = self.record.created_seq - 1
        last = self.record.deleted_seq or self.last_seq
        while entries := self._history.entries(
            after=after, limit=_CHUNK, campaign_id=self.record.campaign_id
        ):
            for entry in entries:
                if entry.seq > last:
                    return
                yield json.dumps(json.loads(entry.data), ensure_ascii=False)
            after = entries[-1].seq

    def _by_recipient(self) -> Iterator[Sequence[Attempt]]:
        """Yield the attempts to reach each recipient, in list order."""
        for first in range(1, len(self._listed) + 1, _CHUNK):
            last = min(first + _CHUNK - 1, len(self._listed))
            found: list[list[Attempt]] = [[] for _ in range(first, last + 1)]
            for attempt in self._history.attempts(
                self.record.campaign_id,
                first=Position(first),
                last=Position(last),
                known_seq=self.last_seq,
            ):
                found[attempt.position - first].append(attempt)
            yield from found
