"""Who answers the emulated server's calls: the numbers of the recordings, and people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs

CAUSES_BY_SIP = {
    400: "NORMAL_TEMPORARY_FAILURE",
    403: "CALL_REJECTED",
    404: "UNALLOCATED_NUMBER",
    408: "RECOVERY_ON_TIMER_EXPIRE",
    410: "NUMBER_CHANGED",
    480: "NO_USER_RESPONSE",
    481: "NORMAL_TEMPORARY_FAILURE",
    484: "INVALID_NUMBER_FORMAT",
    486: "USER_BUSY",
    487: "ORIGINATOR_CANCEL",
    488: "INCOMPATIBLE_DESTINATION",
    500: "NORMAL_TEMPORARY_FAILURE",
    502: "NETWORK_OUT_OF_ORDER",
    503: "NORMAL_TEMPORARY_FAILURE",
    504: "RECOVERY_ON_TIMER_EXPIRE",
    600: "USER_BUSY",
    603: "CALL_REJECTED",
    604: "NO_ROUTE_DESTINATION",
    607: "UNWANTED",
}
"""The server's own table; any other status is NORMAL_UNSPECIFIED."""


Q850 = {
    "UNALLOCATED_NUMBER": 1,
    "NO_ROUTE_DESTINATION": 3,
    "NORMAL_CLEARING": 16,
    "USER_BUSY": 17,
    "NO_USER_RESPONSE": 18,
    "NO_ANSWER": 19,
    "SUBSCRIBER_ABSENT": 20,
    "CALL_REJECTED": 21,
    "NUMBER_CHANGED": 22,
    "DESTINATION_OUT_OF_ORDER": 27,
    "INVALID_NUMBER_FORMAT": 28,
    "NORMAL_UNSPECIFIED": 31,
    "NORMAL_CIRCUIT_CONGESTION": 34,
    "NETWORK_OUT_OF_ORDER": 38,
    "NORMAL_TEMPORARY_FAILURE": 41,
    "SWITCH_CONGESTION": 42,
    "INCOMPATIBLE_DESTINATION": 88,
    "RECOVERY_ON_TIMER_EXPIRE": 102,
}
"""Of causes; any other has 16."""


class Line(Protocol):
    """What a callee can do with a call."""

    def after(self, ms: float, step: Callable[[], None]) -> None:
        """Do something later, if the call is still up."""

    def ring(self) -> None: ...

    def early_media(self) -> None: ...

    def answer(self) -> None: ...

    def reject(self, cause: str, sip: int | None = None) -> None: ...

    def dial(self, digits: str) -> None: ...

    def hang_up(self) -> None: ...


class Callee:
    """Answers at once and waits; the other callees differ in something."""

    def called(self, line: Line) -> None:
        line.answer()

    def answered(self, line: Line) -> None:
        """The call is answered."""

    def hears(self, line: Line, sound: str) -> None:
        """A sound begins to play."""

    def heard(self, line: Line, sound: str) -> None:
        """A sound has played to its end."""


@attrs.define
class Scripted(Callee):
    """Does each thing so many milliseconds after the call came, or after the answer."""

    ring_ms: float | None = None
    """Rings so long and answers; ``None``: answers without ringing."""
    after_answer: tuple[tuple[float, str], ...] = ()
    """Digits to dial, or ``hangup``."""

    def called(self, line: Line) -> None:
        if self.ring_ms is None:
            line.answer()
        else:
            line.ring()
            line.after(self.ring_ms, line.answer)

    def answered(self, line: Line) -> None:
        for ms, act in self.after_answer:
            line.after(ms, line.hang_up if act == "hangup" else _dialling(line, act))


def _dialling(line: Line, digits: str) -> Callable[[], None]:
    return lambda: line.dial(digits)


@attrs.define
class Rejects(Callee):
    """Does not answer: says why, at once or after ringing."""

    cause: str
    sip: int | None = None
    after_ms: float = 0

    def called(self, line: Line) -> None:
        if self.after_ms:
            line.ring()
        line.after(self.after_ms, lambda: line.reject(self.cause, self.sip))


class RingsForEver(Callee):
    def called(self, line: Line) -> None:
        line.ring()


@attrs.define
class EarlyMedia(Callee):
    """Plays a tone before anything, then answers or is busy."""

    answers: bool
    after_ms: float

    def called(self, line: Line) -> None:
        line.early_media()
        act = line.answer if self.answers else lambda: line.reject("USER_BUSY", 486)
        line.after(self.after_ms, act)


@attrs.define
class Person(Callee):
    """Listens to prompts, told from messages by the names of sounds, and dials."""

    ring_ms: float = 2_000
    prompt: str = "press-1"
    """In the name of the sound that asks to dial 1."""
    listening: str = "press-9"
    confirms: str = "1"
    """What is dialled at the first, second, … prompt; the last goes on; ``-``: nothing; ``!``:
    hang up."""
    listens: str = "9"
    """The same after each message, or during the prompt that follows it."""
    delay_ms: float = 600
    prompts: int = 0
    messages: int = 0

    def called(self, line: Line) -> None:
        self.prompts = self.messages = 0
        line.ring()
        line.after(self.ring_ms, line.answer)

    def hears(self, line: Line, sound: str) -> None:
        if self.prompt in sound:
            self._act(line, self.confirms, self.prompts)
            self.prompts += 1

    def heard(self, line: Line, sound: str) -> None:
        if self.prompt not in sound and self.listening not in sound:
            self._act(line, self.listens, self.messages)
            self.messages += 1

    def _act(self, line: Line, acts: str, count: int) -> None:
        act = acts[min(count, len(acts) - 1)]
        if act == "!":
            line.after(self.delay_ms, line.hang_up)
        elif act != "-":
            line.after(self.delay_ms, _dialling(line, act))


def numbering_plan(number: str) -> Callee | None:
    """Return who is at a number: those of the recordings, and people from 5000 on.

    ``None``: nobody, there is no such number.
    """
    fixed: dict[str, Callable[[], Callee]] = {
        "200": Callee,
        "1000": Callee,
        "1001": lambda: Scripted(after_answer=((2_000, "1"), (4_000, "42#"))),
        "1002": lambda: Scripted(after_answer=((1_500, "hangup"),)),
        "1003": lambda: Scripted(ring_ms=1_500),
        "1004": lambda: EarlyMedia(answers=True, after_ms=1_600),
        "1005": lambda: EarlyMedia(answers=False, after_ms=600),
        "1006": Callee,
        "1007": lambda: Scripted(after_answer=((1_000, "*"),)),
        "1008": lambda: Scripted(after_answer=((0, "hangup"),)),
        "2000": RingsForEver,
        "2001": RingsForEver,
        "2486": lambda: Rejects("USER_BUSY", 486),
    }
    if number in fixed:
        return fixed[number]()
    if number.startswith("cause-"):
        return Rejects(number.removeprefix("cause-"))
    if number.startswith("3") and len(number) == 4:
        status = int(number[1:])
        return Rejects(CAUSES_BY_SIP.get(status, "NORMAL_UNSPECIFIED"), status)
    if number.startswith("5"):
        return Person()
    if number.startswith("6"):
        return Person(confirms="21", listens="-9")
    return None


def everyone_answers(number: str) -> Callee:
    """Return who is at any number: somebody who answers at once, and listens."""
    return Callee()
