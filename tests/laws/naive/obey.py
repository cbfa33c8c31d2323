"""What a person wants: the commands, and when each is refused (R2.3, R3, R4, R5)."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import normalize

import attrs

from campaign_core import (
    CampaignModel,
    Duplicates,
    FailureReason,
    Outcome,
    Recipient,
    RecipientStatus,
    Settings,
    Status,
    commands,
)

from . import flow
from .numbers import Called, form
from .world import Person, Run, World


class Refused(Exception):  # noqa: N818 -- it is no error, it is an answer
    """The state does not allow a command; nothing was changed by it."""


def obey(world: World, command: object) -> None:
    """Carry out a command, or raise with nothing changed."""
    match command:
        case commands.ChangeSettings(settings=settings):
            _switch_pacing(world, world.settings, settings)
            world.settings = settings
        case commands.AddToDoNotCall(numbers=numbers):
            world.do_not_call |= set(numbers)
        case commands.RemoveFromDoNotCall(numbers=numbers):
            plan = world.settings.number_plan
            forms = [form(number, plan) for number in numbers]
            world.do_not_call = {
                listed
                for listed in world.do_not_call
                if listed not in numbers and form(listed, plan) not in forms
            }
        case commands.StartCampaign():
            _start_campaign(world, command)
        case (
            commands.AddModel()
            | commands.EditModel()
            | commands.CloneModel()
            | commands.DeleteModels()
            | commands.EnableModel()
            | commands.DisableModel()
        ):
            _obey_about_models(world, command)
        case _:
            _obey_about_campaign(world, command)
    world.record(type(command).__name__)


def _switch_pacing(world: World, before: Settings, after: Settings) -> None:
    """R2.4, R6.15: what was counted is kept for as long as its window, and counted on."""
    if before.call_rate is not None and after.call_rate is None:
        world.rate_kept_until = world.now + 1_000 * before.call_rate.per_s
    if before.call_rate is None and after.call_rate is not None:
        if world.now >= world.rate_kept_until:
            world.placed_at = []
        world.rate_kept_until = 0
    if before.frequency_cap is not None and after.frequency_cap is None:
        world.cap_kept_until = world.now + 3_600_000 * before.frequency_cap.per_h
    if before.frequency_cap is None and after.frequency_cap is not None:
        if world.now >= world.cap_kept_until:
            world.capped = []
        world.cap_kept_until = 0


def _refuse_if(condition: bool, why: str) -> None:
    if condition:
        raise Refused(why)


# Models (R3.4, R3.5) ----------------------------------------------------------------------------


def _obey_about_models(world: World, command: object) -> None:
    match command:
        case commands.AddModel(model=model):
            _name_is_free(world, model.name, None)
            _each_number_once(world, model, model.recipients)
            _add_model(world, model)
        case commands.CloneModel(model_id=model_id, name=name):
            model = _model(world, model_id)
            _name_is_free(world, name, None)
            _add_model(world, attrs.evolve(model, name=name))
        case commands.EditModel(model_id=model_id, model=model, confirmed=confirmed):
            before = _model(world, model_id)
            _name_is_free(world, model.name, model_id)
            if list(model.recipients) != list(before.recipients):
                _each_number_once(world, model, model.recipients)
            _refuse_if(_runs_of(world, [model_id]) and not confirmed, "needs a confirmation")
            world.models[model_id] = model
        case commands.DeleteModels(model_ids=model_ids, confirmed=confirmed):
            for model_id in model_ids:
                _model(world, model_id)
            _refuse_if(_runs_of(world, model_ids) and not confirmed, "needs a confirmation")
            for model_id in set(model_ids):
                del world.models[model_id]
        case commands.EnableModel(model_id=model_id):
            world.models[model_id] = attrs.evolve(_model(world, model_id), enabled=True)
        case commands.DisableModel(model_id=model_id):
            world.models[model_id] = attrs.evolve(_model(world, model_id), enabled=False)
        case _:
            raise TypeError(command)


def _model(world: World, model_id: int) -> CampaignModel:
    _refuse_if(model_id not in world.models, "unknown model")
    return world.models[model_id]


def _name_is_free(world: World, name: str, but_of: int | None) -> None:
    """R3.2: unique among models, as it is compared; a name that stays is not asked for anew."""
    if but_of is not None and world.models[but_of].name == name:
        return
    others = [model.name for model_id, model in world.models.items() if model_id != but_of]
    taken = {normalize("NFC", other.strip()) for other in others}
    _refuse_if(normalize("NFC", name.strip()) in taken, "the name is taken")


def _each_number_once(
    world: World,
    parameters: CampaignModel,
    recipients: Sequence[Recipient],
    there: Sequence[Called] = (),
) -> None:
    """R3.2: the same number on the same line twice in one list; EACH: in one recipient alone."""
    seen = list(there)
    for entry in recipients:
        if parameters.duplicates is Duplicates.EACH:
            seen = []
        for called in Person(0, entry, 0).numbers:
            _refuse_if(world.is_repeated(called, seen), "there already")
            seen.append(called)


def _runs_of(world: World, model_ids: Sequence[int]) -> bool:
    """R3.5: campaigns started or scheduled from the model, those not yet deleted."""
    return any(run.model_id in model_ids for run in world.runs.values())


def _add_model(world: World, model: CampaignModel) -> None:
    world.models_made += 1
    world.models[world.models_made] = model


# Campaigns (R4) ---------------------------------------------------------------------------------


def _start_campaign(world: World, command: commands.StartCampaign) -> None:
    """R4.1, R4.2, R4.11."""
    model = _model(world, command.model_id)
    _refuse_if(not model.enabled, "the model is disabled")
    starts_at = world.calendar
    match command.when:
        case commands.StartImmediately():
            pass
        case commands.StartAfter(minutes=minutes):
            starts_at += minutes * 60_000
        case commands.StartAt(at=at):
            starts_at = at
            _refuse_if(at < world.calendar, "the start is past")
    parameters = attrs.evolve(
        model,
        name=model.name if command.name is None else command.name,
        sound=model.sound if command.sound is None else command.sound,
        recipients=model.recipients if command.recipients is None else command.recipients,
    )
    if command.recipients is not None:
        _each_number_once(world, parameters, command.recipients)
    if command.needs_all:
        parameters = attrs.evolve(parameters, threshold=None)
    threshold, people = parameters.threshold, len(parameters.recipients)
    _refuse_if(people == 0, "no recipient")
    _refuse_if(parameters.sound is None, "no sound")
    _refuse_if(threshold is not None and threshold > people, "threshold above recipients")
    expires_at = command.expires_at
    _refuse_if(expires_at is not None and expires_at <= starts_at, "expires before it starts")
    world.runs_made += 1
    run = Run(
        campaign_id=world.runs_made,
        model_id=command.model_id,
        parameters=parameters,
        starts_at=starts_at,
        expires_at=expires_at,
        people=[],
    )
    _append(run, list(parameters.recipients))
    world.runs[run.campaign_id] = run
    if starts_at <= world.calendar:
        run.status = Status.ACTIVE


def _append(run: Run, recipients: list[Recipient]) -> None:
    for entry in recipients:
        position = len(run.people) + 1
        run.people.append(Person(position, entry, allowed=run.parameters.attempts_max))


def _obey_about_campaign(world: World, command: object) -> None:
    campaign_id = getattr(command, "campaign_id", None)
    if campaign_id is None:
        raise TypeError(command)
    _refuse_if(campaign_id not in world.runs, "unknown campaign")
    run = world.runs[campaign_id]
    match command:
        case commands.StartNow():
            _refuse_if(run.status is not Status.SCHEDULED, run.status.name)
            run.status = Status.ACTIVE
            run.starts_at = world.calendar
        case commands.PauseCampaign():
            _refuse_if(run.status is not Status.ACTIVE, run.status.name)
            run.status = Status.PAUSED
        case commands.ResumeCampaign():
            _refuse_if(run.status is not Status.PAUSED, run.status.name)
            run.status = Status.ACTIVE
            run.ends = []  # R6.17: the breaker starts counting anew
        case commands.StopCampaign(hang_up=hang_up):
            _stop(world, run, hang_up=hang_up)
        case commands.DeleteCampaign():
            open_still = run.status is not Status.SCHEDULED and not run.status.is_final
            _refuse_if(open_still or bool(world.calls_of(run)), run.status.name)
            del world.runs[run.campaign_id]
        case commands.AppendRecipients(recipients=recipients):
            _refuse_if(run.status.is_final, run.status.name)
            _refuse_if(run.expired, "expired")
            there = [called for person in run.people for called in person.numbers]
            _each_number_once(world, run.parameters, recipients, there)
            _append(run, list(recipients))
            _activate(run)
        case commands.AddAttempts():
            _add_attempts(run, command)
        case commands.StopAttempts(positions=positions):
            _stop_attempts(world, run, positions)
        case _:
            raise TypeError(command)


def _activate(run: Run) -> None:
    """R4.3: attempts or recipients added to an incomplete campaign."""
    if run.status is Status.INCOMPLETE:
        run.status = Status.ACTIVE


def _stop(world: World, run: Run, *, hang_up: bool) -> None:
    """R4.7: calls in progress go on to their end, or are ended at once."""
    again = run.status is Status.TERMINATED and hang_up and bool(world.calls_of(run))
    _refuse_if(run.status.is_final and not again, run.status.name)
    run.status = Status.TERMINATED
    if not hang_up:
        return
    for call in world.calls_of(run):
        flow.hang_up(world, call, Outcome.REACHED if call.reached else Outcome.CANCELLED)


# Recipients (R5) --------------------------------------------------------------------------------


def _people(run: Run, positions: tuple[int, ...]) -> list[Person]:
    unknown = [position for position in positions if not 1 <= position <= len(run.people)]
    _refuse_if(bool(unknown), "unknown recipient")
    return [run.people[position - 1] for position in positions]


def _may_be_added_to(person: Person) -> bool:
    if person.status is RecipientStatus.FAILED:
        return person.failure not in (
            FailureReason.DO_NOT_CALL,
            FailureReason.OPTED_OUT,
            FailureReason.EXPIRED,
        )
    return person.status is not RecipientStatus.CONTACTED


def _add_attempts(run: Run, command: commands.AddAttempts) -> None:
    """R5.2."""
    _refuse_if(run.status.is_final, run.status.name)
    if isinstance(command.positions, commands.AllFailed):
        failed = [p for p in run.people if p.status is RecipientStatus.FAILED]
        people = [person for person in failed if _may_be_added_to(person)]
        _refuse_if(not people, "none failed")
    else:
        people = _people(run, command.positions)
        _refuse_if(not all(_may_be_added_to(person) for person in people), "not these")
    for person in people:
        person.stop_wanted = False
        person.never_again = set()
        if person.status is RecipientStatus.FAILED:
            person.allowed = len(person.counted) + command.attempts
            person.status, person.failure = RecipientStatus.IDLE, None
            _activate(run)
        else:
            person.allowed += command.attempts


def _stop_attempts(world: World, run: Run, positions: tuple[int, ...]) -> None:
    """R5.3."""
    _refuse_if(run.status.is_final, run.status.name)
    people = _people(run, positions)
    able = (RecipientStatus.IDLE, RecipientStatus.ACTIVE)
    _refuse_if(any(person.status not in able for person in people), "settled")
    for person in people:
        if person.status is RecipientStatus.ACTIVE:
            person.stop_wanted = True
        else:
            world.fail(person, FailureReason.STOPPED)
