"""The doctor: what is wrong, and what to write where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.drivers.freeswitch.rig import settings
from tests.emulators.freeswitch.serving import Serving
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_drivers import Finding, Severity
from campaign_drivers.freeswitch import FreeSwitchSettings, Route, examine
from campaign_drivers.freeswitch._doctor import _COMMANDS
from campaign_drivers.freeswitch._session import EVENTS


def findings(
    switch: Switch,
    there: Callable[[int], FreeSwitchSettings] = lambda port: settings(port=port),
    **options: object,
) -> dict[str, Finding]:
    async def scenario() -> tuple[Finding, ...]:
        async with Serving(switch, speed=1.0) as serving:
            return await examine(there(serving.port), **options)  # type: ignore[arg-type]

    return {finding.what: finding for finding in asyncio.run(scenario())}


def of_a_user(
    events: frozenset[str] = frozenset(EVENTS), commands: frozenset[str] = frozenset(_COMMANDS)
) -> dict[str, Finding]:
    users = {"vb@pbx": ("secret", events, commands)}
    return findings(
        Switch(Config(users=users)),
        lambda port: settings(port=port, user="vb@pbx", password="secret"),
    )


@pytest.mark.parametrize("command", sorted(_COMMANDS))
def test_each_command_that_the_doctor_advises_is_asked_for(command: str) -> None:
    found = of_a_user(commands=frozenset(_COMMANDS) - {command})

    assert found["permissions"].severity is not Severity.FINE
    assert f"may not {command}" in found["permissions"].says
    assert command in found["permissions"].advice.split('"')[3].split()


@pytest.mark.parametrize("command", ["originate", "uuid_kill", "sched_hangup", "show", "fsctl"])
def test_a_command_that_calls_need_is_wrong_to_lack(command: str) -> None:
    found = of_a_user(commands=frozenset(_COMMANDS) - {command})

    assert found["permissions"].severity is Severity.WRONG


def test_what_the_doctor_advises_cures_a_user_who_may_nothing() -> None:
    advice = of_a_user(commands=frozenset({"show"}))["permissions"].advice

    values = advice.split('"')
    cured = of_a_user(frozenset(values[7].split()), frozenset(values[3].split()))

    assert cured["permissions"].severity is Severity.FINE


@pytest.mark.parametrize("missing", ["DTMF", "HEARTBEAT"])
def test_refused_events_are_told_from_a_refused_log_in(missing: str) -> None:
    """The password was right, and another would not help."""
    found = of_a_user(events=frozenset(EVENTS) - {missing})

    assert [*found] == ["events"]
    assert found["events"].severity is Severity.WRONG
    assert "log-in is taken" in found["events"].says
    assert "esl-allowed-events" in found["events"].advice
    assert "password" not in found["events"].advice


def test_a_refused_address_is_told_from_a_refused_password() -> None:
    found = findings(Switch(Config(is_acl_closed=True)))

    assert "apply-inbound-acl" in found["log-in"].advice
    assert "password" not in found["log-in"].advice


def test_a_paused_server_is_said_to_be_paused() -> None:
    switch = Switch()
    switch.is_paused = True

    found = findings(switch)

    assert found["paused"].severity is Severity.WRONG
    assert "resume" in found["paused"].advice


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"sounds_dir": "/usr/share/sounds"}, "/usr/share/sounds/absent.wav"),
        (
            {"sounds_dir": "/usr/share/sounds", "sound_prefix": "/usr/share/sounds/it/it/a"},
            "/usr/share/sounds/it/it/a/absent.wav",
        ),
        ({}, "absent.wav under FreeSWITCH's sound_prefix"),
    ],
)
def test_the_folder_of_a_relative_sound_is_named(variables: dict[str, str], folder: str) -> None:
    found = findings(
        Switch(Config(default_sound_ms=None, variables=variables)),
        lambda port: settings(port=port, sound_path="{sound}"),
        sounds=frozenset({"absent"}),
    )

    assert folder in found["sounds"].advice


@pytest.mark.parametrize(
    "dial_string", ["sofia/internal/{number}%pbx", "sofia/internal/{number}@h"]
)
def test_a_route_that_rings_one_of_several_telephones_is_told(dial_string: str) -> None:
    """R7.11: an internal number rings every device that is registered under it."""
    found = findings(
        Switch(), lambda port: settings(port=port, internal=Route(dial_string=dial_string))
    )

    assert found["route internal"].severity is Severity.NOTE
    assert "one telephone" in found["route internal"].says
    assert "user/{number}" in found["route internal"].advice


def test_a_user_who_may_not_ask_for_telephones_is_told_that_one_rings() -> None:
    found = of_a_user(commands=frozenset(_COMMANDS) - {"sofia_contact"})

    assert found["route internal"].severity is Severity.WRONG
    assert "sofia_contact" in found["route internal"].advice
