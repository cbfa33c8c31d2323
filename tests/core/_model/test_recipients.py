"""R3.2: the list of recipients, its duplicates, and who is listed under a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import Line, Number, Recipient, RecipientList
from campaign_core._model.recipients import restored
from campaign_core.errors import SettingsError

FEW = st.tuples(st.sampled_from(["1", "2", "3", "12", "+1"]), st.sampled_from(Line))
PEOPLE = st.lists(st.lists(FEW, min_size=1, max_size=3), max_size=8)


def person(numbers: list[tuple[str, Line]]) -> Recipient:
    (number, line), *further = numbers
    others = [Number(number=n, line=on) for n, on in further]
    return Recipient(number=number, line=line, further_numbers=others)


def problems(recipients: list[Recipient]) -> list[tuple[str, object, str]]:
    with pytest.raises(SettingsError) as refused:
        RecipientList(recipients)
    return [(problem.field, problem.value, problem.rule) for problem in refused.value.problems]


def test_same_number_on_the_same_line_twice_is_refused_naming_both_positions():
    """R3.2: the same number on the same line twice in one list is refused, naming both."""
    found = problems([Recipient(number="1"), Recipient(number="2"), Recipient(number="1")])

    assert found == [
        (
            "recipients[3].number",
            "1",
            "each number once on a line; EXTERNAL 1 stands also at position 1",
        )
    ]


def test_same_number_on_two_lines_is_two_numbers():
    """R3.2: on the same line."""
    both = [Recipient(number="1"), Recipient(number="1", line=Line.INTERNAL)]

    assert list(RecipientList(both)) == both


def test_every_duplicate_is_named_at_once():
    """R3.3: a bad list names every bad row at once, not the first alone."""
    found = problems([Recipient(number=number) for number in "12123"])

    assert [(field, value) for field, value, _ in found] == [
        ("recipients[3].number", "1"),
        ("recipients[4].number", "2"),
    ]


def test_further_numbers_take_part():
    """R5.6: they take part in R3.2's check for duplicates."""
    found = problems(
        [
            Recipient(number="1", further_numbers=[Number(number="2")]),
            Recipient(number="3", further_numbers=[Number(number="1")]),
            Recipient(number="2"),
        ]
    )

    assert [(field, value) for field, value, _ in found] == [
        ("recipients[2].number", "1"),
        ("recipients[3].number", "2"),
    ]


def test_number_twice_within_one_recipient_is_refused():
    found = problems([Recipient(number="1", further_numbers=[Number(number="1")])])

    assert [rule for *_, rule in found] == [
        "each number once on a line; EXTERNAL 1 stands twice there"
    ]


def test_number_appended_that_is_listed_already_is_refused_naming_both_positions():
    """R4.10 with R3.2."""
    listed = RecipientList([Recipient(number="1"), Recipient(number="2")])

    with pytest.raises(SettingsError) as refused:
        listed.appended([Recipient(number="3"), Recipient(number="2")])

    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == ("recipients[4].number", "2")
    assert problem.rule.endswith("stands also at position 2")


def test_refused_append_leaves_the_list():
    listed = RecipientList([Recipient(number="1")])

    with pytest.raises(SettingsError):
        listed.appended([Recipient(number="2"), Recipient(number="1")])

    assert (len(listed), listed.positions_of("2")) == (1, [])


def test_what_is_no_recipient_is_refused_by_its_position():
    assert problems([Recipient(number="1"), "2"])[0][:2] == ("recipients[2]", "2")


def test_recipient_has_at_most_nine_further_numbers():
    """R5.6: a recipient may have further numbers; a limit on everything."""
    nine = [Number(number=str(n)) for n in range(10, 19)]
    assert len(Recipient(number="1", further_numbers=nine).numbers) == 10

    with pytest.raises(SettingsError) as refused:
        Recipient(number="1", further_numbers=[*nine, Number(number="19")])

    assert refused.value.field == "further_numbers"


def test_numbers_are_the_first_and_the_further_ones_in_order():
    recipient = person([("1", Line.INTERNAL), ("2", Line.EXTERNAL)])

    assert recipient.numbers == (
        Number(number="1", line=Line.INTERNAL),
        Number(number="2", line=Line.EXTERNAL),
    )


@given(PEOPLE)
def test_list_is_taken_exactly_when_no_number_stands_twice_on_a_line(people):
    """R3.2, against a plain count."""
    everything = [number for numbers in people for number in numbers]
    recipients = [person(numbers) for numbers in people]

    if len(set(everything)) == len(everything):
        assert list(RecipientList(recipients)) == recipients
    else:
        repeats = len(everything) - len(set(everything))
        assert len(problems(recipients)) == repeats


