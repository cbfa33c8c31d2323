"""The report's files, written as the campaign goes, so that a long one needs no memory for it.

========================  =========================================================================
``recipients.csv``        a row for each recipient, in list order
``attempts.csv``          a row for each attempt, in the order in which they ended
``report.json``           figures, the campaign's parameters, and the same rows; to each attempt its
                          events
``calls.svg``             calls in progress over time against the limits
========================  =========================================================================

Each has ``.part`` behind its name until all are whole: a file of these names is never half written.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryFile
from typing import TextIO

import attrs

from campaign_core import CampaignId, CampaignModel, Settings, State, campaign, codec, link, replay
from campaign_core.events import CampaignDeleted, Event
from campaign_service.instants import TimeWriter, zone_of
from campaign_service.report.attempts import Attempt
from campaign_service.report.chart import draw_chart
from campaign_service.report.panel import StatusPanel
from campaign_service.report.rows import (
    ATTEMPT_COLUMNS,
    RECIPIENT_COLUMNS,
    Cell,
    Row,
    Simulated,
    attempt_row,
    csv_row,
    event_texts,
    recipient_row,
)
from campaign_service.report.summary import Summary, summarize

__all__ = ["FORMAT", "ReportFolder", "write_report"]

FORMAT = 1
"""The number of the layout of ``report.json``."""

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


class ReportFolder:
    """Writes the report of one campaign into a folder; :attr:`NAMES` are its files.

    Args:
        folder: where; it must exist.
        model: its parameters, recipients included.
        notes: facts about the run that the events do not tell: driver, seed.
        simulated: whether calls that were placed at an instant called nobody.
    """

    NAMES = ("recipients.csv", "attempts.csv", "report.json", "calls.svg")

    def __init__(
        self,
        folder: Path,
        *,
        campaign_id: CampaignId,
        model: CampaignModel,
        settings: Settings,
        notes: Row,
        simulated: Simulated = lambda _: False,
    ) -> None:
        self.panel = StatusPanel(campaign_id, on_attempt=self._write_attempt)
        """Kept up by :meth:`take`."""
        self._folder = folder
        self._model = model
        self._settings = settings
        self._notes = notes
        self._simulated = simulated
        self._zone = zone_of(model.time_zone)
        self._text = TimeWriter(self._zone)
        self._files = ExitStack()
        self._naming_attempts = _Naming(folder / "attempts.csv")
        self._attempts_csv = self._table("attempts.csv", ATTEMPT_COLUMNS)
        # Rows of attempts come first, and in report.json they stand last.
        spool = TemporaryFile("w+", encoding="utf-8", dir=folder)  # noqa: SIM115 -- closed by the stack
        self._attempts_json = self._files.enter_context(spool)
        self._has_attempts = False

    def take(self, events: Sequence[Event]) -> None:
        """Take the events of a moment; an observer of an engine."""
        self.panel.take(events)

    def close(self) -> None:
        """Write no more; what was not finished is taken away."""
        with suppress(OSError):
            self._files.close()
        for name in self.NAMES:
            self._part(name).unlink(missing_ok=True)

    def finish(self, state: State) -> Summary:
        """Write what is known only now, and return the figures.

        Args:
            state: the state after all events.
        """
        with self._files:
            for attempt in self.panel.attempts_open():
                self._write_attempt(attempt)
            summary = summarize(self.panel, state, self._settings)
            self._write_json(state, summary)
            self._write_chart(summary)
        for name in self.NAMES:
            self._part(name).replace(self._folder / name)
        return summary

    def _write_attempt(self, attempt: Attempt) -> None:
        name = self._model.recipients.at(attempt.position).name
        row = attempt_row(attempt, name, self._text, self._simulated)
        events = event_texts(attempt.events, self._text)
        text = f'{_encode(row)[:-1]}, "events": {events}}}'
        with self._naming_attempts:
            self._attempts_csv(csv_row(row).values())
            self._attempts_json.write(f",\n  {text}" if self._has_attempts else f"\n  {text}")
        self._has_attempts = True

    def _write_json(self, state: State, summary: Summary) -> None:
        parameters = codec.to_data(self._model.changed(recipients=()))
        del parameters["recipients"]
        file = self._open("report.json")
        with _Naming(self._folder / "report.json"):
            file.write(f'{{"format": {FORMAT},\n"run": {_encode(self._notes)},\n')
            file.write(f'"summary": {_encode(self._summary_data(summary))},\n')
            file.write(f'"campaign": {_encode(parameters)},\n')
            file.write(f'"settings": {_encode(codec.to_data(self._settings))},\n')
            file.write('"recipients": [')
            self._write_recipients(state, file)
            file.write('],\n"attempts": [')
            self._attempts_json.seek(0)
            while block := self._attempts_json.read(1 << 20):
                file.write(block)
            file.write("]}\n")

    def _write_recipients(self, state: State, file: TextIO) -> None:
        """Write each recipient both into its own file and into ``report.json``."""
        write_row = self._table("recipients.csv", RECIPIENT_COLUMNS)
        naming = _Naming(self._folder / "recipients.csv")
        before = "\n  "
        for found in self.panel.rows(state):
            row = recipient_row(found, self._text, self._simulated)
            with naming:
                write_row(csv_row(row).values())
            file.write(before + _encode(row))
            before = ",\n  "

    def _summary_data(self, summary: Summary) -> dict[str, object]:
        data = attrs.asdict(summary, recurse=False)
        for name in ("scheduled_for", "started_at", "ended_at", "now"):
            data[name] = self._text(data[name]) or None
        data["status"] = summary.status.name
        reason = summary.pause_reason
        data["pause_reason"] = None if reason is None else reason.name
        data["outcomes"] = {outcome.name: count for outcome, count in summary.outcomes}
        data["limits"] = attrs.asdict(summary.limits)
        data["lasted_s"] = summary.lasted_s
        return data

    def _write_chart(self, summary: Summary) -> None:
        curve = self.panel.load
        width = f"{curve.width_ms / 1_000:g} s"
        picture = draw_chart(
            curve,
            limits=summary.limits,
            title=f"{summary.name}: calls in progress",
            subtitle=f"The most at one time within each {width}; times in {self._zone.key}",
            zone=self._zone,
        )
        file = self._open("calls.svg")
        with _Naming(self._folder / "calls.svg"):
            file.write(picture)

    def _table(self, name: str, columns: Sequence[str]) -> Callable[[Iterable[Cell]], object]:
        """Return what writes a row of a new table."""
        write_row = csv.writer(self._open(name)).writerow
        write_row(columns)
        return write_row

    def _open(self, name: str) -> TextIO:
        file = self._part(name).open("w", encoding="utf-8", newline="")
        self._files.enter_context(_Naming(self._folder / name))
        self._files.callback(file.close)
        return file

    def _part(self, name: str) -> Path:
        return self._folder / f"{name}.part"


def write_report(
    events: Iterable[Event], campaign_id: CampaignId, folder: Path, *, notes: Row | None = None
) -> Summary:
    """Write the report of a campaign from a journal's events, and return its figures.

    Args:
        events: all of the service, from the first; of other campaigns nothing is told.
        campaign_id: the campaign; one that was deleted is told as it was just before.
        folder: where; it is made, and what lies there under the report's names is replaced.
        notes: facts that the events do not tell, for ``report.json``.

    Raises:
        UnknownCampaignError: there was none such.
        JournalError: the events do not follow one another.
        OSError: the folder cannot be made or written.
    """

    def goes_on(event: Event) -> bool:
        return not (isinstance(event, CampaignDeleted) and event.campaign_id == campaign_id)

    kept = list(takewhile(goes_on, events))
    state = replay(kept)
    found = campaign(state, campaign_id, state.now)
    folder.mkdir(parents=True, exist_ok=True)
    report = ReportFolder(
        folder,
        campaign_id=campaign_id,
        model=found.parameters.changed(recipients=found.recipients),
        settings=state.settings,
        notes=notes or {},
        simulated=link(state).was_simulated,
    )
    with closing(report):
        report.take(kept)
        return report.finish(state)


class _Naming:
    """Has an error of the disk tell the file: that of a write does not by itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            error.filename = error.filename or str(self._path)
