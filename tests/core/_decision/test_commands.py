"""Every command: what refuses it, by which error, and that a refusal changes nothing."""

import itertools
import json

import pytest
from tests.core.stories import MINUTE, NOON, SERVICE_ID, Story, listed

import campaign_core as core
from campaign_core import Permission, Status, codec, commands, events, permission_for, reports
from campaign_core._decision.permissions import PERMISSIONS
from campaign_core.errors import (
    CommandRefusedError,
    SettingsError,
    UnknownCampaignError,
    UnknownModelError,
    UnknownRecipientError,
)

KINDS = core.commands.Command.__args__
MODEL = core.CampaignModel(name="Other", caller_number="1")

# A command of each kind that names campaign 1, or model 1.
OF_CAMPAIGN = {
    commands.StartNow: commands.StartNow(campaign_id=1),
    commands.PauseCampaign: commands.PauseCampaign(campaign_id=1),
    commands.ResumeCampaign: commands.ResumeCampaign(campaign_id=1),
    commands.StopCampaign: commands.StopCampaign(campaign_id=1),
    commands.DeleteCampaign: commands.DeleteCampaign(campaign_id=1),
    commands.AppendRecipients: commands.AppendRecipients(campaign_id=1, recipients=listed("77")),
    commands.AddAttempts: commands.AddAttempts(campaign_id=1, positions=(1,), attempts=1),
    commands.StopAttempts: commands.StopAttempts(campaign_id=1, positions=(1,)),
}
OF_MODEL = {
    commands.EditModel: commands.EditModel(model_id=1, model=MODEL),
    commands.CloneModel: commands.CloneModel(model_id=1, name="Clone"),
    commands.DeleteModels: commands.DeleteModels(model_ids=(1,)),
    commands.EnableModel: commands.EnableModel(model_id=1),
    commands.DisableModel: commands.DisableModel(model_id=1),
    commands.StartCampaign: commands.StartCampaign(model_id=1),
}

S, A, P, N, T, C = [status for status in Status if status is not Status.BLOCKED]

# R4.3, R4.7, R4.9, R4.10, R5.2, R5.3: in which status each is taken.
TAKEN_IN = {
    commands.StartNow: {S},
    commands.PauseCampaign: {A},
    commands.ResumeCampaign: {P},
    commands.StopCampaign: {S, A, P, N},
    # A campaign in progress is none of those; an incomplete one is not final.
    commands.DeleteCampaign: {S, T, C},
    commands.AppendRecipients: {S, A, P, N},
    commands.AddAttempts: {S, A, P, N},
    # In an incomplete campaign, recipient 1 has failed.
    commands.StopAttempts: {S, A, P},
}


def campaign_in(status: Status) -> Story:
    """Tell a campaign into a status, with no call in progress."""
    story = Story()
    model_id = story.model("1", attempts_max=1, call_limits=core.CallLimits(total=1))
    if status is S:
        story.begin(model_id, when=commands.StartAfter(60))
        return story
    story.begin(model_id)
    match status:
        case Status.ACTIVE | Status.PAUSED | Status.TERMINATED:
            story.tell(reports.DeferralReport(call_id=story.call("1"), until=NOON + MINUTE))
        case Status.INCOMPLETE:
            story.end("1")
        case Status.COMPLETED:
            story.reach("1")
    if status is P:
        story.tell(commands.PauseCampaign(campaign_id=1))
    if status is T:
        story.tell(commands.StopCampaign(campaign_id=1))
    return story


def refusal(story: Story, command: object, kind: type = CommandRefusedError):
    """Return the error by which a command is refused, nothing being changed by it."""
    before = codec.to_data(story.state)
    with pytest.raises(kind) as refused:
        core.handle(story.state, command, story.now)
    assert codec.to_data(story.state) == before
    if kind is not SettingsError:
        assert refused.value.command is command
        assert refused.value.why == str(refused.value)
    return refused.value


# R4.7 and its kin, the whole product ------------------------------------------------------------


def test_every_command_is_about_a_campaign_a_model_or_the_service():
    general = {
        commands.ChangeSettings,
        commands.AddToDoNotCall,
        commands.RemoveFromDoNotCall,
        commands.AddModel,
    }

    assert set(KINDS) == {*OF_CAMPAIGN, *OF_MODEL, *general}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        pytest.param(k, s, id=f"{k.__name__}-{s.name}")
        for k, s in itertools.product(OF_CAMPAIGN, (S, A, P, N, T, C))
    ],
)
def test_command_is_taken_in_the_status_that_allows_it_and_refused_in_others(kind, status):
    """R4.7: everything else is refused with the state in the error."""
    story = campaign_in(status)

    if status in TAKEN_IN[kind]:
        assert story.tell(OF_CAMPAIGN[kind]).events
    else:
        why = refusal(story, OF_CAMPAIGN[kind]).why
        if (kind, status) != (commands.StopAttempts, N):
            assert f"campaign 1 is {status.name}" in why


