"""Recipients from CSV: what is taken, and how what is not is named."""

import pytest

from campaign_core import Line, Number, Recipient
from campaign_service.config import InputError, read_recipients
from campaign_service.report.csv_cells import guarded


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "recipients.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_recipients(path)

    return read


@pytest.fixture
def problems(read):
    """What is wrong with some content, as lines without the file's name."""

    def problems(content):
        with pytest.raises(InputError) as caught:
            read(content)
        return [str(problem).partition("recipients.csv")[2] for problem in caught.value.problems]

    return problems


FULL = Recipient(
    number="201",
    line=Line.INTERNAL,
    name="Ada Bell",
    email="ada@school.example",
    time_zone="Europe/Rome",
    further_numbers=[
        Number(number="+441632960001", line=Line.EXTERNAL),
        Number(number="202", line=Line.INTERNAL),
    ],
)


def test_every_column_is_taken(read):
    recipients = read(
        "name,number,line,email,time_zone,further_numbers\n"
        "Ada Bell,201,internal,ada@school.example,Europe/Rome,"
        "external:+441632960001 internal:202\n"
    )

    assert list(recipients) == [FULL]


def test_columns_may_come_in_any_order_and_manner_of_writing(read):
    recipients = read(
        "Further Numbers,e-mail,Time-Zone,LINE,Number,Name\n"
        '"external:+441632960001, internal:202",ada@school.example,Europe/Rome,INTERNAL,201,'
        "Ada Bell\n"
    )

    assert list(recipients) == [FULL]


def test_number_alone_is_enough_and_is_external(read):
    assert list(read("number\n+441632960001\n")) == [Recipient(number="+441632960001")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfnumber,name\r\n201,Zo\xc3\xab\r\n",
        b"number,name\n201,Zo\xc3\xab",
        b"number;name\n201;Zo\xc3\xab\n",
        b"\n\nnumber,name\n\n,\n201,Zo\xc3\xab\n\n",
        b' number , name \n 201 , "Zo\xc3\xab"\n'.replace(b' "', b'"').replace(b'" ', b'"'),
    ],
    ids=["byte order mark", "no last newline", "semicolons", "blank rows", "blanks around"],
)
def test_spreadsheets_are_taken_as_they_are(read, content):
    assert list(read(content)) == [Recipient(number="201", name="Zoë")]


def test_every_bad_row_is_named_at_once(problems):
    """R3.3: a bad list names every bad row at once, not the first alone."""
    found = problems(
        "number,line,time_zone,email,further_numbers\n"
        "201,internal,,,\n"
        "abc,inland,Mars/Base,nobody,202\n"
        "203,internal,,,,x\n"
        "204,internal,,,external:x\n"
        "201,internal,,,\n"
        "205,external,,,internal:201 external:205\n"
    )

    assert found == [
        ":3: number = 'abc': letters are no digits: write the number alone",
        ":3: line = 'inland': internal or external",
        ":3: time_zone = 'Mars/Base': a known IANA time zone, such as Europe/Rome, or none",
        ":3: email = 'nobody': up to 254 printable characters without blanks, with one @ inside",
        (
            ":3: further_numbers = '202': line:number, several parted by blanks,"
            " such as internal:201 external:+390105550100"
        ),
        (
            ":4: fields = 6: at most as many fields as the header has: 5;"
            " a text with a comma stands in quotes"
        ),
        ":5: further_numbers = 'x': letters are no digits: write the number alone",
        ":6: number = '201': each number once on a line; internal it stands also on line 2",
        ":7: number = '201': each number once on a line; internal it stands also on line 2",
        ":7: number = '205': each number once on a line; external it stands twice in this row",
    ]


def test_row_that_is_no_text_does_not_hide_the_others(problems):
    content = (
        b"name,number,line\nAda,abc,internal\nZo\x9d,202,inland\nEve,xyz,internal\nBj\xf6rn,2,,4\n"
    )

    assert [line.partition(" = ")[0].partition(";")[0] for line in problems(content)] == [
        ":2: number",
        ":3: not UTF-8 text",
        ":3: line",
        ":4: number",
        ":5: not UTF-8 text",
        ":5: fields",
    ]


def test_line_of_a_row_is_where_it_begins_though_a_field_holds_line_breaks(problems):
    found = problems('number,name\n201,"two\nlines"\nabc,x\n')

    assert [line.partition(" = ")[0] for line in found] == [":4: number"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [": there must be a header row with a column called number"]),
        ("number\n", [": no recipients: there is no row below the header"]),
        ("name\nAda\n", [":1: column: there must be a header row with a column called number"]),
        ("201,Ada\n", [":1: column = '201': unknown", ":1: column = 'Ada': unknown"]),
        ("number,mobile\n1,2\n", [":1: column = 'mobile': unknown"]),
        ("number,number\n1,2\n", [":1: column = 'number': each column once"]),
        ('number\n1\n"2\n3\n', [":3: not CSV: unexpected end of data"]),
        (b"number\n1\nZo\x9d\n", [":3: not UTF-8 text"]),
    ],
    ids=[
        "empty file",
        "header alone",
        "no number",
        "no header",
        "unknown column",
        "column twice",
        "open quote",
        "another encoding",
    ],
)
def test_what_is_no_list_of_recipients_is_refused(problems, content, expected):
    found = problems(content)

    assert len(found) == len(expected)
    assert [line for line, start in zip(found, expected, strict=True) if start not in line] == []


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be read: No such file"):
        read_recipients(tmp_path / "nowhere.csv")


def test_name_that_an_export_of_ours_has_guarded_is_what_it_was(read):
    """Issue: CSV texts are safe in spreadsheets, while `campaign` reads its own CSV back."""
    names = ["=1+1", "\uff1d1", "Rossi;=1+1", "'=1", "-Anna", "@x", "O'Neill"]
    lines = [f'"{guarded(name)}",+3905055501{at:02}' for at, name in enumerate(names)]
    assert [one.name for one in read("\n".join(["name,number", *lines]))] == names
