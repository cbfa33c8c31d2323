"""Hypothesis is there, or whoever imports this package is told how to have it."""

try:
    import hypothesis as _hypothesis
except ImportError as _error:
    raise ImportError(
        "campaign_core.testing needs Hypothesis: pip install 'call-campaign[testing]'",
        name=_error.name,
    ) from _error

__all__ = ["RELEASE"]

RELEASE = _hypothesis.__version__
"""Of Hypothesis."""
