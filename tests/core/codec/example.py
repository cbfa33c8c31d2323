"""A story in which everything happens that can happen, for what is stored and read again.

``python -m tests.core.codec.example format-1.json`` prints it as data. What is stored in
``tests/core/data`` is never written anew: what came later, and a later format, get files of
their own.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

from tests.core.stories import MINUTE, NOON, SECOND, Story, listed

import campaign_core as core
from campaign_core import (
    CallingHours,
    CallLimits,
    CallRate,
    CallScript,
    Duplicates,
    FrequencyCap,
    NumberPlan,
    Outcome,
    codec,
    commands,
    decisions,
    reports,
)

__all__ = ["EVERY_KIND", "STORIES", "story_of_everything"]


class Recorded(Story):
    """A story that also keeps what was told and what was ordered."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.told: list[Any] = []
        self.orders: list[decisions.Decision] = []

    def tell(self, message: Any, after: int = 0) -> core.Transition:
        transition = super().tell(message, after)
        self.told.append(message)
        self.orders += transition.decisions
        return transition


RICH: dict[str, Any] = {
    "routing_class": "trunk_1",
    "priority": 3,
    "threshold": 4,
    "stop_at_threshold": False,
    "attempts_max": 2,
    "script": CallScript(
        confirm_answer=True,
        confirm_listening=True,
        answer_prompt="own",
        listening_prompt=None,
        opt_out_digit="7",
        transfer=core.TransferOption(digit="8", extension="800"),
    ),
    "call_limits": CallLimits(total=5, internal=4),
    "call_rate": CallRate(calls=50, per_s=10),
    "retry": core.RetryPolicy(
        delays_s={Outcome.BUSY: 30, Outcome.LOST: 5}, never_again={Outcome.INVALID_NUMBER}
    ),
    "calling_hours": [
        CallingHours(days=set(core.Weekday), opens_min=0, closes_min=1_440),
    ],
    "time_zone": "Europe/Rome",
    "order": core.Order.RETRIES_FIRST,
    "breaker": core.Breaker(calls=2, failed_percent=50),
}


def people() -> list[core.Recipient]:
    further = [core.Number(number="12"), core.Number(number="13", line=core.Line.INTERNAL)]
    return [
        core.Recipient(number="1", name="Anna", email="a@b.it", further_numbers=further),
        core.Recipient(number="2", line=core.Line.INTERNAL, time_zone="Asia/Kolkata"),
        *listed("3 4 5 6"),
    ]


@cache
def story_of_everything() -> Recorded:
    """Tell it: every command is taken, every report means something, every event happens."""
    story = Recorded(
        call_rate=CallRate(calls=100, per_s=60), frequency_cap=FrequencyCap(attempts=9, per_h=24)
    )
    # Models.
    story.model(people(), **RICH)
    story.model("9")
    story.tell(commands.CloneModel(model_id=2, name="Clone"))
    edited = core.CampaignModel(name="Edited", caller_number="+39050", sound="other")
    story.tell(commands.EditModel(model_id=3, model=edited))
    story.tell(commands.DisableModel(model_id=3))
    story.tell(commands.EnableModel(model_id=3))
    story.tell(commands.DeleteModels(model_ids=(3,)))
    story.tell(commands.AddToDoNotCall(numbers=("6", "99")))
    story.tell(commands.RemoveFromDoNotCall(numbers=("99",)))
    # The first campaign is scheduled, started now, paused and resumed.
    story.tell(
        commands.StartCampaign(
            model_id=1,
            when=commands.StartAfter(10),
            name="Evening",
            sound="evening",
            expires_at=NOON + 120 * MINUTE,
            actor="anna",
        )
    )
    story.tell(commands.StartNow(campaign_id=1), after=SECOND)
    story.tell(commands.PauseCampaign(campaign_id=1))
    story.tell(commands.ResumeCampaign(campaign_id=1))
    # Calls: confirmed, silent, wrong, opted out, transferred.
    for number in ("1", "2", "3", "4"):
        story.answer(number, after=100)
    story.dial("1", "1", after=100)
    story.played("1", after=SECOND)
    story.dial("1", "9", after=100)
    story.end("1", after=100)
    story.played("2", after=100)
    story.tick(5 * SECOND)
    story.dial("3", "7", after=100)
    story.end("3", after=100)
    story.dial("4", "8", after=100)
    # The link goes and comes back.
    story.tell(reports.DriverDownReport(returned=(story.call("5"),)), after=SECOND)
    story.tell(reports.DriverUpReport(), after=SECOND)
    story.tell(reports.CallsUpReport([story.call("2"), story.call("4")]))
    story.tell(reports.DeferralReport(call_id=story.call("5"), until=story.now + 2 * SECOND))
    story.tick(2 * SECOND)
    story.tell(reports.RefusalReport(call_id=story.call("5"), why="no route"), after=SECOND)
    story.end("4", after=SECOND)
    story.tick(11 * MINUTE)
    story.tick(MINUTE)
    # More people, more attempts, fewer attempts.
    story.tell(commands.AppendRecipients(campaign_id=1, recipients=listed("21 22")))
    story.tell(commands.StopAttempts(campaign_id=1, positions=(7,)))
    story.tell(commands.AddAttempts(campaign_id=1, positions=(7,), attempts=3))
    story.settings(
        active_campaigns_max=5,
        call_limits=CallLimits(total=9, internal=8, external=6),
        call_rate=CallRate(calls=99, per_s=60),
        frequency_cap=FrequencyCap(attempts=8, per_h=12),
        one_call_per_number=False,
    )
    # Others: started at a time, ended, deleted, stopped with a call in progress.
    at = commands.StartAt(story.now + 5 * SECOND)
    story.tell(commands.StartCampaign(model_id=2, when=at))
    story.tick(5 * SECOND)
    story.reach("9")
    story.tell(commands.DeleteCampaign(campaign_id=2))
    story.tell(commands.StartCampaign(model_id=2, recipients=listed("31 32")))
    story.tell(commands.StopCampaign(campaign_id=3, hang_up=True))
    expiring = commands.StartCampaign(model_id=2, expires_at=story.now + 3 * SECOND)
    story.tell(expiring)
    story.tick(3 * SECOND)
    story.begin(2, when=commands.StartAfter(60))
    return story


