"""The end of the process, which waits for what is to be kept and for no question.

A question that somebody asked may take a thread for a minute, and Python waits for every thread
before it ends. By then all is written and the database is closed: nothing is lost by leaving.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

__all__ = ["run_and_leave"]

_log = logging.getLogger("campaign_service.serve")

_THREADS = 16
"""For short questions and for all that waits for a disk; the database has connections for more."""
_PATIENCE_S = 2.0
"""So long threads that still work may go on."""


def run_and_leave(work: Coroutine[Any, Any, int], *, before: Callable[[], None]) -> int:
    """Return what an asynchronous program comes to; or end the process with it.

    Args:
        work: the program: when it ends, all that must be kept is kept. What comes of it is the
            exit status.
        before: is done before the process is ended where a thread still works then.
    """
    others = {*threading.enumerate()}
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="short")
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(threads)
        status = runner.run(work)
        threads.shutdown(wait=False, cancel_futures=True)
        if _are_left({*threading.enumerate()} - others):
            before()
            _leave(status)
    return status


def _are_left(threads: set[threading.Thread]) -> bool:
    """Return whether some of the threads still work after a while."""
    until = time.monotonic() + _PATIENCE_S
    for thread in threads:
        if not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    left = [thread.name for thread in threads if thread.is_alive() and not thread.daemon]
    if left:
        _log.info("left without an answer to: %s", ", ".join(sorted(left)))
    return bool(left)


def _leave(status: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)
