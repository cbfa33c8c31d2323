"""Numbers and texts as plain ones: what a subclass of them does is nobody's business here."""

from __future__ import annotations

from campaign_core._values.validators import NUMBER_MAX, refuse

__all__ = ["plain_number", "plain_text"]


def plain_number(
    field: str, given: object, least: int | None = None, most: int | None = None
) -> int:
    """Return a whole number, of an ``IntEnum`` too, as a plain one.

    Raises:
        SettingsError: it is none, or out of bounds; ``True`` is no number here.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        number = given if type(given) is int else int.__int__(given)
        lowest = -NUMBER_MAX if least is None else least
        if lowest <= number <= (NUMBER_MAX if most is None else most):
            return number
    bounds = "" if least is None else f" >= {least}" if most is None else f" {least} to {most}"
    raise refuse(field, given, f"a whole number{bounds}")


def plain_text(field: str, given: object, rule: str) -> str:
    """Return a text, of a subclass too, as a plain one.

    Raises:
        SettingsError: it is none.
    """
    if isinstance(given, str):
        return given if type(given) is str else str.__str__(given)
    raise refuse(field, given, rule)
