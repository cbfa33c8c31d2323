"""A process of the service, from its first line to its last: what begins when, what ends when.

::

    sockets        open already: a port that is in use is told before anything is done
    database       opened, brought up to date; the first user made where there is none
    host           recovers what was, leads or follows every tenant
    HTTP           answers; systemd hears READY=1
    ... until a signal ...
    host           no new calls; calls in progress end, or are left to who comes next
    HTTP           answers until then, so that one can watch; then closes

Whatever fails on the way takes back what was begun, last things first.

A question that somebody asked may take a thread for a minute, and Python waits for every thread
before it ends. By then all is written and the database is closed: nothing is lost by leaving.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from campaign_core import SIMULATED
from campaign_drivers.clock import present
from campaign_service.access import LocalAuthenticator
from campaign_service.access.passwords import OneTimePassword, Passwords
from campaign_service.access.users import ensure_administrator
from campaign_service.api import ApiSettings, make_app
from campaign_service.cli.serving.connection_limiter import connections_max
from campaign_service.cli.serving.listening import public_url, shown_urls
from campaign_service.cli.serving.web_server import WebServer
from campaign_service.cli.statuses import ExitStatus
from campaign_service.config.service_settings import ServiceSettings
from campaign_service.engine import telephony_of
from campaign_service.serving import ServiceHost, ServiceHostSettings, SystemdNotifier
from campaign_service.serving.first_completed import completes_before
from campaign_service.sounds import PromptPlacement, place

__all__ = ["ServiceProcess", "run_and_leave"]

_log = logging.getLogger("campaign_service.serve")

_MIB = 1 << 20
_THREADS = 16
"""For short questions and for all that waits for a disk; the database has connections for more."""
_PATIENCE_S = 2.0
"""So long threads that still work may go on."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PASSWORD_FILE = "first-password"  # noqa: S105 -- the name of a file


