"""A rule-based state machine: an operator, a telephony and a clock play with a host."""

from __future__ import annotations

from typing import Any

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from campaign_core import commands as cm
from campaign_core import reports as rp
from campaign_core._decision.handle import Message, handle
from campaign_core._decision.queries import calls, link
from campaign_core._model.campaign_model import CampaignModel
from campaign_core._model.settings import Settings
from campaign_core._schedule.wakeup import next_wakeup
from campaign_core._state.call import Silent
from campaign_core._transition.evolve import replay
from campaign_core._values.identifiers import ModelId
from campaign_core._values.instants import Instant
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_core.testing._auditor import Auditor
from campaign_core.testing._host import CoreHost, Host
from campaign_core.testing._laws import broken_laws, wanted_by
from campaign_core.testing._messages import commands_for, reports_for
from campaign_core.testing._values import campaign_models, settings

__all__ = ["CampaignMachine"]

_BEGINNINGS = (
    1_743_289_200_000,  # an hour before the clocks of Europe are put forward, on a Saturday night
    1_749_988_800_000,  # a Sunday in June, noon
)
_AFTER_MS = st.sampled_from([0, 0, 0, 0, 1, 300, 999, 1_000, 5_000, 61_000])
_ABOUT_THE_WAKEUP_MS = st.sampled_from([0, 0, 0, -1, 1])


class CampaignMachine(RuleBasedStateMachine):
    """Drives a host by messages at random, and holds it to the laws after each.

    Subclass it and override :meth:`make_host`; add rules of your own that call :meth:`tell`, and
    :meth:`look` to look at more. It fails with the laws that were broken, and Hypothesis makes the
    story short.
    """

    host: Host
    now: Instant
    _auditor: Auditor
    _heard: int

    def make_host(self, settings: Settings, now: Instant) -> Host:
        """Return a new host whose service is opened with these settings.

        Args:
            settings: the general settings.
            now: the time.
        """
        return CoreHost(settings, now)

    def look(self) -> tuple[str, ...]:
        """Return the laws that are broken now: override it, call it, and add your own."""
        journal = self.host.journal
        heard = self._auditor.hear(journal[self._heard :])
        self._heard = len(journal)
        return (*broken_laws(self.host.state, self.now), *heard)

    def tell(self, message: Message, after_ms: int = 0) -> bool:
        """Tell the host something, so much later, and look at the laws.

        Args:
            message: a command, a report or a tick.
            after_ms: how long after the message before.

        Returns:
            Whether it was taken; only a command may be refused.
        """
        self.now = Instant(self.now + after_ms)
        note(f"+{after_ms} ms: {message!r}")
        before = self.host.state
        refusal = self._take(message)
        if refusal is not None:
            assert isinstance(message, cm.Command), f"R9.1: no report raises: {message!r}"
            assert self.host.state == before, f"R6.6: a refusal changes nothing: {refusal}"
            return False
        broken = self.look()
        assert not broken, "\n".join(broken)
        return True

    def _take(self, message: Message) -> Exception | None:
        before, heard = self.host.state, len(self.host.journal)
        try:
            orders = self.host.take(message, self.now)
        except (CommandRefusedError, SettingsError) as error:
            return error
        after = handle(before, message, self.now).state
        assert self.host.state == after, f"R9.1: the host's state is not the core's: {message!r}"
        wanted = wanted_by(self.host.journal[heard:])
        given = [(type(order), order.call_id) for order in orders]
        assert given == wanted, f"what the telephony is told is not what the events want: {given}"
        return None

    # Rules ----------------------------------------------------------------------------------

    @initialize(
        general=settings(), model=campaign_models(name="First"), began=st.sampled_from(_BEGINNINGS)
    )
    def a_service_opens_with_a_campaign(
        self, general: Settings, model: CampaignModel, began: int
    ) -> None:
        """Open the service and start its first campaign."""
        self.now = Instant(began)
        self._auditor = Auditor()
        self._heard = 0
        self.host = self.make_host(general, self.now)
        self.tell(cm.AddModel(model=model))
        self.tell(cm.StartCampaign(model_id=ModelId(1)))

    @rule(data=st.data(), after_ms=_AFTER_MS)
    def the_operator_wants_something(self, data: st.DataObject, after_ms: int) -> None:
        """Give a command."""
        self.tell(data.draw(commands_for(self.host.state)), after_ms)

    @rule(data=st.data(), after_ms=_AFTER_MS)
    def the_telephony_reports(self, data: st.DataObject, after_ms: int) -> None:
        """Report something."""
        self.tell(data.draw(reports_for(self.host.state)), after_ms)

    @precondition(lambda self: bool(calls(self.host.state)))
    @rule(data=st.data(), delays=st.lists(_AFTER_MS, min_size=2, max_size=5))
    def calls_go_on(self, data: st.DataObject, delays: list[int]) -> None:
        """Report some more: most of what happens, happens in calls."""
        for after_ms in delays:
            self.tell(data.draw(reports_for(self.host.state)), after_ms)

    @precondition(lambda self: any(isinstance(c.step, Silent) for c in calls(self.host.state)))
    @rule(times=st.integers(1, 6))
    def nobody_dials(self, times: int) -> None:
        """Let silences end: a digit that is awaited never arrives (R7.2, R7.4)."""
        for _ in range(times):
            wakeup = next_wakeup(self.host.state, self.now)
            self.tell(rp.Tick(), 0 if wakeup is None else wakeup - self.now)

    @rule(about_ms=_ABOUT_THE_WAKEUP_MS, otherwise_ms=_AFTER_MS)
    def time_passes(self, about_ms: int, otherwise_ms: int) -> None:
        """Wait for the next wake-up, or a little more or less."""
        wakeup = next_wakeup(self.host.state, self.now)
        after_ms = otherwise_ms if wakeup is None else wakeup + about_ms - self.now
        self.tell(rp.Tick(), after_ms)

    @precondition(lambda self: not link(self.host.state).is_up)
    @rule()
    def the_link_comes_back(self) -> None:
        """Connect again."""
        self.tell(rp.DriverUpReport())

    @rule()
    def the_host_restarts(self) -> None:
        """Crash, and begin again from the journal: no event is lost, and the link is down."""
        state, count = self.host.state, len(self.host.journal)
        self.host.restart()
        assert self.host.state == state, "R8.3: the same events give an equal state"
        assert len(self.host.journal) == count, "R9.3: no event is lost"
        self.tell(rp.DriverDownReport())

    @override
    def teardown(self) -> None:
        """Hold the journal against the state once more (R8.3)."""
        host: Any = getattr(self, "host", None)
        if host is not None:
            assert replay(host.journal) == host.state, "R8.3: the journal gives the state"
