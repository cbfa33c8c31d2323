"""Histories: states that can come about, and how they did."""

from __future__ import annotations

import attrs
from hypothesis import strategies as st

from campaign_core import commands as cm
from campaign_core import events as ev
from campaign_core._decision.handle import Message, Transition, handle, open_service
from campaign_core._schedule.wakeup import next_wakeup
from campaign_core._state.service import State
from campaign_core._values.identifiers import ModelId
from campaign_core._values.instants import Instant
from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_core.reports import Tick
from campaign_core.testing._messages import messages_for
from campaign_core.testing._values import campaign_models, settings

__all__ = ["History", "histories"]

_BEGINNING = Instant(1_749_988_800_000)
_AFTER_MS = (0, 0, 0, 1, 300, 1_000, 5_000, 61_000)


@attrs.frozen(kw_only=True)
class History:
    """How a state came about."""

    state: State
    """The state in the end."""
    now: Instant
    """The time in the end."""
    events: tuple[ev.Event, ...]
    """Every event from ``ServiceOpened`` on."""
    messages: tuple[tuple[Message, Instant], ...]
    """Every message that was taken, and when."""
    transitions: tuple[Transition, ...]
    """What came of each message."""


@st.composite
def histories(draw: st.DrawFn, *, steps: int = 12) -> History:
    """Draw a service with a campaign, and what happened to it.

    Args:
        draw: given by Hypothesis.
        steps: messages at most, beyond the start of the first campaign.
    """
    now = _BEGINNING
    opened = open_service("a1b2c3d4", draw(settings()), now)
    state, taken, transitions = opened.state, [], [opened]
    first: list[Message] = [
        cm.AddModel(model=draw(campaign_models(name="First"))),
        cm.StartCampaign(model_id=ModelId(1)),
    ]
    for step in range(draw(st.integers(2, steps + 2))):
        message = first[step] if step < len(first) else draw(messages_for(state))
        wakeup = next_wakeup(state, now)
        at = now
        if isinstance(message, Tick) and wakeup is not None:
            at = wakeup
        elif step >= len(first):
            at = Instant(now + draw(st.sampled_from(_AFTER_MS)))
        try:
            transition = handle(state, message, at)
        except (CommandRefusedError, SettingsError):
            # It changed nothing: what was due by then comes with the next message (R6.6).
            continue
        now = at
        state = transition.state
        taken.append((message, now))
        transitions.append(transition)
    return History(
        state=state,
        now=now,
        events=tuple(event for transition in transitions for event in transition.events),
        messages=tuple(taken),
        transitions=tuple(transitions),
    )
