"""The core beside a naive model of it, whatever comes, message by message.

An operator, a telephony with all its faults and a clock play their parts at random; after every
step both sides must have given the same orders, and what must always hold is looked at.
"""

from __future__ import annotations

from typing import Any

from hypothesis import note
from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import campaign_core
from campaign_core import RecipientStatus, Status, commands, events, reports

from . import worlds
from .auditor import Auditor
from .fast import FastService
from .naive import NaiveService, Taken

# When the next message comes: so long after the last one, or about the next wake-up.
SOON = st.sampled_from(
    [
        *[("after", ms) for ms in (0, 0, 0, 0, 1, 300, 300, 300, 999, 1_000, 1_001, 5_000)],
        ("after", -2_000),  # a clock that was put back (R6.13)
        ("wakeup", 0),
    ]
)
LATER = st.sampled_from(
    [
        *[("wakeup", ms) for ms in (0, 0, 0, 0, 1, -1)],
        *[("after", ms) for ms in (300, 1_000, 5_000, 5_001, 61_000, 3_600_000)],
    ]
)

CAMPAIGNS_MOST = 4
PLAYBACK_ENDS = list(reports.PlaybackEnd)

ABOUT_CAMPAIGNS = (
    commands.StartNow,
    commands.PauseCampaign,
    commands.ResumeCampaign,
    commands.StopCampaign,
    commands.DeleteCampaign,
    commands.AppendRecipients,
)
LIKELY = {
    Status.SCHEDULED: (commands.StartNow, commands.AppendRecipients),
    Status.ACTIVE: (commands.PauseCampaign, commands.AppendRecipients),
    Status.PAUSED: (commands.ResumeCampaign, commands.ResumeCampaign, commands.ResumeCampaign),
    Status.INCOMPLETE: (commands.AppendRecipients,),
    Status.TERMINATED: (commands.StopCampaign, commands.DeleteCampaign),
    Status.COMPLETED: (commands.DeleteCampaign,),
}


