"""What is wrong with an Asterisk for our purpose, and what to write where.

:func:`examine` looks at everything that docs/asterisk.md asks for and says so in plain words;
:func:`missing` looks for the sounds and routes of one campaign.
"""

from campaign_drivers.asterisk._doctor.examination import examine, missing

__all__ = ["examine", "missing"]
