"""The command ``campaign``: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import click

from campaign_core.errors import CommandRefusedError, JournalError, SettingsError
from campaign_drivers import DriverError
from campaign_service.cli.check import check
from campaign_service.cli.doctor import doctor
from campaign_service.cli.explain import explain
from campaign_service.cli.replay import replay
from campaign_service.cli.run import run
from campaign_service.cli.statuses import ExitStatus
from campaign_service.engine import JournalFailedError

__all__ = ["main"]


def _version() -> str:
    try:
        return version("call-campaign")
    except PackageNotFoundError:
        return "of an unknown version: not installed"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit status: 0 completed or done, 1 incomplete or found wrong, 2 bad input,"
        " 3 telephony or disk failed, 130 interrupted."
    ),
)
@click.version_option(_version(), prog_name="campaign")
def campaign() -> None:
    """Call a list of people, play each a message, collect confirmations, and call again.

    A campaign is a TOML file beside a CSV file of recipients. Without --driver, calls are placed
    on a simulated telephone network: nobody is called.
    """


for command in (run, check, doctor, explain, replay):
    campaign.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a name shall not end a campaign.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        status = campaign.main(
            None if arguments is None else list(arguments), "campaign", standalone_mode=False
        )
    except click.ClickException as error:
        error.show()
        return ExitStatus.BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; the interpreter must not complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.COMPLETED
    except SettingsError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        return _end(f"{_count(error)}; nothing was done", ExitStatus.BAD_INPUT)
    except (CommandRefusedError, JournalError) as error:
        return _end(str(error), ExitStatus.BAD_INPUT)
    except (DriverError, JournalFailedError) as error:
        return _end(str(error), ExitStatus.FAILED)
    except OSError as error:
        is_whole = error.filename is not None and error.strerror is not None
        return _end(
            f"{error.filename}: {error.strerror}" if is_whole else str(error), ExitStatus.FAILED
        )
    return int(status or 0)


def _end(text: str, status: ExitStatus) -> ExitStatus:
    click.echo(f"campaign: {text}", err=True)
    return status


def _count(error: SettingsError) -> str:
    count = len(error.problems)
    return f"{count} problem" if count == 1 else f"{count} problems"
