"""A report as a campaign that is run once more: by its parameters, with some of its list."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from campaign_core import SIMULATED, CampaignModel, RecipientList, Settings, codec
from campaign_core.commands import StartImmediately
from campaign_service.config.campaign_file import CampaignFile
from campaign_service.config.problems import InputError, LocatedProblem, refused_file, unreadable
from campaign_service.config.recipients_csv import ListOptions, read_recipients
from campaign_service.config.simulated_table import read_simulation
from campaign_service.config.table import Table
from campaign_service.config.toml_file import TomlFile

__all__ = ["read_report"]


def read_report(folder: Path, options: ListOptions, *, is_simulated: bool) -> CampaignFile:
    """Return the campaign of a report, with those of its list who are called again.

    All of them are to be reached: the threshold was that of the whole list.

    Args:
        folder: of the report, as ``campaign run`` leaves it.
        options: who is taken; number plan and duplicates are the report's.
        is_simulated: whether nobody will really be called: whom a simulation reached, nobody
            reached.

    Raises:
        InputError: the report cannot be read, or there is nobody to call again.
    """
    path = folder / "report.json"
    settings, parameters, driver = _read(path)
    if driver == SIMULATED and not is_simulated:
        raise refused_file(path, "of a simulation, which called nobody: run the campaign itself")
    notes: list[str] = []
    options = attrs.evolve(options, plan=settings.number_plan, duplicates=parameters.duplicates)
    recipients: RecipientList = read_recipients(folder / "recipients.csv", options, notes=notes)
    model = attrs.evolve(parameters, recipients=recipients, threshold=None)
    problems: list[LocatedProblem] = []
    source = TomlFile(path=path, data={}, lines=())
    simulation = read_simulation(Table(source, (), {}, problems), model)
    if problems or simulation is None:
        raise InputError(problems)
    return CampaignFile(
        path=path,
        model=model,
        settings=settings,
        when=StartImmediately(),
        expires_at=None,
        do_not_call=(),
        simulation=simulation,
        notes=tuple(notes),
        source=source,
    )


def _read(path: Path) -> tuple[Settings, CampaignModel, object]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        settings = codec.from_data(data["settings"])
        parameters = codec.from_data(data["campaign"])
        driver = data["run"]["driver"]
        if not isinstance(settings, Settings) or not isinstance(parameters, CampaignModel):
            raise TypeError("settings and campaign stand in it")  # noqa: TRY301
    except OSError as error:
        raise unreadable(path, error) from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise refused_file(path, f"not a report of campaign run: {error}") from None
    return settings, parameters, driver