@pytest.mark.parametrize("kind", OF_CAMPAIGN)
def test_unknown_campaign_is_refused_as_unknown(kind):
    error = refusal(Story(), OF_CAMPAIGN[kind], UnknownCampaignError)

    assert error.why == "campaign_id = 1: there is no such campaign"


@pytest.mark.parametrize("kind", OF_MODEL)
def test_unknown_model_is_refused_as_unknown(kind):
    error = refusal(Story(), OF_MODEL[kind], UnknownModelError)

    assert error.why == "model_id = 1: there is no such model"


def test_deleted_campaign_is_unknown():
    """R4.9: deleted from the list; its record in the journal stays."""
    story = campaign_in(C)
    story.tell(commands.DeleteCampaign(campaign_id=1))

    refusal(story, commands.StopCampaign(campaign_id=1), UnknownCampaignError)
    assert core.campaign_ids(story.state) == ()
    assert story.heard(events.CampaignScheduled)[0].campaign_id == 1


def test_id_of_a_deleted_campaign_is_not_used_again():
    story = campaign_in(C)
    story.tell(commands.DeleteCampaign(campaign_id=1))

    story.begin(1)

    assert core.campaign_ids(story.state) == (2,)


def test_campaign_with_calls_in_progress_is_not_deleted():
    """R4.9: that is scheduled or final and has no call in progress."""
    story = Story()
    story.start("1")
    story.tell(commands.StopCampaign(campaign_id=1))

    error = refusal(story, commands.DeleteCampaign(campaign_id=1))

    assert "has 1 calls in progress" in error.why


def test_terminated_campaign_without_calls_is_not_stopped_again():
    """R4.7: accepted also on a terminated campaign with calls in progress."""
    error = refusal(campaign_in(T), commands.StopCampaign(campaign_id=1, hang_up=True))

    assert "campaign 1 is TERMINATED" in error.why


# Models -----------------------------------------------------------------------------------------


def test_name_of_a_model_is_unique():
    """R3.2: unique among models."""
    story = Story()
    story.model(name="A")
    story.model(name="B")
    taken = core.CampaignModel(name="A", caller_number="1")

    for command in (
        commands.AddModel(model=taken),
        commands.EditModel(model_id=2, model=taken),
        commands.CloneModel(model_id=2, name="A"),
        commands.CloneModel(model_id=1, name="A"),
    ):
        assert "name = 'A': model 1 has it" in refusal(story, command).why


def test_names_that_look_the_same_are_one():
    """R3.2: unique among models; compared after NFC and trimming."""
    story = Story()
    story.model(name="Caf\u00e9")
    for name in ("Cafe\u0301", " Caf\u00e9", "Caf\u00e9 "):
        command = commands.AddModel(model=core.CampaignModel(name=name, caller_number="1"))
        assert "model 1 has it" in refusal(story, command).why


def test_names_that_were_different_once_stay_so():
    """R3.6: reading a kept state never refuses it; nor does an edit that leaves the name alone."""
    story = Story()
    story.model(name="A")
    story.model(name="B")
    written = codec.to_data(story.state)
    data = json.loads(json.dumps(written).replace('"B"', '"A "'))
    state = codec.from_data(data)
    edited = core.CampaignModel(name="A ", caller_number="2")

    found = core.handle(state, commands.EditModel(model_id=2, model=edited), story.now)

    assert core.models(found.state)[2] == edited


def test_model_keeps_its_name_when_it_is_edited():
    story = Story()
    story.model(name="A")
    edited = core.CampaignModel(name="A", caller_number="2")

    story.tell(commands.EditModel(model_id=1, model=edited))

    assert core.models(story.state) == {1: edited}


def test_clone_is_the_model_under_a_new_name():
    """R3.4: clone (a new name)."""
    story = Story()
    story.model("1 2", priority=7)

    story.tell(commands.CloneModel(model_id=1, name="Clone"))

    first, clone = core.models(story.state).values()
    assert (clone.name, clone.priority, clone.recipients) == ("Clone", 7, first.recipients)


