"""A service's users, with passwords that cost next to nothing to compare."""

import pytest
from argon2 import PasswordHasher
from tests.service.access.people import People, empty

from campaign_service.access import Passwords
from campaign_service.database import Database


@pytest.fixture(scope="session")
def passwords():
    return Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture(scope="module")
def sqlite_database(tmp_path_factory):
    """A database that all tests of a module use, one after the other."""
    opened = Database.open(f"sqlite:///{tmp_path_factory.mktemp('access') / 'campaigns.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def postgres_database(postgres, postgres_template):
    """The same on a PostgreSQL server."""
    name = postgres.make_database(template=postgres_template)
    opened = Database.open(postgres.url(name))
    yield opened
    opened.close()
    postgres.drop_database(name)


each_database = [
    pytest.param("sqlite_database", id="sqlite"),
    pytest.param("postgres_database", id="postgresql", marks=pytest.mark.integration),
]


@pytest.fixture(params=each_database)
def people(request, passwords):
    """The users of a new service, on each kind of database."""
    return emptied(request.getfixturevalue(request.param), passwords)


@pytest.fixture
def few(sqlite_database, passwords):
    """The same on SQLite alone, for what does not depend on the database."""
    return emptied(sqlite_database, passwords)


def emptied(database, passwords):
    empty(database)
    return People(database, passwords)
