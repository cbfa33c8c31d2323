"""Names that were public go on for one release, and say what they are called now."""

import importlib

import pytest

FORMER = [
    (package, old, new)
    for package in (
        "campaign_drivers.simulated",
        "campaign_service.access",
        "campaign_service.client",
        "campaign_service.engine",
        "campaign_service.serving",
    )
    for old, new in importlib.import_module(package)._FORMER_NAMES.items()
]


@pytest.mark.parametrize(("package", "old", "new"), FORMER)
def test_a_former_name_is_the_new_one_and_warns(package, old, new):
    module = importlib.import_module(package)

    with pytest.warns(DeprecationWarning, match=f"{old} is called {new} now"):
        found = getattr(module, old)

    assert found is getattr(module, new)
    assert new in module.__all__
    assert old not in module.__all__


def test_a_name_that_never_was_is_no_attribute():
    engine = importlib.import_module("campaign_service.engine")

    with pytest.raises(AttributeError, match="has no attribute 'Spaceship'"):
        _ = engine.Spaceship
