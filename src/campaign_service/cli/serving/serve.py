"""``campaign serve``: a service for many campaigns, commanded over HTTP while it runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click

from campaign_core import ServiceId
from campaign_core.errors import Problem, SettingsError
from campaign_drivers.simulated import RealClock
from campaign_service.cli.databases import named_by_origin
from campaign_service.cli.serving.listening import check_certificate, file_of, open_sockets
from campaign_service.cli.serving.logs import set_up_logging
from campaign_service.cli.serving.service_process import ServiceProcess, run_and_leave
from campaign_service.collector import rare_collections
from campaign_service.config.problems import LocatedProblem
from campaign_service.config.service_file import flag_of, read_service, variable_of
from campaign_service.config.service_settings import FILE_SUFFIX, OPTIONS, ServiceSettings
from campaign_service.database.urls import address_of
from campaign_service.engine import DriverRequest, open_driver

__all__ = ["serve"]

_log = logging.getLogger("campaign_service.serve")

_NOBODYS = ServiceId("00000000")
_Command = TypeVar("_Command", bound=Callable[..., int])


def _with_options(command: _Command) -> _Command:
    """Give a command a flag for each option of the service."""
    for name, option in reversed(list(OPTIONS.items())):
        if option.is_secret:
            file = f"{name}{FILE_SUFFIX}"
            text = f"A file that holds {flag_of(name)}. [{variable_of(file)}]"
            command = click.option(flag_of(file), file, metavar="F", help=text)(command)
        default = "" if option.default is None else f"; default: {_shown(option.default)}"
        text = f"{option.help} [{variable_of(name)}{default}]"
        # By its bare name a switch is on.
        bare = "true" if option.kind.native is bool else None
        command = click.option(
            flag_of(name),
            name,
            metavar=option.kind.metavar,
            help=text,
            is_flag=False,
            flag_value=bare,
        )(command)
    return command


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "none" if default == () else str(default)


@click.command(short_help="Run a service for many campaigns, commanded while it runs.")
@click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="F",
    help="The configuration, a TOML file. [CAMPAIGN_CONFIG; default:"
    " /etc/call-campaign/service.toml, if it is there]",
)
@_with_options
def serve(*, path: Path | None, **flags: str | None) -> int:
    """Run the service until it is stopped.

    All that happens is kept in the database; what was going on when the service ended goes on when
    it is started again. At the first start it makes a user `admin`, and prints a password for one
    log-in. The commands from login to audit speak to the service, and so may any program, over
    HTTP.

    Ctrl-C or SIGTERM stops it: no new calls, those in progress end, or are handed over to the next
    start after --drain-s. A second one does not wait.

    What is given here goes before the environment, and that before the file. A secret on the
    command line is seen by everybody on the machine: take a file, or the environment.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    settings = read_service(flags=given, environment=os.environ, path=path)
    check_certificate(settings)
    check_addresses(settings)
    sockets = open_sockets(settings.listen)
    at_first = file_of(settings.listen)

    def close() -> None:
        for one in sockets:
            one.close()
        if settings.listen.path is not None and file_of(settings.listen) == at_first:
            settings.listen.path.unlink(missing_ok=True)

    try:
        with set_up_logging(settings), rare_collections():
            _warn_of_open_secrets(given)
            if settings.passed_over:
                # Their values are not shown: a password may be among them.
                _log.warning("not options, and passed over: %s", ", ".join(settings.passed_over))
            process = ServiceProcess(settings, sockets, say=click.echo)
            return run_and_leave(process.run(), before=close)
    except SettingsError as error:
        raise named_by_origin(settings, error) from error
    finally:
        close()


def _warn_of_open_secrets(given: Mapping[str, str]) -> None:
    for name, value in given.items():
        if name in OPTIONS and OPTIONS[name].is_secret and "@" in value:
            file, variable = flag_of(f"{name}{FILE_SUFFIX}"), variable_of(name)
            _log.warning(
                "%s: a secret on the command line is seen by everybody on this machine;"
                " give it by %s or by %s",
                *(flag_of(name), file, variable),
            )


def _rule_of(problem: Problem) -> str:
    """Return what is wrong with a telephony's URL, or with the file that it names."""
    if isinstance(problem, LocatedProblem):
        return str(problem)
    # The value is a part of the URL, and any part of it may be the secret one.
    return f"{problem.field}: {problem.rule}"


def check_addresses(settings: ServiceSettings) -> None:
    """Look whether database and telephonies are named rightly; none of them is spoken to."""
    problems: list[Problem] = []
    try:
        address_of(settings.db)
    except SettingsError as error:
        problems.append(settings.problem("db", error.rule))
    for tenant in settings.tenants:
        request = DriverRequest(url=tenant.driver, service_id=_NOBODYS, clock=RealClock())
        try:
            open_driver(request)
        except SettingsError as error:
            rules = map(_rule_of, error.problems)
            problems += [tenant.origin.problem(None, rule) for rule in rules]
        except ValueError:
            problems.append(tenant.origin.problem(None, "no URL of a telephony"))
    if problems:
        raise SettingsError(problems)
