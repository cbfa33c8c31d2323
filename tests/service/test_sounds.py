"""The prompts that we ship (R2.5)."""

import wave
from io import BytesIO

import pytest

from campaign_core import Settings
from campaign_service.sounds import LANGUAGES, PromptPlacement, place, shipped


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompts_are_of_the_kind_that_any_telephony_plays(language):
    """Asterisk and FreeSWITCH play 8 kHz, mono, 16 bit as it is; nobody waits long to dial 1."""
    for recording in shipped(language).values():
        with wave.open(BytesIO(recording)) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (
                8000,
                1,
                2,
            )
            assert 2 < sound.getnframes() / 8000 < 12
            frames = sound.readframes(sound.getnframes())
        loudest = max(
            abs(int.from_bytes(frames[at : at + 2], "little", signed=True))
            for at in range(0, len(frames), 2)
        )
        assert loudest > 8_000


def test_prompt_of_the_settings_default_is_among_them():
    """R2.5: the default of `answer_prompt` is a sound that we ship."""
    assert all(Settings().answer_prompt in shipped(language) for language in LANGUAGES)


def test_languages_differ():
    english, italian = (shipped(language) for language in LANGUAGES)

    assert all(english[name] != italian[name] for name in english)


def test_they_are_put_into_a_folder_that_is_made(tmp_path):
    folder = tmp_path / "new" / "sounds"

    placed = place(folder, "en")

    assert set(placed.values()) == {PromptPlacement.WRITTEN}
    assert {path.stem: path.read_bytes() for path in placed} == dict(shipped("en"))
    assert {path.stat().st_mode & 0o777 for path in placed} == {0o644}


def test_a_second_time_nothing_is_written(tmp_path):
    first = place(tmp_path, "it")
    times = {path: path.stat().st_mtime_ns for path in first}

    assert set(place(tmp_path, "it").values()) == {PromptPlacement.UNCHANGED}
    assert {path: path.stat().st_mtime_ns for path in first} == times


def test_another_language_takes_the_place_of_ours_and_of_nobody_else_s(tmp_path):
    place(tmp_path, "en")
    own = tmp_path / "press-9.wav"
    own.write_bytes(b"somebody's own voice")

    placed = {path.stem: became for path, became in place(tmp_path, "it").items()}

    assert placed == {"press-1": PromptPlacement.WRITTEN, "press-9": PromptPlacement.KEPT}
    assert (tmp_path / "press-1.wav").read_bytes() == shipped("it")["press-1"]
    assert own.read_bytes() == b"somebody's own voice"
