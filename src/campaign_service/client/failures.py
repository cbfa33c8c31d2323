"""How a request failed: whether it is tried again, and whether a command may have been taken."""

from __future__ import annotations

import ssl

import httpx

from campaign_service.client.errors import (
    ClientError,
    ProblemError,
    ResponseError,
    UnreachableError,
    UntrustedError,
)

__all__ = ["is_passing", "is_sent", "may_be_taken", "retry_after_s", "unreachable"]

_CONFLICT, _SERVER_ERROR, _AWAY = 409, 500, 503
_NOT_TAKEN = ("not-leading", "not-ready")
"""Problems of the service by which a command is not taken for certain."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.LocalProtocolError)
"""Failures before anything of a request had gone."""
_WAIT_MAX_S = 60.0


def unreachable(url: str, error: httpx.TransportError) -> UnreachableError:
    """Return the error for a connection that failed."""
    untrusted = _certificate_error(error)
    if untrusted is not None:
        return UntrustedError(url, getattr(untrusted, "verify_message", str(untrusted)))
    if isinstance(error, httpx.LocalProtocolError):
        # It quotes what could not be sent, which may be a secret.
        return UnreachableError(url, "HTTP cannot carry what was to be sent")
    return UnreachableError(url, str(error) or type(error).__name__)


def is_passing(error: ClientError) -> bool:
    """Return whether the same request may fare better in a moment."""
    if isinstance(error, UnreachableError):
        is_lasting = isinstance(error.__cause__, httpx.LocalProtocolError)
        return not is_lasting and not isinstance(error, UntrustedError)
    return isinstance(error, ProblemError) and error.status == _AWAY


def is_sent(error: ClientError) -> bool:
    """Return whether something of a request had gone when the connection failed."""
    return isinstance(error, UnreachableError) and not isinstance(error.__cause__, _NOT_SENT)


def may_be_taken(error: ClientError, *, was_in_doubt: bool) -> bool:
    """Return whether a command may have been taken by now.

    What the service could not write it may write later. That the state does not allow a command is
    found out after its key was looked up: no earlier try was taken either then.

    Args:
        error: what became of the last try.
        was_in_doubt: whether an earlier try may have been taken.
    """
    if isinstance(error, ProblemError) and error.status == _CONFLICT:
        return False
    if isinstance(error, ProblemError):
        is_known = error.status < _SERVER_ERROR or error.kind in _NOT_TAKEN
        return was_in_doubt or not is_known
    if isinstance(error, ResponseError):
        return was_in_doubt or error.may_be_taken
    return was_in_doubt or is_sent(error)


def retry_after_s(error: ClientError, otherwise_s: float) -> float:
    """Return how long the service asks to be left alone, or another time where it does not."""
    said = error.members.get("retry_after") if isinstance(error, ProblemError) else None
    if isinstance(said, str) and said.isascii() and said.isdecimal():
        return min(float(said), _WAIT_MAX_S)
    return otherwise_s


def _certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """Return the error of a certificate from which another comes."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error
