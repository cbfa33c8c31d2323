"""What tells a browser's request from another: its session in a cookie, and where it comes from.

A browser sends a cookie whoever has made it ask. So a request that is let in by one must come from
a page of this very service: the cookie goes along from there alone (``SameSite=Strict``), which
holds a host but not a port; and the header ``Origin``, which no page can forge, must name us.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import attrs
from litestar.datastructures import Headers

from campaign_service.api.problems.errors import ForeignOriginError

__all__ = ["PLAIN_COOKIE", "SECURE_COOKIE", "Browser"]

PLAIN_COOKIE = "campaign_session"
SECURE_COOKIE = f"__Host-{PLAIN_COOKIE}"
"""Under TLS: by this prefix browsers take it over TLS alone and from this very host, so that
nobody in between can put another in its place."""

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@attrs.frozen(kw_only=True)
class Browser:
    """What the headers of a request say of the browser that may have sent it."""

    origin: str | None
    """Where the page is from that asks; ``None``: it was not said."""
    own_origins: frozenset[str]
    """Where our own pages are from: all over TLS, or none."""
    secret: str | None = attrs.field(repr=False)
    """Of the session in its cookie; ``None``: it has none, or shows a token, which counts alone."""

    @classmethod
    def of_headers(cls, headers: Headers, *, scheme: str, public_url: str | None) -> Browser:
        """Return what a request says.

        Args:
            headers: as they came.
            scheme: by which it came to us, or to a proxy that is trusted.
            public_url: how others reach this process, where that differs.
        """
        own = own_origins(scheme, headers.get("host", ""), public_url)
        given = headers.getall("origin", [])
        name = SECURE_COOKIE if _is_secure(own) else PLAIN_COOKIE
        has_token = "authorization" in headers
        return cls(
            origin=", ".join(given) if given else None,
            own_origins=own,
            secret=None if has_token else _cookie(headers.getall("cookie", []), name),
        )

    def check_origin(self, *, is_change: bool) -> None:
        """Go on only with what one of our own pages asks for.

        Raises:
            ForeignOriginError: another one asks, or it is not said which, and it is a change:
                browsers say so with every change.
        """
        if self.origin in self.own_origins or (self.origin is None and not is_change):
            return
        shown = "is missing" if self.origin is None else f"is {self.origin}"
        own = " or ".join(sorted(self.own_origins)) or "known to nobody: Host is missing"
        raise ForeignOriginError(
            f"the header Origin {shown}, and this service is {own}; behind a reverse proxy the"
            " service must be told of it: public_url, trusted_proxies"
        )

    def kept(self, secret: str) -> str:
        """Return the header Set-Cookie that has a session kept until the browser is closed."""
        return self._set_cookie(secret)

    def forgotten(self) -> str:
        """Return the header Set-Cookie that has none kept."""
        return self._set_cookie("", "Max-Age=0")

    def _set_cookie(self, value: str, *attributes: str) -> str:
        is_secure = _is_secure(self.own_origins)
        name = SECURE_COOKIE if is_secure else PLAIN_COOKIE
        secure = ("Secure",) if is_secure else ()
        parts = (f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Strict", *secure, *attributes)
        return "; ".join(parts)


def own_origins(scheme: str, host: str, public_url: str | None) -> frozenset[str]:
    """Return what a browser may call the place that a request came to.

    Args:
        scheme: by which it came.
        host: the header of that name; empty: there is none.
        public_url: of the settings. Where either is over TLS, plain HTTP is none of ours: a
            session would go over the network for all to see.
    """
    found = {_origin(scheme, host)} if host else set()
    if public_url is not None:
        parts = urlsplit(public_url)
        found.add(_origin(parts.scheme, parts.netloc))
    secure = {one for one in found if one.startswith("https:")}
    return frozenset(secure or found)


def _origin(scheme: str, host: str) -> str:
    """Return an origin as browsers write it (RFC 6454, 6.2)."""
    scheme, host = scheme.lower(), host.lower()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}"


def _is_secure(origins: frozenset[str]) -> bool:
    return any(one.startswith("https:") for one in origins)


def _cookie(headers: list[str], name: str) -> str | None:
    """Return a cookie's value; of several the last, for one of a narrower path comes first.

    Not by the framework, which remembers whole headers, and what is secret in them.
    """
    found = None
    for part in ";".join(headers).split(";"):
        known, is_given, value = part.strip().partition("=")
        if is_given and known == name and value:
            found = value
    return found