@pytest.mark.parametrize("kind", [commands.EditModel, commands.DeleteModels])
@pytest.mark.parametrize("when", [commands.StartImmediately(), commands.StartAfter(5)])
def test_model_with_campaigns_is_changed_only_with_a_confirmation(kind, when):
    """R3.5: without it the refusal lists those campaigns."""
    story = Story()
    story.model("1")
    story.begin(1, when=when, name="Monday")
    story.begin(1, when=when)

    error = refusal(story, OF_MODEL[kind])
    assert "1 (Monday), 2 (Model 1)" in error.why

    confirmed = {"model_id": 1, "model": MODEL} if kind is commands.EditModel else None
    command = kind(**(confirmed or {"model_ids": (1,)}), confirmed=True)
    story.tell(command)

    # The campaigns keep their copy.
    assert core.campaign(story.state, 1, story.now).name == "Monday"
    assert core.campaign(story.state, 2, story.now).model_name == "Model 1"


def test_deleted_campaigns_need_no_confirmation():
    """R3.5: those not yet deleted."""
    story = campaign_in(C)
    story.tell(commands.DeleteCampaign(campaign_id=1))

    story.tell(commands.DeleteModels(model_ids=(1,)))

    assert core.models(story.state) == {}


def test_models_are_deleted_together_or_not_at_all():
    """R3.4: delete one or several; R3.3: nothing changes when a command is refused."""
    story = Story()
    story.model()
    story.model()

    error = refusal(story, commands.DeleteModels(model_ids=(9, 1, 8, 9)), UnknownModelError)
    assert (error.why, error.unknown) == ("model_ids = 9, 8: there is no such model", (9, 8))
    story.tell(commands.DeleteModels(model_ids=(1, 2, 1)))

    assert core.models(story.state) == {}
    assert story.heard(events.ModelsDeleted)[0].model_ids == (1, 2)


def test_disabled_model_starts_nothing_until_it_is_enabled():
    """R3.4: a disabled model starts nothing."""
    story = Story()
    story.model("1")
    story.tell(commands.DisableModel(model_id=1))

    assert "model 1 is disabled" in refusal(story, commands.StartCampaign(model_id=1)).why
    story.tell(commands.EnableModel(model_id=1))

    assert story.begin(1).decisions


# Starting ---------------------------------------------------------------------------------------


def test_everything_wrong_with_a_start_is_named_at_once():
    """R4.1: at least one recipient and a sound; a threshold above the number, naming both."""
    story = Story()
    story.model("1 2", sound=None, threshold=3)

    error = refusal(story, commands.StartCampaign(model_id=1, expires_at=story.now), SettingsError)

    assert [(p.field, p.value, p.rule) for p in error.problems] == [
        ("sound", None, "a sound to play"),
        ("threshold", 3, "at most the number of recipients (2)"),
        ("expires_at", story.now, f"later than the start ({story.now})"),
    ]


def test_campaign_without_recipients_is_refused():
    """R4.1: a campaign needs at least one recipient."""
    story = Story()
    story.model(threshold=3)

    error = refusal(story, commands.StartCampaign(model_id=1), SettingsError)

    assert [problem.field for problem in error.problems] == ["recipients"]


def test_name_sound_and_recipients_may_be_changed_for_one_run():
    """R4.1: name, sound and recipients may be changed for this run alone."""
    story = Story()
    story.model("1", threshold=1)

    start = story.begin(1, name="Monday", sound="other", recipients=listed("7 8"))

    assert [(d.number, d.display_name) for d in start.decisions] == [
        ("7", "Monday"),
        ("8", "Monday"),
    ]
    assert core.models(story.state)[1].name == "Model 1"
    assert story.answer("7").decisions[0].sound == "other"


@pytest.mark.parametrize(("before", "is_refused"), [(1, True), (0, False), (-1, False)])
def test_start_in_the_past_is_refused(before, is_refused):
    """R4.2, settled: a time in the past is refused; due at ``now`` means active at once."""
    story = Story()
    story.model("1")
    command = commands.StartCampaign(model_id=1, when=commands.StartAt(story.now - before))

    if is_refused:
        assert refusal(story, command, SettingsError).field == "when.at"
    else:
        story.tell(command)
        assert story.status() == (Status.SCHEDULED if before < 0 else Status.ACTIVE)


@pytest.mark.parametrize("minutes", [0, 1, 5_256_000])
def test_delayed_start_is_so_many_minutes_later(minutes):
    """R4.2: delayed by N minutes."""
    story = Story()

    story.begin(story.model("1"), when=commands.StartAfter(minutes))

    assert core.campaign(story.state, 1, story.now).starts_at == story.now + minutes * MINUTE


