"""Commands of the core from the bodies that ask for them, or that ask what they would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

import attrs
from msgspec import UNSET, Struct, structs

from campaign_core import (
    CampaignId,
    Contacted,
    Duplicates,
    Failed,
    FailureReason,
    ModelId,
    Position,
    RecipientList,
    RecipientState,
    Settings,
    State,
    Status,
    campaign,
    do_not_call,
    models,
    recipients,
)
from campaign_core.commands import (
    ALL_FAILED,
    AddAttempts,
    AddToDoNotCall,
    AllFailed,
    AppendRecipients,
    ChangeSettings,
    Command,
    PauseCampaign,
    ResumeCampaign,
    StartAfter,
    StartAt,
    StartCampaign,
    StartImmediately,
    StartNow,
    StopAttempts,
    StopCampaign,
)
from campaign_core.errors import CommandRefusedError, Problem, SettingsError
from campaign_service.api.times import instant_in
from campaign_service.numbers import read_number, remark_on
from campaign_service.schemas import core_values, requests, tried_commands
from campaign_service.schemas.conversion import BadValuesError, ListOptions, built, recipient_list

__all__ = [
    "campaign_list_options",
    "checked_numbers",
    "checked_recipients",
    "checked_settings",
    "chosen_positions",
    "remarks_on",
    "rerun_command",
    "start_command",
    "times_as_sent",
    "tried_command",
]


def checked_recipients(
    rows: Sequence[core_values.Recipient], lists: ListOptions, path: str = "recipients"
) -> RecipientList:
    """Return the recipients of a body.

    Raises:
        BadValuesError: rows that the rules do not allow, all of them.
    """
    problems: list[Problem] = []
    found = recipient_list(rows, path, problems, lists)
    if problems:
        raise BadValuesError(problems)
    assert found is not None
    return found


def chosen_positions(positions: Sequence[int] | str) -> tuple[Position, ...] | AllFailed:
    """Return the positions of a body, or all failed ones; of a long list, asked in a thread."""
    return ALL_FAILED if isinstance(positions, str) else tuple(map(Position, positions))


def model_list_options(state: State, model_id: int, *, is_merged: bool) -> ListOptions:
    """Return how a list is read that is given with the start of a campaign."""
    model = models(state).get(ModelId(model_id))
    duplicates = Duplicates.REFUSE if model is None else model.duplicates
    plan = state.settings.number_plan
    return ListOptions(plan=plan, duplicates=duplicates, is_merged=is_merged)


def campaign_list_options(state: State, campaign_id: CampaignId, *, is_merged: bool) -> ListOptions:
    """Return how a list is read that is appended to a campaign's.

    Raises:
        UnknownCampaignError: there is none such.
    """
    duplicates = campaign(state, campaign_id, state.now).parameters.duplicates
    plan = state.settings.number_plan
    return ListOptions(plan=plan, duplicates=duplicates, is_merged=is_merged)


def checked_numbers(numbers: Sequence[str], state: State) -> tuple[str, ...]:
    """Return the numbers of a body, read as people keep them.

    Raises:
        BadValuesError: numbers that cannot be read for certain, all of them.
    """
    read, problems = [], []
    for index, text in enumerate(numbers):
        try:
            read.append(read_number(text, plan=state.settings.number_plan))
        except SettingsError as error:
            field = f"numbers[{index}]"
            problems += [attrs.evolve(problem, field=field) for problem in error.problems]
    if problems:
        raise BadValuesError(problems)
    return tuple(read)


def remarks_on(listed: RecipientList, state: State) -> list[str]:
    """Return how many numbers of a list differ by form only, where no plan compares them (R3.7)."""
    if state.settings.number_plan is not None or len(listed) > _LOOKED_AT_MAX:
        return []
    return list(remark_on(listed, islice(do_not_call(state), _LOOKED_AT_MAX)))


_LOOKED_AT_MAX = 100_000


def checked_settings(body: core_values.Settings, state: State) -> Settings:
    """Return the settings of a body; a number plan that it leaves out stays as it is.

    Raises:
        BadValuesError: values that the rules do not allow, all of them.
    """
    made: Settings = built(body)
    if body.number_plan is UNSET:
        made = attrs.evolve(made, number_plan=state.settings.number_plan)
    return made


def start_command(body: requests.StartCampaign, state: State, *, actor: str) -> StartCampaign:
    """Return the command that a body asks for.

    Raises:
        BadValuesError: rows or times that the rules do not allow.
    """
    ends = body.expires_at
    lists = model_list_options(state, body.model_id, is_merged=body.merge_duplicates)
    return StartCampaign(
        actor=actor,
        model_id=ModelId(body.model_id),
        when=_when(body.when),
        name=body.name,
        sound=body.sound,
        recipients=None if body.recipients is None else checked_recipients(body.recipients, lists),
        expires_at=None if ends is None else instant_in(ends, "expires_at"),
    )


_STILL_CALLING = frozenset({Status.SCHEDULED, Status.ACTIVE, Status.BLOCKED, Status.PAUSED})
_DECLINED = frozenset({FailureReason.OPTED_OUT, FailureReason.DO_NOT_CALL})


def rerun_command(
    body: requests.Rerun, state: State, campaign_id: CampaignId, *, actor: str
) -> StartCampaign:
    """Return the command that calls those of a campaign again who were not reached.

    Raises:
        CommandRefusedError: the campaign still calls, or has a call in progress; or there is nobody
            to call again.
        BadValuesError: times that the rules do not allow.
    """
    before = campaign(state, campaign_id, state.now)
    if before.status in _STILL_CALLING:
        why = f"campaign {campaign_id} is {before.status.name}: it calls them itself"
        raise CommandRefusedError("Rerun", f"{why}; stop it, or wait for its end")
    in_progress = before.internal_calls + before.external_calls
    if in_progress:
        # Whoever is reached by one of these must not be called again.
        why = f"campaign {campaign_id} has calls in progress ({in_progress})"
        raise CommandRefusedError("Rerun", f"{why}; wait for their end, or stop it with hang-up")
    states = recipients(state, campaign_id)
    chosen = [
        who
        for who, found in zip(before.recipients, states, strict=True)
        if _is_called_again(found, body.only)
    ]
    if not chosen:
        whom = "failed" if body.only == "FAILED" else "was not reached"
        raise CommandRefusedError("Rerun", f"campaign {campaign_id} has nobody who {whom}")
    ends = body.expires_at
    return StartCampaign(
        actor=actor,
        model_id=before.model_id,
        when=_when(body.when),
        name=before.name if body.name is None else body.name,
        sound=before.parameters.sound,
        recipients=RecipientList().appended(chosen, may_repeat=True),
        expires_at=None if ends is None else instant_in(ends, "expires_at"),
        needs_all=True,
    )


def _is_called_again(found: RecipientState, only: str) -> bool:
    if isinstance(found, Failed):
        return found.reason not in _DECLINED
    return only == "UNREACHED" and not isinstance(found, Contacted)


def _when(request: requests.When) -> StartImmediately | StartAfter | StartAt:
    match request:
        case requests.AfterMinutes(minutes=minutes):
            return StartAfter(minutes)
        case requests.AtTime(at=at):
            return StartAt(instant_in(at, "when.at"))
        case _:
            return StartImmediately()


def times_as_sent(
    error: SettingsError, body: requests.StartCampaign | requests.Rerun
) -> SettingsError:
    """Return what is wrong with a start; a bad time of it is shown as the client wrote it."""
    sent = {"expires_at": body.expires_at, "when.at": getattr(body.when, "at", None)}
    problems = [
        attrs.evolve(problem, value=at.isoformat())
        if (at := sent.get(problem.field)) is not None
        else problem
        for problem in error.problems
    ]
    return type(error)(problems)


def tried_command(trial: tried_commands.Trial, state: State, *, actor: str) -> Command:
    """Return the command that is to be tried.

    Raises:
        SettingsError: values that the rules do not allow.
    """
    match trial:
        case tried_commands.TryChangeSettings(settings=settings):
            return ChangeSettings(actor=actor, settings=checked_settings(settings, state))
        case tried_commands.TryAddToDoNotCall(numbers=numbers):
            return AddToDoNotCall(actor=actor, numbers=checked_numbers(numbers, state))
        case tried_commands.TryStartCampaign():
            return start_command(trial, state, actor=actor)
        case _:
            pass
    campaign_id = CampaignId(trial.campaign_id)
    if isinstance(trial, tried_commands.TryAppendRecipients):
        lists = campaign_list_options(state, campaign_id, is_merged=False)
        more = checked_recipients(trial.recipients, lists)
        return AppendRecipients(actor=actor, campaign_id=campaign_id, recipients=more)
    fields = structs.asdict(trial) | {"actor": actor, "campaign_id": campaign_id}
    if "positions" in fields:
        fields["positions"] = chosen_positions(fields["positions"])
    return _COMMANDS[type(trial)](**fields)


_COMMANDS: Mapping[type[Struct], Callable[..., Command]] = {
    tried_commands.TryStartNow: StartNow,
    tried_commands.TryPauseCampaign: PauseCampaign,
    tried_commands.TryResumeCampaign: ResumeCampaign,
    tried_commands.TryStopCampaign: StopCampaign,
    tried_commands.TryAddAttempts: AddAttempts,
    tried_commands.TryStopAttempts: StopAttempts,
}
"""Those whose fields are given as they stand."""
