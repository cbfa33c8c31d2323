"""The service as it is run: ``campaign serve``, one process after another, commanded over HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from tests.full import IS_FULL
from tests.kill.operator import ACTOR, Response
from tests.kill.pausable_service import FOLDER, PLACES
from tests.kill.requests import request_of
from tests.kill.start_methods import Forked, Spawned
from tests.ports import held_port

from campaign_core import Instant
from campaign_core import commands as cm
from campaign_service.access import ADMINISTRATOR, Actor, Passwords, RoleGrant, add_user, make_token
from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant

__all__ = ["Service", "open_books"]

_AWAY = 503


def open_books(url: str) -> str:
    """Make a database ready for a first start, with an operator in it; return the token."""
    database = Database.open(url)
    try:
        create_tenant(database, "main")
        by, now = Actor(name="console", address="console"), Instant(time.time_ns() // 1_000_000)
        password = "correct horse battery staple"
        grants = [RoleGrant(role=ADMINISTRATOR)]
        add_user(
            database, Passwords(), ACTOR,
            by=by, now=now, password=password, must_change=False, grants=grants,
        )  # fmt: skip
        return make_token(database, ACTOR, label="kill test", by=by, now=now).secret
    finally:
        database.close()


class Service:
    """The service's process, one life after another.

    Args:
        database: its URL; made ready for the first start.
        driver_url: the telephony.
        folder: for what the lives print, and for where they are held up.
    """

    def __init__(self, database: str, driver_url: str, folder: Path) -> None:
        port = held_port()
        self.kills: list[int] = []
        """When: milliseconds since 1970."""
        self.starts_s: list[float] = []
        """From each beginning until it took commands."""
        self.held: Counter[str] = Counter()
        """How often it was held up at each place of an append."""
        self._folder = folder
        self._log = folder / "service.log"
        arguments = [
            "serve", f"--listen=127.0.0.1:{port}", "--snapshot-events=100", "--drain-s=0"
        ]  # fmt: skip
        ours = {"CAMPAIGN_DB": database, "CAMPAIGN_DRIVER": driver_url, FOLDER: str(folder)}
        others = {
            name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")
        }
        self._lives = (Spawned if IS_FULL else Forked)(self._log, arguments, {**others, **ours})
        self._began = 0.0
        self._http = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}/api/v1/tenants/main/",
            headers={"Authorization": f"Bearer {open_books(database)}"},
            timeout=20,
            trust_env=False,
        )
        self._tags: dict[str, str] = {}

    async def start(self) -> None:
        """Begin a life; it is not waited for."""
        self._began = time.monotonic()
        await self._lives.begin()

    async def ready(self, within_s: float = 30) -> None:
        """Wait until it leads, and takes commands."""
        give_up = time.monotonic() + within_s
        while True:
            answer = await self._ask("GET", "status")
            if answer is not None and answer["role"] == "LEADING":
                break
            assert await self._lives.status() is None, self._tail
            assert time.monotonic() < give_up, f"not ready after {within_s} s:\n{self._tail}"
            await asyncio.sleep(0.01)
        self.starts_s.append(time.monotonic() - self._began)

    async def hold(self, place: str, within_s: float = 10) -> None:
        """Wait until it stands in an append that places calls; see :mod:`.pausable_service`."""
        held = self._folder / f"held-{place}"
        (self._folder / f"hold-{place}").touch()
        give_up = time.monotonic() + within_s
        while not held.exists() and time.monotonic() < give_up:  # noqa: ASYNC110 -- a file
            await asyncio.sleep(0.005)
        self.held[place] += held.exists()

    async def kill(self) -> None:
        """End the process without a warning."""
        self._lives.send(signal.SIGKILL)
        assert await self._over() == -signal.SIGKILL, self._tail
        for place in PLACES:
            for name in ("hold", "held"):
                (self._folder / f"{name}-{place}").unlink(missing_ok=True)
        self.kills.append(time.time_ns() // 1_000_000)

    async def stop(self) -> None:
        """End it in good order."""
        self._lives.send(signal.SIGTERM)
        assert await self._over() == 0, self._tail

    async def close(self) -> None:
        """End whatever is left of it."""
        await self._lives.close()
        await self._http.aclose()

    async def _over(self) -> int:
        while True:
            status = await self._lives.status()
            if status is not None:
                return status
            await asyncio.sleep(0.002)

    async def statuses(self) -> dict[int, str] | None:
        """Return the status of each campaign; ``None``: there is no service just now."""
        answer = await self._ask("GET", "campaigns")
        return answer and {row["campaign_id"]: row["status"] for row in answer["items"]}

    async def give(self, command: cm.Command, key: str) -> Response | None:
        """Give a command under its key; ``None``: no answer came."""
        method, path, body = request_of(command)
        headers = {"Idempotency-Key": key}
        if method == "PUT":
            # What is changed is what was seen before the first try.
            if key not in self._tags and not await self._see(path, key):
                return None
            headers["If-Match"] = self._tags[key]
        try:
            response = await self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            return None
        if response.status_code == _AWAY:
            return None
        said = response.json()
        if response.is_success:
            return Response(seq=said["seq"])
        assert response.status_code in {404, 409, 422}, response.text
        return Response(why=said.get("detail", ""))

    async def _see(self, path: str, key: str) -> bool:
        try:
            response = await self._http.get(path)
        except httpx.TransportError:
            return False
        if not response.is_success:
            return False
        self._tags[key] = response.headers["ETag"]
        return True

    async def _ask(self, method: str, path: str) -> Any:
        try:
            response = await self._http.request(method, path)
        except httpx.TransportError:
            return None
        if response.status_code == _AWAY:
            return None
        assert response.is_success, response.text
        return response.json()

    @property
    def _tail(self) -> str:
        return self._log.read_text(errors="replace")[-3_000:]
