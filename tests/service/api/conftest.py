"""A service that all tests of a module ask, one after the other."""

import pytest
from tests.service.api.running_service import RunningService


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with RunningService(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def ask(service):
    """Somebody who may do everything."""
    return service.client()
