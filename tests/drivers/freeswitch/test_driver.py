"""The whole driver over sockets: its shell, its doctor, and a server in another process."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from tests.drivers.freeswitch.rig import SERVICE, call_id, place, settings
from tests.emulators.freeswitch.people import Callee, Person, Rejects
from tests.emulators.freeswitch.serving import Serving
from tests.emulators.freeswitch.switch import Config, Switch

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Instant,
    Message,
    ModelId,
    Outcome,
    Recipient,
    Settings,
    handle_batch,
    open_service,
)
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import HangUp, Play
from campaign_core.events import CallEnded
from campaign_core.reports import (
    AnswerReport,
    CallsUpReport,
    DeferralReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    PlaybackReport,
    Report,
)
from campaign_drivers import (
    Driver,
    Finding,
    LinkLostError,
    LoginRefusedError,
    MalformedMessageError,
    Missing,
    Need,
    Severity,
)
from campaign_drivers._telephony.socket_driver import monotonic_ms
from campaign_drivers.freeswitch import (
    FreeSwitchDriver,
    FreeSwitchSettings,
    Route,
    examine,
)
from campaign_drivers.freeswitch._session import EVENTS

A = call_id()
SPEED = 20.0
"""The server's time in one of ours."""


class Heard:
    """What was reported, and how to wait for more."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self._more = asyncio.Event()

    def __call__(self, report: Report) -> None:
        self.reports.append(report)
        self._more.set()

    async def until(self, is_so: Callable[[list[Report]], object], within_s: float = 8) -> None:
        async with asyncio.timeout(within_s):
            while not is_so(self.reports):
                self._more.clear()
                await self._more.wait()

    async def kind(self, *kinds: type[Report], within_s: float = 8) -> Report:
        await self.until(lambda got: any(isinstance(r, kinds) for r in got), within_s)
        return next(report for report in self.reports if isinstance(report, kinds))


@asynccontextmanager
async def started(
    switch: Switch, **changes: object
) -> AsyncIterator[tuple[Serving, FreeSwitchDriver, Heard]]:
    async with Serving(switch, speed=SPEED) as serving:
        driver = FreeSwitchDriver(settings(port=serving.port, **changes))
        heard = Heard()
        await driver.start(heard)
        try:
            yield serving, driver, heard
        finally:
            await driver.close()


def test_the_driver_is_a_driver() -> None:
    assert isinstance(FreeSwitchDriver(settings()), Driver)


def test_a_call_over_a_socket() -> None:
    async def scenario() -> list[Report]:
        async with started(Switch()) as (_, driver, heard):
            await heard.kind(CallsUpReport)
            driver.carry_out(place())
            await heard.kind(AnswerReport)
            driver.carry_out(Play(call_id=A, play=1, sound="s", stop_digits=""))
            await heard.kind(PlaybackReport)
            driver.carry_out(HangUp(A))
            await heard.kind(EndReport)
            return heard.reports

    reports = [report for report in asyncio.run(scenario()) if hasattr(report, "call_id")]
    assert [
        AnswerReport(A),
        PlaybackReport(call_id=A, play=1),
        EndReport(call_id=A, hangup_cause=16),
    ] == reports


def test_a_wrong_password_is_an_error_at_the_start() -> None:
    async def scenario() -> None:
        async with started(Switch(), password="wrong"):
            pass

    with pytest.raises(LoginRefusedError, match="refuses the password"):
        asyncio.run(scenario())


def test_nobody_listening_is_an_error_at_the_start() -> None:
    async def scenario() -> None:
        await FreeSwitchDriver(settings(port=1)).start(Heard())

    with pytest.raises(LinkLostError):
        asyncio.run(scenario())


def test_what_is_no_freeswitch_is_an_error_at_the_start() -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9\r\n\n\n")
        await writer.drain()
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            await FreeSwitchDriver(settings(port=port)).start(Heard())

    with pytest.raises((LinkLostError, MalformedMessageError), match="not an event socket"):
        asyncio.run(scenario())


def test_a_lost_connection_is_told_and_found_again() -> None:
    """R5.5."""

    async def scenario() -> list[Report]:
        async with started(Switch()) as (serving, driver, heard):
            driver.carry_out(place())
            await heard.kind(AnswerReport)
            await serving.vanish()
            await heard.kind(DriverDownReport)
            driver.carry_out(place("1000", 2))
            await heard.until(lambda got: DriverDownReport((call_id(2),)) in got)
            heard.reports.clear()
            await serving.listen()
            await heard.kind(CallsUpReport)
            return heard.reports

    assert [DriverUpReport(), CallsUpReport(frozenset({A}))] == asyncio.run(scenario())[:2]


def test_a_restarted_server_is_found_again() -> None:
    async def scenario() -> list[Report]:
        async with started(Switch()) as (serving, driver, heard):
            driver.carry_out(place())
            await heard.kind(AnswerReport)
            serving.switch.die()
            await serving.vanish()
            await heard.kind(DriverDownReport)
            heard.reports.clear()
            serving.switch.start()
            await serving.listen()
            await heard.kind(CallsUpReport)
            driver.carry_out(place("1000", 2))
            await heard.kind(AnswerReport)
            return heard.reports

    reports = asyncio.run(scenario())
    assert [DriverUpReport(), CallsUpReport(), AnswerReport(call_id(2))] == reports[:3]


def test_reports_never_come_from_within_an_order() -> None:
    """A host that is asked for calls within a report would be within itself."""

    async def scenario() -> None:
        async with started(Switch()) as (_, driver, heard):
            before = len(heard.reports)
            driver.carry_out(place(routing_class="unknown"))
            assert before == len(heard.reports)
            await heard.until(lambda got: len(got) > before)

    asyncio.run(scenario())


def test_a_deferral_is_told_in_the_time_of_day() -> None:
    async def scenario() -> DeferralReport:
        async with started(Switch(Config(sessions_per_s=1))) as (_, driver, heard):
            driver.carry_out(place("2000", 1))
            driver.carry_out(place("2000", 2))
            report = await heard.kind(DeferralReport)
            assert isinstance(report, DeferralReport)
            return report

    import time

    until = asyncio.run(scenario()).until
    assert abs(until - time.time() * 1_000) < 60_000
    assert abs(until - monotonic_ms()) > 10**9


def test_nothing_is_reported_after_close_and_orders_are_harmless() -> None:
    async def scenario() -> list[Report]:
        async with started(Switch()) as (_, driver, heard):
            driver.carry_out(place("1002"))
            await heard.kind(AnswerReport)
            await driver.close()
            heard.reports.clear()
            driver.carry_out(HangUp(A))
            await asyncio.sleep(0.2)
            return heard.reports

    assert asyncio.run(scenario()) == []


def test_a_connection_that_is_closed_is_not_told_of_as_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def scenario() -> None:
        async with started(Switch()) as (_, driver, _heard):
            await driver.close()

    asyncio.run(scenario())

    assert caplog.messages == []


def test_the_driver_tells_what_the_server_takes() -> None:
    async def scenario() -> tuple[int | None, float | None]:
        switch = Switch(Config(sessions_per_s=30, sessions_max=1_000))
        async with started(switch) as (_, driver, _heard):
            capacity = driver.capacity()
            return capacity.calls_max, capacity.calls_per_s

    assert asyncio.run(scenario()) == (1_000, 27.0)


def test_sounds_and_routes_that_are_not_there_are_known_in_advance() -> None:
    async def scenario() -> tuple[Missing, ...]:
        config = Config(sounds={"/snd/there.wav": 60_000.0}, default_sound_ms=None)
        async with started(Switch(config), internal=None) as (_, driver, heard):
            found = await driver.check(
                sounds=frozenset({"there", "absent", "../x"}),
                routing_classes=frozenset({None, "gold"}),
            )
            assert not [report for report in heard.reports if isinstance(report, AnswerReport)]
            return found

    found = {(missing.need, missing.name) for missing in asyncio.run(scenario())}
    assert {
        (Need.SOUND, "absent"),
        (Need.SOUND, "../x"),
        (Need.ROUTE, "gold"),
        (Need.INTERNAL_ROUTE, None),
    } == found


# The doctor --------------------------------------------------------------------------------


def findings(
    switch: Switch, there: Callable[[int], FreeSwitchSettings], **options: object
) -> dict[str, Finding]:
    async def scenario() -> tuple[Finding, ...]:
        async with Serving(switch, speed=1.0) as serving:
            return await examine(there(serving.port), **options)  # type: ignore[arg-type]

    return {finding.what: finding for finding in asyncio.run(scenario())}


def test_the_doctor_finds_nothing_wrong_with_a_server_that_is_right() -> None:
    def there(port: int) -> FreeSwitchSettings:
        trunk = Route(dial_string="sofia/gateway/trunk/{number}")
        return settings(port=port, external={None: trunk})

    found = findings(Switch(), there, sounds=frozenset({"s"}), number="1000")

    assert {
        "connection",
        "permissions",
        "limits",
        "route internal",
        "route external without a class",
        "digits",
        "dead man's switch",
        "sounds",
        "clock",
        "test call",
    } == found.keys()
    # The emulated server lives in another year.
    del found["clock"]
    assert {Severity.FINE} == {finding.severity for finding in found.values()}


def test_the_doctor_names_a_gateway_that_is_not_there_and_a_sound() -> None:
    found = findings(
        Switch(Config(default_sound_ms=None)),
        lambda port: settings(port=port),
        sounds=frozenset({"absent"}),
    )

    assert Severity.WRONG is found["route bad"].severity
    assert "nosuch" in found["route bad"].says
    assert Severity.WRONG is found["sounds"].severity
    assert "/snd/absent.wav" in found["sounds"].advice


def test_the_doctor_names_everybody_s_password() -> None:
    found = findings(
        Switch(Config(password="ClueCon")),
        lambda port: settings(port=port, password="ClueCon"),
    )

    assert Severity.WRONG is found["password"].severity


def test_the_doctor_names_what_a_user_may_not() -> None:
    users = {"vb@pbx": ("secret", frozenset(EVENTS), frozenset({"originate", "uuid_kill"}))}

    found = findings(
        Switch(Config(users=users)),
        lambda port: settings(port=port, user="vb@pbx", password="secret"),
    )

    assert Severity.WRONG is found["permissions"].severity
    assert "uuid_break" in found["permissions"].says
    assert "esl-allowed-api" in found["permissions"].advice


def test_the_doctor_says_what_to_do_about_a_refused_log_in_and_about_nobody() -> None:
    found = findings(Switch(), lambda port: settings(port=port, password="wrong"))
    assert [*found] == ["log-in"]
    assert "event_socket.conf.xml" in found["log-in"].advice

    found = findings(Switch(), lambda _: settings(port=1))
    assert [*found] == ["connection"]
    assert "listen-port" in found["connection"].advice


# Another process ---------------------------------------------------------------------------


def test_the_emulated_server_lives_in_a_process_of_its_own() -> None:
    async def scenario() -> Report:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.emulators.freeswitch", "--speed", str(SPEED)),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        try:
            port = int(await process.stdout.readline())
            driver = FreeSwitchDriver(settings(port=port))
            heard = Heard()
            await driver.start(heard)
            driver.carry_out(place())
            await heard.kind(AnswerReport)
            process.kill()
            await process.wait()
            down = await heard.kind(DriverDownReport)
            await driver.close()
            return down
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    assert DriverDownReport() == asyncio.run(scenario())


# A campaign --------------------------------------------------------------------------------


def test_300_recipients_are_called_over_a_socket_50_at_a_time() -> None:
    """The core's time is the server's: forty times as fast as ours."""
    speed = 40.0

    def plan(number: str) -> Callee | None:
        tries[number] += 1
        return Person() if tries[number] > int(number) % 2 else Rejects("USER_BUSY", 486)

    async def scenario() -> tuple[list[Outcome], int]:
        config = Config(plan=plan, default_sound_ms=2_000)
        async with Serving(Switch(config), speed=speed) as serving:
            driver = FreeSwitchDriver(settings(port=serving.port))
            inbox: list[Report] = []
            await driver.start(inbox.append)
            now = Instant(round(serving.now()))
            state = open_service(SERVICE, Settings(), now).state
            model = CampaignModel(
                name="School closing",
                caller_number="15550001",
                sound="message",
                script=CallScript(confirm_answer=True, confirm_listening=True),
                call_limits=CallLimits(total=50),
                recipients=[Recipient(number=str(10_000 + place)) for place in range(300)],
            )
            messages: list[Message] = [AddModel(model=model), StartCampaign(model_id=ModelId(1))]
            outcomes: list[Outcome] = []
            async with asyncio.timeout(30):
                while len(outcomes) < 450:
                    batch = handle_batch(state, messages, Instant(round(serving.now())))
                    state = batch.state
                    ended = [event for event in batch.events if isinstance(event, CallEnded)]
                    outcomes += [event.outcome for event in ended]
                    for decision in batch.decisions:
                        driver.carry_out(decision)
                    await asyncio.sleep(0.005)
                    messages = [*inbox]
                    inbox.clear()
            await driver.close()
            return outcomes, serving.switch.calls_most

    tries: Counter[str] = Counter()
    outcomes, most = asyncio.run(scenario())
    assert Counter(outcomes) == {Outcome.REACHED: 300, Outcome.BUSY: 150}
    assert most == 50


def test_a_loss_that_is_noticed_late_says_since_when_the_server_was_silent() -> None:
    """R5.5: what it was ordered since, it may carry out yet."""

    async def scenario() -> DriverDownReport:
        async with started(Switch(), answer_within_s=1.3) as (serving, driver, heard):
            serving.switch.stop()
            driver.carry_out(place())
            down = await heard.kind(DriverDownReport)
            serving.switch.go_on()
        assert isinstance(down, DriverDownReport)
        return down

    assert 1_300 <= asyncio.run(scenario()).silent_ms < 8_000