@pytest.mark.parametrize(("lasts", "is_refused"), [(0, True), (1, False)])
def test_expiry_is_after_the_start(lasts, is_refused):
    """R4.11: after the start."""
    story = Story()
    story.model("1")
    starts_at = story.now + 5 * MINUTE
    command = commands.StartCampaign(
        model_id=1, when=commands.StartAt(starts_at), expires_at=starts_at + lasts
    )

    if is_refused:
        refusal(story, command, SettingsError)
    else:
        story.tell(command)


# Recipients -------------------------------------------------------------------------------------


def test_appended_recipients_queue_behind_the_others():
    """R4.10: they queue behind the others."""
    story = Story()
    story.start("1 2", call_limits=core.CallLimits(total=1))

    story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("3")))
    for number in ("1", "2"):
        story.end(number)

    assert story.up == ["3"]


def test_appending_to_an_expired_campaign_is_refused():
    """R4.11: appending is refused."""
    story = Story()
    story.begin(story.model("1"), expires_at=story.now + 1)
    story.tick(1)

    assert "expired" in refusal(story, OF_CAMPAIGN[commands.AppendRecipients]).why


def test_appending_a_number_that_is_listed_is_refused():
    story = Story()
    story.start("1 2")
    command = commands.AppendRecipients(campaign_id=1, recipients=listed("3 2"))

    assert refusal(story, command, SettingsError).field == "recipients[4].number"


@pytest.mark.parametrize("kind", [commands.AddAttempts, commands.StopAttempts])
def test_unknown_positions_are_named_each(kind):
    story = Story()
    story.start("1 2")
    more = {"attempts": 1} if kind is commands.AddAttempts else {}

    error = refusal(story, kind(campaign_id=1, positions=(9, 1, 3), **more), UnknownRecipientError)

    assert error.why == "positions = 9, 3: the campaign has 2 recipients"
    assert error.unknown == (9, 3)


def test_selection_with_one_that_is_refused_is_refused_whole_naming_each():
    """R5.2: a selection with one that is refused is refused whole, naming each."""
    story = Story()
    story.start("1 2 3 4")
    story.reach("1")
    story.tell(commands.AddToDoNotCall(numbers=("2",)))
    story.end("2")
    command = commands.AddAttempts(campaign_id=1, positions=(1, 2, 3), attempts=1)

    assert refusal(story, command).why == (
        "refused for recipients 1 (contacted), 2 (failed for good (DO_NOT_CALL))"
    )


def test_attempts_of_whom_was_reached_or_failed_are_not_stopped():
    """R5.3: idle or active."""
    story = Story()
    story.start("1 2 3", attempts_max=1)
    story.reach("1")
    story.end("2")
    command = commands.StopAttempts(campaign_id=1, positions=(1, 2, 3))

    assert refusal(story, command).why == (
        "refused for recipients 1 (contacted), 2 (failed already (ATTEMPTS_USED_UP))"
    )


@pytest.mark.parametrize("reason", ["DO_NOT_CALL", "OPTED_OUT", "EXPIRED"])
def test_attempts_are_not_added_to_whom_failed_for_good(reason):
    """R5.2: refused for one failed by do-not-call, opt-out or expiry."""
    story = Story()
    script = core.CallScript(confirm_answer=True, opt_out_digit="7")
    model_id = story.model("1", script=script)
    story.begin(model_id, expires_at=story.now + MINUTE)
    if reason == "DO_NOT_CALL":
        story.tell(commands.AddToDoNotCall(numbers=("1",)))
        story.end("1")
    elif reason == "OPTED_OUT":
        story.answer("1")
        story.dial("1", "7")
        story.end("1")
    else:
        story.tick(MINUTE)
        story.end("1")
    assert story.view(1).reason.name == reason

    refused = refusal(story, commands.AddAttempts(campaign_id=1, positions=(1,), attempts=1))
    assert reason in refused.why
    assert (
        "no failed recipient" in refusal(story, commands.AddAttempts(campaign_id=1, attempts=1)).why
    )


