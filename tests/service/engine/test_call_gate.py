"""The gate: what comes of calls that were given back while they waited at it."""

import pytest
from tests.service.engine.recording_driver import RecordingDriver

from campaign_core import CampaignModel, Line, Recipient, Settings, handle, open_service
from campaign_core.commands import AddModel, StartCampaign
from campaign_core.decisions import HangUp, PlaceCall
from campaign_service.engine.call_gate import CallGate

MODEL = CampaignModel(
    name="Test",
    caller_number="100",
    sound="message",
    recipients=[Recipient(number="200", line=Line.INTERNAL)],
)


@pytest.fixture
def call():
    """The order for a call, as the core gives it."""
    state = open_service("00000001", Settings(), 1_000).state
    state = handle(state, AddModel(model=MODEL), 1_000).state
    (order,) = handle(state, StartCampaign(model_id=1), 1_000).decisions
    assert isinstance(order, PlaceCall)
    return order


@pytest.fixture
def driver():
    return RecordingDriver()


@pytest.fixture
def gate(driver):
    return CallGate(driver)


def test_call_waits_and_its_hang_up_behind_it(gate, driver, call):
    """R9.3: a hang-up must not overtake the call that it is to end."""
    placing, ending = gate.pass_on([call]), gate.pass_on([HangUp(call.call_id)])
    assert driver.orders == []

    gate.let_through(placing)
    gate.let_through(ending)
    assert driver.orders == [call, HangUp(call.call_id)]


def test_call_that_was_given_back_never_passes_nor_does_what_is_ordered_for_it(gate, driver, call):
    """R5.5: it is hung up in vain, whether that was ordered before or after."""
    held = [gate.pass_on([call]), gate.pass_on([HangUp(call.call_id)])]
    assert gate.give_back() == (call.call_id,)
    held.append(gate.pass_on([HangUp(call.call_id)]))

    for one in held:
        gate.let_through(one)
    assert driver.orders == []


def test_call_is_given_back_once(gate, call):
    """Else the core would hear again of a call that it has forgotten."""
    gate.pass_on([call])

    assert [gate.give_back(), gate.give_back()] == [(call.call_id,), ()]


def test_call_that_has_passed_is_not_given_back(gate, call):
    gate.let_through(gate.pass_on([call]))

    assert gate.give_back() == ()


def test_gate_forgets_what_was_given_back_once_nothing_of_it_is_on_its_way(gate, driver, call):
    """A service runs for months: what it must remember must not grow."""
    gate.pass_on([call])
    gate.give_back()
    gate.forget_given_back()

    gate.pass_on([HangUp(call.call_id)])
    assert driver.orders == [HangUp(call.call_id)]
