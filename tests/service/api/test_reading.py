"""R3.3: a bad value is named with field, value and rule; a bad list names every bad row at once."""

import contextlib
import json

import msgspec
import pytest

import campaign_core as core
from campaign_core.errors import SettingsError
from campaign_service.api.problems.errors import MalformedBodyError
from campaign_service.api.reading.values import read_body, read_query
from campaign_service.journal import json_pieces
from campaign_service.schemas import core_values, requests, tried_commands
from campaign_service.schemas.conversion import BadValuesError, built

NAMED = {"name": "a", "caller_number": "1"}


def problems(body, kind=core_values.Model):
    with pytest.raises(BadValuesError) as caught:
        built(read_body(json.dumps(body).encode(), kind))
    return [(one.field, one.value, one.rule) for one in caught.value.problems]


def fields(body, kind=core_values.Model):
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
        ("recipients[1].name", "a\tb", NAME_RULE),
        (
            "recipients[2].number",
            "1",
            "each number once on a line; EXTERNAL 1 stands also at recipients[0]",
        ),
        (
            "recipients[3].number",
            "1",
            "each number once on a line; EXTERNAL 1 stands also at recipients[2]",
        ),
    ]


NAME_RULE = (
    "up to 128 characters, none of them a control character or a line separator; it holds"
    " U+0009 (CHARACTER TABULATION)"
)


@pytest.mark.parametrize("piece", [0, 60, 1 << 20])
def test_body_is_the_same_whether_it_is_read_in_one_go_or_piece_by_piece(monkeypatch, piece):
    monkeypatch.setattr(json_pieces, "PIECE_BYTES", piece)
    rows = [{"number": str(number), "line": "INTERNAL"} for number in range(5)]

    made = built(read_body(json.dumps({**NAMED, "recipients": rows}).encode(), core_values.Model))

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
        read_body(b'{"recipients": [{}, ]}', core_values.Model)
    trial = {"command": "AppendRecipients", "campaign_id": 1, "recipients": rows}
    tried = read_body(f" {json.dumps({'trial': trial})}".encode(), tried_commands.WhatIf).trial
    assert [one.number for one in tried.recipients] == ["0", "1", "2", "3", "4"]
    assert fields({"trial": trial, "x": 1}, tried_commands.WhatIf) == ["x"]
    assert fields({"trial": {**trial, "recipients": [[]]}}, tried_commands.WhatIf) == [
        "trial.recipients[0]"
    ]
    assert fields({"trial": {**trial, "command": "Shout"}}, tried_commands.WhatIf) == ["trial"]
    assert fields({"trial": {**trial, "y": rows}}, tried_commands.WhatIf) == ["trial.y"]
    assert fields({"trial": rows}, tried_commands.WhatIf) == ["trial"]
    days = {**NAMED, "retry": {"delays_s": {"BUSY": 1}}}
    assert read_body(json.dumps(days).encode(), core_values.Model).retry.delays_s == {"BUSY": 1}
    twice = b'{"numbers": ["x"], "numbers": ["1", "2"]}'
    assert read_body(twice, requests.Numbers).numbers == ["1", "2"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"trial": [[]] * 30_000}, tried_commands.WhatIf),
        (
            {"trial": {"command": "AddToDoNotCall", "numbers": ["1"] * 30_000}},
            tried_commands.WhatIf,
        ),
        ({"trial": {"command": "AddToDoNotCall", "numbers": [0] * 30_000}}, tried_commands.WhatIf),
        ({"numbers": ["1"] * 30_000}, requests.Numbers),
        ({**NAMED, "priority": "x", "recipients": [{"number": "1"}] * 2_000}, core_values.Model),
    ],
)
def test_nothing_large_is_decoded_or_converted_as_a_whole(monkeypatch, body, kind):
    """Issue: calls are seen to whatever is sent: no other thread runs while the decoder does."""
    monkeypatch.setattr(json_pieces, "PIECE_BYTES", 10_000)
    largest = 0
    decode, convert = msgspec.json.decode, msgspec.convert

    def seen_decode(data, **more):
        nonlocal largest
        made = decode(data, **more)
        # What does not fit at all ends it at once, and what is only taken apart is fast.
        if "Raw" not in str(more.get("type")):
            largest = max(largest, memoryview(data).nbytes)
        return made

    def seen_convert(value, kind):
        nonlocal largest
        made = convert(value, kind)
        largest = max(largest, len(json.dumps(value, default=lambda _: 0)))
        return made

    monkeypatch.setattr(msgspec.json, "decode", seen_decode)
    monkeypatch.setattr(msgspec, "convert", seen_convert)

    with contextlib.suppress(BadValuesError):
        read_body(json.dumps(body).encode(), kind)

    assert 0 < largest <= 10_000


