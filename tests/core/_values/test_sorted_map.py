"""The persistent ordered map, beside a plain dict."""

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from campaign_core._values.sorted_map import SortedMap

WIDTH = 64
# About the bounds of one block, of a block of blocks, and of three levels.
SIZES = [0, 1, 2, WIDTH - 1, WIDTH, WIDTH + 1, 2 * WIDTH, 500, WIDTH**2, WIDTH**2 + 1]
KEYS = st.integers(-20, 20) | st.integers(-5_000, 5_000)


class Versions(RuleBasedStateMachine):
    """Versions of a map, each beside a dict that must stay equal to it for ever."""

    versions = Bundle("versions")

    @initialize(target=versions, size=st.sampled_from(SIZES), step=st.sampled_from([1, 2, -1]))
    def begin(self, size, step):
        self.kept = []
        items = [(key * step, key) for key in range(size)]
        return self._keep(SortedMap(items), dict(items))

    def _keep(self, mine, plain):
        self.kept.append((mine, dict(plain)))
        return mine, plain

    @rule(target=versions, version=versions, key=KEYS, value=st.integers())
    def item_is_added_or_replaced(self, version, key, value):
        mine, plain = version
        return self._keep(mine.with_item(key, value), {**plain, key: value})

    @rule(target=versions, version=versions, key=KEYS)
    def key_is_removed(self, version, key):
        mine, plain = version
        return self._keep(mine.without(key), {k: v for k, v in plain.items() if k != key})

    @rule(target=versions, version=versions)
    def first_is_removed(self, version):
        mine, plain = version
        if not plain:
            return multiple()
        first = min(plain)
        assert mine.first() == first
        return self._keep(mine.without(first), {k: v for k, v in plain.items() if k != first})

    @rule(
        target=versions,
        version=versions,
        start=st.integers(-5_000, 5_000),
        count=st.integers(1, 3 * WIDTH),
        step=st.sampled_from([1, -1, 7]),
    )
    def owner_adds_many(self, version, start, count, step):
        """What is changed with an owner is changed in place, and nobody else sees it."""
        mine, plain = version
        owner, plain = object(), dict(plain)
        first = mine.with_item(start, None, owner)
        plain[start] = None
        changed = first
        for key in range(start + step, start + count * step, step):
            changed = changed.with_item(key, key, owner)
            plain[key] = key
        assert changed is first
        return self._keep(changed, plain)

    @rule(target=versions, version=versions, share=st.integers(1, 4), front=st.booleans())
    def owner_removes_many(self, version, share, front):
        """As a queue: leaving at the front; or from the back."""
        mine, plain = version
        owner, changed = object(), mine
        keys = sorted(plain, reverse=not front)
        for key in keys[: len(keys) // share]:
            changed = changed.without(key, owner)
        left = {key: plain[key] for key in keys[len(keys) // share :]}
        return self._keep(changed, left)

    @rule(version=versions, keys=st.lists(KEYS, max_size=5))
    def what_is_read_is_what_the_dict_has(self, version, keys):
        mine, plain = version
        ordered = sorted(plain)
        for key in [*keys, *ordered[:2], *ordered[-2:]]:
            assert mine.get(key) == plain.get(key)
            assert mine.get(key, "none") == plain.get(key, "none")
            assert (key in mine) == (key in plain)
            assert mine.count_before(key) == sum(other < key for other in ordered)
        for count in (0, 1, WIDTH, max(len(ordered) - 1, 0), len(ordered)):
            expected = ordered[count] if count < len(ordered) else None
            assert mine.nth(count) == expected
        assert mine.first() == (ordered[0] if ordered else None)

    @invariant()
    def no_version_ever_changes(self):
        for mine, plain in self.kept[-4:]:
            assert len(mine) == len(plain)
            assert list(mine.items()) == sorted(plain.items())

    def teardown(self):
        for mine, plain in getattr(self, "kept", []):
            assert list(mine) == sorted(plain)
            assert list(mine.values()) == [plain[key] for key in sorted(plain)]
            assert mine == SortedMap(plain.items())
            assert hash(mine) == hash(SortedMap(plain.items()))


Versions.TestCase.settings = profile(max_examples=30, stateful_step_count=25)
TestVersions = Versions.TestCase


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("order", ["ascending", "descending", "from the middle"])
def test_blocks_are_split_where_they_are_full_and_dropped_where_they_are_empty(size, order):
    keys = list(range(size))
    if order == "descending":
        keys.reverse()
    elif order == "from the middle":
        keys.sort(key=lambda key: abs(key - size // 2))
    grown: SortedMap[int, int] = SortedMap()
    for key in keys:
        grown = grown.with_item(key, -key, keys)
    full = grown
    assert list(full.items()) == [(key, -key) for key in range(size)]

    owner = object()
    for count, key in enumerate(keys, 1):
        grown = grown.without(key, owner)
        assert len(grown) == size - count

    assert (list(grown), grown.first(), len(grown)) == ([], None, 0)
    assert list(full.items()) == [(key, -key) for key in range(size)]
    assert list(grown.with_item(5, 5)) == [5]


def test_changed_copy_shares_almost_everything():
    """A change copies the blocks on its path."""
    many = SortedMap((key, key) for key in range(10_000))

    changed = many.with_item(5_000, 0)

    theirs = {id(leaf) for leaf in many._leaves()}
    assert sum(id(leaf) not in theirs for leaf in changed._leaves()) == 1


def test_absent_key_leaves_the_map_as_it_is():
    some = SortedMap([(1, "a"), (3, "c")])

    assert some.without(2) is some


def test_owner_of_another_version_changes_nothing_in_this_one():
    owner = object()
    base = SortedMap((key, key) for key in range(200))
    one = base.with_item(5, "one", owner)

    other = base.with_item(5, "other", owner)

    assert (base[5], one[5], other[5]) == (5, "one", "other")


def test_map_of_no_items_has_no_first_and_no_key():
    empty: SortedMap[int, int] = SortedMap()

    assert (empty.first(), empty.nth(0), len(empty)) == (None, None, 0)
    with pytest.raises(KeyError):
        empty[0]


def test_of_a_key_given_twice_the_last_one_counts():
    assert list(SortedMap([(1, "a"), (1, "b")]).items()) == [(1, "b")]


def test_set_has_no_values():
    assert dict(SortedMap.of_keys([3, 1, 3]).items()) == {1: None, 3: None}


def test_map_says_what_is_in_it():
    assert repr(SortedMap([(2, "b"), (1, "a")])) == "SortedMap([(1, 'a'), (2, 'b')])"
    assert SortedMap([(1, "a")]) != {1: "a"}


@given(st.dictionaries(KEYS, st.integers()), st.dictionaries(KEYS, st.integers()))
def test_maps_are_equal_when_their_items_are(one, other):
    assert (SortedMap(one.items()) == SortedMap(other.items())) == (one == other)
