"""What tests do to users, in few words: time is what they say it is."""

import asyncio

import sqlalchemy as sa

from campaign_service import access
from campaign_service.access import Actor, LocalAuthenticator, RoleGrant, tables
from campaign_service.database.schema import tenant

ADA = Actor(name="ada", address="10.0.0.1")
START = 1_700_000_000_000
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
GOOD = "correct horse battery"

# In this order, since users are referred to.
EMPTIED = (
    tables.access_grant,
    tables.access_token,
    tables.access_user,
    tables.access_role,
    tables.access_failure,
    tables.access_event,
    tenant,
)


def empty(database):
    """Take away all that a test may have left."""
    with database.begin() as connection:
        for table in EMPTIED:
            connection.execute(sa.delete(table))


class People:
    """A service's users, and a clock that goes when it is told to."""

    def __init__(self, database, passwords):
        self.database, self.passwords = database, passwords
        self.now = START
        self.authenticator = LocalAuthenticator(database, clock=lambda: self.now)

    def wait(self, ms):
        self.now += ms

    def tenants(self, *names):
        with self.database.begin() as connection:
            for number, name in enumerate(names, 1):
                row = {"name": name, "service_id": f"{number:08x}", "created_at": START}
                values = {**row, "last_seq": 0, "chain": b""}
                connection.execute(sa.insert(tenant).values(**values))

    def add(self, name, *roles, tenant="*", password=GOOD, must_change=False):
        grants = [RoleGrant(role=role, tenant=tenant) for role in roles]
        return access.add_user(
            self.database,
            self.passwords,
            name,
            by=ADA,
            now=self.now,
            password=password,
            must_change=must_change,
            grants=grants,
        )

    def change(self, name, **changes):
        return access.change_user(self.database, name, by=ADA, now=self.now, **changes)

    def delete(self, name, **options):
        access.delete_user(self.database, name, by=ADA, now=self.now, **options)

    def reset(self, name, **options):
        return access.reset_password(
            self.database, self.passwords, name, by=ADA, now=self.now, **options
        )

    def login(self, name, password=GOOD, *, address="10.0.0.7", **options):
        return access.login(
            self.database,
            self.passwords,
            name=name,
            password=password,
            address=address,
            now=self.now,
            **options,
        )

    def fail(self, name, *, times=1, address="10.0.0.66"):
        """Try a wrong password, again and again, each time as soon as it is looked at."""
        for _ in range(times):
            while True:
                try:
                    self.login(name, "not the password", address=address)
                except access.LoginLimitedError as error:
                    self.wait(error.retry_after_s * SECOND)
                except access.NotAuthenticatedError:
                    break

    def token(self, name, **options):
        options = {"label": "a program", **options}
        return access.make_token(self.database, name, by=ADA, now=self.now, **options)

    def come(self, secret, *, address="10.0.0.7", authenticator=None):
        """Show a token; who that is."""
        authenticator = authenticator or self.authenticator
        shown = f"Bearer {secret}"
        return asyncio.run(authenticator.authenticate(authorization=shown, address=address))

    def user(self, name):
        return access.user(self.database, name)

    def audit(self, **narrowed):
        return access.audit(self.database, **narrowed)

    def actions(self, **narrowed):
        return [event.action.name for event in self.audit(**narrowed)]