class Telephony(RuleBasedStateMachine):
    """The story of two campaigns that nobody tends, told to both sides."""

    @initialize(
        settings=worlds.SETTINGS,
        first=worlds.open_models("A"),
        second=worlds.open_models("B"),
        now=worlds.BEGINNINGS,
    )
    def open_with_two_campaigns(self, settings, first, second, now):
        self._open(settings, first, second, now)

    def _open(self, settings, first, second, now):
        self.now = self.began = now
        self.fast = FastService(service_id="a1b2c3d4", settings=settings, now=now)
        self.naive = NaiveService(service_id="a1b2c3d4", settings=settings, now=now)
        self.auditor = Auditor()
        self.auditor.hear(self.fast.events)
        self.calls_seen: list[str] = []
        for number, model in enumerate((first, second), 1):
            self._tell(commands.AddModel(model=model), ("after", 0))
            self._tell(commands.StartCampaign(model_id=number), ("after", 0))

    # The telephony ------------------------------------------------------------------------------

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), when=SOON)
    def a_call_goes_on(self, data, when):
        self._tell(self._likely_report(data), when)

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), steps=st.integers(1, 6))
    def a_call_goes_well(self, data, steps):
        self._go_well(data, steps)

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), steps=st.integers(1, 5), digit=st.sampled_from("3789"), when=SOON)
    def a_call_goes_well_until_a_digit(self, data, steps, digit, when):
        call_id = self._go_well(data, steps)
        self._tell(reports.DigitReport(call_id=call_id, digit=digit), when)

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), steps=st.integers(1, 5), end=st.sampled_from(PLAYBACK_ENDS), when=SOON)
    def a_call_goes_well_until_a_playback_ends(self, data, steps, end, when):
        call_id = self._go_well(data, steps)
        call = self.naive.world.calls.get(call_id)
        play = 1 if call is None else call.plays
        self._tell(reports.PlaybackReport(call_id=call_id, play=play, end=end), when)
        self._tell(reports.Tick(), ("wakeup", 0))

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), steps=st.integers(1, 5), whens=st.lists(SOON, max_size=3))
    def a_call_goes_well_until_the_link_breaks(self, data, steps, whens):
        self._go_well(data, steps)
        self._tell(reports.DriverDownReport(), ("after", 0))
        for when in whens:
            self._tell(reports.Tick(), when)
        self._tell(reports.DriverUpReport(), ("after", 0))
        self._tell(reports.CallsUpReport(tuple(self.naive.world.calls)), ("after", 0))

    @precondition(lambda self: self.naive.world.calls)
    @rule(data=st.data(), unanswered_as=worlds.UNANSWERED_AS, when=SOON)
    def every_call_ends(self, data, unanswered_as, when):
        for call_id in list(self.naive.world.calls):
            end = reports.EndReport(call_id=call_id, unanswered_as=unanswered_as)
            self._tell(end, when)

    @precondition(lambda self: self.naive.world.calls)
    @rule(count=st.integers(1, 4), when=SOON)
    def calls_find_their_sound_missing(self, count, when):
        for call_id in list(self.naive.world.calls)[:count]:
            self._tell(reports.AnswerReport(call_id), when)
            if call_id not in self.naive.world.calls:
                # What was due by then has ended it.
                continue
            play = self.naive.world.calls[call_id].plays
            missing = reports.PlaybackEnd.FAILED
            self._tell(reports.PlaybackReport(call_id=call_id, play=play, end=missing), when)
            self._tell(reports.EndReport(call_id=call_id), when)

    @rule(data=st.data(), when=SOON)
    def a_report_comes_whether_right_or_not(self, data, when):
        self._tell(self._any_report(data), when)

    @precondition(lambda self: self.naive.world.driver_up and self.naive.world.calls)
    @rule(data=st.data(), when=SOON)
    def the_link_fails(self, data, when):
        silent_ms = data.draw(st.sampled_from([0, 4_000, 12_000]))
        report = reports.DriverDownReport(returned=self._some_calls(data), silent_ms=silent_ms)
        self._tell(report, when)

    @precondition(lambda self: not self.naive.world.driver_up)
    @rule(data=st.data(), whens=st.lists(SOON, min_size=1, max_size=4))
    def the_link_comes_back(self, data, whens):
        self._tell(reports.DriverUpReport(), whens[0])
        for when in whens[1:]:
            self._tell(reports.CallsUpReport(self._some_calls(data)), when)

    @precondition(lambda self: self.naive.world.driver_up and self.naive.world.calls)
    @rule(data=st.data(), when=SOON, back=SOON)
    def a_part_of_the_telephony_fails_and_comes_back(self, data, when, back):
        """R5.5: the driver stays up; of the calls of that part some are up in the end."""
        adrift = self._some_calls(data)
        self._tell(reports.CallsAdriftReport(adrift), when)
        self._tell(reports.CallsUpReport(self._some_calls(data), among=adrift), back)

    # The clock ----------------------------------------------------------------------------------

    @rule(when=LATER)
    def time_passes(self, when):
        """R8.1: no reason against a call <=> the next pass calls this recipient."""
        now = self._at(when)
        said = {who for who in self._recipients() if self._is_called_next(*who, now)}
        heard = len(self.fast.events)
        self._tell(reports.Tick(), ("after", 0))
        happened = self.fast.events[heard:]
        if all(isinstance(event, events.CallPlaced) for event in happened):
            assert said == {(event.campaign_id, event.position) for event in happened}

    @rule(by_ms=st.sampled_from([-3_600_000, -30_000, -999, 0, 1_000, 90_000, 86_400_000]))
    def the_clock_is_set(self, by_ms):
        """R7.12: calling hours, start and expiry follow the wall clock; nothing else does."""
        shows = max(0, self.naive.world.calendar + by_ms)
        self._tell(reports.ClockReport(shows), ("after", 0))

    @rule(when=LATER)
    def host_stood_still(self, when):
        """R7.12: what nobody could hear times nobody out."""
        self._tell(reports.StandstillReport(), when)

    def _recipients(self) -> list[tuple[int, int]]:
        runs = self.naive.world.runs
        return [(run.campaign_id, who.position) for run in runs.values() for who in run.people]

    def _is_called_next(self, campaign_id: int, position: int, now: int) -> bool:
        explained = campaign_core.explain(self.fast.state, campaign_id, position, now)
        return not explained.reasons

    # What each may say --------------------------------------------------------------------------

    def _go_well(self, data, steps: int) -> str:
        call_id = data.draw(st.sampled_from(list(self.naive.world.calls)))
        for _ in range(steps):
            if call_id in self.naive.world.calls:
                self._tell(self._good_report(call_id), ("after", 100))
        return call_id

    def _good_report(self, call_id: str) -> Any:
        """Return what brings a call nearer to its good end."""
        call = self.naive.world.calls[call_id]
        match call.step:
            case "RINGING":
                return reports.AnswerReport(call_id)
            case "ANSWER_PROMPT" | "ANSWER_SILENCE":
                return reports.DigitReport(call_id=call_id, digit="1")
            case "MESSAGE":
                return reports.PlaybackReport(call_id=call_id, play=call.plays)
            case "LISTENING_PROMPT" | "LISTENING_SILENCE":
                return reports.DigitReport(call_id=call_id, digit="9")
            case _:
                return reports.EndReport(call_id=call_id)

    def _likely_report(self, data) -> Any:
        """Return what a call in its step is likely to report next."""
        call = data.draw(st.sampled_from(list(self.naive.world.calls.values())))
        end = reports.EndReport(
            call_id=call.call_id,
            unanswered_as=data.draw(worlds.UNANSWERED_AS),
            took_commands=data.draw(worlds.MOSTLY),
        )
        if call.step == "RINGING":
            return data.draw(st.sampled_from([reports.AnswerReport(call.call_id)] * 3 + [end]))
        played = reports.PlaybackReport(
            call_id=call.call_id,
            play=call.plays,
            end=data.draw(st.sampled_from([reports.PlaybackEnd.FINISHED] * 6 + PLAYBACK_ENDS)),
        )
        digit = reports.DigitReport(call_id=call.call_id, digit=data.draw(worlds.DIGITS))
        likely = {
            "MESSAGE": [played, played, played, digit, end],
            "ANSWER_PROMPT": [played, digit, digit, end],
            "LISTENING_PROMPT": [played, digit, digit, end],
            "ANSWER_SILENCE": [digit, digit, reports.Tick(), end],
            "LISTENING_SILENCE": [digit, digit, reports.Tick(), end],
        }
        return data.draw(st.sampled_from(likely.get(call.step, [end])))

    def _any_report(self, data) -> Any:
        call_id = data.draw(
            st.sampled_from(
                [*self.naive.world.calls, *self.calls_seen[-3:], "f" * 32, "a1b2c3d4", "x"]
            )
        )
        call = self.naive.world.calls.get(call_id)
        play = max(0, (call.plays if call else 0) + data.draw(st.sampled_from([0, 0, -1, 1])))
        match data.draw(st.integers(0, 7)):
            case 0:
                return reports.AnswerReport(call_id)
            case 1:
                return reports.DigitReport(call_id=call_id, digit=data.draw(worlds.DIGITS))
            case 2 | 3:
                end = data.draw(st.sampled_from(PLAYBACK_ENDS))
                return reports.PlaybackReport(call_id=call_id, play=play, end=end)
            case 4:
                outcome = data.draw(worlds.UNANSWERED_AS)
                return reports.EndReport(call_id=call_id, unanswered_as=outcome)
            case 5:
                return reports.RefusalReport(call_id=call_id, why="no such route")
            case 6:
                return self._link_report(data)
            case _:
                until = self.now + data.draw(st.sampled_from([-1_000, 0, 999, 1_001, 30_000]))
                return reports.DeferralReport(call_id=call_id, until=until)

    def _link_report(self, data) -> Any:
        match data.draw(st.integers(0, 6)):
            case 6 if data.draw(st.booleans()):
                return reports.HoldReport([1, 2, 9])
            case 6:
                return reports.TelephonyReport(data.draw(st.sampled_from(["simulated", "real"])))
            case 0:
                return reports.DriverDownReport(returned=self._some_calls(data))
            case 1:
                return reports.DriverUpReport()
            case 2:
                return reports.CallsAdriftReport(self._some_calls(data))
            case 3:
                return reports.CapacityReport(data.draw(worlds.CALL_LIMITS))
            case 4:
                among = self._some_calls(data)
                return reports.CallsUpReport(self._some_calls(data), among=among)
            case _:
                return reports.CallsUpReport(self._some_calls(data))

    def _some_calls(self, data) -> tuple[str, ...]:
        known = [*self.naive.world.calls, *self.calls_seen[-1:], "f" * 32]
        return tuple(data.draw(st.lists(st.sampled_from(known), unique=True)))

    def _campaign_command(self, data) -> Any:
        campaign_id = self._campaign_id(data)
        run = self.naive.world.runs.get(campaign_id)
        likely = [*LIKELY[run.status]] if run is not None else []
        # Now and then a command that the status does not allow (R4.7).
        kind = data.draw(st.sampled_from([*likely, *likely, *likely, *ABOUT_CAMPAIGNS]))
        if kind is commands.StopCampaign:
            hang_up = data.draw(st.booleans())
            return commands.StopCampaign(campaign_id=campaign_id, hang_up=hang_up)
        if kind is commands.AppendRecipients:
            recipients = data.draw(worlds.recipient_lists(2))
            return commands.AppendRecipients(campaign_id=campaign_id, recipients=recipients)
        return kind(campaign_id=campaign_id)

    def _recipient_command(self, data) -> Any:
        campaign_id = self._campaign_id(data)
        run = self.naive.world.runs.get(campaign_id)
        # Now and then a position that nobody has.
        known = [person.position for person in run.people] * 3 if run is not None else []
        positions = data.draw(st.lists(st.sampled_from([*known, 17]), min_size=1, max_size=2))
        if data.draw(st.integers(0, 3)) == 3:
            return commands.StopAttempts(campaign_id=campaign_id, positions=positions)
        return commands.AddAttempts(
            campaign_id=campaign_id,
            positions=data.draw(st.sampled_from([tuple(positions)] * 3 + [commands.ALL_FAILED])),
            attempts=data.draw(st.integers(1, 2)),
        )

    def _campaign_id(self, data) -> int:
        known = list(self.naive.world.runs)
        return data.draw(st.sampled_from(known * 6 + [CAMPAIGNS_MOST + 1]))

    def _start(self, data) -> Any:
        later = self.now + data.draw(st.sampled_from([-1, 0, 1, 5_000, 3_600_000]))
        return commands.StartCampaign(
            model_id=self._model_id(data),
            when=data.draw(
                st.sampled_from(
                    [
                        commands.StartImmediately(),
                        commands.StartAfter(minutes=0),
                        commands.StartAfter(minutes=1),
                        commands.StartAt(at=later),
                    ]
                )
            ),
            name=data.draw(worlds.seldom(st.just("Tonight"))),
            sound=data.draw(worlds.seldom(st.just("other-message"))),
            recipients=data.draw(worlds.seldom(worlds.recipient_lists(3))),
            expires_at=data.draw(
                worlds.seldom(st.sampled_from([later + 1, later + 65_000, later + 3_600_000]))
            ),
        )

    def _model_command(self, data) -> Any:
        model_id = self._model_id(data)
        confirmed = data.draw(st.booleans())
        match data.draw(st.integers(0, 5)):
            case 0:
                return commands.AddModel(model=data.draw(worlds.models()))
            case 1:
                model = data.draw(worlds.models())
                return commands.EditModel(model_id=model_id, model=model, confirmed=confirmed)
            case 2:
                name = data.draw(st.sampled_from("ABCD"))
                return commands.CloneModel(model_id=model_id, name=name)
            case 3:
                others = [model_id, self._model_id(data)]
                return commands.DeleteModels(model_ids=others, confirmed=confirmed)
            case 4:
                return commands.EnableModel(model_id=model_id)
            case _:
                return commands.DisableModel(model_id=model_id)

    def _model_id(self, data) -> int:
        return data.draw(st.sampled_from([*self.naive.world.models] * 4 + [9]))

    def _general_command(self, data) -> Any:
        numbers = data.draw(st.lists(st.sampled_from(worlds.NUMBERS), min_size=1, max_size=2))
        match data.draw(st.integers(0, 3)):
            case 0 | 1:
                return commands.ChangeSettings(settings=data.draw(worlds.SETTINGS))
            case 2:
                return commands.AddToDoNotCall(numbers=numbers)
            case _:
                return commands.RemoveFromDoNotCall(numbers=numbers)

    # One step -----------------------------------------------------------------------------------

    def _tell(self, message: Any, when: tuple[str, int]) -> None:
        now = self._at(when)
        note(f"{now - self.began} ms: {message!r}")
        self._compare(self.naive.take(message, now), self.fast.take(message, now))

    def _at(self, when: tuple[str, int]) -> int:
        """Set the clock, and return what it says."""
        how, ms = when
        if how == "wakeup":
            wakeup = campaign_core.next_wakeup(self.fast.state, self.now)
            self.now = max(self.now if wakeup is None else wakeup + ms, self.now)
            return self.now
        if ms < 0:
            return self.now + ms  # R6.13: a clock that was put back
        self.now += ms
        return self.now

    def _compare(self, expected: Taken, actual: Taken) -> None:
        assert [i for i, _ in expected.refusals] == [i for i, _ in actual.refusals], (
            expected.refusals,
            actual.refusals,
        )
        assert _placed(expected) == _placed(actual)
        assert expected.ranks == actual.ranks
        assert _within_calls(expected) == _within_calls(actual)
        assert sorted(expected.ended, key=str) == sorted(actual.ended, key=str)
        assert expected.something_happened == actual.something_happened
        self.calls_seen += [order[1] for order in _placed(actual)]
        self._compare_all_that_is_so()
        heard = self.fast.events[self.auditor.heard :]
        self.auditor.hear(heard)
        self._look_at_the_laws()

    def _compare_all_that_is_so(self) -> None:
        now = self.naive.world.now
        runs = self.naive.world.runs
        assert tuple(runs) == campaign_core.campaign_ids(self.fast.state)
        barred = campaign_core.do_not_call(self.fast.state)
        assert sorted(self.naive.world.do_not_call) == list(barred)
        for campaign_id, run in runs.items():
            figures = self.naive.figures(campaign_id, now)
            assert figures == self.fast.figures(campaign_id, now)
            assert self.naive.status(campaign_id, now) == self.fast.status(campaign_id, now)
            for position in range(1, len(run.people) + 1):
                expected = self.naive.summary(campaign_id, position)
                assert expected == self.fast.summary(campaign_id, position)

    # What must always hold ----------------------------------------------------------------------

    def _look_at_the_laws(self) -> None:
        state, now = self.fast.state, self.naive.world.now
        assert campaign_core.check(state) == ()
        # R6.9: a second pass places nothing; and nothing else is left to do at this moment.
        assert not campaign_core.handle(state, reports.Tick(), now).events
        self._nothing_happens_before_the_next_wakeup(now)
        self._no_settled_campaign_goes_on()

    def _nothing_happens_before_the_next_wakeup(self, now: int) -> None:
        """R6.6: the first time strictly after now at which there is something to do."""
        wakeup = campaign_core.next_wakeup(self.fast.state, now)
        assert wakeup is None or wakeup > now
        just_before = now + 10 * 86_400_000 if wakeup is None else wakeup - 1
        naive = self.naive.copied()
        taken = naive.take(reports.Tick(), just_before)
        assert not taken.something_happened, (taken, wakeup)
        sleeping = campaign_core.handle(self.fast.state, reports.Tick(), just_before)
        assert not sleeping.events
        for campaign_id in self.naive.world.runs:
            status = self.naive.status(campaign_id, just_before)
            assert status == self.naive.status(campaign_id, now), (campaign_id, wakeup)

    def _no_settled_campaign_goes_on(self) -> None:
        """R4.5: a campaign ends at the moment when everybody is settled and nobody in a call."""
        going_on = (Status.ACTIVE, Status.BLOCKED, Status.PAUSED)
        for campaign_id, run in self.naive.world.runs.items():
            statuses = [self.fast.summary(campaign_id, p.position)[0] for p in run.people]
            open_still = {RecipientStatus.IDLE, RecipientStatus.ACTIVE} & set(statuses)
            if self.fast.status(campaign_id, self.naive.world.now) in going_on:
                assert open_still

    def teardown(self):
        """R8.3: replay gives an equal state; R6: no state that was given out ever changed."""
        if not hasattr(self, "fast"):
            return
        earlier = self.fast.earlier
        for count, state in earlier[:: max(1, len(earlier) // 3)] + earlier[-1:]:
            assert campaign_core.replay(self.fast.events[:count]) == state


class Service(Telephony):
    """The same with an operator, who does whatever can be done."""

    @initialize(
        settings=worlds.SETTINGS,
        first=worlds.models("A"),
        second=worlds.models("B"),
        now=worlds.BEGINNINGS,
    )
    def open_with_two_campaigns(self, settings, first, second, now):
        self._open(settings, first, second, now)

    # The operator -------------------------------------------------------------------------------

    @rule(data=st.data(), when=SOON)
    def the_operator_tends_a_campaign(self, data, when):
        self._tell(self._campaign_command(data), when)

    @rule(data=st.data(), when=SOON)
    def the_operator_tends_recipients(self, data, when):
        self._tell(self._recipient_command(data), when)

    @precondition(lambda self: self.naive.world.runs_made < CAMPAIGNS_MOST)
    @rule(data=st.data(), when=SOON)
    def the_operator_starts_a_campaign(self, data, when):
        self._tell(self._start(data), when)

    @rule(data=st.data(), when=SOON)
    def the_operator_changes_what_is_general(self, data, when):
        kinds = [self._general_command, self._general_command, self._model_command]
        self._tell(data.draw(st.sampled_from(kinds))(data), when)

    # Together -----------------------------------------------------------------------------------

    @rule(data=st.data(), when=SOON, count=st.integers(1, 5))
    def messages_come_together(self, data, when, count):
        kinds = [self._likely_report, self._likely_report, self._any_report, self._campaign_command]
        kinds += [self._recipient_command, self._general_command]
        if self.naive.world.runs_made < CAMPAIGNS_MOST:
            kinds.append(self._start)
        if not self.naive.world.calls:
            kinds = kinds[2:]
        messages = [data.draw(st.sampled_from(kinds))(data) for _ in range(count)]
        now = self._at(when)
        note(f"{now - self.began} ms, together: {messages!r}")
        self._compare(self.naive.take_all(messages, now), self.fast.take_all(messages, now))


def _placed(taken: Taken) -> list[tuple[Any, ...]]:
    """R6: the calls, in the order in which they are placed."""
    return [order for order in taken.orders if order[0] == "place"]


def _within_calls(taken: Taken) -> dict[str, list[tuple[Any, ...]]]:
    """R7: the orders within each call, in their order; between calls there is none."""
    by_call: dict[str, list[tuple[Any, ...]]] = {}
    for order in taken.orders:
        if order[0] != "place":
            by_call.setdefault(order[1], []).append(order)
    return by_call


MANY = profile(max_examples=max(150, profile.default.max_examples))
Telephony.TestCase.settings = MANY
Service.TestCase.settings = MANY
TestTelephony = Telephony.TestCase
TestService = Service.TestCase
