"""A run of a campaign's file: the options, and a folder for what comes of it."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path

import attrs
import click

from campaign_core import (
    SIMULATED,
    CampaignId,
    Instant,
    ModelId,
    ServiceId,
    handle,
    open_service,
    sounds_of,
)
from campaign_core.commands import AddModel, AddToDoNotCall, Command, StartCampaign
from campaign_core.errors import SettingsError
from campaign_drivers.clock import present
from campaign_service.cli.options import bad_value
from campaign_service.config import CampaignFile
from campaign_service.engine import telephony_of
from campaign_service.journal import JsonLinesJournal
from campaign_service.report import ReportFolder

__all__ = [
    "ACTOR",
    "CAMPAIGN_ID",
    "CampaignRun",
    "RunOptions",
    "commands_of",
    "first_instant",
    "refuse_unstartable",
]

ACTOR = "command line"
"""The actor of what this program commands."""
CAMPAIGN_ID = CampaignId(1)
"""A run has one campaign."""


@attrs.frozen(kw_only=True)
class RunOptions:
    """What a person says of a run, beside the campaign's file."""

    driver: str = attrs.field(repr=False)
    """``simulated`` or a URL; it may hold a secret."""
    seed: int | None
    """``None``: that of the file."""
    speed: float | None
    """Of a simulation; 0 or ``None``: on virtual time."""
    out: Path | None
    journal: Path | None = None
    no_journal: bool = False
    yes: bool
    """Whether it is to run though the telephony lacks a sound (R6.18)."""

    @property
    def is_simulated(self) -> bool:
        """Whether nobody is really called."""
        return self.driver == SIMULATED

    def refuse_misplaced(self) -> None:
        """Refuse options of the simulation where calls are real."""
        if self.is_simulated:
            return
        rule = "only with the simulated driver"
        for option, value in (("--seed", self.seed), ("--speed", self.speed)):
            if value is not None:
                raise bad_value(option, value, rule)
        if self.no_journal:
            why = "real calls are placed once their event is safe on disk"
            raise bad_value("--no-journal", True, f"{rule}: {why}")  # noqa: FBT003 -- as it was given


@attrs.frozen(kw_only=True)
class CampaignRun:
    """A campaign that is to be run, and how."""

    file: CampaignFile
    options: RunOptions
    folder: Path
    """For the report; it exists."""

    @classmethod
    def of(cls, file: CampaignFile, options: RunOptions) -> CampaignRun:
        """Return the run of a file, with a folder made for its report."""
        journal = options.journal
        if journal is not None and not journal.parent.is_dir():
            raise bad_value("--journal", str(journal), "a file in a folder that exists")
        return cls(file=file, options=options, folder=_make_folder(options.out, file.model.name))

    @property
    def seed(self) -> int:
        """Where the chance of a simulation begins."""
        return self.file.simulation.seed if self.options.seed is None else self.options.seed

    @property
    def journal(self) -> Path | None:
        """Where it is kept; ``None``: nowhere."""
        if self.options.no_journal:
            return None
        return self.options.journal or self.folder / "journal.jsonl"

    @property
    def telephony(self) -> str:
        """The kind that calls go to, as the journal names it."""
        return telephony_of(self.options.driver)

    @property
    def is_virtual(self) -> bool:
        """Whether time goes as fast as the machine allows."""
        return self.options.is_simulated and not self.options.speed

    def service_id(self) -> ServiceId:
        """Return the id that begins those of all calls.

        A simulation's follows from its seed, for what becomes of a call depends on its id. On a
        real exchange two runs must never share one.
        """
        return ServiceId(f"{self.seed:08x}" if self.options.is_simulated else secrets.token_hex(4))

    def sounds_needed(self) -> frozenset[str]:
        """Return the sounds without which nobody is to be called."""
        if self.options.yes:
            return frozenset()
        return sounds_of(self.file.model, self.file.settings)

    def open_journal(self) -> JsonLinesJournal | None:
        """Return a new journal, if one is kept."""
        if self.journal is None:
            return None
        try:
            # What was simulated on virtual time can be made again from its seed.
            return JsonLinesJournal.create(self.journal, is_durable=not self.is_virtual)
        except FileExistsError:
            raise _exists("--journal", self.journal) from None
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            raise _not_made("--journal", self.journal, error) from None

    def open_report(self) -> ReportFolder:
        """Return the report, begun."""
        notes: dict[str, str | int | bool | None] = {
            "driver": SIMULATED
            if self.options.is_simulated
            else self.options.driver.partition(":")[0],
            "seed": self.seed if self.options.is_simulated else None,
        }
        return ReportFolder(
            self.folder,
            campaign_id=CAMPAIGN_ID,
            model=self.file.model,
            settings=self.file.settings,
            notes=notes,
            simulated=lambda _: self.telephony == SIMULATED,
        )

    def discard(self) -> None:
        """Take back what was begun for a run that never placed a call."""
        for name in ReportFolder.NAMES:
            (self.folder / name).unlink(missing_ok=True)
        # The folder was empty; elsewhere a file of the journal's name may be somebody else's.
        if self.journal is not None and self.journal.parent == self.folder:
            self.journal.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()


def commands_of(file: CampaignFile) -> list[Command]:
    """Return the commands that start a file's campaign in a new service."""
    commands: list[Command] = []
    if file.do_not_call:
        commands.append(AddToDoNotCall(numbers=file.do_not_call, actor=ACTOR))
    commands.append(AddModel(model=file.model, actor=ACTOR))
    commands.append(
        StartCampaign(model_id=ModelId(1), when=file.when, expires_at=file.expires_at, actor=ACTOR)
    )
    return commands


def first_instant(file: CampaignFile, *, is_simulated: bool) -> Instant:
    """Return the instant at which a run of a file begins."""
    now = present()
    return now if not is_simulated else file.simulation.starts_at or now


def refuse_unstartable(file: CampaignFile, now: Instant) -> None:
    """Give a new service the commands of a file, as a run would do it, and leave nothing behind."""
    state = open_service(ServiceId("00000000"), file.settings, now).state
    try:
        for command in commands_of(file):
            state = handle(state, command, now).state
    except SettingsError as error:
        raise file.located(error, now) from None


def _make_folder(asked_for: Path | None, name: str) -> Path:
    """Return a folder for a report, made and empty: nothing is ever overwritten.

    Where none was asked for, it is one of its own for each run, under ``reports``.
    """
    if asked_for is not None:
        try:
            asked_for.mkdir(parents=True, exist_ok=True)
            is_empty = not any(asked_for.iterdir())
        except OSError as error:
            raise _not_made("--out", asked_for, error) from None
        if not is_empty:
            raise _exists("--out", asked_for)
        return asked_for
    slug = re.sub(r"\W+", "-", name.lower()).strip("-") or "campaign"
    number = 1
    while True:
        folder = Path("reports", f"{slug}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return folder


def _exists(option: str, path: Path) -> SettingsError:
    rule = "a place where nothing is yet; a record of calls is never overwritten"
    return bad_value(option, click.format_filename(path), rule)


def _not_made(option: str, path: Path, error: OSError) -> SettingsError:
    return bad_value(
        option, click.format_filename(path), f"cannot be made: {error.strerror or error}"
    )
