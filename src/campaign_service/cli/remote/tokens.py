"""Tokens that ``campaign login`` keeps: one file under the user's configuration, for nobody else.

A token stands for its user until it expires or ``campaign logout`` has it hold no more; so its file
has mode 0600, and a file that others could read is not used.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import attrs
import msgspec

from campaign_core.errors import Problem, SettingsError

__all__ = ["KeptToken", "TokenStore"]

_NAME = "tokens.json"


@attrs.frozen(kw_only=True)
class KeptToken:
    """A token, and whose it is."""

    token: str = attrs.field(repr=False)
    name: str


class TokenStore:
    """The tokens of a user, by the URL of the service.

    Args:
        environment: which says where configuration lies.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        home = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME", "~"), ".config")
        self.path = Path(home).expanduser() / "call-campaign" / _NAME

    def find(self, url: str) -> KeptToken | None:
        """Return the token for a service, ``None`` where none is kept.

        Raises:
            SettingsError: the file is no longer what was written.
        """
        return self._read().get(url)

    def keep(self, url: str, kept: KeptToken) -> None:
        """Keep a token for a service, in the place of an earlier one."""
        self._write({**self._read(), url: kept})

    def forget(self, url: str) -> bool:
        """Keep the token for a service no longer; whether there was one."""
        tokens = self._read()
        if tokens.pop(url, None) is None:
            return False
        self._write(tokens)
        return True

    def _read(self) -> dict[str, KeptToken]:
        try:
            with self.path.open("rb") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise self._refused(f"mode 600, and it has {mode:o}: others could read it")
                return msgspec.json.decode(file.read(), type=dict[str, KeptToken])
        except FileNotFoundError:
            return {}
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise self._refused("what campaign login writes; log in again") from None

    def _write(self, tokens: Mapping[str, KeptToken]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.path.with_name(f"{_NAME}.{os.getpid()}")
        try:
            # Made for nobody else from the first byte on, and put in place as a whole.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(tokens), indent=1))
            beside.replace(self.path)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()

    def _refused(self, rule: str) -> SettingsError:
        return SettingsError([Problem(field="tokens", value=str(self.path), rule=rule)])
