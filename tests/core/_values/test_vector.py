"""The persistent vector, beside a plain list."""

import pytest
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from campaign_core._values.vector import Vector

WIDTH = 128
SIZES = [1, 2, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH, WIDTH**2, WIDTH**2 + 1]


class Versions(RuleBasedStateMachine):
    """Versions of a vector, each beside a list that must stay equal to it for ever."""

    versions = Bundle("versions")

    @initialize(target=versions, size=st.sampled_from([0, *SIZES]))
    def begin(self, size):
        self.kept = []
        return self._keep(Vector(range(size)), list(range(size)))

    def _keep(self, mine, plain):
        self.kept.append((mine, list(plain)))
        return mine, plain

    @rule(target=versions, version=versions, share=st.floats(0, 1), item=st.integers())
    def item_is_replaced(self, version, share, item):
        mine, plain = version
        if not plain:
            return self._keep(mine.extended([item]), [item])
        index = round(share * (len(plain) - 1))
        changed = [*plain[:index], item, *plain[index + 1 :]]
        return self._keep(mine.with_item(index, item), changed)

    @rule(target=versions, version=versions, shares=st.lists(st.floats(0, 1), max_size=20))
    def owner_replaces_many(self, version, shares):
        """What is changed with an owner is changed in place, and nobody else sees it."""
        mine, plain = version
        owner, changed, plain = object(), mine, list(plain)
        for number, share in enumerate(shares if plain else []):
            index = round(share * (len(plain) - 1))
            before, changed = changed, changed.with_item(index, -number, owner)
            plain[index] = -number
            assert number == 0 or changed is before
        return self._keep(changed, plain)

    @rule(
        target=versions,
        version=versions,
        items=st.lists(st.integers(), max_size=5) | st.integers(0, 3 * WIDTH).map(range),
    )
    def items_are_added(self, version, items):
        mine, plain = version
        return self._keep(mine.extended(items), [*plain, *items])

    @rule(version=versions, share=st.floats(-1, 1))
    def what_is_read_is_what_the_list_has(self, version, share):
        mine, plain = version
        for index in (round(share * len(plain)), 0, -1, len(plain) - 1):
            if -len(plain) <= index < len(plain):
                assert mine[index] == plain[index]
        assert mine[1:5] == tuple(plain[1:5])
        assert mine[::-1] == tuple(plain[::-1])
        for index in (len(plain), -len(plain) - 1):
            with pytest.raises(IndexError):
                mine[index]

    @rule(before=versions, after=versions)
    def changed_indices_are_those_of_the_lists(self, before, after):
        (then, plain_then), (now, plain_now) = before, after
        found = list(now.changed_since(then))
        assert found == [
            index
            for index, item in enumerate(plain_now)
            if index >= len(plain_then) or item != plain_then[index]
        ]

    @invariant()
    def no_version_ever_changes(self):
        for mine, plain in self.kept[-4:]:
            assert len(mine) == len(plain)
            assert list(mine) == plain

    def teardown(self):
        for mine, plain in getattr(self, "kept", []):
            assert mine == Vector(plain)
            assert hash(mine) == hash(Vector(plain))


Versions.TestCase.settings = profile(max_examples=30, stateful_step_count=20)
TestVersions = Versions.TestCase


@pytest.mark.parametrize("size", [0, *SIZES])
def test_repeated_is_the_same_item_so_many_times(size):
    assert Vector.repeated("x", size) == Vector(["x"] * size)


@pytest.mark.parametrize("size", [0, *SIZES])
def test_items_from_an_index_are_those_of_the_list(size):
    some, plain = Vector(range(size)), list(range(size))

    for index in {0, 1, size // 2, WIDTH, size - 1, size}:
        if 0 <= index <= size:
            assert list(some.items_from(index)) == plain[index:]


@pytest.mark.parametrize("size", SIZES)
def test_vectors_differ_where_one_item_does(size):
    some = Vector(range(size))

    assert some.with_item(size - 1, -1) != some
    assert some.extended([0]) != some
    assert some.with_item(size - 1, size - 1) == some


def test_changed_copy_shares_almost_everything():
    many = Vector(range(10_000))

    changed = many.with_item(5_000, 0)

    theirs = {id(leaf) for branch in many._top for leaf in branch}
    assert sum(id(leaf) not in theirs for branch in changed._top for leaf in branch) == 1


def test_nothing_added_is_the_vector_itself():
    some = Vector([1])

    assert some.extended([]) is some


def test_vector_says_what_is_in_it():
    assert repr(Vector([1, 2])) == "Vector([1, 2])"
    assert Vector([1]) != [1]
