"""Recipients of a campaign: the status panel, more of them, more or no more attempts (R5)."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress

import attrs
from msgspec import UNSET, structs

from campaign_core import (
    CampaignId,
    Position,
    RecipientList,
    RecipientState,
    State,
    campaign,
    explain,
    recipient,
)
from campaign_core.commands import AddAttempts, AppendRecipients, StopAttempts
from campaign_core.errors import SettingsError, UnknownRecipientError
from campaign_core.events import CallEvent, RecipientsAppended
from campaign_service.api.commands import (
    campaign_list_options,
    checked_recipients,
    chosen_positions,
    remarks_on,
)
from campaign_service.api.operations import (
    OF_TENANT,
    IfMatch,
    OperationTable,
    ResponseForm,
    operation_name,
)
from campaign_service.api.problems.responses import refused_by_field
from campaign_service.api.request import ApiRequest, ApiResponse, command_response
from campaign_service.api.routes.campaigns import campaign_tag_in
from campaign_service.api.views.responses import (
    attempt_detail,
    explanation_schema,
    recipient_schema,
)
from campaign_service.journal import JournalEntry
from campaign_service.journal.sql.entries import event_of
from campaign_service.numbers import read_number
from campaign_service.report.attempts import Attempt, attempt_of
from campaign_service.report.panel import row_from_attempts
from campaign_service.schemas import explanations, requests, responses
from campaign_service.schemas.conversion import BadValuesError, with_places
from campaign_service.schemas.requests import RecipientsQuery, ThenQuery
from campaign_service.schemas.responses import Taken

__all__ = ["RECIPIENTS"]

RECIPIENTS = OperationTable("Recipients", below=f"{OF_TENANT}/campaigns/{{campaign_id}}")

_DONE = ResponseForm(schema=Taken)
_LOOKED_AT_MAX = 20_000
"""Recipients that a page with a filter looks at; then it ends, and the next one goes on."""


@RECIPIENTS.query(
    "/recipients", query=RecipientsQuery, response=responses.RecipientPage, shows_state=True
)
async def list_recipients(request: ApiRequest) -> responses.RecipientPage:
    """List the recipients of a campaign, in list order (R5.4).

    State, time of the last call, outcome, number of attempts, last confirmations. A page with a
    filter may be short, or empty, though more follow: `next` tells. With `at`, as it was then.
    """
    query = request.query(RecipientsQuery)
    state, _ = await request.state_at(query.at)
    return await request.run_in(request.context.page_slots, _page, request, state, query)


def _page(request: ApiRequest, state: State, query: RecipientsQuery) -> responses.RecipientPage:
    everybody = campaign(state, request.campaign_id, state.now).recipients
    chosen, looked_at = _filtered(state, request.campaign_id, everybody, query)
    attempts = _attempts(request, [position for position, _ in chosen], state)
    return responses.RecipientPage(
        items=[
            recipient_schema(
                row_from_attempts(position, everybody.at(position), found, attempts[position]),
                responses.RecipientRow,
                found,
            )
            for position, found in chosen
        ],
        next=looked_at if looked_at < len(everybody) else None,
        recipient_count=len(everybody),
    )


def _filtered(
    state: State, campaign_id: CampaignId, everybody: RecipientList, query: RecipientsQuery
) -> tuple[list[tuple[Position, RecipientState]], int]:
    """Return the recipients of a page, and the last position that was looked at."""
    chosen: list[tuple[Position, RecipientState]] = []
    count = len(everybody)
    looked_at = min(query.after, count)
    last = min(count, looked_at + _LOOKED_AT_MAX)
    candidates: Iterable[int] = range(looked_at + 1, last + 1)
    if query.number is not UNSET:
        # By the list's own index: however long it is.
        last = count
        number, plan = query.number, state.settings.number_plan
        with suppress(SettingsError):
            number = read_number(number, plan=plan)
        candidates = [one for one in everybody.positions_of(number, None, plan) if one > looked_at]
    for position in candidates:
        found = recipient(state, campaign_id, Position(position))
        if not query.state or found.status in query.state:
            chosen.append((Position(position), found))
            if len(chosen) == query.limit:
                return chosen, position
    return chosen, last


def _attempts(
    request: ApiRequest, positions: list[Position], state: State
) -> defaultdict[int, list[Attempt]]:
    """Return the attempts to reach some recipients, as they were in a state, by position."""
    found: defaultdict[int, list[Attempt]] = defaultdict(list)
    for first, last in _ranges(positions):
        history = request.tenant.history
        for attempt in history.attempts_in(state, request.campaign_id, first=first, last=last):
            found[attempt.position].append(attempt)
    return found


def _ranges(positions: list[Position]) -> Iterable[tuple[Position, Position]]:
    """Return few stretches that cover the positions: a filter may leave wide gaps."""
    start = 0
    for index in range(1, len(positions) + 1):
        if index == len(positions) or positions[index] - positions[index - 1] > _GAP_MAX:
            yield positions[start], positions[index - 1]
            start = index


_GAP_MAX = 50


@RECIPIENTS.command(
    "POST",
    "/recipients",
    gives=AppendRecipients,
    body=requests.Recipients,
    has_list=True,
    response=_DONE,
    if_match=IfMatch.OPTIONAL,
)
async def append_recipients(request: ApiRequest) -> ApiResponse:
    """Add recipients behind the others (R4.10)."""
    body, campaign_id = request.body(requests.Recipients), request.campaign_id

    async def command() -> AppendRecipients:
        state = request.tenant.state
        lists = campaign_list_options(state, campaign_id, is_merged=body.merge_duplicates)
        rows = await asyncio.to_thread(checked_recipients, body.recipients, lists)
        return AppendRecipients(
            actor=request.principal.name, campaign_id=campaign_id, recipients=rows
        )

    try:
        done = await request.give(command, tag=campaign_tag_in(campaign_id))
    except BadValuesError:
        # These have places in the body already.
        raise
    except SettingsError as error:
        raise _with_body_paths(error, _count(request.tenant.state, campaign_id)) from None
    more = next(event for event in done.events if isinstance(event, RecipientsAppended))
    remarks = await asyncio.to_thread(remarks_on, more.recipients, request.tenant.state)
    return command_response(done, remarks=remarks)


def _count(state: State, campaign_id: CampaignId) -> int:
    everybody: RecipientList = campaign(state, campaign_id, state.now).recipients
    return len(everybody)


@RECIPIENTS.query(
    "/recipients/{position}", query=ThenQuery, response=responses.RecipientDetail, shows_state=True
)
async def read_recipient(request: ApiRequest) -> responses.RecipientDetail:
    """Read a recipient with every attempt and everything that happened in it (R5.4).

    `chosen` tells why the call was placed at that moment (R8.4). With `at`, as it was then (R8.3).
    """
    state, _ = await request.state_at(request.query(ThenQuery).at)
    return await request.run_in(request.context.page_slots, _detail, request, state)


def _detail(request: ApiRequest, state: State) -> responses.RecipientDetail:
    campaign_id, position = request.campaign_id, request.position
    found = recipient(state, campaign_id, position)
    attempts = _attempts(request, [position], state)[position]
    history = []
    for attempt in attempts:
        entries = request.tenant.history.call_events(campaign_id, position, attempt.attempt)
        known = [entry for entry in entries if entry.seq <= state.sequence]
        if attempt.ended_at is None:
            # What was dialled and played so far its events alone tell.
            attempt = attempt_of(_call_events(known))  # noqa: PLW2901
        history.append(attempt_detail(attempt, known))
    asked_for = campaign(state, campaign_id, state.now).recipients.at(position)
    row = row_from_attempts(position, asked_for, found, attempts)
    return recipient_schema(row, responses.RecipientDetail, found, history=history)


def _call_events(entries: Iterable[JournalEntry]) -> list[CallEvent]:
    return [event for entry in entries if isinstance(event := event_of(entry), CallEvent)]


@RECIPIENTS.query(
    "/recipients/{position}/explain",
    query=ThenQuery,
    response=explanations.Explanation,
    shows_state=True,
)
async def explain_recipient(request: ApiRequest) -> explanations.Explanation:
    """Explain why a recipient is not being called, or what happens to it (R8.1).

    Every reason, and what would change it. No reason: the next pass calls this recipient. With
    `at`, as it was then (R8.3).
    """
    state, now = await request.state_at(request.query(ThenQuery).at)
    # It may look at everybody on the list (R8.1).
    found = await request.run_in(
        request.context.long_query_slots, explain, state, request.campaign_id, request.position, now
    )
    return explanation_schema(found)


def _declare(
    gives: type[AddAttempts | StopAttempts],
    path: str,
    about: str,
    *,
    body: type[requests.AddAttempts | requests.StopAttempts],
) -> None:
    """Declare a command about the attempts of those whom its body chooses."""

    async def handler(request: ApiRequest) -> ApiResponse:
        fields = structs.asdict(request.body(body))
        positions = fields["positions"]
        chosen = await asyncio.to_thread(chosen_positions, positions)
        campaign_id = request.campaign_id
        fields |= {"actor": request.principal.name, "campaign_id": campaign_id, "positions": chosen}
        try:
            return await request.response_to(gives(**fields), tag=campaign_tag_in(campaign_id))
        except UnknownRecipientError as error:
            unknown = error.unknown
            raise refused_by_field(error, "positions", positions, unknown=unknown) from None

    handler.__name__, handler.__doc__ = operation_name(gives), about
    RECIPIENTS.command(
        "POST",
        path,
        gives=gives,
        body=body,
        has_list=True,
        response=_DONE,
        if_match=IfMatch.OPTIONAL,
    )(handler)


_declare(
    AddAttempts,
    "/add-attempts",
    """Allow more attempts, for some recipients or all failed ones (R5.2).

    A failed recipient becomes idle, and an incomplete campaign active again. Refused whole if it
    is refused for one of them.
    """,
    body=requests.AddAttempts,
)
_declare(
    StopAttempts,
    "/stop-attempts",
    "Try recipients no more; one in a call keeps it (R5.3).",
    body=requests.StopAttempts,
)


def _with_body_paths(error: SettingsError, before: int) -> SettingsError:
    """Return problems whose positions are of the campaign's list with places in the body."""

    def place(position: int) -> str:
        if position <= before:
            return f"position {position} of the campaign's list"
        return f"recipients[{position - before - 1}]"

    problems = [
        attrs.evolve(
            problem,
            field=_ROW.sub(lambda found: place(int(found[1])), problem.field),
            rule=with_places(problem.rule, place),
        )
        for problem in error.problems
    ]
    return BadValuesError(problems)


_ROW = re.compile(r"^recipients\[(\d+)\]")
