"""Tokens: sessions and those of programs, and what becomes of them."""

import asyncio

import pytest
import sqlalchemy as sa
from tests.service.access.people import ADA, DAY, HOUR, MINUTE, SECOND

from campaign_core.errors import CommandRefusedError, SettingsError
from campaign_service import access
from campaign_service.access import (
    TOKEN_CACHE_S,
    LocalAuthenticator,
    NotAuthenticatedError,
    RoleGrant,
    ServicePermission,
    UnknownTokenError,
)
from campaign_service.access.tables import access_token
from campaign_service.database import DatabaseAwayError

VIEW, CAMPAIGNS, SETTINGS, USERS = ServicePermission
GONE = pytest.raises(NotAuthenticatedError, match="not known, was revoked, or is over")


def test_session_ends_by_itself(people):
    """Sessions end 12 hours after the log-in."""
    people.add("bob", "viewer")
    login = people.login("bob")
    assert login.expires_at == people.now + 12 * HOUR

    people.wait(12 * HOUR - 1)
    assert people.come(login.token).name == "bob"
    people.wait(1)
    with GONE:
        people.come(login.token)


def test_log_out_ends_this_session_alone(people):
    people.add("bob", "viewer")
    one, other = people.login("bob").token, people.login("bob").token

    access.logout(people.database, people.come(one), now=people.now)

    with GONE:
        people.come(one)
    assert people.come(other).name == "bob"
    assert people.actions(subject="bob")[-1] == "LOGGED_OUT"


def test_program_s_token_is_shown_once_and_kept_as_a_digest(people):
    """The secret is shown once; only a SHA-256 of it is kept."""
    people.add("bob", "viewer")

    made = people.token("bob", label="nightly import")

    assert made.secret.startswith("cc_")
    assert made.secret not in repr(made)
    with people.database.reading() as connection:
        assert made.secret not in str(connection.execute(sa.select(access_token)).all())
    assert made.secret not in str(people.audit())
    assert access.tokens(people.database, "bob", now=people.now) == [made.token]


def test_token_of_a_program_is_good_until_its_end(people):
    people.add("bob", "viewer")
    forever = people.token("bob").secret
    month = people.token("bob", expires_at=people.now + 30 * DAY).secret

    people.wait(30 * DAY)

    assert people.come(forever).is_program
    with GONE:
        people.come(month)
    assert len(access.tokens(people.database, "bob", now=people.now)) == 1


def test_token_may_be_narrowed_but_never_widened(people):
    """A program's token may have fewer permissions than its user, and fewer tenants."""
    people.tenants("rome", "oslo")
    people.add("bob", "manager", tenant="rome")
    people.change(
        "bob", grants=[RoleGrant(role="viewer"), RoleGrant(role="manager", tenant="rome")]
    )

    def may(**narrowed):
        who = people.come(people.token("bob", **narrowed).secret)
        return [set(who.permissions(tenant)) for tenant in ("rome", "oslo", None)]

    assert may() == [{VIEW, CAMPAIGNS, SETTINGS}, {VIEW}, {VIEW}]
    assert may(permissions=[VIEW, USERS]) == [{VIEW}, {VIEW}, {VIEW}]
    assert may(tenants=["oslo"]) == [set(), {VIEW}, set()]
    assert may(tenants=["rome"], permissions=[CAMPAIGNS]) == [{CAMPAIGNS}, set(), set()]


def test_token_loses_what_its_user_loses(people):
    people.add("bob", "manager")
    secret = people.token("bob", permissions=[VIEW, SETTINGS]).secret
    assert people.come(secret).permissions() == {VIEW, SETTINGS}

    people.change("bob", grants=[RoleGrant(role="viewer")])

    assert people.come(secret).permissions() == {VIEW}


def test_revoked_token_is_good_for_nothing(people):
    people.add("bob", "viewer")
    made = people.token("bob")
    people.come(made.secret)

    access.revoke_token(people.database, "bob", made.token.id, by=ADA, now=people.now)

    with GONE:
        people.come(made.secret)
    assert people.actions(subject="bob")[-2:] == ["TOKEN_MADE", "TOKEN_REVOKED"]


@pytest.mark.parametrize("token_id", ["", "0" * 12, "a\0", "../x"])
def test_token_that_the_user_does_not_have_is_unknown(people, token_id):
    people.add("bob")
    people.add("eve")
    foreign = people.token("eve").token.id

    for wanted in (token_id, foreign):
        with pytest.raises(UnknownTokenError):
            access.revoke_token(people.database, "bob", wanted, by=ADA, now=people.now)


@pytest.mark.parametrize(
    "end",
    [lambda people: people.change("bob", enabled=False), lambda people: people.delete("bob")],
    ids=["disabled", "deleted"],
)
def test_tokens_end_with_their_user_for_good(people, end):
    people.add("bob", "viewer")
    secrets = [people.login("bob").token, people.token("bob").secret]
    for secret in secrets:
        people.come(secret)

    end(people)

    for secret in secrets:
        with GONE:
            people.come(secret)
    if len(access.users(people.database)):
        people.change("bob", enabled=True)
        for secret in secrets:
            with GONE:
                people.come(secret)


def test_another_process_heeds_a_revocation_within_seconds(people):
    """Revocation takes effect at once in this process, within seconds in the others."""
    people.add("bob", "viewer")
    made = people.token("bob")
    elsewhere = LocalAuthenticator(people.database, clock=lambda: people.now)
    people.come(made.secret, authenticator=elsewhere)

    # What another process does is seen in the table alone.
    with people.database.begin() as connection:
        connection.execute(sa.delete(access_token))

    people.wait(TOKEN_CACHE_S * SECOND - 1)
    assert people.come(made.secret, authenticator=elsewhere).name == "bob"
    people.wait(1)
    with GONE:
        people.come(made.secret, authenticator=elsewhere)


