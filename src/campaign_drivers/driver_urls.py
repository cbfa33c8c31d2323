"""What stands in a driver's URL, for whoever does not make the driver."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from campaign_drivers._url import pairs_in

__all__ = ["caller_number_templates", "sound_path"]


def caller_number_templates(url: str) -> Mapping[str, str]:
    """Return the templates in a driver's URL, by the route's name there.

    Args:
        url: one that its driver takes.
    """
    return MappingProxyType(
        {
            key.removesuffix(".caller"): value
            for key, value in pairs_in(urlsplit(url).query)
            if key.endswith(".caller") and value
        }
    )


def sound_path(url: str) -> str:
    """Return where sounds are by a driver's URL, with ``{sound}`` in it.

    Empty: the URL does not say, or is none.
    """
    try:
        query = urlsplit(url).query
    except ValueError:
        return ""
    return dict(pairs_in(query)).get("sound_path", "")
