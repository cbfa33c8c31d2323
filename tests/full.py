"""Whether the tests that take long run in full: ``CAMPAIGN_TESTS=full``, the one flag for all."""

import os

__all__ = ["IS_FULL"]

IS_FULL = os.environ.get("CAMPAIGN_TESTS") == "full"
