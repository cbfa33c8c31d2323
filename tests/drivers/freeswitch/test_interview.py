"""The emulated server answers a list of questions as a real 1.11.1 did (1.10.12 the same)."""

from __future__ import annotations

from tests.drivers.freeswitch.interview import a_server, answers
from tests.drivers.freeswitch.recordings import FOLDER


def by_question(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("# "):
            found[line] = []
        else:
            found[list(found)[-1]].append(line.rstrip())
    return found


def test_the_emulated_server_answers_every_question_as_the_real_one() -> None:
    recorded = (FOLDER / "questions.answers").read_text(encoding="utf-8").splitlines()
    expected = by_question([line for line in recorded if line.strip()])

    answered = by_question(answers(a_server()))

    assert [*expected] == [*answered]
    for question, lines in expected.items():
        assert (question, lines) == (question, answered[question])


def test_a_time_that_is_none_is_long_since() -> None:
    """A real server reads ``abc`` as 0."""
    switch = a_server()
    client = switch.connect()
    client.feed(b"auth throwaway1\n\nbgapi originate {origination_uuid=x}null/probe &park()\n\n")
    switch.advance(300)

    client.feed(b"api sched_hangup abc x\n\napi sched_hangup abc\n\n")
    switch.advance(600)

    assert b"+OK\n" in client.take()
    assert switch.channels == {}
