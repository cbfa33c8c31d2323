"""The two tables, walked whole; and everything that must not reach Asterisk."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign_core import UNANSWERED, Line, Outcome
from campaign_core.errors import SettingsError
from campaign_drivers._telephony.settings import UnfitError
from campaign_drivers.asterisk import AsteriskSettings, Route, settings_from_url
from campaign_drivers.asterisk import _translate as translate
from campaign_drivers.asterisk._translate import CAUSES, REASONS, outcome_of

from .recordings import SERVICE, SETTINGS, place


def headers(action):
    return dict(action.headers)


# Causes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [None, *range(10)])
@pytest.mark.parametrize("cause", [None, *range(128), 65_535])
def test_every_end_means_something(reason, cause):
    """R7.1: the table is total, and a reason of Asterisk's own comes before a cause."""
    outcome = outcome_of(reason, cause)

    assert outcome in UNANSWERED
    assert outcome is REASONS.get(reason, CAUSES.get(cause, Outcome.FAILED))


@pytest.mark.parametrize("cause", [None, 0, 27, 31, 127, 999])
def test_a_cause_that_is_not_in_the_table_is_a_failure(cause):
    assert outcome_of(0, cause) is Outcome.FAILED


# Orders -----------------------------------------------------------------------------------


def test_a_call_is_placed_with_its_id_its_limits_and_nothing_that_blocks_or_lies():
    """R7.9: the dead man's switch on every call; early media is never an answer."""
    action = translate.originate(SETTINGS, place())

    assert action.name == "Originate"
    assert headers(action) == {
        "Channel": "Local/100@callees/n",
        "Context": "call-campaign",
        "Exten": "agi",
        "Priority": "1",
        "Async": "true",
        "ChannelId": place().call_id,
        "Timeout": "30000",
        "CallerID": '"School closing" <200>',
        "Variable": "TIMEOUT(absolute)=655",
    }


def test_without_dialplan_the_call_goes_to_the_application():
    settings = attrs.evolve(SETTINGS, without_dialplan=True)

    found = headers(translate.originate(settings, place()))

    assert found["Application"] == "AGI"
    assert found["Data"] == "agi:async"
    assert "Context" not in found


def values(action, name):
    """Return the values of the channel variables of this name."""
    given = (text for key, text in action.headers if key == "Variable")
    return [text.partition("=")[2] for text in given if text.partition("=")[0] == name]


def test_a_call_says_whose_it_is_where_another_channel_takes_its_place():
    """R7.11."""
    action = translate.originate(SETTINGS, place())

    assert values(action, translate.CALL_VARIABLE) == [place().call_id]


def test_by_default_an_extension_is_dialled_through_the_lines_of_our_context():
    """R7.11: they ring every device; without a dialplan there is no such way."""
    given = {name: getattr(SETTINGS, name) for name in ("service_id", "host", "user", "secret")}

    assert AsteriskSettings(**given).internal.channel == "Local/{number}@call-campaign/n"
    named = AsteriskSettings(**given, context="school")
    assert named.internal.channel == "Local/{number}@school/n"
    without = AsteriskSettings(**given, without_dialplan=True)
    assert without.internal.channel == "PJSIP/{number}"


@pytest.mark.parametrize(
    ("channel", "dialled"),
    [
        ("Local/{number}@ctx", "Local/100@ctx/n"),
        ("Local/{number}@ctx/n", "Local/100@ctx/n"),
        ("Local/{number}@ctx/j", "Local/100@ctx/jn"),
        ("Local/{number}@ctx/nj", "Local/100@ctx/nj"),
        ("PJSIP/{number}", "PJSIP/100"),
    ],
)
def test_a_local_channel_never_optimises_itself_away(channel, dialled):
    """R7.11: its id would go with it, as a transferred call is connected."""
    settings = attrs.evolve(SETTINGS, internal=Route(channel=channel))

    assert headers(translate.originate(settings, place()))["Channel"] == dialled
    assert translate.dial(settings, "100") == f'EXEC Dial "{dialled},60"'


@pytest.mark.parametrize(
    ("channel", "variables", "context"),
    [
        ("PJSIP/{number}", {}, ["call-campaign-forwards-nowhere"]),
        ("PJSIP/{number}@trunk", {"FORWARD_CONTEXT": "abc"}, ['"abc"']),
        ("PJSIP/{number}", {"__FORWARD_CONTEXT": "abc"}, []),
        ("Local/{number}@ctx/n", {}, []),
    ],
)
def test_what_a_telephone_forwards_leads_nowhere_unless_a_dialplan_follows(
    channel, variables, context
):
    """R7.11: the channel that Asterisk would make for it has no id of ours and no switch."""
    settings = attrs.evolve(SETTINGS, internal=Route(channel=channel, variables=variables))

    assert values(translate.originate(settings, place()), "FORWARD_CONTEXT") == context