@cache
def story_of_a_part() -> Recorded:
    """Tell of what came later: a part of the telephony goes, and comes back without a call."""
    story = Recorded()
    story.start("1 2 3", attempts_max=1)
    adrift = [story.call("1"), story.call("2")]
    story.tell(reports.CallsAdriftReport(adrift), after=SECOND)
    story.tell(reports.CallsUpReport(adrift[:1], among=adrift), after=SECOND)
    story.tell(reports.CallsAdriftReport(adrift[:1]), after=SECOND)
    return story


@cache
def story_of_a_smaller_telephony() -> Recorded:
    """Tell of what came later: the telephony takes fewer calls, and then more."""
    story = Recorded()
    story.start("1 2 3", attempts_max=1)
    story.tell(reports.CapacityReport(CallLimits(total=2, external=0)), after=SECOND)
    return story


@cache
def story_of_numbers() -> Recorded:
    """Tell of what came later: a number plan, and siblings under one number."""
    story = Recorded(number_plan=NumberPlan(country_code="44"))
    story.tell(commands.AddToDoNotCall(numbers=("02079460958",)))
    siblings = listed("02079460959 +442079460958 02079460959")
    story.start(siblings, attempts_max=1, duplicates=Duplicates.EACH)
    plan = NumberPlan(
        country_code="39",
        international_prefix="001",
        trunk_prefix="0",
        trunk_prefix_stays=True,
        national_digits=10,
    )
    story.settings(number_plan=plan)
    return story


@cache
def story_of_a_clock_that_is_set() -> Recorded:
    """Tell of what came later: a calendar apart from the service's time, and a standstill."""
    story = Recorded()
    hours = (CallingHours(days=list(core.Weekday), opens_min=0, closes_min=1_440),)
    story.start(
        "1", script=CallScript(confirm_answer=True, answer_prompt=None), calling_hours=hours
    )
    story.tell(reports.AnswerReport(story.call("1")))
    story.tell(reports.ClockReport(story.now - 60 * MINUTE), after=SECOND)
    story.tell(reports.StandstillReport(), after=SECOND)
    story.begin(1, when=commands.StartAfter(60))
    return story


@cache
def story_of_another_telephony() -> Recorded:
    """Tell of what came later: after a rehearsal nobody is simulated any more."""
    story = Recorded()
    story.tell(reports.TelephonyReport("simulated"))
    story.start("1", attempts_max=1)
    story.tell(reports.TelephonyReport("asterisk"), after=SECOND)
    story.tell(reports.HoldReport([1]), after=SECOND)
    return story


STORIES = {
    "format-1.json": story_of_everything,
    "format-1-part.json": story_of_a_part,
    "format-1-capacity.json": story_of_a_smaller_telephony,
    "format-1-numbers.json": story_of_numbers,
    "format-1-clock.json": story_of_a_clock_that_is_set,
    "format-1-telephony.json": story_of_another_telephony,
}
"""By the file in ``tests/core/data`` that keeps what they write."""


def _of_everything() -> list[Any]:
    story = story_of_everything()
    found: dict[type, Any] = {}
    for one in (make() for make in STORIES.values()):
        for value in (*one.events, *one.told, *one.orders):
            found.setdefault(type(value), value)
    found.setdefault(reports.Tick, reports.Tick())
    return [*found.values(), core.calls(story.state)[0], story.state.settings]


EVERY_KIND = _of_everything()


def _main() -> None:
    story = STORIES[sys.argv[1]]()
    kinds = {type(value): value for value in [*story.told, *story.orders, reports.Tick()]}
    lists = {
        "events": story.events,
        "commands": [m for m in kinds.values() if isinstance(m, commands.Command)],
        "reports": [
            m for m in kinds.values() if isinstance(m, reports.Report | reports.HostReport)
        ],
        "decisions": [d for d in kinds.values() if isinstance(d, decisions.Decision)],
    }
    data = {name: [codec.to_data(value) for value in values] for name, values in lists.items()}
    json.dump({**data, "state": codec.to_data(story.state)}, sys.stdout, indent=1)


if __name__ == "__main__":
    _main()
