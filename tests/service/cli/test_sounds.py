"""``campaign sounds``: the prompts that we ship, put where a telephony plays from."""

import pytest

from campaign_service.cli import main
from campaign_service.cli.statuses import ExitStatus
from campaign_service.sounds import shipped


@pytest.fixture
def sounds(capsys, monkeypatch):
    for name in ("CAMPAIGN_DRIVER", "CAMPAIGN_SOUNDS_DIR", "CAMPAIGN_LANGUAGE"):
        monkeypatch.delenv(name, raising=False)

    def sounds(*arguments):
        status = main(["sounds", *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err

    return sounds


def test_prompts_go_to_the_folder_that_is_named(sounds, tmp_path):
    status, told = sounds("--to", str(tmp_path / "played"), "--language", "it")

    assert status == ExitStatus.COMPLETED
    assert f"{tmp_path}/played/press-1.wav: written" in told
    assert (tmp_path / "played" / "press-9.wav").read_bytes() == shipped("it")["press-9"]


@pytest.mark.parametrize(
    "url", ["asterisk://u:s@h/?sound_path={}", "freeswitch://:s@h/?sound_path={}"]
)
def test_prompts_go_where_the_telephony_plays_from_by_its_url(sounds, tmp_path, url):
    status, _ = sounds("--driver", url.format(f"{tmp_path}/{{sound}}"))

    assert status == ExitStatus.COMPLETED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["press-1.wav", "press-9.wav"]


@pytest.mark.parametrize(
    "url",
    [
        None,
        "simulated",
        "asterisk://u:s3cret@h/",
        "asterisk://u:s3cret@h/?sound_path={sound}",
        "asterisk://u:s3cret@[/?sound_path=/a/{sound}",
    ],
)
def test_without_a_folder_it_is_said_how_to_name_one_and_no_secret(sounds, url):
    status, told = sounds(*(["--driver", url] if url else []))

    assert status == ExitStatus.BAD_INPUT
    assert told.startswith("--to = None: a folder such as /usr/share/asterisk/sounds/custom")
    assert "s3cret" not in told


def test_own_recording_is_kept_and_told(sounds, tmp_path):
    (tmp_path / "press-1.wav").write_bytes(b"own")

    status, told = sounds("--to", str(tmp_path))

    assert status == ExitStatus.INCOMPLETE
    assert f"{tmp_path}/press-1.wav: kept: another recording has this name" in told
    assert (tmp_path / "press-1.wav").read_bytes() == b"own"


def test_folder_that_cannot_be_made_is_told(sounds, tmp_path):
    (tmp_path / "file").write_text("")

    status, told = sounds("--to", str(tmp_path / "file" / "below"))

    assert status == ExitStatus.FAILED
    assert "Traceback" not in told


def test_folder_with_a_plus_is_the_one_that_the_driver_plays_from(sounds, tmp_path):
    status, _ = sounds("--driver", f"asterisk://u:s@h/?sound_path={tmp_path}/a+b/{{sound}}")

    assert status == ExitStatus.COMPLETED
    assert (tmp_path / "a+b" / "press-1.wav").is_file()
