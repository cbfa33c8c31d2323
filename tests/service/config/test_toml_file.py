"""Where a value stands in a TOML file."""

import pytest

from campaign_service.config.toml_file import field_name, read_toml

TEXT = """\
# a comment

title = "one"
text = '''
[not.a.table]
title = "two"
'''

[table]
list = [
  1,
  2,
]
dotted.key = 1  # after

[[many]]
name = "first"

[[many]]
name = "second"
inline = { a = 1, b = { c = 2 } }
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title",), 3),
        (("text",), 4),
        (("table",), 9),
        (("table", "list"), 10),
        (("table", "list", 1), 10),
        (("table", "dotted", "key"), 14),
        (("many",), 16),
        (("many", 0, "name"), 17),
        (("many", 1), 19),
        (("many", 1, "name"), 20),
        (("many", 1, "inline", "b", "c"), 21),
        (("nowhere",), None),
        (("table", "list", 2), None),
        (("title", "deeper"), None),
    ],
)
def test_line_is_where_the_statement_begins(tmp_path, keys, line):
    path = tmp_path / "some.toml"
    path.write_text(TEXT)

    assert read_toml(path).line_of(keys) == line


def test_line_is_the_same_with_windows_line_ends(tmp_path):
    path = tmp_path / "some.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())

    assert read_toml(path).line_of(("many", 1, "name")) == 20


def test_field_is_written_as_a_person_writes_it():
    assert field_name(("campaign", "calling_hours", 1, "opens")) == (
        "campaign.calling_hours[2].opens"
    )
