"""Numbers as people keep them, read as numbers: the one place for files, bodies and commands.

Also by what they are the same, and how rows of one number become one recipient.
"""

from campaign_service.numbers.library import differing_by_form
from campaign_service.numbers.lists import NumberReader, remark_on
from campaign_service.numbers.reading import read_number

__all__ = ["NumberReader", "differing_by_form", "read_number", "remark_on"]
