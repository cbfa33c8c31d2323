"""Orders to commands: nothing from outside but what a pattern lets through, and every cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.drivers.freeswitch.recordings import parts
from tests.drivers.freeswitch.rig import SERVICE, Rig, call_id, place, settings
from tests.emulators.freeswitch.lines import read_originate

from campaign_core import Line, Outcome
from campaign_core.errors import SettingsError
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.freeswitch import Route, settings_from_url
from campaign_drivers.freeswitch import _translate as translate
from campaign_drivers.freeswitch._causes import CAUSES, outcome_of, q850_of
from campaign_drivers.freeswitch._wire import encode

INJECTIONS = [
    "a,vb_inj=1",
    "'a,vb_inj=1'",
    "a\\,vb_inj=1",
    "a\\\\,vb_inj=1",
    "it's me",
    "it\\'s",
    "a}b",
    "a\\}b",
    "a}loopback/1000/callee/XML",
    "a}loopback/1000/callee/XML &park() XML default x x 5 {vb_y=1",
    "a{b",
    "a{b}c",
    "a\\nb",
    'a"b c"d',
    "${hostname}",
    "$${hostname}",
    "${system(touch /tmp/x)}",
    "a\n\napi version\n\n",
    "a\nJob-UUID: injected",
    "a\rb",
    "a\0b",
    "a,execute_on_answer='system touch /tmp/x'",
    "1000,loopback/1001/callee/XML",
    "1000|loopback/1001/callee/XML",
    "1000:_:loopback/1001/callee/XML",
    "[vb_x=1]1000",
    "<vb_x=1>1000",
    "1000 &system(id) ",
    "1000/../1001",
    "1000@evil.example",
    "1000;fs_path=sip:evil",
    "^^;vb=1",
    "%0a%0aapi version",
]


@pytest.mark.parametrize("bad", INJECTIONS)
@pytest.mark.parametrize("field", ["number", "caller_number", "display_name", "call_id"])
def test_an_injection_is_refused_and_nothing_of_it_is_sent(field: str, bad: str) -> None:
    """R7.8; each of these did harm to a real server, or might."""
    rig = Rig().up()
    sent = len(rig.switch.commands)

    rig.order(place(**{field: bad}))  # type: ignore[arg-type]

    if field == "call_id" and not bad.isprintable():
        # None that a report could name.
        assert rig.reports == []
        assert any("no id of a call" in note for note in rig.notes)
    else:
        assert [type(report).__name__ for report in rig.reports] == ["RefusalReport"]
    assert sent == len(rig.switch.commands)
    assert rig.switch.dialled == []


@pytest.mark.parametrize("bad", INJECTIONS)
def test_an_injection_in_a_sound_or_an_extension_is_refused(bad: str) -> None:
    there = settings()
    if bad != "1000/../1001":
        with pytest.raises(UnfitError):
            translate.bridge(there, call_id(), bad, "x")
    with pytest.raises(UnfitError):
        translate.sound_path(there, bad)


@pytest.mark.parametrize("bad", INJECTIONS)
def test_an_injection_in_a_route_is_refused_when_the_settings_are_made(bad: str) -> None:
    if bad in {"1000@evil.example", "1000/../1001", "1000;fs_path=sip:evil"}:
        return  # an operator may write these
    with pytest.raises(SettingsError):
        Route(dial_string=f"sofia/{bad}/{{number}}")
    with pytest.raises(SettingsError):
        Route(dial_string="user/{number}", caller_number=bad)
    with pytest.raises(SettingsError):
        Route(dial_string="user/{number}", variables={"x": bad})
    with pytest.raises(SettingsError):
        Route(dial_string="user/{number}", variables={bad: "x"})
    with pytest.raises(SettingsError):
        Route(dial_string="user/{number}", account=bad)


NUMBERS = st.from_regex(r"\+?[0-9*#]{1,31}", fullmatch=True) | st.text(max_size=40)
NAMES = st.text("ABz ._-09éłЖ文'\\,{}$=", max_size=66) | st.text(max_size=70)


@given(
    number=NUMBERS,
    caller=NUMBERS,
    name=NAMES,
    routing_class=st.sampled_from([None, "trunk", "loop"]),
)
def test_whatever_is_sent_calls_that_number_alone_with_our_variables_alone(
    number: str, caller: str, name: str, routing_class: str | None
) -> None:
    """As the server itself reads the line."""
    order = place(number, caller_number=caller, display_name=name, routing_class=routing_class)
    try:
        data = encode(translate.originate(settings(), order))
    except UnfitError:
        return

    line = data.decode().partition("\n")[0].removeprefix("bgapi originate ")
    understood = read_originate(line)
    assert understood.application == "park"
    assert len(understood.legs) == 1
    assert [number] == [
        leg
        for leg in understood.legs[0].replace("@127.0.0.1:15070", "").split("/")
        if leg == number
    ]
    assert {
        "origination_uuid",
        "origination_caller_id_number",
        "origination_caller_id_name",
        "originate_timeout",
        "ignore_early_media",
        "playback_terminators",
        "accountcode",
        "execute_on_answer",
    } == understood.variables.keys()
    assert name == understood.variables["origination_caller_id_name"]
    assert understood.variables["execute_on_answer"] == "sched_hangup +645 ALLOTTED_TIMEOUT"


def test_the_line_is_the_one_that_was_measured() -> None:
    """But for its values: the very set of variables that a real server took."""
    recorded = next(
        part.data.decode()
        for part in parts("58_filter_call_direction_outbound")
        if part.data.startswith(b"bgapi")
    )
    theirs = read_originate(recorded.partition("\n")[0].removeprefix("bgapi originate "))

    data = encode(translate.originate(settings(), place()))
    ours = read_originate(data.decode().partition("\n")[0].removeprefix("bgapi originate "))

    assert {*theirs.variables} <= {*ours.variables}
    assert f"\nJob-UUID: {call_id()}\n\n".encode() in data


def test_names_of_any_script_are_shown() -> None:
    for name in ("Żółć i Łódź", "Σχολείο", "स्कूल", "Città 2", "A-b_c.d"):
        line = translate.originate(settings(), place(display_name=name)).line
        assert f"origination_caller_id_name='{name}'" in line


def test_a_route_rewrites_the_caller_number_and_adds_its_details() -> None:
    """R7.8: the outbound line's manipulation rules."""
    route = Route(
        dial_string="sofia/gateway/trunk/0{number}",
        caller_number="+39{caller_number}",
        codecs=("PCMA", "PCMU"),
        variables={"hold_music": "silence", "sip_h_X-Campaign": "a-1"},
        account="campaigns",
    )

    line = translate.originate(settings(external={None: route}), place("123")).line
    understood = read_originate(line.removeprefix("bgapi originate "))

    assert understood.legs == ("sofia/gateway/trunk/0123",)
    assert understood.variables["origination_caller_id_number"] == "+3915550001"
    assert understood.variables["absolute_codec_string"] == "PCMA,PCMU"
    assert understood.variables["hold_music"] == "silence"
    assert understood.variables["sip_h_X-Campaign"] == "a-1"
    assert understood.variables["accountcode"] == "campaigns"


