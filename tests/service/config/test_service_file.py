"""Configuration of ``campaign serve``: file, environment and flags, and whose word counts."""

from pathlib import Path

import pytest

from campaign_core.errors import SettingsError
from campaign_service.config.service_file import flag_of, read_service, variable_of
from campaign_service.config.service_settings import ListenAddress
from campaign_service.database import Database
from campaign_service.journal.sql import create_tenant

SECRET = "throwaway-7f3a"  # of nothing: it is looked for in what is told


@pytest.fixture
def file(tmp_path):
    """Write a configuration file and return its path."""

    def write(text):
        path = tmp_path / "service.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(*, path=None, environment=None, **flags):
    return read_service(flags=flags, environment=environment or {}, path=path)


def refused(**sources):
    with pytest.raises(SettingsError) as caught:
        read(**sources)
    return [str(problem) for problem in caught.value.problems]


def test_without_any_word_it_is_one_file_one_simulated_tenant_and_loopback():
    """Design: default db campaigns.db, driver simulated, listen 127.0.0.1:8080."""
    settings = read()

    assert settings.db == "campaigns.db"
    assert [(one.name, one.driver) for one in settings.tenants] == [("main", "simulated")]
    assert str(settings.listen) == "127.0.0.1:8080"


def test_flags_go_before_environment_and_environment_before_file(file):
    """Design: precedence flags > environment > file."""
    path = file("drain_s = 1\nbody_max_mib = 1\nsnapshot_events = 1_000\n")

    settings = read(
        path=path,
        environment={"CAMPAIGN_DRAIN_S": "2", "CAMPAIGN_BODY_MAX_MIB": "2"},
        drain_s="3",
    )

    assert (settings.drain_s, settings.body_max_mib, settings.snapshot_events) == (3, 2, 1_000)


def test_file_is_named_by_the_environment_where_no_option_names_one(file):
    path = file("drain_s = 7")

    assert read(environment={"CAMPAIGN_CONFIG": str(path)}).drain_s == 7


def test_file_that_is_named_must_be_there(tmp_path):
    told = refused(path=tmp_path / "none.toml")

    assert told == [f"{tmp_path}/none.toml: cannot be read: No such file or directory"]


def test_every_bad_value_is_named_by_where_it_came_from_all_at_once(file):
    """R3.3: names the field, the value and the rule; every bad one at once."""
    path = file('log_level = "loud"\n\ndrain_s = "30"\n')

    told = refused(
        path=path, environment={"CAMPAIGN_BODY_MAX_MIB": "many"}, listen="nowhere", log_format="xml"
    )

    assert sorted(told) == sorted(
        [
            f"{path}:1: log_level = 'loud': one of debug, info, warning, error",
            f"{path}:3: drain_s = '30': a whole number 0 to 86,400",
            "CAMPAIGN_BODY_MAX_MIB = 'many': a whole number 1 to 4,096",
            "--listen = 'nowhere': HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, or unix:/PATH",
            "--log-format = 'xml': one of text, json",
        ]
    )


def test_unknown_keys_and_variables_are_refused_with_a_suggestion(file):
    """A mistyped driver must not become a simulation that calls nobody."""
    path = file(f'drivr = "asterisk://u:{SECRET}@h/"\nwholly_else = 1\n')

    told = refused(path=path, environment={"CAMPAIGN_DRVIER": SECRET, "HOME": "/", "CAMPAIGN": "x"})
    assert len(told) == 3

    assert told[0] == f"{path}:1: drivr: unknown; did you mean driver?"
    assert told[1].startswith(f"{path}:2: wholly_else: unknown; known here: db, db_file, driver")
    assert told[2] == "CAMPAIGN_DRVIER: unknown; did you mean CAMPAIGN_DRIVER?"


OF_KUBERNETES = {
    "CAMPAIGN_PORT": "tcp://10.0.0.1:80",
    "CAMPAIGN_PORT_80_TCP": "tcp://10.0.0.1:80",
    "CAMPAIGN_PORT_80_TCP_ADDR": "10.0.0.1",
    "CAMPAIGN_PORT_80_TCP_PORT": "80",
    "CAMPAIGN_PORT_80_TCP_PROTO": "tcp",
    "CAMPAIGN_SERVICE_HOST": "10.0.0.1",
    "CAMPAIGN_SERVICE_PORT": "80",
    "CAMPAIGN_SERVICE_PORT_HTTP": "80",
    "CAMPAIGN_DRIVER_SERVICE_HOST": "10.0.0.2",
    "CAMPAIGN_DB_SERVICE_PORT": "5432",
    "CAMPAIGN_DB_PORT": "tcp://10.0.0.3:5432",
    "CAMPAIGN_PBX1_PASSWORD": SECRET,
}