@pytest.mark.parametrize(
    ("channel", "variables", "command"),
    [
        ("PJSIP/{number}", {}, 'SET VARIABLE FORWARD_CONTEXT ""'),
        ("PJSIP/{number}", {"FORWARD_CONTEXT": "abc"}, 'SET VARIABLE FORWARD_CONTEXT "abc"'),
        ("Local/{number}@ctx/n", {}, None),
    ],
)
def test_whom_a_call_is_transferred_to_may_forward_it(channel, variables, command):
    """R7.7: what the recipient's telephone may not do, since nothing would follow it."""
    internal = Route(channel=channel, variables=variables)

    assert translate.let_forward(attrs.evolve(SETTINGS, internal=internal)) == command


@pytest.mark.parametrize(
    ("requested", "told", "cause"),
    [(127, 0, 23), (127, None, 23), (23, 23, 23), (127, 127, 127), (None, 0, None), (17, 17, 17)],
)
def test_a_telephone_that_forwards_is_told_alike_on_both_versions(requested, told, cause):
    assert translate.cause_of(requested, told) == cause


def test_a_route_adds_what_it_says():
    route = Route(
        channel="PJSIP/{number}@gold",
        caller_number="+39{caller_number}",
        context="elsewhere",
        variables={"CDR_TAG": 'a,b"c'},
        codecs=("alaw", "ulaw"),
        account="camp7",
    )
    settings = attrs.evolve(SETTINGS, external={"gold": route})

    action = translate.originate(settings, place(line=Line.EXTERNAL, routing_class="gold"))

    assert ("Channel", "PJSIP/100@gold") in action.headers
    assert ("Context", "elsewhere") in action.headers
    assert ("CallerID", '"School closing" <+39200>') in action.headers
    assert ("Variable", 'CDR_TAG="a,b\\"c"') in action.headers
    assert ("Codecs", "alaw,ulaw") in action.headers
    assert ("Account", "camp7") in action.headers


@pytest.mark.parametrize("routing_class", ["gold", "silver"])
def test_a_class_without_a_route_is_refused(routing_class):
    """R7.8: no check in advance; such a call simply fails."""
    with pytest.raises(UnfitError, match=routing_class):
        translate.originate(SETTINGS, place(line=Line.EXTERNAL, routing_class=routing_class))


def test_internal_calls_have_one_route_whatever_their_class():
    action = translate.originate(SETTINGS, place(line=Line.INTERNAL, routing_class="gold"))

    assert headers(action)["Channel"] == "Local/100@callees/n"


INJECTIONS = [
    "sip:x@198.51.100.1:5060",
    "100@other",
    "100/n",
    "100;x=y",
    "100&PJSIP/200",
    "100\r\nVariable: INJ=yes",
    "100\nAction: Ping",
    "100\x00",
    "100 ",
    "${SHELL(id)}",
    "100,1",
    '100"',
    "",
    "1" * 33,
    "١٢٣",
]


@pytest.mark.parametrize("value", INJECTIONS)
@pytest.mark.parametrize("field", ["number", "caller_number"])
def test_a_number_that_is_none_never_reaches_asterisk(field, value):
    with pytest.raises(UnfitError):
        translate.originate(SETTINGS, place(**{field: value}))


@pytest.mark.parametrize("value", ['x" <666>', "a\r\nVariable: INJ=yes", "a\\", "<1>", "a" * 65])
def test_a_display_name_cannot_leave_its_quotes(value):
    with pytest.raises(UnfitError):
        translate.originate(SETTINGS, place(display_name=value))


@pytest.mark.parametrize("value", ["Scuola chiusa", "学校", "école_1-2", ""])
def test_names_of_any_script_are_shown(value):
    """R3.2: letters of any script."""
    action = translate.originate(SETTINGS, place(display_name=value))

    assert headers(action)["CallerID"] == f'"{value}" <200>'


@given(st.text(max_size=40))
def test_whatever_the_number_it_is_one_or_it_is_refused(number):
    try:
        channel = headers(translate.originate(SETTINGS, place(number=number)))["Channel"]
    except UnfitError:
        return

    assert set(number) <= set("+0123456789*#")
    assert channel == f"Local/{number}@callees/n"


# Sounds and AGI commands ------------------------------------------------------------------


@pytest.mark.parametrize(
    "sound",
    ['x" "9', "x\nHANGUP", "../../etc/passwd", "a b", "x&y", "${X}", "", "http://x", "x" * 500],
)
def test_a_sound_that_is_none_never_reaches_a_command(sound):
    with pytest.raises(UnfitError):
        translate.sound_name(SETTINGS, sound)


@pytest.mark.parametrize(
    ("sound", "name"),
    [
        ("closing", "/srv/sounds/closing"),
        ("2026/closing.wav", "/srv/sounds/2026/closing"),
        ("closing.v2", "/srv/sounds/closing.v2"),
        ("a.wav.gsm", "/srv/sounds/a.wav"),
    ],
)
def test_asterisk_is_given_the_path_without_the_kind_of_file(sound, name):
    settings = attrs.evolve(SETTINGS, sound_path="/srv/sounds/{sound}")

    assert translate.sound_name(settings, sound) == name


