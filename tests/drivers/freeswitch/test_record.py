"""The emulated server's own record: what it did, whoever commanded it."""

import io
import json

from tests.drivers.freeswitch.rig import Rig, call_id, place
from tests.emulators.freeswitch.record import Record
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_core import Line
from campaign_core.decisions import Play


def recorded():
    file = io.StringIO()
    rig = Rig()
    rig.switch = Switch(Config(), Record(file))
    rig.up()
    return rig, lambda: [json.loads(line) for line in file.getvalue().splitlines()]


def test_a_call_is_in_the_record_from_its_order_to_its_end():
    rig, lines = recorded()
    rig.order(place("1001", line=Line.INTERNAL))
    rig.run(500)
    rig.order(Play(call_id=call_id(), play=1, sound="short", stop_digits=""))
    rig.run(5_000)
    rig.lose()
    rig.switch.channels[call_id()].hang_up()
    rig.switch.advance(rig.switch.now + 1_000)

    seen = [(line["what"], line.get("digit") or line.get("status", "")) for line in lines()]
    assert seen == [
        ("connected", ""),
        ("originate", ""),
        ("call", ""),
        ("answer", ""),
        ("play", ""),
        ("played", "done"),
        ("digit", "1"),
        ("digit", "4"),
        ("digit", "2"),
        ("digit", "#"),
        ("cut", ""),
        ("end", ""),
    ]
    assert {line["id"] for line in lines() if "id" in line} == {call_id()}


def test_calls_at_one_time_are_counted_by_kind_of_endpoint():
    rig, lines = recorded()
    rig.order(place("1006", 1, line=Line.INTERNAL))
    rig.order(place("1006", 2))
    rig.run(500)

    up = [line["up"] for line in lines() if line["what"] == "call"]
    assert up == [{"total": 1, "user": 1}, {"total": 2, "user": 1, "sofia": 1}]


def test_an_order_that_makes_no_call_is_in_the_record_too():
    rig, lines = recorded()
    rig.order(place("1000", routing_class="bad"))
    rig.run(500)

    assert [line["what"] for line in lines()] == ["connected", "originate"]
