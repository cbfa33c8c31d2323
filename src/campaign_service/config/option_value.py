"""One value of the service's configuration, as it was given somewhere."""

from __future__ import annotations

from pathlib import Path

import attrs

from campaign_service.config.service_options import RefusedError
from campaign_service.config.service_settings import Origin
from campaign_service.config.toml_file import KeyPath, TomlFile, field_name

__all__ = ["OptionValue", "origin_in"]

_NAMED_RULE = "the name of a file that holds the secret"
_CHARACTERS_MAX = 65_536
"""Of a file that holds a secret."""


@attrs.frozen(kw_only=True)
class OptionValue:
    """One value as it was given."""

    name: str
    """Of the option, with the suffix for a file that holds it."""
    value: object = attrs.field(repr=False)
    origin: Origin
    is_text: bool
    """Whether it is a text that stands for the value, or the value as TOML has it."""
    folder: Path
    """From which the names of files are counted."""

    def secret(self) -> str:
        """Return what the file holds that is named here.

        Raises:
            RefusedError: there is no secret in it.
        """
        if not isinstance(self.value, str) or not self.value:
            raise RefusedError(_NAMED_RULE)
        if "://" in self.value:
            # The name of a file is shown, and this looks like what must not be.
            raise RefusedError(f"{_NAMED_RULE}, not the secret itself")
        path = self.folder / self.value
        try:
            with path.open(encoding="utf-8") as file:
                text = file.read(_CHARACTERS_MAX).strip()
        except OSError as error:
            raise RefusedError(f"{path} cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError:
            raise RefusedError(f"{path} holds no UTF-8 text") from None
        if not text:
            raise RefusedError(f"{path} is empty")
        return text


def origin_in(source: TomlFile, keys: KeyPath) -> Origin:
    """Return where in a file a value stands."""
    return Origin(name=field_name(keys), file=source.path, line=source.line_of(keys))
