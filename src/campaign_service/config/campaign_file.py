"""A campaign's file: everything that ``campaign run`` is told beside its options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs

from campaign_core import (
    CampaignModel,
    Duplicates,
    FrequencyCap,
    Instant,
    NumberPlan,
    RecipientList,
    Settings,
)
from campaign_core.commands import AddToDoNotCall, StartAfter, StartAt, StartImmediately
from campaign_core.errors import Problem, SettingsError
from campaign_service.config.campaign_table import read_limits, read_model, read_prompt, read_rate
from campaign_service.config.problems import (
    InputError,
    LocatedProblem,
    collected,
    raise_if_any,
    refused_file,
    unreadable,
)
from campaign_service.config.recipients_csv import ListOptions, read_recipients
from campaign_service.config.simulated_table import Simulation, read_simulation
from campaign_service.config.table import Reader, Table, member_named, table_reader
from campaign_service.config.toml_file import KeyPath, TomlFile, field_name, read_toml
from campaign_service.instants import clock_change_at, iso_text, zone_of
from campaign_service.numbers import read_number

__all__ = ["CampaignFile", "read_campaign"]

_TABLES = ("campaign", "start", "settings", "do_not_call", "simulated")
_MINUTES_MAX = 5_256_000
_MINUTE_MS = 60_000
_COMMENT = re.compile(r"#\s.*|#$")
_SETTINGS: Mapping[str, Reader] = {
    "call_limits": read_limits,
    "call_rate": read_rate,
    "answer_prompt": read_prompt,
    "listening_prompt": read_prompt,
    "frequency_cap": table_reader(FrequencyCap, placeholders={"attempts": 1, "per_h": 1}),
    "number_plan": table_reader(NumberPlan, placeholders={"country_code": "1"}),
}


@attrs.frozen(kw_only=True)
class CampaignFile:
    """What a campaign's file says, checked and complete."""

    path: Path
    model: CampaignModel
    """With its recipients."""
    settings: Settings
    when: StartImmediately | StartAfter | StartAt
    expires_at: Instant | None
    do_not_call: tuple[str, ...]
    simulation: Simulation
    """The network of a run on the simulated driver."""
    clock_changes: tuple[str, ...] = ()
    """Of each time that a change of the clock makes another than it looks: a sentence."""
    notes: tuple[str, ...] = ()
    """What was taken for granted in reading the list of recipients."""
    _source: TomlFile = attrs.field(repr=False, eq=False)

    def located(self, error: SettingsError, now: Instant) -> SettingsError:
        """Return what the start of the campaign refused, in the words of the file.

        Args:
            error: as the core has it: of a command, with instants in milliseconds.
            now: when the campaign was to be started.
        """
        return SettingsError([self._located(problem, now) for problem in error.problems])

    def _located(self, problem: Problem, now: Instant) -> Problem:
        zone = zone_of(self.model.time_zone)
        rule = problem.rule
        if problem.field == "when.at":
            keys: KeyPath = ("start", "at")
            rule = f"a time not past; the run begins at {iso_text(now, zone)}"
        elif problem.field == "expires_at":
            keys = ("start", "expires_at")
            starts_at = now if not isinstance(self.when, StartAt) else self.when.at
            if isinstance(self.when, StartAfter):
                starts_at = Instant(now + self.when.minutes * _MINUTE_MS)
            rule = f"later than the start, {iso_text(starts_at, zone)}"
        elif problem.field in ("recipients", "sound", "threshold"):
            keys = ("campaign", problem.field)
        else:
            return problem
        value: object = self._source.data
        for key in keys:
            value = value.get(str(key)) if isinstance(value, dict) else None
        return LocatedProblem(
            file=self.path,
            line=self._source.line_of(keys),
            field=field_name(keys),
            value=value,
            rule=rule,
        )


@attrs.frozen(kw_only=True)
class _Start:
    when: StartImmediately | StartAfter | StartAt
    expires_at: Instant | None
    clock_changes: tuple[str, ...]


