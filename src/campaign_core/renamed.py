"""Public names that were renamed: the old one is still found, and says which takes its place."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping

__all__ = ["former_names"]


def former_names(package: str, names: Mapping[str, str]) -> Callable[[str], object]:
    """Return a package's ``__getattr__``, by which it still has names of the release before.

    Args:
        package: its ``__name__``.
        names: the name that each former one has now.
    """

    def look_up(name: str) -> object:
        """Return what a former name stands for; warns with ``DeprecationWarning``."""
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        told = f"{package}.{name} is called {names[name]} now, and goes with the next release"
        warnings.warn(told, DeprecationWarning, stacklevel=2)
        return getattr(sys.modules[package], names[name])

    return look_up
