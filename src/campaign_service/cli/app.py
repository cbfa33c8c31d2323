"""The command ``campaign``: its subcommands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from campaign_core import __version__
from campaign_core.errors import CommandRefusedError, JournalError, SettingsError
from campaign_drivers import DriverError
from campaign_service.cli.statuses import CommandFailedError, ExitStatus
from campaign_service.cli.value_text import counted
from campaign_service.engine import JournalFailedError
from campaign_service.journal import JournalAwayError

__all__ = ["main"]


_COMMANDS = {
    "run": "runs.run:run",
    "rerun": "rerun:rerun",
    "check": "runs.check:check",
    "doctor": "doctor:doctor",
    "sounds": "sounds:sounds",
    "explain": "explain:explain",
    "replay": "journals.replay:replay",
    "serve": "serving.serve:serve",
    "login": "remote.login:login",
    "logout": "remote.login:logout",
    "start": "remote.start:start",
    "pause": "remote.control:pause",
    "resume": "remote.control:resume",
    "stop": "remote.control:stop",
    "delete": "remote.control:delete",
    "append": "remote.control:append",
    "add-attempts": "remote.control:add_attempts",
    "stop-attempts": "remote.control:stop_attempts",
    "list": "remote.listing:list_",
    "status": "remote.listing:status",
    "models": "remote.listing:models",
    "settings": "remote.settings:settings",
    "nodes": "remote.nodes:nodes",
    "drain": "remote.nodes:drain",
    "restore": "remote.nodes:restore",
    "log": "remote.log:log",
    "audit": "remote.log:audit",
    "user": "users.user:user",
    "export": "journals.transfer:export",
    "import": "journals.transfer:import_",
    "verify": "journals.verify:verify",
}
"""Each command, and the module and name where it is to be found."""


class _OutputClosedError(Exception):
    """Whoever read our output has had enough.

    A broken pipe that comes to click itself ends the process, as if something had failed.
    """


@contextmanager
def _broken_pipe_reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _OutputClosedError from error


class _Commands(click.Group):
    """Loads a command when it is asked for: each needs a part of the libraries alone."""

    @override
    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        with _broken_pipe_reported():
            return super().make_context(info_name, args, parent, **extra)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        with _broken_pipe_reported():
            return super().invoke(ctx)

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        found: click.Command = getattr(import_module(f"campaign_service.cli.{module}"), name)
        return found


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=(
        "Exit status: 0 completed or done, 1 incomplete or found wrong, 2 bad input or refused,"
        " 3 telephony, disk or service failed, 130 interrupted."
    ),
)
@click.version_option(__version__, prog_name="campaign")
def campaign() -> None:
    """Call a list of people, play each a message, collect confirmations, and call again.

    A campaign is a TOML file beside a CSV file of recipients. Without --driver, calls are placed
    on a simulated telephone network: nobody is called.

    `campaign run` places the calls of one campaign and ends with it. `campaign serve` runs a
    service for many, which the commands from login to audit speak to.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command line; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a name shall not end a campaign.
        getattr(stream, "reconfigure", lambda **_: None)(errors="backslashreplace")
    try:
        status = campaign.main(
            None if arguments is None else list(arguments), "campaign", standalone_mode=False
        )
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return ExitStatus.BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        return ExitStatus.INTERRUPTED
    except (_OutputClosedError, BrokenPipeError):
        # That is no failure, and the interpreter must not complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.COMPLETED
    except CommandFailedError as error:
        return _end(str(error), error.status)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        count = counted(len(error.problems), "problem")
        return _end(f"{count}; nothing was done", ExitStatus.BAD_INPUT)
    except (DriverError, JournalAwayError, JournalFailedError) as error:
        return _end(str(error), ExitStatus.FAILED)
    except (CommandRefusedError, JournalError) as error:
        return _end(str(error), ExitStatus.BAD_INPUT)
    except OSError as error:
        is_whole = error.filename is not None and error.strerror is not None
        return _end(
            f"{error.filename}: {error.strerror}" if is_whole else str(error), ExitStatus.FAILED
        )
    return int(status or 0)


def _end(text: str, status: ExitStatus) -> ExitStatus:
    click.echo(f"campaign: {text}", err=True)
    return status
