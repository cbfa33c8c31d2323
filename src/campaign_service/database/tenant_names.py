"""The rule for a tenant's name: whoever reads one, or makes a tenant, goes by it."""

from __future__ import annotations

import re

__all__ = ["TENANT_RULE", "is_tenant_name"]

TENANT_RULE = "1 to 64 of a-z, 0-9, - and _, beginning and ending with a letter or digit"
_TENANT = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


def is_tenant_name(text: str) -> bool:
    """Return whether a text may be the name of a tenant."""
    return _TENANT.fullmatch(text) is not None