def test_a_sound_without_a_kind_is_a_wav() -> None:
    there = settings(sound_path="/srv/sounds/{sound}")

    assert translate.sound_path(there, "a/b") == "/srv/sounds/a/b.wav"
    assert translate.sound_path(there, "a/b.mp3") == "/srv/sounds/a/b.mp3"


def test_an_internal_call_without_an_internal_route_is_refused() -> None:
    with pytest.raises(UnfitError):
        translate.originate(settings(internal=None), place(line=Line.INTERNAL))


# Causes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "sip", "outcome"),
    [
        ("USER_BUSY", 480, Outcome.BUSY),
        ("NO_ANSWER", 480, Outcome.NO_ANSWER),
        ("SUBSCRIBER_ABSENT", 480, Outcome.NO_ANSWER),
        ("NO_USER_RESPONSE", None, Outcome.NO_ANSWER),
        ("NORMAL_CLEARING", 486, Outcome.BUSY),
        ("NORMAL_UNSPECIFIED", 404, Outcome.INVALID_NUMBER),
        ("NORMAL_UNSPECIFIED", 499, Outcome.FAILED),
        ("INTERWORKING", 503, Outcome.CONGESTION),
        ("NORMAL_CLEARING", None, Outcome.REJECTED),
        ("UNALLOCATED_NUMBER", 503, Outcome.INVALID_NUMBER),
        ("NORMAL_CIRCUIT_CONGESTION", 503, Outcome.CONGESTION),
        ("SYSTEM_SHUTDOWN", None, Outcome.FAILED),
        ("MANAGER_REQUEST", None, Outcome.FAILED),
        ("USER_NOT_REGISTERED", None, Outcome.NO_ANSWER),
        ("A_CAUSE_OF_TOMORROW", None, Outcome.FAILED),
        ("", None, Outcome.FAILED),
    ],
)
def test_a_specific_cause_decides_and_a_vague_one_leaves_it_to_the_status(
    cause: str, sip: int | None, outcome: Outcome
) -> None:
    """R7.1: a ``Reason`` header wins over the status, even where it says less."""
    assert outcome is outcome_of(cause, sip)


