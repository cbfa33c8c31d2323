"""What docs/service.md shows is run against a real service, and comes out as shown."""

import re
import shlex
import shutil
import subprocess
import tomllib
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from tests.service.ringing import SCRIPT
from tests.service.serving_process import PASSWORD, ROOT, ServingProcess, environment

from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus
from campaign_service.config.service_file import read_service
from campaign_service.config.service_settings import OPTIONS

GUIDE = (ROOT / "docs/service.md").read_text(encoding="utf-8")
SHOWN_URL = "http://127.0.0.1:8080"


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def fits(shown, told):
    """Whether a text is as shown: ``...`` stands for a part of a line, alone for whole lines."""
    lines = [
        r"(?:.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in shown.strip("\n").split("\n")
    ]
    return re.fullmatch("".join(lines), told.strip("\n") + "\n") is not None


def test_text_fits_line_by_line():
    shown = "a...c\n...\nz"

    assert fits(shown, "a b c\nd\n\ny\nz\n")
    assert fits(shown, "ac\nz")
    assert not fits(shown, "a\nc\nz")
    assert not fits(shown, "a c\nd\nz or not")


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_guide_comes_out_as_shown(tmp_path, monkeypatch):
    """From nothing to a running service commanded by the commands and by curl."""
    campaign_toml, *_ = blocks("toml")
    (people,) = [text for text in blocks("text") if text.startswith("name,number")]
    (tmp_path / "drill.toml").write_text(campaign_toml, encoding="utf-8")
    (tmp_path / "people.csv").write_text(people, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with ServingProcess(tmp_path, script=SCRIPT) as process:
        url = process.url
        here = environment(CAMPAIGN_URL=url, XDG_CONFIG_HOME=str(tmp_path / "config"))
        monkeypatch.setattr("os.environ", here)
        typed_in = f"{process.first_password()}\n{PASSWORD}\n"
        for block in blocks("console"):
            for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
                typed, _, shown = step.partition("\n")
                words = shlex.split(typed)
                assert words[0] == "campaign"
                monkeypatch.setattr("sys.stdin", StringIO(typed_in))
                with StringIO() as out, redirect_stdout(out), redirect_stderr(out):
                    main(words[1:])
                    told = out.getvalue()

                assert fits(shown, told.replace(url, SHOWN_URL)), f"$ {typed}\n{told}"

        (script,) = blocks("sh")
        assert PASSWORD in script
        assert SHOWN_URL in script
        done = subprocess.run(
            ["sh", "-e", "-c", script.replace(SHOWN_URL, url)],
            env=here,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert '"campaign_id":2' in done.stdout
        assert process.stop() == ExitStatus.COMPLETED


def test_guide_lists_every_option_with_its_default():
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", GUIDE, re.MULTILINE))

    assert list(rows) == list(OPTIONS)
    for name, option in OPTIONS.items():
        if isinstance(option.default, bool):
            assert rows[name] == f"`{str(option.default).lower()}`"
        elif isinstance(option.default, int):
            assert rows[name] == f"{option.default:,}"
        elif option.default not in (None, ()):
            assert rows[name] == f"`{option.default}`"


def test_configuration_of_several_tenants_is_taken(tmp_path):
    *_, several = blocks("toml")
    for name in tomllib.loads(several)["tenants"]:
        text = several.replace("/run/credentials/call-campaign.service", str(tmp_path))
        (tmp_path / name).write_text("simulated")
    path = tmp_path / "service.toml"
    path.write_text(text, encoding="utf-8")

    tenants = read_service(flags={}, environment={}, path=path).tenants

    assert [tenant.name for tenant in tenants] == ["north", "south"]


def test_guide_names_files_that_are_there():
    named = re.findall(r"`(packaging/[\w.-]+)`", GUIDE)

    assert named
    assert [name for name in named if not Path(ROOT, name).is_file()] == []
