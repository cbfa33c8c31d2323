"""A service that all tests of a module ask, one after the other."""

import pytest
from tests.service.api.desk import Desk


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with Desk(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def ask(desk):
    """Somebody who may do everything."""
    return desk.client()
