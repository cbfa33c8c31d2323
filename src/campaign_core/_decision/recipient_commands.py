"""Commands on the recipients of a campaign (R4.10, R5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from campaign_core import commands as cm
from campaign_core import events as ev
from campaign_core._decision.campaign_commands import OPEN, campaign_in
from campaign_core._decision.recorder import Recorder
from campaign_core._model.recipient_list import RecipientList
from campaign_core._model.statuses import FailureReason
from campaign_core._state import record as rec
from campaign_core._state.campaign import CampaignRow
from campaign_core._state.service import Draft
from campaign_core._values.identifiers import Position
from campaign_core.errors import CommandRefusedError, UnknownRecipientError

__all__ = [
    "OF_RECIPIENTS",
]

_NOT_REVIVED = frozenset(
    {FailureReason.DO_NOT_CALL, FailureReason.OPTED_OUT, FailureReason.EXPIRED}
)


def _append(draft: Draft, command: cm.AppendRecipients, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "given more recipients", *OPEN)
    if campaign.is_expired:
        raise CommandRefusedError(
            command,
            f"campaign {campaign.campaign_id} expired at {campaign.expires_at}: "
            "recipients would not be called",
        )
    # A number listed already is refused with both its positions.
    RecipientList.refuse(
        campaign.recipients.repeats_with(
            command.recipients, draft.settings.number_plan, campaign.parameters.duplicates
        )
    )
    record(
        ev.RecipientsAppended,
        campaign_id=campaign.campaign_id,
        recipients=command.recipients,
    )


def _add_attempts(draft: Draft, command: cm.AddAttempts, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "given more attempts", *OPEN)
    positions: tuple[Position, ...]
    if command.positions is cm.ALL_FAILED:
        positions = tuple(
            Position(position)
            for position, record in enumerate(campaign.records, 1)
            if rec.status_of(record) == rec.FAILED and rec.reason_of(record) not in _NOT_REVIVED
        )
        if not positions:
            raise CommandRefusedError(
                command,
                f"campaign {campaign.campaign_id} has no failed recipient "
                "to which attempts may be added",
            )
    else:
        positions = command.positions
    _refuse_each(
        campaign, command, positions, lambda record: _why_not_more(record, command.attempts)
    )
    record(
        ev.AttemptsAdded,
        campaign_id=campaign.campaign_id,
        positions=positions,
        attempts=command.attempts,
    )


def _why_not_more(record: int, attempts: int) -> str | None:
    if rec.status_of(record) == rec.CONTACTED:
        return "contacted"
    if rec.status_of(record) == rec.FAILED and rec.reason_of(record) in _NOT_REVIVED:
        return f"failed for good ({rec.reason_of(record).name})"
    if max(rec.allowed_of(record), rec.counted_of(record)) + attempts > rec.ALLOWED_MAX:
        return f"at most {rec.ALLOWED_MAX} attempts in all"
    return None


def _stop_attempts(draft: Draft, command: cm.StopAttempts, record: Recorder) -> None:
    campaign = campaign_in(draft, command, "told to try recipients no more", *OPEN)
    _refuse_each(campaign, command, command.positions, _why_not_stopped)
    record(ev.AttemptsStopped, campaign_id=campaign.campaign_id, positions=command.positions)


def _why_not_stopped(record: int) -> str | None:
    if rec.status_of(record) == rec.CONTACTED:
        return "contacted"
    if rec.status_of(record) == rec.FAILED:
        return f"failed already ({rec.reason_of(record).name})"
    return None


def _refuse_each(
    campaign: CampaignRow,
    command: cm.Command,
    positions: tuple[Position, ...],
    why: Callable[[int], str | None],
) -> None:
    """Refuse a selection whole, naming each recipient for which it is refused (R5.2)."""
    count = len(campaign.recipients)
    unknown = [position for position in positions if position > count]
    if unknown:
        listed = ", ".join(str(position) for position in unknown)
        told = f"positions = {listed}: the campaign has {count} recipients"
        raise UnknownRecipientError(command, told, unknown)
    refused = [
        f"{position} ({reason})"
        for position in positions
        if (reason := why(campaign.record(position))) is not None
    ]
    if refused:
        raise CommandRefusedError(command, f"refused for recipients {', '.join(refused)}")


OF_RECIPIENTS: dict[type[Any], Callable[[Draft, Any, Recorder], None]] = {
    cm.AppendRecipients: _append,
    cm.AddAttempts: _add_attempts,
    cm.StopAttempts: _stop_attempts,
}