def test_variables_that_are_like_no_option_are_passed_over_and_named():
    """Kubernetes sets some for its services, and a pool's file names some for its passwords."""
    settings = read(environment={**OF_KUBERNETES, "CAMPAIGN_TOKEN": SECRET})

    assert sorted(settings.passed_over) == sorted(OF_KUBERNETES)
    assert settings.drain_s == 30


@pytest.mark.parametrize(
    "name", ["DRIVR", "DRIVER_FIL", "DRAIN", "LISTN", "LOG_LEVL", "DBFILE", "DBB"]
)
def test_variable_that_is_like_an_option_is_taken_for_a_mistyped_one(name):
    """A mistyped driver must not become a simulation that calls nobody."""
    (told,) = refused(environment={f"CAMPAIGN_{name}": SECRET})

    assert told.startswith(f"CAMPAIGN_{name}: unknown; did you mean CAMPAIGN_")


def test_variables_of_other_commands_are_passed_over():
    """``campaign list`` and ``campaign serve`` may be typed in the same shell."""
    assert read(environment={"CAMPAIGN_URL": "http://x", "CAMPAIGN_TOKEN": SECRET}).drain_s == 30


@pytest.mark.parametrize("source", ["file", "environment", "flag"])
def test_secret_may_lie_in_a_file_of_its_own(file, tmp_path, source):
    """LoadCredential of systemd and the secrets of containers are files."""
    (tmp_path / "secret").write_text(f"asterisk://u:{SECRET}@h/\n")
    named = str(tmp_path / "secret")
    sources = {
        "file": {"path": file('driver_file = "secret"')},
        "environment": {"environment": {"CAMPAIGN_DRIVER_FILE": named}},
        "flag": {"driver_file": named},
    }

    assert read(**sources[source]).tenants[0].driver == f"asterisk://u:{SECRET}@h/"


def test_secret_file_of_the_environment_takes_the_place_of_the_url_in_the_file(file, tmp_path):
    (tmp_path / "secret").write_text("other.db")

    settings = read(
        path=file('db = "first.db"'), environment={"CAMPAIGN_DB_FILE": str(tmp_path / "secret")}
    )

    assert settings.db == "other.db"


def test_secret_in_two_ways_at_once_is_refused(file):
    told = refused(path=file('db = "a"\ndb_file = "b"'))

    assert len(told) == 1
    assert told[0].endswith("service.toml:2: db_file: either this or db, not both")


def test_tenants_each_have_a_driver(file, tmp_path):
    (tmp_path / "north").write_text(f"freeswitch://:{SECRET}@h/")
    path = file('[tenants.north]\ndriver_file = "north"\n[tenants.south]\ndriver = "simulated"\n')

    tenants = read(path=path).tenants

    assert [one.name for one in tenants] == ["north", "south"]
    assert [one.driver for one in tenants] == [f"freeswitch://:{SECRET}@h/", "simulated"]


def test_bad_tenants_are_refused_with_their_lines(file):
    path = file(
        '[tenants.North]\ndriver = "simulated"\n'
        "[tenants.empty]\n"
        f'[tenants.both]\ndriver = "asterisk://:{SECRET}@h"\ndriver_file = "f"\n'
        f'[tenants.typo]\ndriverr = "{SECRET}"\n'
    )

    rule = "1 to 64 of a-z, 0-9, - and _, beginning and ending with a letter or digit"
    assert refused(path=path) == [
        f"{path}:1: tenants.North = 'North': {rule}",
        f"{path}:3: tenants.empty: driver or driver_file is missing",
        f"{path}:6: tenants.both.driver_file: either this or tenants.both.driver, not both",
        f"{path}:8: tenants.typo.driverr: unknown; did you mean driver?",
        f"{path}:7: tenants.typo: driver or driver_file is missing",
    ]


