"""Tokens that are kept: for their user alone."""

import stat

import pytest

from campaign_core.errors import SettingsError
from campaign_service.cli.remote.tokens import KeptToken, TokenStore

ADA = KeptToken(token="throwaway-ada", name="ada")
BEN = KeptToken(token="throwaway-ben", name="ben")


@pytest.fixture
def store(tmp_path):
    return TokenStore({"XDG_CONFIG_HOME": str(tmp_path)})


def test_each_service_has_its_token(store):
    store.keep("http://one", ADA)
    store.keep("http://two", BEN)

    assert (store.find("http://one"), store.find("http://two")) == (ADA, BEN)
    assert store.find("http://three") is None


def test_forgotten_token_is_gone(store):
    store.keep("http://one", ADA)

    assert store.forget("http://one")
    assert not store.forget("http://one")
    assert "throwaway" not in store.path.read_text()


def test_file_is_for_its_user_alone(store):
    """Issue: a token under $XDG_CONFIG_HOME with mode 0600."""
    store.keep("http://one", ADA)

    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in store.path.parent.iterdir()] == ["tokens.json"]


def test_file_that_others_can_read_is_not_used(store):
    store.keep("http://one", ADA)
    store.path.chmod(0o644)

    with pytest.raises(SettingsError, match="others could read it"):
        store.find("http://one")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"http://one": 1}', '{"http://one": {}}'])
def test_file_that_is_none_of_ours_is_refused(store, text):
    store.keep("http://one", ADA)
    store.path.write_text(text)

    with pytest.raises(SettingsError, match="log in again"):
        store.find("http://one")


def test_home_is_the_default(tmp_path):
    assert TokenStore({"HOME": str(tmp_path)}).path == (
        tmp_path / ".config/call-campaign/tokens.json"
    )


def test_token_is_in_no_repr():
    assert "throwaway" not in repr(ADA)
