"""The public kit, driven over the host that keeps all in memory."""

from hypothesis import settings as profile

from campaign_core.testing import CampaignMachine


class Core(CampaignMachine):
    """An operator, a telephony and a clock play with the core."""


Core.TestCase.settings = profile(max_examples=40, stateful_step_count=20)
TestCore = Core.TestCase
