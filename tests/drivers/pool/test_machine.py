"""A service over a pool, whatever happens to its nodes and to itself."""

from __future__ import annotations

from hypothesis import settings as profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from tests.drivers.pool.world import HOUR_MS, World

from campaign_core import (
    CallLimits,
    CallScript,
    CampaignModel,
    Line,
    Recipient,
    RetryPolicy,
    Settings,
    Status,
    campaign_ids,
    link,
    status,
)
from campaign_core.commands import AddModel, StartCampaign, StopCampaign
from campaign_drivers import Capacity
from campaign_drivers.simulated import Exchange, Network, Rates, population

FINAL = {Status.COMPLETED, Status.INCOMPLETE, Status.TERMINATED}
few = st.none() | st.integers(1, 4)
limits = st.builds(CallLimits, total=few, internal=few, external=few)
networks = st.builds(
    Network,
    population=st.sampled_from([0.9, 0.3]).map(lambda s: population(rates=Rates(answered=s))),
    capacity=st.builds(Capacity, calls_max=st.none() | st.integers(1, 5)),
)
scripts = st.builds(
    CallScript,
    confirm_answer=st.booleans(),
    confirm_listening=st.booleans(),
    call_duration_max_s=st.just(60),
)
waits_ms = st.sampled_from([0, 1, 500, 1_000, 4_000, 6_000, 20_000, 100_000])


class AServiceOverAPool(RuleBasedStateMachine):
    """Tells a story of outages, drains and restarts; the world holds itself against the laws."""

    world = None

    @initialize(
        nodes=st.lists(st.tuples(networks, st.integers(1, 5), limits, few), min_size=1, max_size=4),
        total=st.integers(1, 8),
    )
    def begin(self, nodes, total):
        exchanges = [
            (Exchange(network, seed=seed, kept_calls_max=100_000), *plan)
            for seed, (network, *plan) in enumerate(nodes)
        ]
        # Above what the nodes take, a pool defers: each second as many calls as there are too many.
        settings = Settings(call_limits=CallLimits(total=total))
        self.world = World(exchanges, settings=settings)
        self.campaigns = 0
        self.lost = set()

    def _which(self, data, among):
        return data.draw(st.sampled_from(sorted(among)))

    @property
    def _there(self):
        return set(range(len(self.world.exchanges))) - self.lost

    @precondition(lambda self: self.campaigns < 2)
    @rule(script=scripts, people=st.integers(1, 12), tries=st.integers(1, 2))
    def a_campaign_starts(self, script, people, tries):
        self.campaigns += 1
        model = CampaignModel(
            name=f"Campaign {self.campaigns}",
            caller_number="100",
            sound="message",
            attempts_max=tries,
            retry=RetryPolicy(),
            script=script,
            recipients=[
                Recipient(
                    number=f"{self.campaigns}{number:03}",
                    line=Line.INTERNAL if number % 3 else Line.EXTERNAL,
                )
                for number in range(people)
            ],
        )
        self.world.give(AddModel(model=model), StartCampaign(model_id=self.campaigns))

    @precondition(lambda self: self.campaigns)
    @rule(which=st.integers(1, 2), hang_up=st.booleans())
    def a_campaign_is_stopped(self, which, hang_up):
        if which in campaign_ids(self.world.state):
            self.world.give(StopCampaign(campaign_id=which, hang_up=hang_up))

    @rule(ms=waits_ms)
    def time_passes(self, ms):
        self.world.go_on(ms)

    @precondition(lambda self: self._there)
    @rule(data=st.data(), restarts=st.booleans(), ms=waits_ms)
    def a_node_is_lost(self, data, restarts, ms):
        which = self._which(data, self._there)
        self.lost.add(which)
        self.world.lose(which, restarts=restarts)
        self.world.go_on(ms)

    @precondition(lambda self: self.lost)
    @rule(data=st.data(), ms=waits_ms)
    def a_node_is_back(self, data, ms):
        which = self._which(data, self.lost)
        self.lost.remove(which)
        self.world.regain(which)
        self.world.go_on(ms)

    @rule(data=st.data(), is_drained=st.booleans())
    def a_node_is_drained_or_restored(self, data, is_drained):
        name = data.draw(st.sampled_from(self.world.names))
        (self.world.pool.drain if is_drained else self.world.pool.restore)(name)

    @precondition(lambda self: self._there)
    @rule(away_ms=st.sampled_from([1_000, 4_000, 30_000]))
    def the_service_restarts(self, away_ms):
        self.world.restart(away_ms=away_ms)

    @precondition(lambda self: len(self._there) > 1 and self.world.calls_up())
    @rule(data=st.data(), ms=waits_ms, away_ms=st.sampled_from([1_000, 10_000]), after_ms=waits_ms)
    def the_service_restarts_while_a_node_is_out_of_reach(self, data, ms, away_ms, after_ms):
        """Its calls may be up there; nobody can tell."""
        self.world.go_on(ms)
        which = self._which(data, self._there)
        self.lost.add(which)
        self.world.lose(which, restarts=False)
        self.world.restart(away_ms=away_ms)
        self.world.go_on(after_ms)

    @rule()
    def all_nodes_are_there_for_a_while(self):
        """R5.5: then the fate of every call is known."""
        self._heal()
        self.world.go_on(30_000)
        assert link(self.world.state).is_up
        assert self.world.adrift() == set()
        there = {call for exchange in self.world.exchanges for call in exchange.calls_up()}
        assert self.world.calls_up() <= there

    def _heal(self):
        for which in sorted(self.lost):
            self.world.regain(which)
        self.lost.clear()

    def teardown(self):
        if self.world is not None:
            try:
                self._come_to_an_end(self.world)
            finally:
                self.world.close()

    def _come_to_an_end(self, world):
        """Everything ends, and no room has leaked."""
        self._heal()
        for name in world.names:
            world.pool.restore(name)
        world.until(self._is_over, within_ms=100 * HOUR_MS)
        world.go_on(30_000)
        assert [node.calls for node in world.pool.nodes()] == [0] * len(world.names)
        assert all(node.is_up for node in world.pool.nodes())
        world.look_back()

    def _is_over(self):
        world = self.world
        return not world.calls_up() and all(
            status(world.state, which, world.clock.now()) in FINAL
            for which in campaign_ids(world.state)
        )


TestAServiceOverAPool = AServiceOverAPool.TestCase
TestAServiceOverAPool.settings = profile(max_examples=60, stateful_step_count=25)