def read_campaign(
    path: Path, settings_path: Path | None = None, options: ListOptions | None = None
) -> CampaignFile:
    """Return what a campaign's file says, its recipients' file included.

    Args:
        path: the campaign's TOML.
        settings_path: a TOML from which ``[settings]`` and ``[do_not_call]`` are taken instead.
        options: how the list of recipients is read; the file's own number plan goes before, and
            what it says of duplicates holds.

    Raises:
        InputError: something cannot be read or taken; all that is wrong is in it.
    """
    problems: list[LocatedProblem] = []
    source = read_toml(path)
    top = Table(source, (), source.data, problems)
    top.refuse_others(_TABLES)
    general = top
    if settings_path is not None:
        second = TomlFile(path=settings_path, data={}, lines=())
        with collected(problems):
            second = read_toml(settings_path)
        general = Table(second, (), second.data, problems)
        general.refuse_others(["settings", "do_not_call"])
    campaign = _part(top, "campaign", needed=True)
    settings = _part(general, "settings").build(Settings, readers=_SETTINGS)
    options = options or ListOptions()
    plan = options.plan if settings is None else settings.number_plan or options.plan
    notes: list[str] = []
    duplicates = member_named(Duplicates, str(campaign.raw("duplicates"))) or Duplicates.REFUSE
    options = attrs.evolve(options, plan=plan, duplicates=duplicates)
    recipients = _recipients(campaign, problems, options, notes)
    model = read_model(campaign, recipients)
    start = _start(_part(top, "start"), model)
    do_not_call: tuple[str, ...] = ()
    with collected(problems):
        do_not_call = _read_do_not_call(_part(general, "do_not_call"), plan)
    simulation = read_simulation(_part(top, "simulated"), model)
    _check_together(campaign, model)
    if problems or model is None or settings is None or simulation is None:
        # File by file and from top to bottom, as they will be mended.
        files = list(dict.fromkeys(problem.file for problem in problems))
        problems.sort(key=lambda problem: (files.index(problem.file), problem.line or 0))
        raise InputError(problems)
    return CampaignFile(
        path=path,
        model=model,
        settings=settings,
        when=start.when,
        expires_at=start.expires_at,
        do_not_call=do_not_call,
        simulation=simulation,
        clock_changes=start.clock_changes,
        notes=tuple(notes),
        source=source,
    )


def _part(top: Table, key: str, *, needed: bool = False) -> Table:
    """Return a table at the top, an empty one where there is none."""
    found = top.table(key)
    if found is not None:
        return found
    if needed and key not in top:
        top.refuse(key, None, "missing: a campaign needs a table of this name")
    return Table(top.source, (key,), {}, [] if needed else top.problems)


def _recipients(
    campaign: Table, problems: list[LocatedProblem], options: ListOptions, notes: list[str]
) -> RecipientList:
    name = campaign.text("recipients")
    if name is not None:
        with collected(problems):
            return read_recipients(campaign.source.path.parent / name, options, notes=notes)
    elif "recipients" not in campaign:
        campaign.refuse("recipients", None, "missing: the name of a CSV file")
    return RecipientList()


def _start(table: Table, model: CampaignModel | None) -> _Start:
    table.refuse_others(["at", "after_min", "expires_at"])
    zone = zone_of("UTC" if model is None else model.time_zone)
    rule = "a date and time, such as 2026-01-12T08:00:00"
    at, minutes = table.instant("at", rule, zone), table.whole_number("after_min", 0, _MINUTES_MAX)
    when: StartImmediately | StartAfter | StartAt = StartImmediately()
    if at is not None and minutes is not None:
        table.refuse("after_min", minutes, "either this or at, not both")
    elif at is not None:
        when = StartAt(at=at)
    elif minutes is not None:
        when = StartAfter(minutes=minutes)
    changes = (_clock_change(table, key, zone) for key in ("at", "expires_at"))
    return _Start(
        when=when,
        expires_at=table.instant("expires_at", rule, zone),
        clock_changes=tuple(sentence for sentence in changes if sentence is not None),
    )


def _clock_change(table: Table, key: str, zone: ZoneInfo) -> str | None:
    value = table.raw(key)
    if not isinstance(value, datetime) or value.tzinfo is not None:
        return None
    change = clock_change_at(value, zone)
    return None if change is None else f"start.{key}: {change}"


def _check_together(campaign: Table, model: CampaignModel | None) -> None:
    """Check what the start of the campaign would refuse (R4.1), while its line is known."""
    if model is None:
        return
    count = len(model.recipients)
    if model.threshold is not None and count and model.threshold > count:
        campaign.refuse("threshold", model.threshold, f"at most the number of recipients: {count}")


# Whom nobody calls ---------------------------------------------------------------------------


def _read_do_not_call(table: Table, plan: NumberPlan | None = None) -> tuple[str, ...]:
    """Return the numbers of the table itself and of the file that it names.

    Args:
        table: ``[do_not_call]``.
        plan: by which numbers are read (R3.7).
    """
    table.refuse_others(["numbers", "file"])
    numbers = []
    for text in table.texts("numbers"):
        try:
            numbers.append(_number(text, plan))
        except SettingsError as error:
            table.refuse("numbers", text, error.rule)
    name = table.text("file")
    if name is not None:
        numbers += _numbers_of(table.source.path.parent / name, plan)
    return tuple(numbers)


def _numbers_of(path: Path, plan: NumberPlan | None) -> list[str]:
    """Return the numbers of a file, one a line; ``#`` and a blank begin a comment."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused_file(path, "not UTF-8 text", line) from None
    numbers, problems = [], []
    for line, row in enumerate(text.splitlines(), 1):
        text = _COMMENT.sub("", row).strip()
        if not text:
            continue
        try:
            numbers.append(_number(text, plan))
        except SettingsError as error:
            problems.append(
                LocatedProblem(file=path, line=line, field="number", value=text, rule=error.rule)
            )
    raise_if_any(problems)
    return numbers


def _number(text: str, plan: NumberPlan | None) -> str:
    number = read_number(text, plan=plan)
    AddToDoNotCall(numbers=(number,))
    return number
