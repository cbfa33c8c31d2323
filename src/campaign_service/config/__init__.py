"""Configuration: the files that an operator writes, as values that the core and engine take.

Reading and checking alone; nothing here starts anything. Every bad value is refused with its file,
line, field, value and rule, all of them at once.
"""

from campaign_service.config.campaign_file import CampaignFile, read_campaign
from campaign_service.config.problems import InputError, LocatedProblem
from campaign_service.config.recipients_csv import ListOptions, ReportSelection, read_recipients
from campaign_service.config.report_file import read_report
from campaign_service.config.simulated_table import Simulation

__all__ = [
    "CampaignFile",
    "InputError",
    "ListOptions",
    "LocatedProblem",
    "ReportSelection",
    "Simulation",
    "read_campaign",
    "read_recipients",
    "read_report",
]