def test_attempts_have_a_limit_in_all():
    """A limit on everything."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1")
    add = commands.AddAttempts(campaign_id=1, positions=(1,), attempts=100)
    batch = core.handle_batch(story.state, [add] * 10_486, story.now)

    assert core.recipient(batch.state, 1, 1).allowed <= 1_048_575
    assert "at most 1048575 attempts in all" in str(batch.refusals[-1].error)


# Do not call: R6.12 -----------------------------------------------------------------------------


def test_list_is_changed_by_adding_and_removing_and_never_replaced():
    story = Story()
    story.tell(commands.AddToDoNotCall(numbers=("2", "1")))
    story.tell(commands.AddToDoNotCall(numbers=("3",)))

    story.tell(commands.RemoveFromDoNotCall(numbers=("1", "9")))

    assert core.do_not_call(story.state) == ("2", "3")


def test_idle_recipient_fails_at_once_whatever_the_line_and_removal_revives_nobody():
    """R6.12: numbers, whatever the line; removal revives nobody."""
    story = Story(call_limits=core.CallLimits(total=0))
    story.start("1 i1 2")

    story.tell(commands.AddToDoNotCall(numbers=("1",)))
    story.tell(commands.RemoveFromDoNotCall(numbers=("1",)))

    reasons = [getattr(story.view(p), "reason", None) for p in (1, 2, 3)]
    assert reasons == [core.FailureReason.DO_NOT_CALL] * 2 + [None]


@pytest.mark.parametrize("reach", [True, False])
def test_active_recipient_fails_when_its_call_ends_unless_reached(reach):
    """R6.12: an active one when its call ends unless reached."""
    story = Story()
    story.start("1 2")
    story.tell(commands.AddToDoNotCall(numbers=("1",)))
    assert story.recipient(1) == core.RecipientStatus.ACTIVE

    story.reach("1") if reach else story.end("1")

    expected = core.RecipientStatus.CONTACTED if reach else core.RecipientStatus.FAILED
    assert story.recipient(1) == expected


def test_recipient_started_or_appended_with_a_barred_number_fails():
    """R6.12: or who is started or appended with it."""
    story = Story()
    story.tell(commands.AddToDoNotCall(numbers=("1", "3")))
    story.start("1 2")
    story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("3")))

    states = [story.recipient(position).name for position in (1, 2, 3)]
    assert states == ["FAILED", "ACTIVE", "FAILED"]


# Permissions: R10.1 -----------------------------------------------------------------------------


def test_every_command_needs_a_permission():
    """R10.1: which permission a command needs is a pure table in the core."""
    assert set(PERMISSIONS) == set(KINDS)


def test_settings_need_one_permission_and_models_and_campaigns_another():
    general = {kind for kind, p in PERMISSIONS.items() if p is Permission.MANAGE_SETTINGS}

    assert general == {
        commands.ChangeSettings,
        commands.AddToDoNotCall,
        commands.RemoveFromDoNotCall,
    }
    assert permission_for(OF_MODEL[commands.StartCampaign]) is Permission.MANAGE_CAMPAIGNS
    assert Permission.VIEW not in PERMISSIONS.values()


def test_every_event_carries_its_actor():
    """R10.1: every event carries its actor."""
    story = Story()
    story.model("1")
    story.tell(commands.StartCampaign(model_id=1, actor="anna"))
    story.end("1")

    actors = [(type(event).__name__, event.actor) for event in story.events]
    assert actors == [
        ("ServiceOpened", "scheduler"),
        ("ModelAdded", "operator"),
        ("CampaignScheduled", "anna"),
        ("CampaignStarted", "anna"),
        ("CallPlaced", "scheduler"),
        ("CallEnded", "driver"),
        ("CallPlaced", "scheduler"),
    ]


# Opening ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("service_id", ["", "a1b2c3d", "a1b2c3d45", "A1B2C3D4", "g1b2c3d4"])
def test_service_id_is_eight_hex_digits(service_id):
    with pytest.raises(SettingsError) as refused:
        core.open_service(service_id, core.Settings(), NOON)

    assert (refused.value.field, refused.value.value) == ("service_id", service_id)


@pytest.mark.parametrize("now", [-1, 1.5, True, None, "0", 1 << 43])
def test_time_is_whole_milliseconds(now):
    with pytest.raises(SettingsError):
        core.open_service(SERVICE_ID, core.Settings(), now)
    with pytest.raises(SettingsError):
        core.handle(Story().state, reports.Tick(), now)


def test_first_event_is_service_opened():
    """R8.3: the first event is ``ServiceOpened(service_id, settings)``."""
    opened = core.open_service(SERVICE_ID, core.Settings(), NOON, actor="anna")

    assert opened.events == (
        events.ServiceOpened(
            seq=1, at=NOON, actor="anna", service_id=SERVICE_ID, settings=core.Settings()
        ),
    )
    assert core.replay(opened.events) == opened.state
