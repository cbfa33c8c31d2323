"""Lists as spreadsheets write them: read, or refused with the cure."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import Duplicates, Line, NumberPlan, Recipient
from campaign_service.config import InputError, ListOptions, ReportSelection, read_recipients
from campaign_service.numbers.merging import merged

PAIR = [Recipient(number="+390105550101", name="Niccolò"), Recipient(number="202", name="Ada")]
TEXT = "number,name\r\n+390105550101,Niccolò\r\n202,Ada\r\n"


@pytest.fixture
def read(tmp_path):
    def read(content, notes=None, **options):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(read_recipients(path, ListOptions(**options), notes=notes))

    return read


@pytest.fixture
def problems(read):
    def problems(content, **options):
        with pytest.raises(InputError) as caught:
            read(content, **options)
        return [str(problem).partition("list.csv")[2] for problem in caught.value.problems]

    return problems


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.encode("utf-32-be"),
        TEXT.encode("cp1252"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", "|").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.replace("\r\n", "\n").encode(),
        b"sep=;\r\n" + TEXT.replace(",", ";").encode(),
        b"sep=;;;\r\n" + TEXT.replace(",", ";").encode(),
        "\ufeff\ufeff\u200b".encode() + TEXT.encode(),
        b'\xef\xbb\xbf"sep=;"\r\n' + TEXT.replace(",", ";").encode(),
        b"sep=\t\n" + TEXT.replace(",", "\t").encode(),
        b"sep=,\n" + TEXT.encode(),
        b"sep=\n" + TEXT.encode(),
        b'sep="\n' + TEXT.encode(),
        "number,name,,\r\n+390105550101,Niccolò,,\r\n,,,\r\n202,Ada,,\r\n,,,\r\n".encode(),
        ",,,\r\nnumber,name,,\r\n+390105550101,Niccolò\r\n202,Ada,,,,,,\r\n".encode(),
    ],
)
def test_list_is_taken_however_a_spreadsheet_writes_it(read, content):
    assert read(content) == PAIR


def test_encoding_that_was_guessed_is_told_with_a_name_to_look_at(read):
    notes: list[str] = []

    read(TEXT.encode("cp1252"), notes)

    (note,) = notes
    assert "read as Windows-1252" in note
    assert "Niccolò" in note


def test_nothing_is_told_of_what_the_file_says_itself(read):
    notes: list[str] = []
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        read(TEXT.encode(encoding), notes)

    assert notes == []


def test_file_of_two_encodings_is_refused_by_the_rows_that_are_none(problems):
    content = "number,name\n201,Zo\u00eb\n".encode() + b"202,Bj\xf6rn\n"

    assert problems(content) == [":3: not UTF-8 text; save the file as UTF-8"]


def test_cells_that_a_row_leaves_out_at_its_end_are_empty(read):
    assert read("number,name,email\n201,A\n202,B,b@x.example\n") == [
        Recipient(number="201", name="A"),
        Recipient(number="202", name="B", email="b@x.example"),
    ]


@pytest.mark.parametrize(
    ("beginning", "what"),
    [
        (b"PK\x03\x04[Content_Types].xml", "a workbook (.xlsx or .ods), not CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a workbook (.xls), not CSV"),
        (b"%PDF-1.7", "a PDF, not CSV"),
    ],
)
def test_what_is_no_csv_is_refused_with_what_to_do(problems, beginning, what):
    (problem,) = problems(beginning + bytes(100))

    assert problem == f": {what}: save the list as CSV (UTF-8) and give that file"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('number,name\n201,"Ada\nBell"\n\nabc,x\n', 5),
        ('number,name\r\n201,"Ada\r\nBell\r\n"\r\nabc,x\r\n', 5),
        ('number,name\r201,"Ada\rBell"\rabc,x\r', 4),
        ('sep=;\nnumber;name\n201;"Ada\nBell"\nabc;x\n', 5),
        ("sep=;\r\nnumber;name\r\n;;\r\nabc;x\r\n", 4),
    ],
)
def test_line_of_a_bad_row_is_right_whatever_stands_before_it(problems, content, line):
    (problem,) = problems(content)

    assert problem.startswith(f":{line}: number = 'abc'")


def test_name_on_two_lines_of_a_cell_is_one_name(read):
    assert read('number,name\n201,"Ada \nBell"\n') == [Recipient(number="201", name="Ada Bell")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("number,name\n201,A\0da\n", ":2: name = 'A\\x00da'"),
        ("number,name\n20\x001,Ada\n", ":2: number"),
        ("number,,name\n201,x,Ada\n", ":1: column 2: a name for this column, or nothing below it"),
        ("number,name\n201,Rossi,Ada\n", ":2: fields = 3: at most as many fields as the header"),
    ],
)
def test_what_cannot_be_taken_is_named(problems, content, told):
    (problem,) = problems(content)

    assert problem.startswith(told)


def test_numbers_are_read_as_people_keep_them(read):
    """The one reading of numbers (R3.7)."""
    content = 'number,name\n"+39 010 555 0101",A\n"(010) 5550103",B\n"=""0105550109""",C\n'

    assert [one.number for one in read(content)] == ["+390105550101", "0105550103", "0105550109"]