def test_the_number_of_a_cause_is_what_was_told_or_that_of_its_name() -> None:
    assert q850_of("17", "USER_BUSY") == 17
    assert q850_of("", "USER_BUSY") == 17
    assert q850_of("16", "ORIGINATOR_CANCEL") == 16
    assert q850_of("", "ORIGINATOR_CANCEL") is None
    assert q850_of("0", "NONE") is None
    assert q850_of("602", "ALLOTTED_TIMEOUT") is None
    assert all(number is None or 0 < number < 128 for number, _ in CAUSES.values())


# The URL -----------------------------------------------------------------------------------


def test_a_url_holds_everything() -> None:
    there = settings_from_url(
        "freeswitch://vb%40pbx.example:p%40ss%2Fword@pbx.example:8022/"
        "?internal=user/{number}@pbx&external=sofia/gateway/trunk/{number}"
        "&external.caller=+39{caller_number}&external.gold=sofia/gateway/gold/{number}"
        "&external.gold.codecs=PCMA,PCMU&external.gold.set.hold_music=silence"
        "&external.gold.calls_max=4&sound_path=/srv/{sound}&answer_within_s=3&calls_per_s=2.5",
        service_id=SERVICE,
    )

    assert (there.host, there.port, there.user) == ("pbx.example", 8022, "vb@pbx.example")
    assert there.password == "p@ss/word"
    assert Route(dial_string="user/{number}@pbx") == there.internal
    assert there.external[None].caller_number == "+39{caller_number}"
    gold = there.external["gold"]
    assert gold.codecs == ("PCMA", "PCMU")
    assert (gold.calls_max, gold.variables) == (4, {"hold_music": "silence"})
    assert (there.answer_within_s, there.calls_per_s) == (3.0, 2.5)
    assert "p@ss" not in repr(there)


def test_the_shortest_url_has_the_socket_s_own_password() -> None:
    there = settings_from_url("freeswitch://:ClueCon@localhost", service_id=SERVICE)

    assert (there.user, there.password, there.port, there.tls) == (None, "ClueCon", 8021, False)


@pytest.mark.parametrize(
    "url",
    [
        "asterisk://u:p@host",
        "freeswitch://:p@",
        "freeswitch://@host",
        "freeswitch://:p@host:port",
        "freeswitch://:p@host?external=sofia/gateway/x",
        "freeswitch://:p@host?external.caller=1",
        "freeswitch://:p@host?nonsense=1",
        "freeswitch://:p@host?calls_per_s=many",
        "freeswitch://user:p@host",
        "freeswitch://:p%0a@host",
    ],
)
def test_a_url_that_cannot_be_taken_names_what_is_wrong(url: str) -> None:
    """R3.3, and a password is never in the message."""
    with pytest.raises(SettingsError):
        settings_from_url(url, service_id=SERVICE)
