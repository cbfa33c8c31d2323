"""What any driver's examination says in the same words."""

import pytest

from campaign_drivers import Severity
from campaign_drivers._findings import clocks, is_this_machine


@pytest.mark.parametrize("apart_s", [0.0, 2.0, -2.0])
def test_clocks_that_hardly_differ_are_fine(apart_s):
    assert clocks("Asterisk", apart_s).severity is Severity.FINE


@pytest.mark.parametrize("apart_s", [61.2, -61.2])
def test_clocks_that_differ_are_told_with_by_how_much(apart_s):
    finding = clocks("Asterisk", apart_s)

    assert finding.severity is Severity.NOTE
    assert finding.says.startswith("Asterisk's clock and ours are 61 s apart")


def test_a_clock_that_is_not_told_is_no_clock_that_differs():
    assert clocks("FreeSWITCH", None).says == "FreeSWITCH does not tell its time"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.16", "::1"])
def test_a_loopback_address_is_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "pbx.example", "0.0.0.0", "2001:db8::1"])
def test_another_address_is_reached_over_the_network(host):
    assert not is_this_machine(host)
