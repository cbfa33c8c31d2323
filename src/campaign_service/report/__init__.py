"""What became of a campaign, read from its events: the status panel (R5.4), figures, a picture.

Projections alone: they know events and states, and neither the engine nor where events come from.
The same journal gives the same report.
"""

from campaign_service.report.attempts import Attempt, attempt_of
from campaign_service.report.chart import draw_chart
from campaign_service.report.files import ReportFolder, write_report
from campaign_service.report.load import LoadCurve
from campaign_service.report.panel import RecipientRow, StatusPanel
from campaign_service.report.summary import Summary, limits_in_force, summarize

__all__ = [
    "Attempt",
    "LoadCurve",
    "RecipientRow",
    "ReportFolder",
    "StatusPanel",
    "Summary",
    "attempt_of",
    "draw_chart",
    "limits_in_force",
    "summarize",
    "write_report",
]