@st.composite
def appends(draw: st.DrawFn) -> list[list[Recipient]]:
    """Draw what is appended piece by piece, no number twice."""
    numbers = draw(st.lists(st.integers(0, 400), unique=True, max_size=60))
    recipients = [
        Recipient(number=str(n // 2), line=Line.INTERNAL if n % 2 else Line.EXTERNAL)
        for n in numbers
    ]
    pieces = []
    while recipients:
        size = draw(st.integers(1, len(recipients)))
        pieces.append(recipients[:size])
        recipients = recipients[size:]
    return pieces


@given(appends(), st.lists(st.integers(0, 210).map(str), max_size=5))
def test_numbers_are_found_under_every_position_where_they_stand(pieces, wanted):
    """R6.12: numbers, whatever the line; however the list has grown."""
    plain: list[Recipient] = []
    listed = RecipientList()
    for piece in pieces:
        before = list(listed)
        longer = listed.appended(piece)
        assert list(listed) == before
        listed = longer
        plain += piece

    assert listed == RecipientList(plain)
    assert hash(listed) == hash(RecipientList(plain))
    for number in [*wanted, *(r.number for r in plain[:3])]:
        for line in (None, *Line):
            expected = [
                position
                for position, recipient in enumerate(plain, 1)
                if recipient.number == number and line in (None, recipient.line)
            ]
            assert listed.positions_of(number, line) == expected


@given(appends(), st.integers(0, 60))
def test_first_of_a_list_are_a_list_of_their_own(pieces, count):
    listed = RecipientList()
    for piece in pieces:
        listed = listed.appended(piece)
    plain = list(listed)

    first = listed.first(count)

    assert first == RecipientList(plain[:count])
    for position, recipient in enumerate(plain, 1):
        expected = [position] if position <= count else []
        assert first.positions_of(recipient.number, recipient.line) == expected


def test_numbers_of_a_long_list_are_found_and_its_duplicates_named():
    """R3.2: whatever the length of the list."""
    recipients = [Recipient(number=f"+39{n}") for n in range(20_000)]
    listed = RecipientList(recipients)

    for position in range(1, 20_001, 77):
        assert listed.positions_of(recipients[position - 1].number) == [position]
    assert listed.positions_of("+3920000") == []
    again = [*recipients, recipients[9_000], recipients[5]]
    assert [(field, value) for field, value, _ in problems(again)] == [
        ("recipients[20001].number", "+399000"),
        ("recipients[20002].number", "+395"),
    ]


def test_recipients_that_are_restored_are_those_that_were_stored():
    further = (Number(number="12", line=Line.INTERNAL),)
    rows = [
        ("1", Line.EXTERNAL, "Anna", "a@b.it", "Europe/Rome", further),
        ("2", Line.INTERNAL, "", "", None, ()),
    ]
    made = [
        Recipient(
            number="1",
            name="Anna",
            email="a@b.it",
            time_zone="Europe/Rome",
            further_numbers=further,
        ),
        Recipient(number="2", line=Line.INTERNAL),
    ]

    assert list(restored(rows)) == made
    assert RecipientList.restored(restored(rows)) == RecipientList(made)
    assert RecipientList.restored(made).positions_of("12") == [1]


def test_list_is_a_sequence_that_a_person_counts_from_one():
    recipients = [Recipient(number=str(n)) for n in range(300)]
    listed = RecipientList(recipients)

    assert (len(listed), listed[0], listed[-1]) == (300, recipients[0], recipients[-1])
    assert listed[1:3] == tuple(recipients[1:3])
    assert listed.at(1) == recipients[0]
    assert repr(listed) == "RecipientList(<300 recipients>)"
    assert listed != recipients
    with pytest.raises(IndexError):
        listed[300]


def test_short_list_shows_who_is_in_it():
    """A story that a test prints tells of whom."""
    listed = RecipientList([Recipient(number="201", name="Anna"), Recipient(number="202")])

    shown = repr(listed)

    assert shown == f"RecipientList([{listed[0]!r}, {listed[1]!r}])"
    assert "number='201'" in shown
    assert "name='Anna'" in shown


def test_list_that_grew_is_looked_at_again():
    """R3.2: what was known of the shorter list is not taken for the longer one."""
    short = RecipientList([Recipient(number="1"), Recipient(number="2")])
    assert short.repeats() == []

    longer = short.appended([Recipient(number="1")], may_repeat=True)

    assert [problem.field for problem in longer.repeats()] == ["recipients[3].number"]
    assert longer.first(2).repeats() == short.repeats() == []


@given(PEOPLE)
def test_what_stands_twice_is_found_by_appending_as_by_looking(people):
    """R3.2, R4.10: the same pairs, whether all come at once or one after the other."""
    listed = [person(numbers) for numbers in people]

    together = RecipientList().appended(listed, may_repeat=True).repeats()
    grown, found = RecipientList(), []
    for one in listed:
        found += grown.repeats_with([one])
        grown = grown.appended([one], may_repeat=True)

    assert {problem.field for problem in together} == {problem.field for problem in found}
