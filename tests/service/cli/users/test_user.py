"""``campaign user``: users of a service, administered from the machine that has the database."""

import io
import json
import re
import shlex
import time

import pytest
from argon2 import PasswordHasher
from tests.service.serving_process import ROOT

from campaign_service import access
from campaign_service.access import LocalAuthenticator, Passwords, RoleGrant
from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus
from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant

GOOD = "correct horse battery"
ONE_TIME = re.compile(
    r"One-time password of (\S+): ((?:[a-z2-9]{5}-){3}[a-z2-9]{5})$", re.MULTILINE
)


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A database without users; making its tables takes longer than copying it."""
    path = tmp_path_factory.mktemp("empty") / "campaigns.db"
    Database.open(str(path)).close()
    return path.read_bytes()


@pytest.fixture
def user(empty_database, tmp_path, monkeypatch, capsys):
    """Carries out `campaign user`, on a database that is named by the environment."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(
        "campaign_service.cli.users.user.Passwords", lambda: Passwords(hasher=cheap)
    )
    path = tmp_path / "campaigns.db"
    path.write_bytes(empty_database)
    monkeypatch.setenv("CAMPAIGN_DB", str(path))

    def user(*arguments, typed="", is_terminal=False):
        stdin = io.StringIO(typed)
        stdin.isatty = lambda: is_terminal
        monkeypatch.setattr("sys.stdin", stdin)
        status = main(["user", *arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    user.path = path
    return user


@pytest.fixture
def database(user):
    opened = Database.open(str(user.path))
    yield opened
    opened.close()


def login(database, name, password):
    passwords = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return access.login(
        database,
        passwords,
        name=name,
        password=password,
        address="127.0.0.1",
        now=time.time_ns() // 1_000_000,
    )


def test_user_is_added_with_a_one_time_password(user, database):
    status, out, _ = user("add", "bob", "--role", "viewer")

    name, password = ONE_TIME.search(out).groups()
    assert (status, name) == (ExitStatus.COMPLETED, "bob")
    assert login(database, "bob", password).must_change_password
    assert access.user(database, "bob").grants == {RoleGrant(role="viewer")}


@pytest.mark.parametrize(
    ("how", "typed"), [("--stdin", f"{GOOD}\n"), ("--ask", f"{GOOD}\n{GOOD}\n")]
)
def test_password_that_is_typed_stays(user, database, monkeypatch, how, typed):
    """Passwords are read from a prompt or from standard input, never from an argument."""
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda _: GOOD)

    status, out, err = user("add", "bob", how, typed=typed, is_terminal=how == "--ask")

    assert status == ExitStatus.COMPLETED
    assert not login(database, "bob", GOOD).must_change_password
    assert GOOD not in out + err


def test_no_command_takes_a_password_as_an_argument(user):
    status, _, err = user("password", "bob", GOOD)

    assert status == ExitStatus.BAD_INPUT
    assert "unexpected extra argument" in err


def test_bad_password_is_told_and_not_shown(user):
    user("add", "bob")

    status, _, err = user("password", "bob", "--stdin", typed="too short\n")

    assert status == ExitStatus.BAD_INPUT
    assert "password: 12 to 256 characters, not 9" in err
    assert "too short" not in err


def test_new_password_lets_in_whoever_had_to_wait(user, database):
    """Nobody can lock the administrator out: the console always helps."""
    user("add", "bob", "--stdin", typed=f"{GOOD}\n")
    for _ in range(5):
        with pytest.raises(access.NotAuthenticatedError):
            login(database, "bob", "not the password")
    with pytest.raises(access.LoginLimitedError):
        login(database, "bob", GOOD)

    _, out, _ = user("password", "bob")

    assert login(database, "bob", ONE_TIME.search(out)[2]).must_change_password


def test_roles_are_granted_and_revoked(user, database):
    user("add", "bob", "--role", "viewer")
    assert user("grant", "bob", "operator", "manager")[1] == "bob has manager, operator, viewer.\n"
    assert user("revoke", "bob", "viewer", "manager")[1] == "bob has operator.\n"

    status, _, err = user("revoke", "bob", "viewer")
    assert status == ExitStatus.BAD_INPUT
    assert "bob does not have viewer, but operator" in err
    status, _, err = user("grant", "bob", "boss", "viewer:rome")
    assert status == ExitStatus.BAD_INPUT
    assert "role = 'boss': one of the roles viewer" in err
    assert "tenant = 'rome': one of the tenants" in err
    assert "2 problems" in err
    assert access.user(database, "bob").grants == {RoleGrant(role="operator")}


@pytest.mark.parametrize("text", [":", "viewer:", ":rome"])
def test_role_that_is_half_written_is_refused(user, text):
    user("add", "bob")

    status, _, err = user("grant", "bob", text)

    assert status == ExitStatus.BAD_INPUT
    assert "ROLE, or ROLE:TENANT" in err


def test_users_are_listed_and_shown(user, database):
    user("add", "anna", "--role", "administrator")
    user("add", "bob")
    user("disable", "bob")

    assert user("list")[1].splitlines() == [
        "name  state      roles",
        "anna  enabled    administrator",
        "bob   disabled",
    ]
    anna, bob = json.loads(user("list", "--json")[1])
    assert (anna["name"], anna["enabled"], bob["enabled"]) == ("anna", True, False)
    assert anna["grants"] == [{"role": "administrator", "tenant": "*"}]
    out = user("show", "anna")[1]
    assert out.startswith("anna: enabled, since ")
    assert "roles: administrator\nmust change the password by " in out


def test_last_administrator_remains(user):
    user("add", "anna", "--role", "administrator")

    for arguments in (("disable", "anna"), ("delete", "anna", "--yes")):
        status, _, err = user(*arguments)
        assert status == ExitStatus.BAD_INPUT
        assert "last enabled user with role 'administrator'" in err
    assert user("revoke", "anna", "administrator")[0] == ExitStatus.BAD_INPUT


def test_password_is_asked_for_on_a_terminal_alone(user, database):
    status, _, err = user("add", "bob", "--ask", typed=f"{GOOD}\n{GOOD}\n")

    assert status == ExitStatus.BAD_INPUT
    assert "--ask needs a terminal to ask on; --stdin reads the password" in err
    assert access.users(database) == []


def test_user_is_deleted_when_that_is_meant(user, database):
    user("add", "bob")

    assert user("delete", "bob", typed="n\n")[0] == ExitStatus.INTERRUPTED
    assert [one.name for one in access.users(database)] == ["bob"]
    assert user("delete", "bob", typed="y\n")[0] == ExitStatus.COMPLETED
    assert access.users(database) == []


def test_user_who_is_enabled_again_may_log_in(user, database):
    user("add", "bob", "--stdin", typed=f"{GOOD}\n")
    user("disable", "bob")

    assert user("enable", "bob")[1] == "bob may log in.\n"
    assert login(database, "bob", GOOD).name == "bob"


def test_token_is_shown_once_and_alone_on_the_output(user, database):
    """Tokens for programs: a script takes the token from the output."""
    import asyncio

    user("add", "bob", "--role", "manager")

    _, out, err = user("token", "add", "bob", "nightly import", "--only", "view", "--days", "30")

    authorization = f"Bearer {out.strip()}"
    asked = LocalAuthenticator(database).authenticate(
        authorization=authorization, address="127.0.0.1"
    )
    assert {one.name for one in asyncio.run(asked).permissions()} == {"VIEW"}
    token_id = re.search(r"Token (\w+) of bob", err)[1]
    _, listed, _ = user("token", "list", "bob")
    assert re.fullmatch(
        rf"{token_id}, nightly import, used .+ UTC, ends .+ UTC, only VIEW\n", listed
    )
    assert out.strip() not in listed

    assert user("token", "revoke", "bob", token_id)[0] == ExitStatus.COMPLETED
    assert user("token", "list", "bob")[1] == ""
    assert user("token", "revoke", "bob", token_id)[0] == ExitStatus.BAD_INPUT


def test_roles_are_made_listed_and_deleted(user):
    assert user("role", "set", "auditor", "manage_users", "view")[1] == (
        "Role auditor allows VIEW MANAGE_USERS.\n"
    )
    assert "auditor        VIEW MANAGE_USERS\n" in user("role", "list")[1]
    assert "operator       VIEW MANAGE_CAMPAIGNS  (built in)\n" in user("role", "list")[1]
    assert user("role", "delete", "auditor")[0] == ExitStatus.COMPLETED
    assert "built in" in user("role", "delete", "viewer")[2]
    assert user("role", "set", "auditor", "fly")[0] == ExitStatus.BAD_INPUT


def test_examples_of_the_documentation_work(user, database):
    """On what docs/service.md builds: one tenant, main."""
    create_tenant(database, "main")
    text = (ROOT / "docs/users.md").read_text(encoding="utf-8")
    (block,) = [
        one for one in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "add anna" in one
    ]
    for line in block.splitlines():
        _, name, *arguments = shlex.split(line)
        assert name == "user"
        answer = user(*["--stdin" if one == "--ask" else one for one in arguments], typed=GOOD)
        assert answer[0] == ExitStatus.COMPLETED, (line, answer)


def test_what_is_done_at_the_console_is_on_record(user, database):
    user("add", "bob")
    user("token", "add", "bob", "a program")

    events = access.audit(database)
    assert [event.action.name for event in events] == ["USER_ADDED", "TOKEN_MADE"]
    assert {event.address for event in events} == {"console"}
    assert all(re.fullmatch(r"console:\S+", event.actor) for event in events)


@pytest.mark.parametrize(
    "arguments", [("show", "bob"), ("password", "bob"), ("grant", "bob", "viewer")]
)
def test_user_that_is_not_there_is_named(user, arguments):
    status, _, err = user(*arguments)

    assert status == ExitStatus.BAD_INPUT
    assert "no user is called 'bob'" in err


def test_database_that_is_not_there_is_not_made(user, tmp_path):
    """A mistyped name must not end in a service without users."""
    status, _, err = user("list", "--db", str(tmp_path / "other.db"))

    assert status == ExitStatus.FAILED
    assert "other.db: there is no such file" in err
    assert not (tmp_path / "other.db").exists()


def test_database_is_named_by_a_flag_a_file_or_the_configuration(user, tmp_path, monkeypatch):
    user("add", "bob")
    monkeypatch.delenv("CAMPAIGN_DB")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "url").write_text(f"{user.path}\n", encoding="utf-8")
    (tmp_path / "service.toml").write_text(f'db = "{user.path}"\n', encoding="utf-8")

    for where in (("--db", str(user.path)), ("--db-file", "url"), ("--config", "service.toml")):
        assert "bob" in user("list", *where)[1]