def test_requests_in_quick_succession_read_the_database_once(few):
    few.add("bob", "viewer")
    secret = few.login("bob").token
    few.come(secret)
    statements = []
    sa.event.listen(
        few.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
    )

    for _ in range(100):
        few.come(secret)

    assert statements == []


def test_requests_at_one_moment_read_the_database_once(few):
    few.add("bob", "viewer")
    secret = few.login("bob").token
    statements = []

    async def come_together():
        sa.event.listen(
            few.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2])
        )
        ask = few.authenticator.authenticate
        requests = [ask(authorization=f"Bearer {secret}", address="::1") for _ in range(50)]
        return await asyncio.gather(*requests)

    names = {who.name for who in asyncio.run(come_together())}

    assert names == {"bob"}
    assert len([one for one in statements if "FROM access_token" in one]) == 1


def test_request_that_is_given_up_takes_the_answer_from_nobody(few):
    few.add("bob", "viewer")
    secret = few.login("bob").token

    async def one_gives_up():
        ask = few.authenticator.authenticate
        first, second = (
            asyncio.create_task(ask(authorization=f"Bearer {secret}", address="::1"))
            for _ in range(2)
        )
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(one_gives_up()).name == "bob"


def test_what_changes_while_a_token_is_looked_up_is_heeded(few):
    few.add("bob", "viewer")
    made = few.token("bob")
    look_up = few.authenticator._look_up
    changed = []

    def slow(digest):
        found = look_up(digest)
        if not changed:
            changed.append(few.change("bob", grants=[]))
        return found

    few.authenticator._look_up = slow

    assert few.come(made.secret).permissions() == frozenset()


def test_last_use_is_told_to_some_minutes(people):
    """Coarse, so that a request does not cost a write."""
    people.add("bob", "viewer")
    made = people.token("bob")

    def last_use():
        return access.tokens(people.database, "bob", now=people.now)[0].last_used_at

    assert last_use() is None
    first = people.now
    people.come(made.secret)
    people.wait(9 * MINUTE)
    people.come(made.secret)
    assert last_use() == first
    people.wait(MINUTE)
    people.come(made.secret)
    assert last_use() == people.now


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Basic YTpi", "cc_abc", "Bearer cc_\ud800", "Bearer a\0b"],
)
def test_whoever_shows_no_good_token_is_not_known(people, header):
    asked = people.authenticator.authenticate(authorization=header, address="10.0.0.7")

    with pytest.raises(NotAuthenticatedError):
        asyncio.run(asked)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("label", {"label": " "}),
        ("label", {"label": "a\nb"}),
        ("label", {"label": "x" * 101}),
        ("expires_at", {"expires_at": 0}),
        ("permissions", {"permissions": []}),
        ("tenants", {"tenants": []}),
        ("tenant", {"tenants": ["nowhere"]}),
    ],
)
def test_bad_values_of_a_token_are_named(few, field, options):
    few.add("bob", "viewer")

    with pytest.raises(SettingsError) as refused:
        few.token("bob", **options)

    assert refused.value.field == field


def test_tokens_and_sessions_of_a_user_have_a_limit(few):
    few.add("bob", "viewer")
    oldest = few.login("bob").token
    few.wait(SECOND)
    newest = [few.login("bob").token for _ in range(100)][-1]
    with GONE:
        few.come(oldest)
    assert few.come(newest).name == "bob"

    for _ in range(100):
        few.token("bob")
    with pytest.raises(CommandRefusedError, match="100 tokens"):
        few.token("bob")


def test_log_out_is_for_sessions(few):
    few.add("bob", "viewer")
    program = few.come(few.token("bob").secret)

    with pytest.raises(CommandRefusedError, match="a token is revoked"):
        access.logout(few.database, program, now=few.now)


def test_token_is_good_while_nothing_can_be_written(few, monkeypatch):
    """A full disk ends no session: what is only read is answered."""
    few.add("bob", "viewer")
    secret = few.token("bob").secret

    def away(**_):
        raise DatabaseAwayError("the disk is full")

    monkeypatch.setattr(few.database, "begin", away)

    assert few.come(secret).name == "bob"


def test_token_is_good_for_minutes_while_nothing_can_be_read(few, monkeypatch):
    """Whoever looks for what is wrong with the database can still ask the service."""
    few.add("bob", "viewer")
    secret, revoked = few.token("bob").secret, few.token("bob")
    few.come(revoked.secret)
    access.revoke_token(few.database, "bob", revoked.token.id, by=ADA, now=few.now)
    few.come(secret)

    def away(**_):
        raise DatabaseAwayError("gone")

    monkeypatch.setattr(few.database, "reading", away)

    few.wait(5 * 60 * SECOND - 1)
    assert few.come(secret).name == "bob"
    with pytest.raises(OSError, match="gone"):
        few.come(revoked.secret)
    few.wait(1)
    with pytest.raises(OSError, match="gone"):
        few.come(secret)


def test_database_that_is_away_is_told_from_a_bad_token(few, monkeypatch):
    few.add("bob", "viewer")
    secret = few.token("bob").secret

    def away(**_):
        raise DatabaseAwayError("gone")

    monkeypatch.setattr(few.database, "reading", away)

    with pytest.raises(OSError, match="gone"):
        few.come(secret)
