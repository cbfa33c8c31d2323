"""``campaign start``: a campaign of a running service, from a file or from a model that it has."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import attrs
import click

from campaign_core import Instant, RecipientList, Settings, is_known_zone
from campaign_core.commands import StartAfter, StartAt
from campaign_service.cli.options import EXISTING_FILE, bad_value, gathered, list_options, moment_of
from campaign_service.cli.remote.finding import called, find_with_retries
from campaign_service.cli.remote.lists import options_for, read_list
from campaign_service.cli.remote.refusals import (
    confirmed,
    model_in_use,
    named_by_option,
    tell_done,
    without_sounds,
)
from campaign_service.cli.remote.service_access import key_option, with_client
from campaign_service.cli.runs.remarks import form_remarks
from campaign_service.cli.value_text import counted
from campaign_service.client import CampaignDetail, Client, Json, ModelRow
from campaign_service.client.json_data import model_data
from campaign_service.config import CampaignFile, ListOptions, read_campaign
from campaign_service.instants import clock_change_at, zone_of

__all__ = ["start"]

_MINUTES_MAX = 5_256_000
_OPTIONS = {
    "when.at": "--at",
    "when.minutes": "--after",
    "expires_at": "--expires-at",
    "name": "--name",
    "sound": "--sound",
    "recipients": "--recipients",
}
"""What the API calls by another name."""
_OF_ANSWERS = ("model_id", "recipient_count")
"""Members of a model that are not among its parameters."""


@attrs.frozen(kw_only=True)
class _StartOptions:
    """What a person says of a campaign beside its model."""

    name: str | None
    at: str | None
    after_min: int | None
    expires_at: str | None
    sound: str | None
    recipients: Path | None
    yes: bool
    key: str | None


@attrs.frozen(kw_only=True)
class _When:
    """When a campaign starts, and until when it may call; nothing given: at once, without end."""

    at: datetime | None = None
    after_min: int | None = None
    expires_at: datetime | None = None


@click.command(short_help="Start a campaign on a running service.")
@click.argument("wanted", metavar="MODEL|CAMPAIGN.toml")
@click.option("--name", metavar="NAME", help="Of this campaign. [default: the model's]")
@click.option("--at", "at", metavar="TIME", help="Start then: 2026-01-12T08:30:00, or with offset.")
@click.option(
    "--after",
    "after_min",
    type=click.IntRange(0, _MINUTES_MAX),
    metavar="MIN",
    help="Start after so many minutes.",
)
@click.option("--expires-at", metavar="TIME", help="From then on no new call.")
@click.option("--sound", metavar="SOUND", help="The message of this campaign alone.")
@click.option(
    "--recipients", type=EXISTING_FILE, metavar="CSV", help="The recipients of this campaign alone."
)
@click.option(
    "--yes",
    is_flag=True,
    help="Change a model from which campaigns were started; call though a sound is missing.",
)
@list_options
@key_option
@with_client
@gathered("options", _StartOptions)
def start(client: Client, *, options: _StartOptions, lists: ListOptions, wanted: str) -> None:
    """Start a campaign at once, at a time or after some minutes.

    MODEL is the id or the name of a model of the service. CAMPAIGN.toml is a file as for `campaign
    run`: its model is added to the service, or changed to what the file says, its numbers not to
    call are barred, and a campaign is started from it. Its [settings] and [simulated] are left
    aside, for the service has its own.

    A time without an offset is on the clock of the model's time zone.
    """
    if options.at is not None and options.after_min is not None:
        raise bad_value("--after", options.after_min, "not beside --at")
    own = None
    if options.recipients is not None:
        own = read_list(client, options.recipients, lists)
    file = _file(client, wanted, lists)
    if file is not None:
        times = _times(options, file.model.time_zone, otherwise=_when_of(file))
        model_id, model_name = _put(client, file, yes=options.yes), file.model.name
    else:
        model = _find_model(client, wanted)
        times = _times(options, model.time_zone, otherwise=_When())
        model_id, model_name = model.model_id, model.name
    with named_by_option(_OPTIONS):
        done = without_sounds(
            lambda is_confirmed: client.start(
                model_id=model_id,
                name=options.name,
                sound=options.sound,
                recipients=own,
                at=times.at,
                after_min=times.after_min,
                expires_at=times.expires_at,
                confirmed=is_confirmed,
                key=options.key,
            ),
            yes=options.yes,
        )
    assert done.campaign_id is not None
    if own is None and file is None:
        # Of a list that was read here it was said before.
        click.echo("".join(f"{remark}\n" for remark in done.remarks), err=True, nl=False)
    _tell(client, done.campaign_id, model_name, own)


def _tell(client: Client, campaign_id: int, model_name: str, own: RecipientList | None) -> None:
    def describe(now: CampaignDetail) -> str:
        starts = now.starts_at.astimezone(zone_of(now.parameters.time_zone))
        begins = f", starts {starts:%Y-%m-%d %H:%M:%S %Z}" if now.status == "SCHEDULED" else ""
        whose = "" if own is None else " of its own"
        return (
            f"{now.campaign_id}  {now.name}: {now.status}, from model {model_name},"
            f" {counted(now.recipient_count, 'recipient')}{whose}{begins}"
        )

    tell_done(client, campaign_id, f"{campaign_id}  started from model {model_name}", describe)


# Times ---------------------------------------------------------------------------------------


def _times(options: _StartOptions, zone: str, *, otherwise: _When) -> _When:
    """Return what the options say; where they do not say when it starts, the file does."""
    expires = _moment("--expires-at", options.expires_at, zone) or otherwise.expires_at
    if options.at is None and options.after_min is None:
        return attrs.evolve(otherwise, expires_at=expires)
    at = _moment("--at", options.at, zone)
    return _When(at=at, after_min=options.after_min, expires_at=expires)


def _moment(option: str, text: str | None, zone: str) -> datetime | None:
    if text is None:
        return None
    rule = "a date and time, such as 2026-01-12T08:30:00 or 2026-01-12T08:30:00+01:00"
    moment = moment_of(option, text, rule)
    if moment.tzinfo is not None:
        return moment
    if not is_known_zone(zone):
        rule = f"with an offset, such as 2026-01-12T08:30:00+01:00: {zone} is not known here"
        raise bad_value(option, text, rule)
    change = clock_change_at(moment, zone_of(zone))
    if change is not None:
        click.echo(f"{option}: {change}", err=True)
    return moment.replace(tzinfo=zone_of(zone))


def _when_of(file: CampaignFile) -> _When:
    zone = zone_of(file.model.time_zone)

    def moment(at: Instant | None) -> datetime | None:
        return None if at is None else datetime.fromtimestamp(at / 1_000, zone)

    return _When(
        at=moment(file.when.at) if isinstance(file.when, StartAt) else None,
        after_min=file.when.minutes if isinstance(file.when, StartAfter) else None,
        expires_at=moment(file.expires_at),
    )


# Models --------------------------------------------------------------------------------------


def _file(client: Client, wanted: str, lists: ListOptions) -> CampaignFile | None:
    path = Path(wanted)
    if not path.is_file() and not wanted.endswith(".toml"):
        return None
    options = options_for(client, lists)
    file = read_campaign(path, options=options)
    for note in file.notes if options.plan is not None else (*file.notes, *form_remarks(file)):
        click.echo(note, err=True)
    if file.settings != Settings():
        click.echo(f"{path}: [settings] is left aside, for the service has its own.", err=True)
    for sentence in file.clock_changes:
        click.echo(f"{path}: {sentence}", err=True)
    return file


def _find_model(client: Client, wanted: str) -> ModelRow:
    def look() -> list[ModelRow]:
        rows = list(client.models())
        found = called(rows, wanted)
        if wanted.isascii() and wanted.isdecimal():
            found = [row for row in rows if row.model_id == int(wanted)] or found
        return found

    found = find_with_retries(client, look)
    if not found:
        rule = "no model of the service has this id or name, and there is no such file"
        raise click.BadParameter(f"{wanted!r}: {rule}", param_hint="MODEL")
    return found[0]


def _put(client: Client, file: CampaignFile, *, yes: bool) -> int:
    """Have the service know the model and the barred numbers of a file; the model's id."""
    if file.do_not_call:
        client.bar(file.do_not_call)
    present = called(list(client.models()), file.model.name)
    if not present:
        added = client.add_model(file.model).model_id
        assert added is not None
        return added
    model_id = present[0].model_id
    data, tag = client.model(model_id)
    parameters: Json = {key: value for key, value in data.items() if key not in _OF_ANSWERS}
    if _in_any_order(parameters) == _in_any_order(dict(model_data(file.model))):
        return model_id
    confirmed(
        lambda is_confirmed: client.edit_model(
            model_id, file.model, tag=tag, confirmed=is_confirmed
        ),
        yes=yes,
        question="Change the model?",
        otherwise="; --yes changes the model all the same",
        why=model_in_use,
    )
    return model_id


def _in_any_order(data: Json) -> Json:
    """Return data with its lists of texts sorted: those are sets, such as days of the week."""
    if isinstance(data, dict):
        return {key: _in_any_order(value) for key, value in data.items()}
    if isinstance(data, list):
        if data and all(isinstance(value, str) for value in data):
            return sorted(data, key=str)
        return [_in_any_order(value) for value in data]
    return data