@pytest.mark.parametrize("name", ["2north", "a_b", "n" * 64, "n" * 65, "north-", "-a", "a.b", "É"])
def test_name_of_a_tenant_is_taken_wherever_one_may_be_made(file, tmp_path, name):
    """What `campaign import` has made, a service can be told to serve."""
    database = Database.open(str(tmp_path / "campaigns.db"))
    try:
        create_tenant(database, name)
        is_made = True
    except SettingsError:
        is_made = False
    finally:
        database.close()
    path = file(f'[tenants."{name}"]\ndriver = "simulated"')

    if is_made:
        assert [one.name for one in read(path=path).tenants] == [name]
    else:
        assert len(refused(path=path)) == 1


def test_driver_beside_tenants_is_refused(file):
    told = refused(path=file('[tenants.a]\ndriver = "simulated"'), driver="simulated")

    assert told == ["--driver: not where [tenants.NAME] tables name the drivers: give it there"]


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("127.0.0.1:8080", ListenAddress(host="127.0.0.1", port=8080)),
        ("[::1]:0", ListenAddress(host="::1", port=0)),
        ("pbx.example:443", ListenAddress(host="pbx.example", port=443)),
        ("unix:/run/c/http", ListenAddress(path=Path("/run/c/http"))),
    ],
)
def test_places_to_listen(text, listen):
    assert read(listen=text).listen == listen
    assert str(listen) == text


@pytest.mark.parametrize(
    "text", ["8080", ":8080", "host", "host:", "host:65536", "::1:80", "unix:relative", "a b:1"]
)
def test_no_places_to_listen(text):
    assert len(refused(listen=text)) == 1


def test_certificate_and_key_come_together(file):
    path = file('tls_certificate = "cert.pem"')

    assert refused(path=path) == [f"{path}:1: tls_certificate: needs tls_key beside it"]


def test_files_named_in_the_file_lie_beside_it(file, tmp_path):
    settings = read(path=file('tls_certificate = "cert.pem"\ntls_key = "/k.pem"'))

    assert settings.tls_certificate == tmp_path / "cert.pem"
    assert settings.tls_key == Path("/k.pem")


@pytest.mark.parametrize(
    "text", ["ftp://x", "http://u:p@x", "x", "http://x/?q", "http://x:abc", "http://x:99999"]
)
def test_public_url_is_one_that_can_be_shown_to_everybody(text):
    assert len(refused(public_url=text)) == 1


def test_no_secret_is_in_any_repr_or_error(file, tmp_path):
    """Design: secrets never in reprs or errors, whatever is wrong and wherever they stand."""
    (tmp_path / "secret").write_text(f"asterisk://u:{SECRET}@h/")
    url = f"postgresql://u:{SECRET}@h/n"
    good = read(path=file(f'db = "{url}"\ndriver_file = "secret"'))
    told = [
        repr(good),
        repr(good.tenants),
        str(good.problem("db", "is away")),
        *refused(path=file(f'db = ["{url}"]\ndriver = {{ a = "{SECRET}" }}')),
        *refused(path=file(f'db_file = "{url}"')),
        *refused(path=file(f'bd = "{url}"\n[tenants]\nx = "{SECRET}"')),
        *refused(path=file(f'db = "{url}"\ndb_file = "secret"\n')),
        *refused(path=file(f'db = "{url}\n')),
        *refused(path=file(f'[tenants.a]\ndriver = 1\n[tenants.b]\ndrive = "{SECRET}"')),
        *refused(environment={"CAMPAIGN_DB": f"{url}\n", "CAMPAIGN_DRIVERS": SECRET}),
        *refused(environment={"CAMPAIGN_DB": url, "CAMPAIGN_DB_FILE": url}),
        *refused(db=f"{url}\x00"),
    ]

    assert [text for text in told if SECRET in text] == []


def test_names_of_flags_and_variables():
    assert flag_of("drain_s") == "--drain-s"
    assert variable_of("drain_s") == "CAMPAIGN_DRAIN_S"


def test_database_named_in_the_file_lies_beside_it(file, tmp_path):
    """So that `campaign user` finds the same one, wherever it is typed."""
    assert read(path=file('db = "own.db"')).db == str(tmp_path / "own.db")
    assert read(path=file('db = "/var/own.db"')).db == "/var/own.db"
    assert read(path=file('db = "postgresql://host/n"')).db == "postgresql://host/n"
    assert read(path=file(""), db="own.db").db == "own.db"
