"""Each sick telephony is found, and what the doctor says to write, written as it says, cures it.

A test breaks one thing, reads what is found, puts the advised lines at the end of the file that
they are for, runs the advised commands, and looks again.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import wave
from typing import TYPE_CHECKING

import attrs
import pytest

from campaign_drivers import Finding, Severity
from campaign_drivers.asterisk import AsteriskSettings, Route, examine

from . import servers
from .rig import connected, settings_for
from .servers import SECRET, Server, write_tone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEER = {None: Route(channel="PJSIP/{number}@peer")}
FILTERS = [
    "FullyBooted",
    "Shutdown",
    "Newchannel",
    "OriginateResponse",
    "AsyncAGI",
    "Hangup",
    "DTMFEnd",
]

_BLOCK = re.compile(r"^In (\w+\.conf)[^\n]*:\n\n((?: {4}[^\n]*\n|\n(?= {4}))+)", re.MULTILINE)
_COMMAND = re.compile(r"^ *asterisk -rx '([^']+)'$", re.MULTILINE)


def looked_at(settings: AsteriskSettings, **asked: object) -> list[Finding]:
    """Return what is not fine."""
    found = asyncio.run(examine(settings, **asked))  # type: ignore[arg-type]
    return [finding for finding in found if finding.severity is not Severity.FINE]


def paste(server: Server, advice: str) -> None:
    """Do literally what an advice says: its lines at the end of their files, and its commands."""
    blocks = _BLOCK.findall(advice)
    assert blocks, f"nothing to paste in:\n{advice}"
    for name, lines in blocks:
        written = re.sub(r"^ {4}", "", lines, flags=re.MULTILINE)
        path = server.folder / "etc" / name
        path.write_text(f"{path.read_text()}\n{written}")
    for command in _COMMAND.findall(advice):
        server.console(command)


def edit(name: str, *changes: tuple[str, str]) -> Callable[[Server], None]:
    """Return what replaces text in a file of the configuration, before the server starts."""

    def broken(server: Server) -> None:
        path = server.folder / "etc" / name
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text)

    return broken


def filters(*names: str) -> Callable[[Server], None]:
    """Return what gives the user these filters and no others."""
    before = "".join(f"eventfilter = Event: {name}\n" for name in FILTERS)
    after = "".join(f"eventfilter = {name}\n" for name in names)
    return edit("manager.conf", (before, after))


def without(*left_out: str) -> Callable[[Server], None]:
    return filters(*(f"Event: {name}" for name in FILTERS if name not in left_out))


def unloaded(*modules: str) -> Callable[[Server], None]:
    return edit("modules.conf", *((f"load={module}.so\n", "") for module in modules))


USER = "[campaign]\nsecret = "
READ = "read = system,call,agi,dtmf"
WRITE = "write = originate,call,agi"
PERMIT = "permit = 127.0.0.1/255.255.255.255"
DIALPLAN = "exten => agi,1,AGI(agi:async)"


@attrs.frozen
class Broken:
    """One thing that is broken, and what is to be found of it."""

    what: str
    by: Callable[[Server], None] = lambda _: None
    changes: dict[str, object] = attrs.field(factory=dict)
    says: str = ""


def route(channel: str) -> dict[str, object]:
    return {"internal": Route(channel=channel)}


PASTED = {
    "read without call": Broken("events", edit("manager.conf", (READ, "read = system,agi,dtmf"))),
    "read without agi": Broken("events", edit("manager.conf", (READ, "read = system,call,dtmf"))),
    "read without dtmf": Broken("digits", edit("manager.conf", (READ, "read = system,call,agi"))),
    "read without system": Broken(
        "permissions", edit("manager.conf", (READ, "read = call,agi,dtmf")), says="booted"
    ),
    "no read": Broken("events", edit("manager.conf", (READ, ""))),
    "write without agi": Broken(
        "permissions", edit("manager.conf", (WRITE, "write = originate,call"))
    ),
    "write without originate": Broken(
        "permissions", edit("manager.conf", (WRITE, "write = call,agi"))
    ),
    "write without call": Broken(
        "permissions", edit("manager.conf", (WRITE, "write = originate,agi"))
    ),
    "no filter for Hangup": Broken("events", without("Hangup"), says="Hangup"),
    "a filter against Hangup": Broken(
        "events", filters("!Event: Hangup"), says="Hangup (that a call has ended"
    ),
    "a filter that never matches": Broken(
        "events", filters(*(f"Event: {name}$" for name in FILTERS))
    ),
    "no filter for DTMFEnd": Broken("digits", without("DTMFEnd")),
    "no filter for AsyncAGI": Broken("events", without("AsyncAGI"), says="AsyncAGIExec"),
    "no filter for OriginateResponse": Broken("events", without("OriginateResponse")),
    "no filter for Newchannel": Broken("events", without("Newchannel")),
    "filters as only 22 knows them": Broken(
        "digits",
        edit(
            "manager.conf",
            ("eventfilter = Event: DTMFEnd", "eventfilter(action(exclude),name(DTMFEnd)) ="),
        ),
    ),
    "events disabled for all": Broken(
        "events",
        edit("manager.conf", ("displayconnects = no", "disabledevents = Hangup,Newchannel")),
    ),
    "log in once": Broken(
        "log-in", edit("manager.conf", (USER, f"[campaign]\nallowmultiplelogin = no\n{USER[11:]}"))
    ),
    "log in from elsewhere": Broken(
        "log-in", edit("manager.conf", (PERMIT, "permit = 192.0.2.1/255.255.255.255"))
    ),
    "manager not enabled": Broken("connection", edit("manager.conf", ("enabled = yes", ""))),
    "manager on another port": Broken(
        "connection", edit("manager.conf", ("\nport = ", "\nport = 1"))
    ),
    "manager bound elsewhere": Broken(
        "connection", edit("manager.conf", ("bindaddr = 127.0.0.1", "bindaddr = 127.0.0.9"))
    ),
    "context unknown": Broken("context", changes={"context": "forgotten"}),
    "extension unknown": Broken("context", changes={"extension": "forgotten"}),
    "context of the internal route unknown": Broken(
        "context",
        changes={"internal": Route(channel="Local/{number}@callees/n", context="forgotten")},
        says="forgotten",
    ),
    "context of an external route unknown": Broken(
        "context",
        changes={"external": {"gold": Route(channel="PJSIP/{number}@peer", context="lost")}},
        says="lost",
    ),
    "no dialplan": Broken("context", edit("extensions.conf", ("[call-campaign]", "[other]"))),
    "pbx_config not loaded": Broken("context", unloaded("pbx_config")),
    "context of a Local route unknown": Broken(
        "route internal", changes=route("Local/{number}@nowhere/n"), says="nowhere"
    ),
    "log in from where a list of addresses keeps out": Broken(
        "log-in",
        edit("manager.conf", (USER, f"[campaign]\nacl = nobody\n{USER[11:]}")),
    ),
    "an endpoint without addresses": Broken(
        "route gold",
        edit("pjsip.conf", ("[absent]\n", "[gold]\ntype=endpoint\n\n[absent]\n")),
        {"external": {"gold": Route(channel="PJSIP/{number}@gold")}},
        says="no `allow`, so no codec; no `aors`",
    ),
    "no lines that ring telephones": Broken(
        "route internal",
        edit("extensions.conf", ("exten => _[0-9*#+]!,1,ExecIf", "exten => telephones,1,ExecIf")),
        {"internal": None},
    ),
    "no context for the default route": Broken(
        "route internal",
        edit("extensions.conf", ("[call-campaign]", "[other]")),
        {"internal": None},
    ),
    "app_exec not loaded": Broken("modules", unloaded("app_exec"), {"internal": None}),
    "endpoint unknown": Broken(
        "route gold", changes={"external": {"gold": Route(channel="PJSIP/{number}@gold")}}
    ),
    "endpoint of a route with a URI unknown": Broken(
        "route gold",
        changes={"external": {"gold": Route(channel="PJSIP/gold/sip:{number}@127.0.0.1")}},
    ),
    **{
        f"{module} not loaded": Broken("modules", unloaded(module))
        for module in (
            "res_agi",
            "app_dial",
            "func_timeout",
            "bridge_simple",
            "res_timing_timerfd",
            "chan_pjsip",
            "res_rtp_asterisk",
            "func_module",
        )
    },
    "PJSIP half loaded": Broken(
        "modules", unloaded("res_pjsip_session", "res_pjsip_sdp_rtp", "chan_pjsip")
    ),
    "nothing of PJSIP loaded but its driver": Broken(
        "modules", unloaded("res_pjproject", "res_pjsip", "res_pjsip_pubsub")
    ),
    "codecs not loaded": Broken("modules", unloaded("codec_alaw", "codec_ulaw")),
    "a codec of the endpoint not loaded": Broken(
        "route external without a class", unloaded("codec_alaw"), says="codec_alaw"
    ),
    "format_wav not loaded": Broken("sounds", unloaded("format_wav")),
    "all events are sent": Broken("filters", filters()),
    "no filter for Shutdown": Broken("filters", without("Shutdown")),
}
"""Each is cured by what is pasted."""


@pytest.fixture
def broken(version: str) -> Iterator[Callable[[Callable[[Server], None]], Server]]:
    """Makes a server of this version that something was done to before it started."""
    made: list[Server] = []

    def start(by: Callable[[Server], None]) -> Server:
        server = Server(servers.RELEASES[version])
        made.append(server)
        by(server)
        server.start()
        return server

    yield start
    for server in made:
        server.stop()


def healthy(server: Server, **changes: object) -> AsteriskSettings:
    return settings_for(server, **{"external": PEER, **changes})


SOUNDS = frozenset({"prompt", "message.wav"})


@pytest.mark.parametrize("case", PASTED)
def test_what_is_broken_is_found_and_its_advice_cures_it(broken, case):
    """Issue: a test breaks, reads, pastes and looks again, on both real versions."""
    sick = PASTED[case]
    server = broken(sick.by)
    settings = healthy(server, login_within_s=2.5, **sick.changes)
    found = looked_at(settings, sounds=SOUNDS)

    assert sick.what in {finding.what for finding in found}, found
    assert sick.says in " ".join(finding.says for finding in found)
    # What hides behind it may show once it is cured: twice at most.
    for _ in range(3):
        for advice in {finding.advice: None for finding in found if finding.advice}:
            paste(server, advice)
        found = looked_at(settings, sounds=SOUNDS)
        if not found:
            break
    assert found == []


@pytest.mark.parametrize("user", ["campaign", "free"])
def test_nothing_is_found_where_nothing_is_wrong(pbx, user):
    """Least permissions, and a user who sets a filter by itself."""
    settings = healthy(pbx, user=user)

    assert looked_at(settings, sounds=SOUNDS, number="607") == []
    assert looked_at(attrs.evolve(settings, internal=healthy(pbx, internal=None).internal)) == []


def wrong(found: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in found if finding.severity is Severity.WRONG}


@pytest.fixture(scope="module")
def well(version: str) -> Iterator[Server]:
    """A server of this version where nothing is wrong."""
    server = Server(servers.RELEASES[version])
    with servers.running(server):
        yield server


def test_a_manager_that_is_filtered_in_its_own_way_is_fine(well):
    """A second user without filters is told that all events are sent, and of nothing else."""
    found = looked_at(healthy(well, user="unfiltered"), sounds=SOUNDS)

    assert [(finding.what, finding.severity) for finding in found] == [("filters", Severity.NOTE)]


def test_without_a_dialplan_what_can_be_tried_is(broken):
    """The permission that it needs, and the events of a call that fails."""
    write = f"{WRITE},system"
    deaf = f"[deaf]\nsecret = {SECRET}\nread = system,agi,dtmf\n{write}\n\n[reader]"
    server = broken(edit("manager.conf", ("[reader]", deaf)))
    without = {"without_dialplan": True, "internal": None}

    assert wrong(looked_at(healthy(server, user="free", **without))) == {}
    assert list(wrong(looked_at(healthy(server, user="campaign", **without)))) == ["permissions"]
    found = wrong(looked_at(healthy(server, user="deaf", **without)))
    assert list(found) == ["events"]
    paste(server, found["events"].advice)
    assert wrong(looked_at(healthy(server, user="deaf", **without))) == {}


def test_an_authority_that_is_not_known_is_told_with_how_its_certificate_is_had(well, tmp_path):
    settings = healthy(well, port=well.ami_tls, tls=True)
    (finding,) = looked_at(settings)
    (command,) = re.findall(r"^ {4}(python3 .*)$", finding.advice, re.MULTILINE)
    (name,) = re.findall(r"tls_ca=(\S+\.pem)", finding.advice)
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)

    assert "self-signed" in finding.says.replace("self signed", "self-signed")
    assert looked_at(attrs.evolve(settings, tls_ca=tmp_path / name)) == []


def test_a_certificate_for_another_name_is_told_with_the_names_it_is_for(well):
    settings = healthy(
        well, port=well.ami_tls, tls=True, tls_ca=well.certificate, tls_name="pbx.example"
    )
    (finding,) = looked_at(settings)
    (name,) = re.findall(r"tls_name=(\S+)", finding.advice)

    assert "pbx.example" in finding.says
    assert looked_at(attrs.evolve(settings, tls_name=name)) == []


def test_a_certificate_without_names_is_told_with_how_another_is_made(broken, tmp_path):
    """No `tls_name` helps there."""

    def nameless(server: Server) -> None:
        key, certificate = tmp_path / "key", tmp_path / "certificate"
        command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        subprocess.run(
            [*command.split(), "-keyout", str(key), "-out", str(certificate)],
            check=True,
            capture_output=True,
        )
        (server.folder / "etc/ami.pem").write_text(key.read_text() + certificate.read_text())

    server = broken(nameless)
    settings = healthy(server, port=server.ami_tls, tls=True, tls_ca=tmp_path / "certificate")
    (finding,) = looked_at(settings)
    (command,) = re.findall(r"^ {4}(openssl req .*?) && cat", finding.advice, re.MULTILINE)
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    made = (tmp_path / "manager.key").read_text() + (tmp_path / "manager.crt").read_text()
    (server.folder / "etc/ami.pem").write_text(made)
    server.kill()
    server.start()

    assert "subjectAltName" in finding.says
    assert looked_at(attrs.evolve(settings, tls_ca=tmp_path / "manager.crt")) == []


def test_a_user_who_may_ask_nothing_is_not_told_of_what_cannot_be_asked(broken):
    server = broken(edit("manager.conf", (WRITE, "write = originate,agi")))
    found = looked_at(healthy(server), sounds=SOUNDS)

    assert {finding.what for finding in found} == {"permissions"}


def test_a_file_of_authorities_that_is_not_there_is_told_as_that(well):
    settings = healthy(well, port=well.ami_tls, tls=True, tls_ca=well.folder / "none.pem")
    (finding,) = looked_at(settings)

    assert "none.pem" in finding.says
    assert "none.pem" in finding.advice


@pytest.mark.parametrize("tls", [True, False])
def test_tls_on_one_side_alone_is_told_with_what_to_write(well, tls):
    settings = healthy(well, port=well.ami if tls else well.ami_tls, tls=tls, login_within_s=1.0)
    (finding,) = looked_at(settings)
    (scheme,) = re.findall(r"Write (asterisks?)://", finding.advice)
    cured = attrs.evolve(settings, tls=scheme == "asterisks", tls_ca=well.certificate)

    assert "TLS" in finding.says
    assert looked_at(cured) == []


@pytest.mark.parametrize("changes", [{"secret": "not-this"}, {"user": "nobody"}])
def test_a_refused_log_in_is_told_and_the_secret_is_not(well, changes):
    (finding,) = looked_at(healthy(well, **changes))

    assert finding.what == "log-in"
    assert "secret = …" in finding.advice
    assert "not-this" not in finding.says + finding.advice


def test_whoever_may_log_in_only_once_is_told_so_while_a_service_is_connected(broken):
    """A service that calls leaves no log-in for the doctor."""
    server = broken(
        edit("manager.conf", (USER, f"[campaign]\nallowmultiplelogin = no\n{USER[11:]}"))
    )
    settings = healthy(server)

    async def story():
        async with connected(settings):
            return await examine(settings)

    (finding,) = asyncio.run(story())
    paste(server, finding.advice)

    assert finding.what == "log-in"
    assert "Already In Use" in finding.says
    assert looked_at(settings) == []


def test_a_technology_that_asterisk_does_not_know_is_told(well):
    settings = healthy(well, external={"gold": Route(channel="Nosuch/{number}")})
    (finding,) = looked_at(settings)

    assert finding.what == "route gold"
    assert "Nosuch" in finding.says
    assert "PJSIP/" in finding.advice


def test_a_telephone_where_nobody_is_registered_is_told(well):
    settings = healthy(well, external={"gold": Route(channel="PJSIP/absent/{number}")})

    assert list(wrong(looked_at(settings))) == ["route gold"]


@pytest.mark.parametrize(
    "channel",
    ["PJSIP/peer/sip:{number}@127.0.0.1", "pjsip/{number}@peer", "local/{number}@callees/n"],
)
@pytest.mark.parametrize("user", ["campaign", "free"])
def test_a_route_that_leads_somewhere_is_fine(well, channel, user):
    settings = healthy(well, user=user, external={None: Route(channel=channel)})

    assert looked_at(settings) == []


def test_a_route_that_rings_one_telephone_of_several_is_told_with_the_one_that_rings_all(well):
    """The doctor says it of routes that do not ring every device of an extension."""
    settings = healthy(well, internal=Route(channel="PJSIP/{number}"))
    (finding,) = looked_at(settings)
    (better,) = re.findall(r"Say (Local/\S+) instead", finding.advice)

    assert (finding.what, finding.severity) == ("route internal", Severity.NOTE)
    assert looked_at(attrs.evolve(settings, internal=Route(channel=better))) == []


def test_a_dialplan_that_answers_first_is_no_fault(broken):
    """`Answer()` before the AGI is no false alarm."""
    answered = "exten => agi,1,Answer()\n same => n,AGI(agi:async)"
    by = edit("extensions.conf", (DIALPLAN, answered))
    server = broken(by)

    assert looked_at(healthy(server), sounds=SOUNDS, number="607") == []


def test_a_missing_sound_is_told_with_the_folder_where_it_belongs(well):
    settings = healthy(well, sound_path="drills/{sound}")
    (finding,) = looked_at(settings, sounds=frozenset({"drill-at-ten"}))
    (place,) = re.findall(r"at (/\S+/drills/drill-at-ten\.wav)", finding.advice)
    path = well.root / place.lstrip("/")
    path.parent.mkdir()
    try:
        write_tone(path, 0.1)
        found = looked_at(settings, sounds=frozenset({"drill-at-ten"}))
    finally:
        path.unlink()
        path.parent.rmdir()

    assert found == []


def test_a_sound_of_length_zero_is_told_as_silence(well):
    write_tone(well.folder / "sounds/nothing.wav", 0)
    found = looked_at(healthy(well), sounds=frozenset({"nothing", "prompt"}))

    assert [finding.what for finding in found] == ["sounds"]
    assert "silence" in found[0].says
    assert str(well.inside) in found[0].advice


def test_a_sound_that_asterisk_cannot_read_is_told_with_how_it_is_made_again(well):
    with wave.open(str(well.folder / "sounds/stereo.wav"), "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(44_100)
        sound.writeframes(bytes(4_000))
    (finding,) = looked_at(healthy(well), sounds=frozenset({"stereo"}))

    assert f"sox {well.inside}/sounds/stereo.wav -r 8000 -c 1 -b 16" in finding.advice


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("603", "busy"),
        ("604", "no free line"),
        ("609", "rejected"),
        ("7001", "no such number"),
        ("7020", "no telephone is registered"),
        ("7027", "cause 27"),
        ("5555", "no extension 5555"),
        ("a;b", "a;b"),
    ],
)
def test_a_test_call_that_fails_is_told_with_its_reason(well, number, says):
    (finding,) = looked_at(healthy(well), number=number)

    assert finding.what == "test call"
    assert says in finding.says
    assert finding.advice


@pytest.mark.parametrize(("number", "says"), [("absent", "not one"), ("404", "no endpoint 404")])
def test_a_test_call_to_a_telephone_that_is_not_there_is_told_so(well, number, says):
    settings = healthy(well, internal=Route(channel="PJSIP/{number}"))

    assert says in wrong(looked_at(settings, number=number))["test call"].says


def test_fewer_calls_than_campaigns_may_place_are_told_with_how_many_may_be(broken):
    """`maxcalls`: people would answer and be cut off."""
    server = broken(edit("asterisk.conf", ("nocolor = yes", "nocolor = yes\nmaxcalls = 8")))
    settings = healthy(server)
    (finding,) = looked_at(settings)
    (fit,) = re.findall(r"calls_max=(\d+)", finding.advice)

    assert finding.what == "limits"
    assert looked_at(attrs.evolve(settings, calls_max=int(fit))) == []
    assert wrong(looked_at(attrs.evolve(settings, calls_max=int(fit) + 1)))
