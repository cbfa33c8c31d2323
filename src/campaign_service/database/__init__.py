"""The database: one SQLite file, or a PostgreSQL server, and its schema.

Connections, transactions, tables and how they change from release to release; not what the rows
mean.
"""

from campaign_service.database.database import Database
from campaign_service.database.errors import DatabaseAwayError, DatabaseDamagedError
from campaign_service.database.schema import metadata

__all__ = ["Database", "DatabaseAwayError", "DatabaseDamagedError", "metadata"]
