"""R3.3: a bad value is named with field, value and rule; a bad list names every bad row at once."""

import json

import pytest

from campaign_core.errors import SettingsError
from campaign_service.api import reading
from campaign_service.api.reading import MalformedBodyError, read_body, read_query
from campaign_service.api.shapes import requests, trials, wanted
from campaign_service.api.shapes.building import BadValuesError, built

NAMED = {"name": "a", "caller_number": "1"}


def problems(body, kind=wanted.Model):
    with pytest.raises(BadValuesError) as caught:
        built(read_body(json.dumps(body).encode(), kind))
    return [(one.field, one.value, one.rule) for one in caught.value.problems]


def fields(body, kind=wanted.Model):
    return [field for field, _, _ in problems(body, kind)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, ["name", "caller_number"]),
        ([], [""]),
        ({**NAMED, "colour": 1}, ["colour"]),
        ({**NAMED, "priority": 1_001}, ["priority"]),
        ({**NAMED, "priority": "high"}, ["priority"]),
        ({**NAMED, "priority": True}, ["priority"]),
        ({**NAMED, "name": "a/b"}, ["name"]),
        ({**NAMED, "name": "   "}, ["name"]),
        ({**NAMED, "sound": "../etc/passwd"}, ["sound"]),
        ({**NAMED, "caller_number": "one"}, ["caller_number"]),
        ({**NAMED, "time_zone": "Mars/Olympus"}, ["time_zone"]),
        ({**NAMED, "order": "LOUDEST_FIRST"}, ["order"]),
        ({**NAMED, "script": {"digit_timeout_s": 0}}, ["script.digit_timeout_s"]),
        ({**NAMED, "script": {"opt_out_digit": "1"}}, ["script.opt_out_digit"]),
        (
            {
                **NAMED,
                "script": {"opt_out_digit": "2", "transfer": {"digit": "2", "extension": "1"}},
            },
            ["script.transfer"],
        ),
        ({**NAMED, "retry": {"delays_s": {"REACHED": 1}}}, ["retry.delays_s[REACHED]"]),
        ({**NAMED, "retry": {"never_again": ["OPTED_OUT"]}}, ["retry.never_again[0]"]),
        (
            {**NAMED, "calling_hours": [{"days": ["MONDAY"], "opens_min": 9, "closes_min": 9}]},
            ["calling_hours[0].closes_min"],
        ),
        ({**NAMED, "call_limits": {"total": -1}}, ["call_limits.total"]),
    ],
)
def test_bad_value_is_named_by_its_path(body, found):
    assert fields(body) == found


def test_every_bad_row_of_a_list_is_named_at_once_whatever_is_wrong_with_it():
    rows = [
        {"number": "1"},
        {"number": "one"},
        {"number": "1", "email": "@@"},
        {"number": "2", "time_zone": "Mars/Olympus"},
        {"number": "3", "name": "a\nb"},
        {"nummer": "4"},
        5,
        {"number": "6", "further_numbers": [{"number": "6"}, {"number": "x"}]},
        {"number": "7"},
    ]

    assert sorted(fields({**NAMED, "recipients": rows, "priority": -1})) == sorted(
        [
            "priority",
            "recipients[1].number",
            "recipients[2].email",
            "recipients[2].number",
            "recipients[3].time_zone",
            "recipients[4].name",
            "recipients[5].nummer",
            "recipients[5].number",
            "recipients[6]",
            "recipients[7].further_numbers[1].number",
        ]
    )


def test_rows_that_fit_the_schema_are_looked_at_by_the_core_all_of_them():
    """R3.2: the same number on the same line twice in one list is refused."""
    rows = [{"number": "1"}, {"number": "2", "name": "a\tb"}, {"number": "1"}, {"number": "1"}]

    assert problems({**NAMED, "recipients": rows}) == [
        ("recipients[1].name", "a\tb", "up to 128 printable characters"),
        (
            "recipients[2].number",
            "1",
            "each number once on a line; EXTERNAL 1 stands also at position 1",
        ),
        (
            "recipients[3].number",
            "1",
            "each number once on a line; EXTERNAL 1 stands also at position 3",
        ),
    ]


@pytest.mark.parametrize("least", [0, 1 << 20])
def test_body_is_the_same_whether_it_is_read_in_one_go_or_row_by_row(monkeypatch, least):
    monkeypatch.setattr(reading, "_IN_PIECES", least)
    rows = [{"number": str(number), "line": "INTERNAL"} for number in range(5)]

    made = built(read_body(json.dumps({**NAMED, "recipients": rows}).encode(), wanted.Model))

    assert [one.number for one in made.recipients] == ["0", "1", "2", "3", "4"]
    assert fields({**NAMED, "recipients": [*rows, {"number": "x"}], "priority": -1}) == [
        "priority",
        "recipients[5].number",
    ]
    assert fields({"recipients": rows}) == ["name", "caller_number"]
    assert fields({"recipients": []}, requests.Recipients) == ["recipients"]
    assert fields({"recipients": None}, requests.Recipients) == ["recipients"]
    assert fields({}, requests.Recipients) == ["recipients"]
    with pytest.raises(MalformedBodyError):
        read_body(b'{"recipients": [{}, ]}', wanted.Model)


def test_choice_is_told_with_its_names():
    body = {"model_id": 1, "when": {"mode": "YESTERDAY"}}

    assert problems(body, requests.StartCampaign) == [
        ("when", {"mode": "YESTERDAY"}, "one with mode IMMEDIATE, DELAYED, SCHEDULED")
    ]


def test_within_a_choice_the_value_is_named():
    body = {"trial": {"command": "AddAttempts", "campaign_id": 1, "attempts": 0, "x": 1}}

    assert fields(body, trials.WhatIf) == ["trial.x", "trial.attempts"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}x", b"1 2", b"\xff", b'{"name": "\xff"}', b"[" * 100_000, b"nul"],
)
def test_what_is_no_json_is_said_to_be_none(body):
    with pytest.raises(MalformedBodyError):
        read_body(body, wanted.Model)


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        ([("limit", "0")], ["limit"]),
        ([("limit", "many")], ["limit"]),
        ([("limit", "null")], ["limit"]),
        ([("at", "yesterday")], ["at"]),
        ([("at", "2026-11-23T08:00:00")], ["at"]),
        ([("at", "null")], ["at"]),
        ([("colour", "red"), ("after", "-1")], ["colour", "after"]),
        ([("limit", "1"), ("limit", "2")], ["limit"]),
        ([("status", "ACTIVE"), ("status", "LAZY")], ["status[1]"]),
    ],
)
def test_bad_parameter_of_a_query_is_named(pairs, found):
    with pytest.raises(SettingsError) as caught:
        read_query(pairs, requests.CampaignsQuery)

    assert [one.field for one in caught.value.problems] == found


def test_parameter_may_be_repeated_where_it_is_a_list():
    query = read_query([("status", "ACTIVE"), ("status", "PAUSED")], requests.CampaignsQuery)

    assert [status.name for status in query.status] == ["ACTIVE", "PAUSED"]
