"""The forecast: how the running campaigns will end (R8.2).

The present state is simulated on, some dozen times, with the core's own scheduler and call flow.
The callees do what callees were seen to do (:class:`Observed`). Each run draws its callees anew
from those seen, with replacement, so that the spread of the runs also tells how little is known;
where next to nothing was seen yet, what is expected of any campaign fills in.

What a forecast assumes: the driver is up and takes every call; calls in progress begin their
present step again; nobody gives a command. Retries are forecast from retries, as far as some
were seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil

import attrs

from campaign_core import (
    Call,
    CallId,
    CampaignId,
    Instant,
    Message,
    State,
    Status,
    calls,
    campaign,
    campaign_ids,
    handle_batch,
    next_wakeup,
)
from campaign_core import events as ev
from campaign_core.decisions import PlaceCall
from campaign_core.reports import (
    CallsUpReport,
    DriverDownReport,
    DriverUpReport,
    EndReport,
    Tick,
)
from campaign_drivers.simulated._behaviour import (
    Answers,
    CalleeKind,
    IsRefused,
    Population,
    WeightedBehaviour,
)
from campaign_drivers.simulated._callee_kinds import population
from campaign_drivers.simulated._chance import Chance
from campaign_drivers.simulated._checks import refuse
from campaign_drivers.simulated._exchange import Exchange
from campaign_drivers.simulated._network import Network, Sounds
from campaign_drivers.simulated._observed import Observed, Observer, SeenCall, observed

__all__ = [
    "CampaignForecast",
    "Forecast",
    "Observed",
    "Observer",
    "SeenCall",
    "Spread",
    "forecast",
    "observed",
]

_EXPECTED_WEIGHT = 10
"""As how many calls seen an expectation counts."""

_RUNS_MAX = 1_000
_OVER = frozenset({Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED})


@attrs.frozen(kw_only=True)
class Spread:
    """Three quantiles of a number that is not known yet; ``None``: not within the horizon."""

    p10: int | None
    """In one run of ten it is at most this."""
    p50: int | None
    """In one of two."""
    p90: int | None
    """In nine of ten."""


@attrs.frozen(kw_only=True)
class CampaignForecast:
    """How one campaign will end."""

    campaign_id: CampaignId
    ends_at: Spread
    """Instants."""
    reached: Spread
    """How many recipients, at the end or at the horizon."""
    completed: float
    """The share of the runs in which it is completed."""


@attrs.frozen(kw_only=True)
class Forecast:
    """How the campaigns that are not over will end."""

    ends_at: Spread
    """Instants: when the last one does."""
    campaigns: tuple[CampaignForecast, ...]
    """In the order of their creation."""
    runs: int
    """How many were played."""


@attrs.frozen(kw_only=True)
class _CampaignEnd:
    """How a campaign ended in one run."""

    at: Instant | None
    reached: int
    is_completed: bool


def forecast(  # noqa: PLR0913
    state: State,
    now: Instant,
    seen: Observed,
    *,
    expected: Population | None = None,
    runs: int = 20,
    seed: int = 0,
    horizon_s: int = 7 * 86_400,
    step_ms: int = 0,
    go_on: Callable[[], bool] = lambda: True,
) -> Forecast:
    """Return how the campaigns that are not over will end.

    Args:
        state: the present state; not changed.
        now: the time.
        seen: what is known of callees.
        expected: what is expected of callees of whom nothing is known; by default a population
            of the usual rates.
        runs: how many times the future is played, 1 to 1,000; a run costs as much as the rest of
            the campaigns costs a simulated driver.
        seed: another seed, another chance.
        horizon_s: how far the future is played, in seconds.
        step_ms: reports up to so much apart are handled together, which saves time where there
            are many calls at once, and makes each call a little longer.
        go_on: is asked at every step; when it says no, the forecast is of the runs played so far.

    Raises:
        TimeoutError: it said no before one run was played.
    """
    if not 1 <= runs <= _RUNS_MAX:
        raise refuse("runs", runs, f"a whole number 1 to {_RUNS_MAX}")
    open_ids = _open_campaigns(state, now)
    futures = []
    for number in range(runs):
        chance = Chance(f"forecast/{seed}/{number}")
        future = _SimulationRun(
            state, now, seen, expected or population(), chance, seed=seed + number
        )
        played = future.play(open_ids, Instant(now + horizon_s * 1_000), step_ms, go_on)
        if played is None:
            break
        futures.append(played)
    if not futures:
        raise TimeoutError("not one run could be played")
    return Forecast(
        ends_at=_spread([_last(future.values()) for future in futures]),
        campaigns=tuple(
            _of_campaign(campaign_id, [future[campaign_id] for future in futures])
            for campaign_id in open_ids
        ),
        runs=len(futures),
    )


def _open_campaigns(state: State, now: Instant) -> tuple[CampaignId, ...]:
    return tuple(
        campaign_id
        for campaign_id in campaign_ids(state)
        if campaign(state, campaign_id, now).status not in _OVER
    )


# The runs together ---------------------------------------------------------------------------


def _of_campaign(campaign_id: CampaignId, ends: Sequence[_CampaignEnd]) -> CampaignForecast:
    return CampaignForecast(
        campaign_id=campaign_id,
        ends_at=_spread([end.at for end in ends]),
        reached=_spread([end.reached for end in ends]),
        completed=sum(end.is_completed for end in ends) / len(ends),
    )


def _last(ends: Iterable[_CampaignEnd]) -> int | None:
    instants = [end.at for end in ends]
    known = [at for at in instants if at is not None]
    return max(known) if known and len(known) == len(instants) else None


def _spread(values: Sequence[int | None]) -> Spread:
    known = sorted(value for value in values if value is not None)

    def quantile(percent: int) -> int | None:
        rank = ceil(percent * len(values) / 100)
        return known[rank - 1] if rank <= len(known) else None

    return Spread(p10=quantile(10), p50=quantile(50), p90=quantile(90))


# Callees -------------------------------------------------------------------------------------


def _settled(seen: Sequence[SeenCall], now: Instant) -> list[SeenCall]:
    """Return the calls placed so long ago that nearly all placed then are over.

    Of those placed since, only the short ones are over: busy numbers, mostly. To count them would
    make callees seem less patient and less willing than they are, above all those called again,
    where such calls may be all there are.
    """
    if not seen:
        return []
    lasted_ms = sorted(call.ended_at - call.placed_at for call in seen)
    nearly_all_ms = lasted_ms[ceil(0.95 * len(lasted_ms)) - 1]
    return [call for call in seen if call.placed_at + nearly_all_ms <= now]


def _resampled(seen: Sequence[SeenCall], chance: Chance) -> list[WeightedBehaviour]:
    """Draw as many calls as were seen, each from all of them."""
    drawn = (seen[int(chance.unit() * len(seen))] for _ in seen)
    return [WeightedBehaviour(weight=1, behaviour=call.behaviour) for call in drawn]


def _reweighted(shares: Iterable[WeightedBehaviour], weight: float) -> list[WeightedBehaviour]:
    """Return shares in the same proportion that weigh so much together."""
    known = list(shares)
    total = sum(share.weight for share in known)
    return [attrs.evolve(share, weight=share.weight * weight / total) for share in known]


def _shares_of(people: Population) -> list[WeightedBehaviour]:
    """Return all shares of all kinds, in proportion."""
    kinds = [kind for kind in people.kinds if kind.weight > 0]
    return [share for kind in kinds for share in _reweighted(kind.calls, kind.weight)]


# One run -------------------------------------------------------------------------------------


class _SimulationRun:
    """One way in which things may go on from a state."""

    def __init__(
        self,
        state: State,
        now: Instant,
        seen: Observed,
        expected: Population,
        chance: Chance,
        *,
        seed: int,
    ) -> None:
        self._state = state
        self._now = now
        self._chance = chance
        settled = _settled(seen.calls, now)
        first = [call for call in settled if not call.is_retry]
        again = [call for call in settled if call.is_retry]
        # What is not known of retries is taken from first calls, and of those from expectation.
        expectation = _reweighted(_shares_of(expected), _EXPECTED_WEIGHT)
        first_calls = _resampled(first, chance) + expectation
        retries = _resampled(again, chance) + _reweighted(first_calls, _EXPECTED_WEIGHT)
        self._shares = {False: first_calls, True: retries}
        sounds = Sounds(durations_s=seen.sounds_s, missing=seen.missing)
        # First calls and retries are answered by different exchanges, since an exchange cannot
        # know which is which.
        self._exchanges = {
            is_retry: Exchange(
                Network(population=Population(kinds=[CalleeKind(calls=shares)]), sounds=sounds),
                seed=seed,
            )
            for is_retry, shares in self._shares.items()
        }
        self._home: dict[CallId, Exchange] = {}
        self._ends: dict[CampaignId, _CampaignEnd] = {}

    def play(
        self,
        open_ids: Sequence[CampaignId],
        until: Instant,
        step_ms: int,
        go_on: Callable[[], bool],
    ) -> dict[CampaignId, _CampaignEnd] | None:
        """Let everything go on until all campaigns are over, or all is quiet, or it is time.

        ``None``: it may not go on so far.
        """
        messages = self._take_over()
        while True:
            if not go_on():
                return None
            self._handle(messages)
            next_at = self._next_at()
            if next_at is None or next_at > until or self._ends.keys() >= set(open_ids):
                break
            self._now = max(self._now, Instant(next_at + step_ms))
            messages = [
                report
                for exchange in self._exchanges.values()
                for _, report in exchange.reports_until(self._now)
            ]
        return {campaign_id: self._end_of(campaign_id) for campaign_id in open_ids}

    def _take_over(self) -> list[Message]:
        """Bring the calls in progress into the exchanges, as after a reconnection."""
        over: list[Message] = []
        up = set()
        rings_s: dict[CampaignId, int] = {}
        for call in calls(self._state):
            call_id, campaign_id = call.placement.call_id, call.placement.campaign_id
            if campaign_id not in rings_s:
                found = campaign(self._state, campaign_id, self._now)
                rings_s[campaign_id] = found.parameters.ring_timeout_s
            if call.is_reached:
                # Nothing more can come of it.
                over.append(EndReport(call_id=call_id))
            else:
                self._adopt(call, rings_s[campaign_id])
                up.add(call_id)
        for exchange in self._exchanges.values():
            exchange.connect(self._now)
            exchange.reports_until(self._now)
        survey = CallsUpReport(frozenset(up))
        # Twice: what the first leaves open the second settles.
        return [*over, DriverDownReport(), DriverUpReport(), survey, survey, Tick()]

    def _adopt(self, call: Call, ring_timeout_s: int) -> None:
        placement = call.placement
        is_retry = placement.attempt > 1
        order = PlaceCall(
            call_id=placement.call_id,
            number=placement.number,
            line=placement.line,
            routing_class=None,
            caller_number="",
            display_name="",
            ring_timeout_s=ring_timeout_s,
            dead_man_s=max(1, (call.deadline_at - self._now) // 1_000 + 5),
        )
        plans = [share.behaviour for share in self._shares[is_retry] if share.weight > 0]
        taken = [plan for plan in plans if not isinstance(plan, IsRefused)]
        if call.is_answered:
            taken = [plan for plan in taken if isinstance(plan, Answers)]
        exchange = self._home[placement.call_id] = self._exchanges[is_retry]
        plan = taken[int(self._chance.unit() * len(taken))] if taken else Answers()
        exchange.adopt(order, plan, self._now, is_answered=call.is_answered)

    def _handle(self, messages: Sequence[Message]) -> None:
        batch = handle_batch(self._state, messages, self._now)
        self._state = batch.state
        for event in batch.events:
            if isinstance(event, ev.CallPlaced):
                self._home[event.call_id] = self._exchanges[event.is_retry]
            elif isinstance(event, ev.CampaignEnded):
                self._ends[event.campaign_id] = _CampaignEnd(
                    at=event.at,
                    reached=event.contacted,
                    is_completed=event.status is Status.COMPLETED,
                )
        for decision in batch.decisions:
            self._home[decision.call_id].carry_out(decision, self._now)
        for event in batch.events:
            if isinstance(event, ev.CallEnded | ev.CallGivenBack):
                self._home.pop(event.call_id, None)

    def _next_at(self) -> Instant | None:
        instants = [exchange.next_at() for exchange in self._exchanges.values()]
        known = [at for at in (*instants, next_wakeup(self._state, self._now)) if at is not None]
        return min(known, default=None)

    def _end_of(self, campaign_id: CampaignId) -> _CampaignEnd:
        end = self._ends.get(campaign_id)
        if end is not None:
            return end
        reached = campaign(self._state, campaign_id, self._now).contacted
        return _CampaignEnd(at=None, reached=reached, is_completed=False)
