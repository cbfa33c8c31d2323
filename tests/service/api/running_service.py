"""A service at work for tests: over SQLite and a simulated driver, served on loopback."""

import asyncio
import threading
import time

import httpx
import uvicorn
from argon2 import PasswordHasher
from tests.service.ringing import DRIVER

from campaign_service import access
from campaign_service.access import Actor, LocalAuthenticator, Passwords, RoleGrant
from campaign_service.api import ApiSettings, close_streams, make_app
from campaign_service.serving.service_host import ServiceHost
from campaign_service.serving.settings import ServiceHostSettings

CONSOLE = Actor(name="console", address="console")
PASSWORD = "correct horse battery"
ROLES = ("viewer", "operator", "manager", "administrator")
MODEL = {
    "name": "School closing",
    "caller_number": "0501234567",
    "sound": "closing-tomorrow",
    "recipients": [
        {"number": "+390501234568", "name": "Anna Rossi"},
        {"number": "204", "line": "INTERNAL"},
    ],
}


def cheap_passwords():
    return Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def now_ms():
    return time.time_ns() // 1_000_000


class RunningService:
    """A process that serves tenants; `client(role)` is somebody who asks."""

    def __init__(
        self,
        folder,
        *,
        tenants=("main",),
        driver=DRIVER,
        settings=None,
        url=None,
        has_users=False,
    ):
        self.database_file = folder / "campaigns.db"
        self.settings = settings or ApiSettings(heartbeat_s=0.2, recheck_s=0.2)
        self._url = url
        self._has_users = has_users
        self._tenants = dict.fromkeys(tenants, driver)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._clients = {}
        self.tokens = {}

    def __enter__(self):
        self._thread.start()
        self.run(self._start())
        for role in () if self._has_users else ROLES:
            self.tokens[role] = self.add_user(role, RoleGrant(role=role))
        return self

    def __exit__(self, *_):
        for client in self._clients.values():
            client.close()
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def call(self, function, *arguments):
        """Call something on the loop, as the service itself would."""

        async def called():
            return function(*arguments)

        return self.run(called())

    def add_user(self, name, *grants):
        """Make a user, and return a token of a program for it."""
        access.add_user(
            self.database,
            self.passwords,
            name,
            by=CONSOLE,
            now=now_ms(),
            password=PASSWORD,
            must_change=False,
            grants=grants,
        )
        made = access.make_token(self.database, name, label="tests", by=CONSOLE, now=now_ms())
        return made.secret

    def client(self, role="administrator", *, token=None):
        shown = None if role is None else token or self.tokens[role]
        if shown not in self._clients:
            headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
            self._clients[shown] = httpx.Client(
                base_url=self.url, headers=headers, timeout=20, trust_env=False, verify=False
            )
        return self._clients[shown]

    @property
    def tenant(self):
        return self.host.tenants["main"]

    async def _start(self):
        self.host = ServiceHost(
            ServiceHostSettings(
                database=f"sqlite:///{self.database_file}", tenants=self._tenants, url=self._url
            )
        )
        await self.host.start()
        self.database = self.host.database
        self.passwords = cheap_passwords()
        self.authenticator = LocalAuthenticator(self.database)
        self.app = make_app(
            self.host, self.authenticator, settings=self.settings, passwords=self.passwords
        )
        # Its own set-up of logging, `access_log` too, would outlive this test and silence others.
        config = uvicorn.Config(self.app, host="127.0.0.1", port=0, log_config=None, lifespan="on")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server._serve())
        while not self._server.started:  # noqa: ASYNC110 -- it has no event to wait for
            await asyncio.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    async def _stop(self):
        close_streams(self.app)
        self._server.should_exit = True
        await self._serving
        await self.host.stop(at_once=True)


def tenant_path(path):
    return f"/api/v1/tenants/main/{path}"