def test_list_with_very_many_bad_rows_is_looked_at_until_enough_is_known(monkeypatch):
    looked_at = 0
    convert = msgspec.convert

    def counted(value, kind):
        nonlocal looked_at
        looked_at += 1
        return convert(value, kind)

    monkeypatch.setattr(msgspec, "convert", counted)
    body = {**NAMED, "recipients": [{"number": "x"}] * 20_000}

    assert len(fields(body)) == 1_000
    assert looked_at < 5_000


def test_list_with_very_many_rows_that_the_core_refuses_is_looked_at_until_enough_is_known(
    monkeypatch,
):
    looked_at = 0
    make = core.Recipient

    def counted(**values):
        nonlocal looked_at
        looked_at += 1
        return make(**values)

    monkeypatch.setattr(core, "Recipient", counted)
    rows = [{"number": str(number), "name": "a\tb"} for number in range(20_000)]

    assert len(fields({**NAMED, "recipients": rows})) == 1_000
    assert looked_at < 5_000


@pytest.mark.parametrize("length", [1_001, 1_500])
def test_list_that_is_too_long_is_told_so(length):
    hours = {"days": ["MONDAY"], "opens_min": 0, "closes_min": 1}

    assert fields({**NAMED, "calling_hours": [hours] * length}) == ["calling_hours"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({"priority": -1}, "a whole number, 0 to 1,000"),
        ({"priority": 1_001}, "a whole number, 0 to 1,000"),
        ({"priority": "high"}, "a whole number, 0 to 1,000"),
        ({"name": "a" * 65}, "text of length 1 to 64"),
        ({"threshold": 0}, "a whole number >= 1"),
        ({"call_limits": {"total": "no"}}, "a whole number or null"),
    ],
)
def test_rule_tells_the_whole_range(body, rule):
    """R3.3: whoever gave too little is told at once what would be too much."""
    assert [told for _, _, told in problems({**NAMED, **body})] == [rule]


def test_limit_of_a_page_is_told_with_its_maximum():
    with pytest.raises(BadValuesError) as caught:
        read_query([("limit", "0")], requests.ModelsQuery)

    assert caught.value.rule == "a whole number, 1 to 1,000"


@pytest.mark.parametrize("text", ["1" * 5_000, "-" + "1" * 5_000, "1e400"])
def test_number_that_no_machine_has_is_a_bad_value_where_it_stands(text):
    """It is JSON."""
    body = f'{{"model_id": {text}, "name": "a/b"}}'.encode()

    with pytest.raises(BadValuesError) as caught:
        read_body(body, requests.StartCampaign)

    found = {one.field: one for one in caught.value.problems}
    assert [*found] == ["model_id", "name"]
    assert str(found["model_id"].value).startswith(text[:100])
    assert found["model_id"].rule == "a number of few digits"
    with pytest.raises(MalformedBodyError):
        read_body(body[:-1], requests.StartCampaign)
    # Nor does it pass for text.
    with pytest.raises(BadValuesError) as caught:
        read_body(f'{{"name": {text}}}'.encode(), requests.CloneModel)
    assert (caught.value.field, caught.value.rule) == ("name", "text")


def test_choice_that_is_not_made_is_told_with_its_names():
    assert problems({"model_id": 1, "when": {}}, requests.StartCampaign) == [
        ("when", {}, "one with mode IMMEDIATE, DELAYED, SCHEDULED")
    ]


def test_choice_is_told_with_its_names():
    body = {"model_id": 1, "when": {"mode": "YESTERDAY"}}

    assert problems(body, requests.StartCampaign) == [
        ("when", {"mode": "YESTERDAY"}, "one with mode IMMEDIATE, DELAYED, SCHEDULED")
    ]


def test_within_a_choice_the_value_is_named():
    body = {"trial": {"command": "AddAttempts", "campaign_id": 1, "attempts": 0, "x": 1}}

    assert fields(body, tried_commands.WhatIf) == ["trial.x", "trial.attempts"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{}x", b"1 2", b"\xff", b'{"name": "\xff"}', b"[" * 100_000, b"nul"],
)
def test_what_is_no_json_is_said_to_be_none(body):
    with pytest.raises(MalformedBodyError):
        read_body(body, core_values.Model)


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