class ServiceProcess:
    """One run of ``campaign serve``.

    Args:
        say: tells the terminal, and nobody who keeps what is told.
    """

    def __init__(
        self, settings: ServiceSettings, sockets: list[socket.socket], *, say: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._sockets = sockets
        self._say = say
        self._notifier = SystemdNotifier.from_environment()
        self._is_tls = settings.tls_certificate is not None
        self._passwords = Passwords()
        self._asked = 0
        """How many signals came."""
        self._stop_asked = asyncio.Event()
        self._haste_asked = asyncio.Event()

    async def run(self) -> int:
        """Serve until a signal comes; the exit status."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._take_signal)
        self._place_prompts()
        host = self._host()
        try:
            if not await self._started(host):
                return ExitStatus.COMPLETED
            made = await asyncio.to_thread(
                ensure_administrator, host.database, self._passwords, now=present()
            )
            if made is not None:
                self._tell_password(made)
            return await self._serve(host)
        finally:
            await host.stop(at_once=True)
            _log.info("stopped")

    # Begin -----------------------------------------------------------------------------------

    def _place_prompts(self) -> None:
        """R2.5: put the prompts that we ship where the telephony plays from."""
        folder = self._settings.sounds_dir
        if folder is None:
            return
        try:
            placed = place(folder, self._settings.language)
        except OSError as error:
            _log.warning("prompts are not put into %s: %s", folder, error.strerror or error)
            return
        for path, became in placed.items():
            if became is not PromptPlacement.UNCHANGED:
                _log.info("prompt %s: %s", path, became.value)

    def _host(self) -> ServiceHost:
        settings = self._settings
        for tenant in settings.tenants:
            if telephony_of(tenant.driver) == SIMULATED:
                _log.warning(
                    "tenant %s: SIMULATED, NOBODY IS REALLY CALLED; --driver names a telephony",
                    tenant.name,
                )
        return ServiceHost(
            ServiceHostSettings(
                database=settings.db,
                tenants={tenant.name: tenant.driver for tenant in settings.tenants},
                url=settings.public_url or public_url(self._sockets, is_tls=self._is_tls),
                drain_s=settings.drain_s,
                snapshot_events=settings.snapshot_events,
                other_telephony=settings.other_telephony,
                hold=settings.hold,
                restored=settings.restored,
                marks_dir=settings.marks_dir or _state_folder(),
            )
        )

    async def _started(self, host: ServiceHost) -> bool:
        """Return whether all of it is open; not, where it was stopped before."""
        opening = asyncio.create_task(self._notifier.opening("opening the database"))
        try:
            return await completes_before(self._stop_asked, host.start())
        finally:
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)

    def _tell_password(self, made: OneTimePassword) -> None:
        until = f"{datetime.fromtimestamp(made.expires_at / 1_000, UTC):%Y-%m-%d %H:%M} UTC"
        if sys.stdout.isatty():
            self._say(f"First start: user {made.name}, password for one log-in until {until}:")
            self._say(f"\n    {made.text}\n")
            return
        # What no terminal shows is kept: in a file, a journal, the logs of a container.
        path = Path(_PASSWORD_FILE).absolute()
        try:
            _write_for_us_alone(path, f"{made.text}\n")
        except OSError as error:
            advice = f"campaign user password {made.name} makes another"
            _log.warning("first start: %s cannot be written, %s; %s", path, error.strerror, advice)
            return
        _log.warning(
            "first start: the password of %s for one log-in, good until %s, is in %s",
            *(made.name, until, path),
        )

    def _web(self, host: ServiceHost) -> WebServer:
        settings = self._settings
        app = make_app(
            host,
            LocalAuthenticator(host.database),
            settings=ApiSettings(
                list_body_max=settings.body_max_mib * _MIB,
                # Whoever listens to events keeps a connection: nobody may have all of them.
                requests_each_max=max(1, connections_max() // 2),
                open_metrics=settings.open_metrics,
                public_url=settings.public_url,
            ),
            passwords=self._passwords,
        )
        return WebServer(app, settings, self._sockets)

    # Serve, and end --------------------------------------------------------------------------

    async def _serve(self, host: ServiceHost) -> ExitStatus:
        """Answer until it is to end and all has ended that was to end."""
        web = self._web(host)
        await web.start()
        where = " and ".join(shown_urls(self._sockets, is_tls=self._is_tls))
        _log.info("listening on %s, database %s", where, host.database.shown)
        self._notifier.ready(f"listening on {where}")

        async def prove() -> None:
            await host.prove_alive()
            self._notifier.status(host.status())

        watching = asyncio.create_task(self._notifier.watch(prove))
        try:
            # Without HTTP nobody can command it: then it is better started anew.
            has_failed = await completes_before(self._stop_asked, web.wait())
            await self._drain(host)
        finally:
            watching.cancel()
            await web.stop()
            await asyncio.gather(watching, return_exceptions=True)
        return ExitStatus.FAILED if has_failed else ExitStatus.COMPLETED

    async def _drain(self, host: ServiceHost) -> None:
        """Let calls in progress end, which HTTP goes on to tell of, until a second signal."""
        stopping = asyncio.create_task(host.stop())
        if not await completes_before(self._haste_asked, asyncio.shield(stopping)):
            await host.stop(at_once=True)
        await stopping

    def _take_signal(self) -> None:
        self._asked += 1
        if self._asked == 1:
            drain_s = self._settings.drain_s
            _log.info("stopping: no new calls; those in progress have %d s to end", drain_s)
            self._notifier.stopping(within_s=drain_s)
            self._stop_asked.set()
        else:
            _log.warning("stopping at once: calls in progress are left to the next start")
            self._haste_asked.set()


def _state_folder() -> Path | None:
    """Return the folder that systemd gave this service for what it keeps, if it gave one."""
    first = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None


def _write_for_us_alone(path: Path, text: str) -> None:
    # A file of its own: one that is there already may be read by others, or lead elsewhere.
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


# The end of the process, which waits for what is to be kept and for no question ---------------


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
