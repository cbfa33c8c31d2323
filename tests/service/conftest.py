"""Databases for the tests of the service: SQLite, and a real PostgreSQL server."""

import psycopg
import pytest

from campaign_service.database import Database


@pytest.fixture(scope="session")
def postgres_template(postgres):
    """The name of a database that has this release's tables, for others to be copied from."""
    name = postgres.make_database()
    Database.open(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def postgres_used_again(postgres, postgres_template):
    """The name of a database that tests use one after another."""
    return postgres.make_database(template=postgres_template)


@pytest.fixture
def postgres_url(postgres, postgres_used_again):
    """The URL of a PostgreSQL database of this test's own: the tables are there, and empty.

    Whoever changes the tables themselves makes a database with `postgres.make_database`.
    """
    url = postgres.url(postgres_used_again)
    # Emptied, not made anew: that takes a tenth of the time.
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        rows = connection.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        tables = ", ".join(f'"{name}"' for (name,) in rows)
        connection.execute(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
    return url


@pytest.fixture
def sqlite_url(tmp_path):
    """The URL of a SQLite database of this test's own; the file is made when it is opened."""
    return f"sqlite:///{tmp_path / 'campaigns.db'}"


each_database = [
    pytest.param("sqlite_url", id="sqlite"),
    pytest.param("postgres_url", id="postgresql", marks=pytest.mark.integration),
]


@pytest.fixture(params=each_database)
def database_url(request):
    """Each kind of database in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def database(database_url):
    """Each kind of database in turn, open."""
    opened = Database.open(database_url)
    yield opened
    opened.close()
