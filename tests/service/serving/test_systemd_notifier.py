"""What systemd is told."""

import asyncio
import os
import socket

import pytest

from campaign_service.serving import SystemdNotifier


@pytest.fixture(params=["file", "abstract"])
def listener(request, tmp_path):
    if request.param == "file":
        name = address = str(tmp_path / "notify")
    else:
        name = f"@call-campaign-test-{os.getpid()}"
        address = "\0" + name[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(5)
        yield name, listener


def test_readiness_status_and_stop_are_told(listener):
    name, listener = listener
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": name})
    notifier.ready("leads main")
    notifier.status("two\nlines")
    notifier.stopping(within_s=30)

    told = [listener.recv(1_000).decode() for _ in range(3)]
    assert told[0] == "READY=1\nSTATUS=leads main"
    assert told[1] == "STATUS=two lines"
    assert told[2].startswith("STOPPING=1\n")
    assert "EXTEND_TIMEOUT_USEC=40000000" in told[2]


def test_status_is_told_in_any_script(listener):
    name, listener = listener
    SystemdNotifier.from_environment({"NOTIFY_SOCKET": name}).status("führt Łódź, 東京")

    assert listener.recv(1_000).decode() == "STATUS=führt Łódź, 東京"


def test_nobody_waits_for_a_systemd_that_reads_nothing(listener):
    """Its queue is full; the event loop, which tells it, has calls to see to."""
    name, listener = listener
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": name})
    for _ in range(2_000):
        notifier.status("on and on")

    assert listener.recv(1_000) == b"STATUS=on and on"


def test_more_time_is_asked_for_again_and_again_while_it_opens(listener):
    """A journal of hours is opened for longer than a start may take."""
    name, listener = listener
    listener.setblocking(False)
    notifier = SystemdNotifier.from_environment({"NOTIFY_SOCKET": name})

    async def story():
        loop = asyncio.get_running_loop()
        opening = asyncio.create_task(notifier.opening("reading", every_s=0.01))
        told = [(await loop.sock_recv(listener, 1_000)).decode() for _ in range(3)]
        opening.cancel()
        return told

    told = asyncio.run(asyncio.wait_for(story(), timeout=60))
    assert told == ["STATUS=reading\nEXTEND_TIMEOUT_USEC=120000"] * 3


def test_sign_of_life_is_given_only_once_life_is_proved(listener):
    name, listener = listener
    proofs = []

    async def story():
        third = asyncio.Event()

        async def prove():
            proofs.append(True)
            if len(proofs) == 3:
                third.set()
                await asyncio.Event().wait()

        environment = {
            "NOTIFY_SOCKET": name,
            "WATCHDOG_USEC": "30000",
            "WATCHDOG_PID": str(os.getpid()),
        }
        watching = asyncio.create_task(SystemdNotifier.from_environment(environment).watch(prove))
        await third.wait()
        # For longer than between two signs of life.
        await asyncio.sleep(0.1)
        watching.cancel()

    asyncio.run(asyncio.wait_for(story(), timeout=60))
    assert len(proofs) == 3
    listener.settimeout(0)
    assert [listener.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
    with pytest.raises(BlockingIOError):
        listener.recv(100)


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": "/nobody/there"}],
)
def test_nothing_is_missing_where_nobody_listens(environment):
    notifier = SystemdNotifier.from_environment(environment)
    notifier.ready("fine")
    asyncio.run(asyncio.wait_for(notifier.watch(lambda: asyncio.sleep(0)), timeout=60))


def test_watchdog_of_another_process_is_not_ours():
    environment = {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    assert SystemdNotifier.from_environment(environment).watchdog_s is None
