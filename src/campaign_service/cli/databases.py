"""The database that a command works on itself, found as `campaign serve` finds it."""

from __future__ import annotations

import os
from pathlib import Path

import attrs
import click

from campaign_core.errors import SettingsError
from campaign_service.cli.options import gathered
from campaign_service.config.service_file import read_service
from campaign_service.config.service_settings import ServiceSettings
from campaign_service.database import Database
from campaign_service.journal.sql import TenantRow, find_tenant

__all__ = ["DatabaseFinder", "existing_tenant", "named_by_origin", "tenant_option", "with_finder"]

_FIELD = "database"
"""What is wrong with a database's URL is called so by who does not know where it came from."""


@attrs.frozen(kw_only=True)
class DatabaseFinder:
    """Which database is meant: by a flag, by the environment, or by the service's configuration."""

    path: Path | None
    """Of the configuration."""
    db: str | None = attrs.field(repr=False)
    db_file: str | None

    @property
    def is_given(self) -> bool:
        """Whether an option of the command line says which."""
        return (self.path, self.db, self.db_file) != (None, None, None)

    def open(self, *, must_exist: bool = False, is_read_only: bool = False) -> Database:
        """Return it, open.

        Args:
            must_exist: a file that is not there is an error, and not made.
            is_read_only: it must exist, and nothing of it is changed.

        Raises:
            SettingsError: it is not named rightly, or the configuration is bad.
            JournalError: a newer release made the schema, or it is another program's.
            OSError: it is not there, or cannot be reached just now.
        """
        flags = {"db": self.db, "db_file": self.db_file}
        settings = read_service(
            flags={name: value for name, value in flags.items() if value is not None},
            environment=os.environ,
            path=self.path,
        )
        try:
            return Database.open(settings.db, must_exist=must_exist, is_read_only=is_read_only)
        except SettingsError as error:
            raise named_by_origin(settings, error) from None


def named_by_origin(settings: ServiceSettings, error: SettingsError) -> SettingsError:
    """Return what is wrong with the database's URL by where that came from."""
    return SettingsError(
        [settings.problem("db", one.rule) if one.field == _FIELD else one for one in error.problems]
    )


with_finder = gathered(
    "finder",
    DatabaseFinder,
    click.option(
        "--db",
        metavar="FILE|URL",
        help="The service's database: a file of SQLite, or postgresql://USER:PASSWORD@HOST/NAME."
        " [CAMPAIGN_DB; default: the configuration's]",
    ),
    click.option(
        "--db-file", metavar="F", help="A file that holds the database's URL. [CAMPAIGN_DB_FILE]"
    ),
    click.option(
        "--config",
        "path",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="F",
        help="The service's configuration; default: as for `campaign serve`.",
    ),
)
"""Gives a command a finder, and the options that name a database."""

tenant_option = click.option(
    "--tenant",
    metavar="NAME",
    default="main",
    show_default=True,
    envvar="CAMPAIGN_TENANT",
    show_envvar=True,
    help="Which PBX's, where the database has several.",
)


def existing_tenant(database: Database, name: str) -> TenantRow:
    """Return a tenant of a database by the name that ``--tenant`` gives."""
    found = find_tenant(database, name)
    if found is None:
        raise click.BadParameter(f"{name!r}: there is no such tenant", param_hint="--tenant")
    return found
