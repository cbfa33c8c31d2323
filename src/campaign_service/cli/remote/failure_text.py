"""What a person is told of a service that says no, or does not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import attrs
import click

from campaign_service.cli.statuses import CommandFailedError, ExitStatus
from campaign_service.client import (
    BadField,
    ClientError,
    NotLoggedInError,
    ProblemError,
    ResponseError,
    UnreachableError,
    UntrustedError,
)

__all__ = ["error_text", "named_by_option", "status_of", "tell_done"]

_SERVER_ERROR = 500
_MAY_BE_TAKEN = (
    "what was asked for may have been done all the same: look, with campaign list or status, before"
    " you give it again; where it takes --key, a key keeps it from being done twice"
)


def status_of(error: ClientError) -> ExitStatus:
    """Return the exit status for an error of the client."""
    if isinstance(error, UnreachableError | ResponseError):
        return ExitStatus.FAILED
    if isinstance(error, ProblemError) and error.status >= _SERVER_ERROR:
        return ExitStatus.FAILED
    return ExitStatus.BAD_INPUT


def error_text(error: ClientError, options: Mapping[str, str] | None = None) -> str:
    """Return an error of the client for a person, with what to do about it.

    Args:
        error: what went wrong.
        options: how a person gave what the API calls by another name.
    """
    if error.may_be_taken:
        return f"{error}; {_MAY_BE_TAKEN}"
    if isinstance(error, ProblemError) and error.fields:
        shown = [str(_as_given(one, options or {})) for one in error.fields]
        # One bad value alone is all that the sentence says.
        return shown[0] if len(shown) == 1 else "\n".join([*shown, str(error)])
    if isinstance(error, NotLoggedInError):
        return f"{error}; log in with: campaign login"
    if isinstance(error, UntrustedError):
        return f"{error}; --ca-file names the certificate of the authority that made it"
    if isinstance(error, UnreachableError):
        return f"{error}; is it running? campaign serve starts it, --url says where it is"
    return str(error)


@contextmanager
def named_by_option(options: Mapping[str, str]) -> Iterator[None]:
    """Have bad values named by the options that gave them, where the service refuses any."""
    try:
        yield
    except ProblemError as error:
        raise CommandFailedError(error_text(error, options), status_of(error)) from error


def tell_done(what: str, look: Callable[[], str]) -> int:
    """Say what has become of a command that was taken; the exit status.

    Args:
        what: was done; said alone where the service cannot be asked for more just now, for whoever
            heard of that as a failure would give the command again.
        look: asks for what is said otherwise.
    """
    try:
        click.echo(look())
    except ClientError as error:
        click.echo(f"{what}; how it fares cannot be told: {error}")
    return ExitStatus.COMPLETED


def _as_given(one: BadField, options: Mapping[str, str]) -> BadField:
    for name, option in options.items():
        if one.field == name or one.field.startswith((f"{name}.", f"{name}[")):
            within = one.field.removeprefix(name).lstrip(".")
            return attrs.evolve(one, field=f"{option} {within}".rstrip())
    return one
