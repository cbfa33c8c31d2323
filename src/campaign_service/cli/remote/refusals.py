"""What a person is told, and asked, where a service says no or does not answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import click
import msgspec

from campaign_service.cli.statuses import CommandFailedError, ExitStatus
from campaign_service.cli.value_text import lacked_text
from campaign_service.client import (
    BadValue,
    CampaignDetail,
    Client,
    ClientError,
    NotLoggedInError,
    ProblemError,
    ResponseError,
    UnreachableError,
    UntrustedError,
)

__all__ = [
    "confirmed",
    "error_text",
    "model_in_use",
    "named_by_option",
    "status_of",
    "tell_done",
    "without_sounds",
]

T = TypeVar("T")

_CONFLICT, _SERVER_ERROR = 409, 500
_UNCONFIRMED = "confirmed = False: "
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


def tell_done(
    client: Client, campaign_id: int, what: str, describe: Callable[[CampaignDetail], str]
) -> None:
    """Say how a campaign fares after a command that was taken.

    Args:
        what: was done; said alone where the service cannot be asked for more just now, for whoever
            heard of that as a failure would give the command again.
    """
    try:
        click.echo(describe(client.campaign(campaign_id)))
    except ClientError as error:
        click.echo(f"{what}; how it fares cannot be told: {error}")


def _as_given(one: BadValue, options: Mapping[str, str]) -> BadValue:
    for name, option in options.items():
        if one.field == name or one.field.startswith((f"{name}.", f"{name}[")):
            within = one.field.removeprefix(name).lstrip(".")
            return msgspec.structs.replace(one, field=f"{option} {within}".rstrip())
    return one


# What is asked ---------------------------------------------------------------------------------


def confirmed(
    do: Callable[[bool], T],
    *,
    yes: bool,
    question: str,
    otherwise: str,
    why: Callable[[ProblemError], str],
) -> T:
    """Do something that may need a confirmation, and ask for one where it does.

    Args:
        do: does it, and is told whether it is confirmed.
        yes: whether it is confirmed already.
        question: to a person at a terminal.
        otherwise: what a person who is not at one is told to give.
        why: returns what is to be known before, of the service's refusal.
    """
    try:
        return do(yes)
    except ProblemError as error:
        reason = why(error)
        if yes or not reason:
            raise
        if not sys.stdin.isatty():
            raise CommandFailedError(f"{reason}{otherwise}", status_of(error)) from error
        click.confirm(f"{reason}\n{question}", abort=True, err=True)
        return do(True)  # noqa: FBT003 -- what it was asked for


def model_in_use(error: ProblemError) -> str:
    """Return which campaigns were started from a model, in the words of the command line."""
    if error.status != _CONFLICT:
        return ""
    # There is no member of a body to be given here.
    return str(error).removeprefix(_UNCONFIRMED).partition("; give confirmed")[0]


def without_sounds(do: Callable[[bool], T], *, yes: bool) -> T:
    """Start or resume a campaign, with a confirmation where the telephony lacks a sound (R6.18)."""
    return confirmed(
        do,
        yes=yes,
        question="Call all the same?",
        otherwise="\n--yes calls all the same",
        why=_lacked,
    )


def _lacked(error: ProblemError) -> str:
    sounds = error.members.get("sounds")
    if not isinstance(sounds, list):
        return ""
    return lacked_text(
        [(str(one["name"]), str(one["advice"])) for one in sounds if isinstance(one, dict)]
    )
