"""How hard Hypothesis tries, and a PostgreSQL server for the tests that need one.

Its profile is `ci` unless told otherwise. `HYPOTHESIS_PROFILE=thorough`, or pytest's
`--hypothesis-profile=thorough`, looks longer and elsewhere each time.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from tests import postgres as pg

# The same examples in each run: a change is blamed for what it broke, not for what chance found.
# No deadline, for a busy machine is no failure.
settings.register_profile(
    "ci",
    database=None,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

# New examples in each run, and those that failed are kept and tried first.
settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=2_000,
    print_blob=True,
    stateful_step_count=150,
    suppress_health_check=[HealthCheck.too_slow],
)

settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def postgres():
    """A running PostgreSQL server of this session's own; whoever ends it starts it again."""
    if (reason := pg.why_not()) is not None:
        pytest.skip(reason)
    try:
        server = pg.PostgresServer()
    except pg.CannotProvideError as error:
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.close()
