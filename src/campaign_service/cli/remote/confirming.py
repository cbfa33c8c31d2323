"""Commands that are carried out once a person has confirmed what they mean."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import click

from campaign_service.cli.remote.failure_text import status_of
from campaign_service.cli.statuses import CommandFailedError
from campaign_service.cli.value_text import lacked_text
from campaign_service.client import ProblemError

__all__ = ["confirmed", "model_in_use", "without_sounds"]

T = TypeVar("T")

_CONFLICT = 409
_UNCONFIRMED = "confirmed = False: "


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
        told = why(error)
        if yes or not told:
            raise
        if not sys.stdin.isatty():
            raise CommandFailedError(f"{told}{otherwise}", status_of(error)) from error
        click.confirm(f"{told}\n{question}", abort=True, err=True)
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
