"""How the server reads: frames of commands, and the originate line with its three splits."""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

USAGE = (
    "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>] "
    "[<cid_name>] [<cid_num>] [<timeout_sec>]\n"
)
_APPLICATION = re.compile(r"&(\w+)\((.*)\)")
_WORDS_MAX = 7


@attrs.frozen
class Received:
    """One command: its line and the headers under it."""

    line: str
    headers: dict[str, str]


class CommandReader:
    """Cuts what a client sends into commands, as generously as the server does."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Received]:
        self._rest += data
        while b"\n\n" in self._rest:
            block, _, self._rest = self._rest.partition(b"\n\n")
            # NUL cuts the text; CR and LF both end a line.
            text = block.partition(b"\0")[0].decode("utf-8", "replace")
            line, *rest = re.split(r"[\r\n]+", text.lstrip("\r\n"))
            headers = {}
            for entry in rest:
                name, colon, value = entry.partition(":")
                if colon:
                    headers[name.strip().lower()] = value.strip()
            length = int(headers.get("content-length", "0"))
            self._rest = self._rest[length:]
            yield Received(line.strip(" "), headers)


@attrs.frozen
class Originate:
    """What the server understood of an originate line."""

    variables: dict[str, str]
    legs: tuple[str, ...]
    """Dial strings to be tried in turn; one with a comma is two that ring together."""
    application: str


class NotUnderstoodError(Exception):
    """The text is the job's result."""


def split(text: str, delimiter: str) -> list[str]:
    """Part a text as the server does: quotes protect the delimiter, and fall; so do backslashes."""
    words: list[str] = []
    word = ""
    quoted = False
    at = 0
    while at < len(text):
        letter = text[at]
        following = text[at + 1 : at + 2]
        if letter == "\\" and following and following in f"'{delimiter}":
            word += following
            at += 1
        elif letter == "\\" and following == "s" and delimiter != " ":
            word += " "
            at += 1
        elif letter == "\\" and following == "n" and delimiter != " ":
            word += "\n"
            at += 1
        elif letter == "'":
            quoted = not quoted
        elif letter == delimiter and not quoted:
            words.append(word)
            word = ""
            if delimiter == " ":
                while text[at + 1 : at + 2] == " ":
                    at += 1
        else:
            word += letter
        at += 1
    if quoted and delimiter == " ":
        # The rest of the line is one unfinished word.
        raise NotUnderstoodError(USAGE)
    words.append(word)
    return [word for word in words if word or delimiter != " "]


def _words(text: str) -> list[str]:
    """Part at blanks; a backslash before anything but quote and blank stays for the next split."""
    return split(text, " ")


def read_originate(text: str) -> Originate:
    """Read what follows ``originate``.

    Raises:
        NotUnderstoodError: with the result that the job then has.
    """
    words = _words(text)
    if not 2 <= len(words) <= _WORDS_MAX:
        raise NotUnderstoodError(USAGE)
    url, target = words[0], words[1]
    variables: dict[str, str] = {}
    while url[:1] in {"{", "<"}:
        inside, url = _bracket(url, {"{": "}", "<": ">"}[url[0]])
        variables.update(_variables(inside))
    application = _APPLICATION.fullmatch(target)
    legs = tuple(re.split(r":_:|\|", url))
    return Originate(variables, legs, application[1] if application else "")


def read_leg(leg: str) -> tuple[str, dict[str, str]]:
    """Return a leg's dial string, and the variables in square brackets that are its own."""
    if not leg.startswith("["):
        return leg, {}
    inside, dialled = _bracket(leg, "]")
    return dialled, _variables(inside)


def legs_together(text: str) -> list[str]:
    """Part legs that ring together; commas within square brackets part nothing."""
    return re.split(r",(?![^\[]*\])", text)


def _bracket(url: str, closing: str) -> tuple[str, str]:
    """Balanced brackets pass; the first that is not ends the variables, whatever was meant."""
    depth = 0
    for at, letter in enumerate(url):
        depth += {url[0]: 1, closing: -1}.get(letter, 0)
        if depth == 0:
            return url[1:at], url[at + 1 :]
    raise NotUnderstoodError("-ERR DESTINATION_OUT_OF_ORDER\n")


def _variables(inside: str) -> dict[str, str]:
    delimiter = ","
    if inside.startswith("^^"):
        delimiter, inside = inside[2], inside[3:]
    if ":_:" in inside:
        raise NotUnderstoodError("-ERR CHAN_NOT_IMPLEMENTED\n")
    variables = {}
    for entry in split(inside, delimiter):
        name, equals, value = entry.partition("=")
        # What would be expanded is dropped without a word.
        if equals and "${" not in value:
            variables[name] = value
    return variables