def test_lost_plus_is_named_with_its_row(problems):
    found = problems("number\n+390105550101\n390105550102\n3.93E+11\n")

    assert found == [
        ":3: number = '390105550102': its + was lost, as spreadsheets do: write +390105550102",
        (
            ":4: number = '3.93E+11': a spreadsheet shortened this, its last digits are lost: "
            "format the column as text and enter the numbers anew"
        ),
    ]


def test_duplicates_are_found_by_the_plan(problems):
    """R3.2 with R3.7."""
    plan = NumberPlan(country_code="39", trunk_prefix="0", trunk_prefix_stays=True)

    assert problems("number\n+390105550101\n010 5550101\n", plan=plan) == [
        (
            ":3: number = '0105550101': each number once on a line; external it stands also on "
            "line 2, as +390105550101"
        )
    ]


# Siblings (R3.2) --------------------------------------------------------------------------------

SIBLINGS = "name,number\nAda Bruni 1A,010555\nBen Bruni 3C,010555\nCam Rossi 2B,010556\n"


def test_siblings_are_refused_unless_somebody_says_otherwise(problems):
    """R3.2: the default stays to refuse."""
    assert [line.partition(" = ")[0] for line in problems(SIBLINGS)] == [":3: number"]


def test_siblings_are_each_listed_where_the_model_says_so(read):
    assert [one.name for one in read(SIBLINGS, duplicates=Duplicates.EACH)] == [
        "Ada Bruni 1A",
        "Ben Bruni 3C",
        "Cam Rossi 2B",
    ]


def test_siblings_are_merged_into_one_recipient_names_joined(read):
    """R3.2: rows of one number may be merged into one recipient, names joined."""
    notes: list[str] = []

    assert [one.name for one in read(SIBLINGS, notes, is_merged=True)] == [
        "Ada Bruni 1A, Ben Bruni 3C",
        "Cam Rossi 2B",
    ]
    assert "1 rows were merged" in notes[0]


def test_list_of_one_number_alone_is_merged_in_no_time():
    """R3.2: names joined, as many as a name takes; so many rows took minutes."""
    rows = [Recipient(number="200", name=f"N{at}") for at in range(50_000)]
    begun = time.process_time()

    (one,) = merged(rows)

    assert one.name.startswith("N0, N1, N2, ")
    assert one.name.endswith(" more")
    assert len(one.name) <= 128
    assert time.process_time() - begun < 10


@given(st.lists(st.text("ab \u4e00", max_size=128), min_size=1, max_size=9))
def test_joined_name_is_one_that_a_recipient_may_have(names):
    rows = [Recipient(number="1", name=name) for name in names]

    (one,) = merged(rows)

    assert len(one.name) <= 128
    given = list(dict.fromkeys(name for name in names if name))
    if len(", ".join(given)) <= 128:
        assert one.name == ", ".join(given)


def test_what_the_first_row_lacks_is_taken_from_the_others():
    rows = [
        Recipient(number="1", name="A"),
        Recipient(number="2"),
        Recipient(number="1", name="A", email="a@x", time_zone="Europe/Rome"),
        Recipient(number="1", line=Line.INTERNAL),
    ]

    assert merged(rows) == [
        Recipient(number="1", name="A", email="a@x", time_zone="Europe/Rome"),
        Recipient(number="2"),
        Recipient(number="1", line=Line.INTERNAL),
    ]


# A report given again ---------------------------------------------------------------------------

REPORT = io.StringIO()
REPORT.write(
    "position,name,number,line,email,time_zone,further_numbers,state,reason,attempts,last_call_at,"
    "last_outcome,answer_confirmed_at,listening_confirmed_at\r\n"
    "1,Ada,201,INTERNAL,,,,CONTACTED,,1,2026-01-12 08:00:00.000,REACHED,,\r\n"
    "2,Ben,+390105550101,EXTERNAL,b@x.example,Europe/Rome,external:+390105550102,FAILED,"
    "ATTEMPTS_USED_UP,5,2026-01-12 08:00:00.000,BUSY,,\r\n"
    "3,Cam,203,INTERNAL,,,,IDLE,,0,,,,\r\n"
)


@pytest.mark.parametrize(
    ("only", "names"),
    [
        (None, ["Ada", "Ben", "Cam"]),
        (ReportSelection.FAILED, ["Ben"]),
        (ReportSelection.UNREACHED, ["Ben", "Cam"]),
    ],
)
def test_list_of_a_report_can_be_given_again(read, only, names):
    assert [one.name for one in read(REPORT.getvalue(), only=only)] == names


def test_list_that_says_not_who_was_reached_has_none_to_choose(problems):
    (problem,) = problems("number\n201\n", only=ReportSelection.FAILED)

    assert "a report's recipients.csv, whose column state says who was reached" in problem


def test_report_of_which_all_were_reached_has_nobody_to_call_again(problems):
    reached = "".join(REPORT.getvalue().splitlines(keepends=True)[:2])

    assert problems(reached, only=ReportSelection.UNREACHED) == [
        ": no recipients: the list has none that is unreached"
    ]
