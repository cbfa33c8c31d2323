"""``campaign sounds``: the prompts that we ship, put where a telephony plays from."""

from __future__ import annotations

from pathlib import Path

import click

from campaign_drivers.driver_urls import sound_path
from campaign_service.cli.options import bad_value
from campaign_service.cli.statuses import ExitStatus
from campaign_service.sounds import LANGUAGES, PromptPlacement, place

__all__ = ["sounds"]

_PLACE = "{sound}"
_USUAL = (
    "a folder such as /usr/share/asterisk/sounds/custom, or a --driver URL whose sound_path"
    " begins with one, such as sound_path=/srv/campaign/{sound}"
)


@click.command(short_help="Put the prompts that we ship where a telephony plays from.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    envvar="CAMPAIGN_SOUNDS_DIR",
    show_envvar=True,
    help="The folder. [default: that of the --driver URL's sound_path]",
)
@click.option(
    "--driver",
    "driver",
    metavar="URL",
    envvar="CAMPAIGN_DRIVER",
    show_envvar=True,
    help="The telephony that is to play them, on this host or with a folder shared with it.",
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    envvar="CAMPAIGN_LANGUAGE",
    show_envvar=True,
    help="English or Italian.",
)
def sounds(*, folder: Path | None, driver: str | None, language: str) -> int:
    """Put the prompts press-1 and press-9 into the folder that a telephony plays from.

    They are 8 kHz mono WAV files, which Asterisk and FreeSWITCH play as they are. A recording of
    your own that has the same name is left as it is, and the exit status is then 1.
    """
    placed = place(folder or _folder_of(driver), language)
    for path, became in placed.items():
        click.echo(f"{click.format_filename(path)}: {became.value}")
    if PromptPlacement.KEPT in placed.values():
        return ExitStatus.INCOMPLETE
    return ExitStatus.COMPLETED


def _folder_of(driver: str | None) -> Path:
    """Return the folder in which a telephony looks for sounds, by its URL."""
    template = sound_path(driver or "")
    before, place_of_sound, _ = template.partition(_PLACE)
    if not place_of_sound or not before.startswith("/") or not before.endswith("/"):
        raise bad_value("--to", None, _USUAL)
    return Path(before)
