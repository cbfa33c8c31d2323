"""A fork server: has loaded the service's code, and forks a process for each of its lives.

What a life does is the same as ``campaign serve`` in a process that was started anew; only the
second in which Python reads the code is spared. Asked by lines on its standard input:

======  =======================================================================
start   forks; answers the life's process id
look    answers the status with which the life ended, or nothing while it lives
======  =======================================================================
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

from tests.kill.pausable_service import make_pausable

# Loaded when a service begins; what a life must not share is nowhere in a module.
_LOADED = (
    "campaign_drivers.asterisk",
    "campaign_drivers.freeswitch",
    "campaign_service.cli.app",
    "campaign_service.cli.serving.service_process",
    "psycopg",
)


def _live(log: str, arguments: list[str]) -> None:
    """Be the service, and end with it."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, target in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(number, target)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from campaign_service.cli import main

    make_pausable()
    status = main(arguments)
    sys.stdout.flush()
    os._exit(status)


def main(log: Path, arguments: list[str]) -> None:
    """Fork when told to."""
    for name in _LOADED:
        import_module(name)
    print("loaded", flush=True)  # noqa: T201
    child = 0
    for line in sys.stdin:
        if line == "start\n":
            child = os.fork()
            if child == 0:
                _live(str(log), arguments)
            answer = str(child)
        else:
            ended, status = os.waitpid(child, os.WNOHANG)
            answer = str(os.waitstatus_to_exitcode(status)) if ended else ""
            child = 0 if ended else child
        print(answer, flush=True)  # noqa: T201
    # Whoever asked is gone.
    if child:
        os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
