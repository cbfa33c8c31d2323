"""The journal in a database: appended to by one writer, read by many, verified by anybody.

Apart from its siblings, so that whoever keeps a journal in a file loads no database.
"""

from campaign_service.journal.sql.chain import ChainHead, head_of_text
from campaign_service.journal.sql.entries import heads_of
from campaign_service.journal.sql.exporting import CampaignExport
from campaign_service.journal.sql.history import CampaignRecord, JournalQueries
from campaign_service.journal.sql.importing import ImportResult, import_journal
from campaign_service.journal.sql.recovery import RecoveryCancelledError, RecoveryResult
from campaign_service.journal.sql.sql_journal import SqlJournal
from campaign_service.journal.sql.tenants import (
    DEFAULT_TENANT,
    TenantRow,
    create_tenant,
    find_tenant,
    list_tenants,
)
from campaign_service.journal.sql.verifying import VerificationResult, verify

__all__ = [
    "DEFAULT_TENANT",
    "CampaignExport",
    "CampaignRecord",
    "ChainHead",
    "ImportResult",
    "JournalQueries",
    "RecoveryCancelledError",
    "RecoveryResult",
    "SqlJournal",
    "TenantRow",
    "VerificationResult",
    "create_tenant",
    "find_tenant",
    "head_of_text",
    "heads_of",
    "import_journal",
    "list_tenants",
    "verify",
]
