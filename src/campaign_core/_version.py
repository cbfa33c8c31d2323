"""The release: one number for the three packages."""

__version__ = "0.1.0"
"""Of this release, as the package's metadata have it."""