@pytest.mark.parametrize("digits", ['1"', "1 2", "D", "x", "1\n"])
def test_stop_digits_are_digits(digits):
    with pytest.raises(UnfitError):
        translate.stream_file("prompt", digits)


def test_every_playback_can_be_stopped_by_us():
    assert translate.stream_file("prompt", "19") == 'STREAM FILE "prompt" "19D"'
    assert translate.stream_file("prompt", "") == 'STREAM FILE "prompt" "D"'
    assert translate.stream_file("prompt", "", 800) == 'STREAM FILE "prompt" "D" 800'


@pytest.mark.parametrize("extension", INJECTIONS)
def test_a_transfer_goes_to_an_extension_alone(extension):
    with pytest.raises(UnfitError):
        translate.dial(SETTINGS, extension)


def test_a_transfer_goes_by_the_internal_route():
    assert translate.dial(SETTINGS, "300") == 'EXEC Dial "Local/300@callees/n,60"'


# Settings ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "channel",
    ["PJSIP/100", "{number}", "PJSIP/{number}&PJSIP/1", "PJSIP/{number} x", "P/{number}\r\nX: y",
     "PJSIP/{number}{number}", "PJSIP/{caller}", "PJSIP/{number},30"],
)  # fmt: skip
def test_a_dial_string_holds_the_number_once_and_no_tricks(channel):
    with pytest.raises(SettingsError) as refused:
        Route(channel=channel)

    assert refused.value.field == "channel"


@pytest.mark.parametrize("name", ["CALLERID(num)", "A=B", "1A", "A,B", "", "TIMEOUT(absolute)"])
def test_a_variable_is_a_name_and_no_function(name):
    """A function would be written through."""
    with pytest.raises(SettingsError):
        Route(channel="PJSIP/{number}", variables={name: "1"})


@pytest.mark.parametrize(
    "caller", ["{caller_number}{caller_number}", "{x}", "{caller_number.__class__}", "a", "{0}"]
)
def test_a_caller_template_holds_digits_and_the_number(caller):
    with pytest.raises(SettingsError):
        Route(channel="PJSIP/{number}", caller_number=caller)


def test_the_secret_is_never_shown():
    settings = attrs.evolve(SETTINGS, secret="hush-hush")

    assert "hush-hush" not in repr(settings)
    with pytest.raises(SettingsError) as refused:
        attrs.evolve(SETTINGS, secret="hush\nhush")
    assert "hush" not in str(refused.value)


def test_a_url_says_it_all():
    settings = settings_from_url(
        "asterisks://camp:s%40cret@pbx.example:5040/?internal=PJSIP/{number}"
        "&external=PJSIP/{number}@trunk&external.caller=%2B39{caller_number}"
        "&external.gold=PJSIP/{number}@gold&external.gold.codecs=alaw,ulaw"
        "&external.gold.set.TAG=x&sound_path=/srv/{sound}&tls_ca=/etc/ca.pem"
        "&ping_every_s=5&without_dialplan=yes&context=here",
        service_id=SERVICE,
    )

    assert settings == AsteriskSettings(
        service_id=SERVICE,
        host="pbx.example",
        port=5040,
        user="camp",
        secret="s@cret",
        tls=True,
        tls_ca=settings.tls_ca,
        internal=Route(channel="PJSIP/{number}"),
        external={
            None: Route(channel="PJSIP/{number}@trunk", caller_number="+39{caller_number}"),
            "gold": Route(
                channel="PJSIP/{number}@gold", codecs=("alaw", "ulaw"), variables={"TAG": "x"}
            ),
        },
        sound_path="/srv/{sound}",
        ping_every_s=5.0,
        without_dialplan=True,
        context="here",
    )
    assert str(settings.tls_ca) == "/etc/ca.pem"


def test_a_plain_url_has_the_ports_of_asterisk():
    def port(scheme):
        return settings_from_url(f"{scheme}://u:s@h", service_id=SERVICE).port

    assert (port("asterisk"), port("asterisks")) == (5038, 5039)


@pytest.mark.parametrize(
    "url",
    ["http://u:s@h", "asterisk://", "asterisk://u:s@h:x", "asterisk://u:s@h:99999",
     "asterisk://:s@h", "asterisk://u@h", "asterisk://u:s@h?nonsense=1",
     "asterisk://u:s@h?ping_every_s=soon", "asterisk://u:s@h?without_dialplan=maybe",
     "asterisk://u:s@h?external.gold.codecs=alaw", "asterisk://u:s@h?external.a%20b=PJSIP/{number}",
     "asterisk://u:s@h?sound_path=/x", "asterisk://u:s@h?ping_every_s=0"],
)  # fmt: skip
def test_a_url_that_cannot_be_taken_is_refused_without_its_secret(url):
    with pytest.raises(SettingsError) as refused:
        settings_from_url(url.replace(":s@", ":hush@"), service_id=SERVICE)

    assert "hush" not in str(refused.value)
