"""The persistent hash map, beside a plain dict."""

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from campaign_core._values.hash_map import HashMap

KEYS = st.integers(0, 12) | st.integers(0, 2_000)


class Versions(RuleBasedStateMachine):
    """Versions of a map, each beside a dict that must stay equal to it for ever."""

    versions = Bundle("versions")

    @initialize(target=versions, size=st.sampled_from([0, 1, 31, 32, 33, 34, 1_000, 1_500]))
    def begin(self, size):
        self.kept = []
        return self._keep(HashMap((key, -key - 1) for key in range(size)), size)

    def _keep(self, mine, size):
        plain = {key: -key - 1 for key in range(size)}
        self.kept.append((mine, dict(plain)))
        return mine, plain

    def _changed(self, mine, plain):
        self.kept.append((mine, dict(plain)))
        return mine, plain

    @rule(target=versions, version=versions, key=KEYS, value=st.integers())
    def item_is_added_or_replaced(self, version, key, value):
        mine, plain = version
        return self._changed(mine.with_item(key, value), {**plain, key: value})

    @rule(target=versions, version=versions, key=KEYS)
    def key_is_removed(self, version, key):
        mine, plain = version
        return self._changed(mine.without(key), {k: v for k, v in plain.items() if k != key})

    @rule(
        target=versions,
        version=versions,
        add=st.lists(KEYS, max_size=60),
        remove=st.lists(KEYS, max_size=60),
        with_owner=st.booleans(),
    )
    def many_come_and_go(self, version, add, remove, with_owner):
        mine, plain = version
        owner, plain = object() if with_owner else None, dict(plain)
        for key in add:
            mine = mine.with_item(key, key + 1, owner)
            plain[key] = key + 1
        for key in remove:
            mine = mine.without(key, owner)
            plain.pop(key, None)
        return self._changed(mine, plain)

    @rule(version=versions, keys=st.lists(KEYS, max_size=5))
    def what_is_read_is_what_the_dict_has(self, version, keys):
        mine, plain = version
        for key in keys:
            assert mine.get(key) == plain.get(key)
            assert (key in mine) == (key in plain)
            if key in plain:
                assert mine[key] == plain[key]
            else:
                with pytest.raises(KeyError):
                    mine[key]
        assert mine.in_order() == [plain[key] for key in sorted(plain)]

    @invariant()
    def no_version_ever_changes(self):
        for mine, plain in self.kept[-4:]:
            assert dict(mine.items()) == plain
            assert len(mine) == len(plain)

    def teardown(self):
        for mine, plain in getattr(self, "kept", []):
            assert mine == HashMap(plain.items())
            assert hash(mine) == hash(HashMap(plain.items()))
            assert sorted(mine) == sorted(plain)


Versions.TestCase.settings = profile(max_examples=30, stateful_step_count=25)
TestVersions = Versions.TestCase


def test_owner_changes_in_place():
    owner = object()
    mine: HashMap[int, str] = HashMap([(1, "a")])

    changed = mine.with_item(2, "b", owner)

    assert changed.with_item(3, "c", owner) is changed
    assert changed.without(1, owner) is changed
    assert (dict(mine.items()), dict(changed.items())) == ({1: "a"}, {2: "b", 3: "c"})


def test_map_says_what_is_in_it():
    assert repr(HashMap([(1, "a")])) == "HashMap([(1, 'a')])"
    assert HashMap([(1, "a")]) != {1: "a"}
