"""The matrices in the documentation are the tables in the code."""

from pathlib import Path

from tests.core.state_matrix import document

PAGE = Path(__file__).parents[2] / "docs" / "state-machines.md"


def test_page_of_the_state_machines_is_what_the_tables_say():
    assert PAGE.read_text(encoding="utf-8") == document()
