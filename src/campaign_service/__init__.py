"""The service owns what the core may not have: the clock, the disk, the sockets, the users.

No rules of a campaign belong here either.
"""

from campaign_core import __version__

__all__ = ["__version__"]
