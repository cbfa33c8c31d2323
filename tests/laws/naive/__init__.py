"""A second core, written plainly from the rules to be compared with the first.

Lists, dicts and scans over everything, whatever that costs; one paragraph of code for each
paragraph of the rules. It shares the words of the core (commands, reports, values) and none of
its logic.
"""

from .service import NaiveService, Taken
from .world import Call, Person, Run, World

__all__ = ["Call", "NaiveService", "Person", "Run", "Taken", "World"]
