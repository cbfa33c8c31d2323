"""The table ``[campaign]``: whom to call, with what, how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time

from campaign_core import (
    Breaker,
    CallingHours,
    CallLimits,
    CallRate,
    CallScript,
    CampaignModel,
    Duplicates,
    Order,
    Outcome,
    RecipientList,
    RetryPolicy,
    TransferOption,
    Weekday,
)
from campaign_service.config.table import Reader, Table, enum_reader, member_named, table_reader

__all__ = ["read_limits", "read_model", "read_prompt", "read_rate"]

_TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_TIME_RULE = 'a time of day such as "08:30", up to "24:00"'
_DAY_MINUTES = 24 * 60

_TRIED_AGAIN = [one for one in Outcome if one not in (Outcome.REACHED, Outcome.OPTED_OUT)]
_TRIED_NAMES = ", ".join(outcome.name for outcome in _TRIED_AGAIN)

OTHERS = "OTHERS"
"""In the retry delays: every outcome that is not named."""


def read_model(table: Table, recipients: RecipientList) -> CampaignModel | None:
    """Return the campaign's parameters, ``None`` if something was put down as wrong.

    Args:
        table: ``[campaign]``; its key ``recipients`` names a file and is not read here.
    """
    return table.build(
        CampaignModel,
        readers=_READERS,
        placeholders={"name": "campaign", "caller_number": "0", "sound": "sound"},
        # Whoever runs a campaign from a file wants it to start.
        given={"enabled": True, "recipients": recipients},
        known=["recipients"],
    )


read_limits = table_reader(CallLimits)
read_rate = table_reader(CallRate, placeholders={"calls": 1, "per_s": 1})


def read_prompt(table: Table, key: str) -> str | None:
    """Return the name of a sound; ``false`` in the file means silence, which is ``None``."""
    if table.raw(key) is False:
        return None
    if table.raw(key) is True:
        table.refuse(key, True, "the name of a sound, or false for silence")  # noqa: FBT003
        return None
    return table.text(key)


def _delays(table: Table, key: str) -> tuple[tuple[Outcome, object], ...]:
    within = table.table(key)
    if within is None:
        return ()
    delays: dict[Outcome, object] = {}
    for name, delay_s in within.data.items():
        outcome = member_named(Outcome, name)
        if outcome is not None:
            delays[outcome] = delay_s
        elif name != OTHERS:
            within.refuse(name, None, f"unknown; known here: {_TRIED_NAMES}, {OTHERS}")
    if OTHERS in within:
        for outcome in _TRIED_AGAIN:
            delays.setdefault(outcome, within.raw(OTHERS))
    return tuple(delays.items())


def _outcomes(table: Table, key: str) -> frozenset[Outcome]:
    outcomes = set()
    for name in table.texts(key):
        outcome = member_named(Outcome, name)
        if outcome is None:
            table.refuse(key, name, f"outcomes out of {_TRIED_NAMES}")
        else:
            outcomes.add(outcome)
    return frozenset(outcomes)


def _calling_hours(table: Table, key: str) -> tuple[CallingHours, ...]:
    stretches = []
    for entry in table.tables(key):
        entry.refuse_others(["days", "opens", "closes"])
        days = _days(entry)
        opens, closes = _minutes(entry, "opens"), _minutes(entry, "closes")
        if days is None or opens is None or closes is None:
            continue
        if closes <= opens:
            rule = "later than opens; hours over midnight are two entries"
            entry.refuse("closes", entry.raw("closes"), rule)
        elif opens < _DAY_MINUTES:
            stretches.append(CallingHours(days=days, opens_min=opens, closes_min=closes))
        else:
            entry.refuse("opens", entry.raw("opens"), 'earlier than "24:00"')
    return tuple(stretches)


def _days(entry: Table) -> frozenset[Weekday] | None:
    names = entry.texts("days")
    days = [member_named(Weekday, name) for name in names]
    if not names or None in days:
        rule = f"a list out of {', '.join(day.name for day in Weekday)}"
        entry.refuse("days", entry.raw("days"), rule)
        return None
    return frozenset(day for day in days if day is not None)


def _minutes(entry: Table, key: str) -> int | None:
    value = entry.raw(key)
    if isinstance(value, time) and not value.second and not value.microsecond:
        return value.hour * 60 + value.minute
    found = _TIME_OF_DAY.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else _DAY_MINUTES + 1
    if minutes > _DAY_MINUTES:
        entry.refuse(key, value, _TIME_RULE)
        return None
    return minutes


_READERS: Mapping[str, Reader] = {
    "script": table_reader(
        CallScript,
        readers={
            "answer_prompt": read_prompt,
            "listening_prompt": read_prompt,
            "transfer": table_reader(TransferOption, placeholders={"digit": "0", "extension": "0"}),
        },
    ),
    "call_limits": read_limits,
    "call_rate": read_rate,
    "retry": table_reader(RetryPolicy, readers={"delays_s": _delays, "never_again": _outcomes}),
    "calling_hours": _calling_hours,
    "order": enum_reader(Order),
    "duplicates": enum_reader(Duplicates),
    "breaker": table_reader(Breaker, placeholders={"calls": 1, "failed_percent": 0}),
}
"""How to take what is more than a number, a text or a flag."""
