"""The file of a pool: what it may say, and how it is refused."""

import pytest

from campaign_core import CallLimits
from campaign_core.errors import Problem, SettingsError
from campaign_drivers.simulated import Exchange, Network, SimulatedDriver, VirtualClock
from campaign_service.config.pool_file import read_pool

WHOLE = """
[[node]]
name = "large"
driver = "asterisk://campaign@10.0.0.1:5038/?internal=PJSIP/{number}"
password_env = "LARGE"
weight = 3
call_limits = { total = 60, internal = 50, external = 30 }
calls_per_s = 5

[[node]]
name = "small"
driver = "freeswitch://10.0.0.2/"
password_file = "small.secret"
drained = true

[[node]]
name = "as it is"
driver = "asterisk://campaign:word@10.0.0.3/"
"""


@pytest.fixture
def read(tmp_path):
    (tmp_path / "small.secret").write_text("it's: a/secret\n", encoding="utf-8")
    opened = []

    def open_driver(url):
        if url.startswith("modem"):
            raise SettingsError([Problem(field="driver", value="modem", rule="one of …")])
        opened.append(url)
        return SimulatedDriver(exchange=Exchange(Network()), clock=VirtualClock(0))

    def read(text):
        path = tmp_path / "pool.toml"
        path.write_text(text, encoding="utf-8")
        found = read_pool(path, open_driver=open_driver, environment={"LARGE": "p@ss word"})
        assert [entry.url for entry in found] == opened
        return found

    return read


def test_nodes_are_read_with_their_weights_and_limits(read):
    """Several telephony nodes: by weight and their own limits."""
    large, small, third = [entry.node for entry in read(WHOLE)]

    assert (large.name, large.weight, large.calls_per_s, large.drained) == ("large", 3, 5, False)
    assert large.call_limits == CallLimits(total=60, internal=50, external=30)
    assert (small.name, small.weight, small.drained) == ("small", 1, True)
    assert third.call_limits == CallLimits()


def test_passwords_come_from_a_file_or_the_environment_and_are_escaped(read):
    assert [entry.url for entry in read(WHOLE)] == [
        "asterisk://campaign:p%40ss%20word@10.0.0.1:5038/?internal=PJSIP/{number}",
        "freeswitch://:it%27s%3A%20a%2Fsecret@10.0.0.2/",
        "asterisk://campaign:word@10.0.0.3/",
    ]


def test_no_secret_is_shown(read):
    assert "word" not in repr(read(WHOLE))


NODE = '[[node]]\nname = "one"\ndriver = "asterisk://u@h/"\n'


@pytest.mark.parametrize(
    ("text", "line", "field", "rule"),
    [
        ("", None, "node", "at least one [[node]]"),
        ("nodes = 1\n" + NODE, 1, "nodes", "unknown; known here: node"),
        ('[[node]]\nname = "one"\n', 1, "node[1].driver", "missing"),
        ('[[node]]\ndriver = "asterisk://u@h/"\n', 1, "node[1].name", "missing"),
        (NODE + "weight = 0\n", 4, "node[1].weight", "a whole number 1 to 1000"),
        (NODE + "colour = 1\n", 4, "node[1].colour", "unknown"),
        (NODE + "call_limits = { total = -1 }\n", 4, "node[1].call_limits.total", "whole number"),
        (NODE + NODE, 5, "node[2].name", "names that differ"),
        (NODE + 'password_env = "UNSET"\n', 4, "node[1].password_env", "variable that is set"),
        (NODE + 'password_file = "none"\n', 4, "node[1].password_file", "No such file"),
        (
            NODE.replace("u@", "u:secret@") + 'password_env = "LARGE"\n',
            4,
            "node[1].password_env",
            "one password",
        ),
        ('[[node]]\nname = "one"\ndriver = "modem://u:secret@h"\n', 3, "node[1].driver", "one of"),
    ],
)
def test_bad_file_is_refused_by_line_field_and_rule(read, text, line, field, rule):
    """R3.3: a bad value is refused with an error that names the field, the value and the rule."""
    with pytest.raises(SettingsError) as caught:
        read(text)

    found = [(problem.line, problem.field) for problem in caught.value.problems]
    assert (line, field) in found
    assert rule in str(caught.value)
    assert "secret" not in str(caught.value)


def test_everything_that_is_wrong_is_named_at_once(read):
    with pytest.raises(SettingsError) as caught:
        read(NODE + "weight = 0\ncalls_per_s = 0\n" + NODE.replace("asterisk", "modem"))

    assert len(caught.value.problems) == 4
