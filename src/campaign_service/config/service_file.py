"""The configuration of ``campaign serve``: a TOML file, the environment, and flags.

What is given by a flag goes before what the environment says, and that before the file. Whatever
is wrong is named by where it came from, all of it at once; a secret is never shown.

Variables that begin as ours do, and are none, may be anybody's: Kubernetes sets CAMPAIGN_PORT for a
service called campaign, and a pool's file names variables for its passwords. Of these, only what
looks like a mistyped option is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import attrs

from campaign_core.errors import Problem, SettingsError
from campaign_service.config.option_types import RefusedError
from campaign_service.config.problems import InputError
from campaign_service.config.service_settings import (
    FILE_SUFFIX,
    MAIN,
    OPTIONS,
    Option,
    ServiceSettings,
    TenantSettings,
    ValueOrigin,
)
from campaign_service.config.toml_file import KeyPath, TomlFile, field_name, read_toml
from campaign_service.database.tenant_names import TENANT_RULE, is_tenant_name

__all__ = ["DEFAULT_FILE", "PREFIX", "flag_of", "read_service", "variable_of"]

DEFAULT_FILE = Path("/etc/call-campaign/service.toml")
"""Read where no other is named, if it is there."""
PREFIX = "CAMPAIGN_"
"""Of every variable of the environment that is ours."""

OF_CLIENTS = ("config", "url", "token", "token_file", "ca_file", "tenant", "password")
"""Variables of other commands, or of the command line itself."""
_TENANTS = "tenants"
_CONFIG = f"{PREFIX}CONFIG"
_NAMES = [
    key
    for name, option in OPTIONS.items()
    for key in ((name, f"{name}{FILE_SUFFIX}") if option.is_secret else (name,))
]
"""Of all that a source can give."""
_NAMED_RULE = "the name of a file that holds the secret"
_CHARACTERS_MAX = 65_536
"""Of a file that holds a secret."""
_MISTYPED = 0.8
"""How like an option, from 0 to 1, a variable is that is taken for a mistyped one."""


def flag_of(name: str) -> str:
    """Return the flag of an option: ``--drain-s``."""
    return f"--{name.replace('_', '-')}"


def variable_of(name: str) -> str:
    """Return the variable of an option: ``CAMPAIGN_DRAIN_S``."""
    return f"{PREFIX}{name.upper()}"


def read_service(
    *, flags: Mapping[str, str], environment: Mapping[str, str], path: Path | None = None
) -> ServiceSettings:
    """Return what ``campaign serve`` is told, checked and complete.

    Args:
        flags: what was given on the command line, by the names of the options.
        environment: all variables; those of other programs are passed over.
        path: the file; ``None``: ``CAMPAIGN_CONFIG``, or :data:`DEFAULT_FILE` if there is one.

    Raises:
        SettingsError: something cannot be read or taken; all that is wrong is in it.
    """
    reading = _SourceReader()
    named = path or (Path(environment[_CONFIG]) if environment.get(_CONFIG) else None)
    if named is not None or DEFAULT_FILE.exists():
        reading.take_file(named or DEFAULT_FILE)
    reading.take_environment(environment)
    reading.take_flags(flags)
    values = {name: reading.value(name, option) for name, option in OPTIONS.items()}
    tenants = reading.tenants(values)
    reading.check_together(values)
    if reading.problems:
        raise SettingsError(reading.problems)
    return ServiceSettings(
        **values,  # type: ignore[arg-type]  # each was read by its option
        tenants=tenants,
        passed_over=tuple(reading.passed_over),
        origins={name: given.origin for name, given in reading.given.items()},
    )


@attrs.frozen
class _GivenValue:
    """One value as it was given."""

    name: str
    """Of the option, with the suffix for a file that holds it."""
    value: object = attrs.field(repr=False)
    origin: ValueOrigin
    is_text: bool = True
    """Whether it is a text that stands for the value, or the value as TOML has it."""
    folder: Path = Path()
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


def _origin_in(source: TomlFile, keys: KeyPath) -> ValueOrigin:
    """Return where in a file a value stands."""
    return ValueOrigin(name=field_name(keys), file=source.path, line=source.line_of(keys))


class _SourceReader:
    """The values of all sources, the later ones in the place of the earlier."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.given: dict[str, _GivenValue] = {}
        """By option, what counts."""
        self.passed_over: list[str] = []
        """Variables that begin as ours do, and are none."""
        self._tenants: list[tuple[str, _GivenValue]] = []

    def _refuse(self, origin: ValueOrigin, rule: str, value: object = None) -> None:
        self.problems.append(origin.problem(value, rule))

    # Sources -------------------------------------------------------------------------------

    def take_file(self, path: Path) -> None:
        """Take a file's values."""
        try:
            source = read_toml(path)
        except InputError as error:
            self.problems.extend(error.problems)
            return
        values = {key: value for key, value in source.data.items() if key != _TENANTS}
        self._take(self._values_in(source, (), values, _NAMES, [*_NAMES, _TENANTS]))
        if _TENANTS in source.data:
            self._take_tenants(source, source.data[_TENANTS])

    def _values_in(
        self,
        source: TomlFile,
        keys: KeyPath,
        table: Mapping[str, object],
        known: Sequence[str],
        suggested: Sequence[str],
    ) -> list[_GivenValue]:
        """Return the values of a table, and put down each key that is not known."""
        given = []
        for key, value in table.items():
            origin = _origin_in(source, (*keys, key))
            if key in known:
                folder = source.path.parent
                given.append(_GivenValue(key, value, origin, is_text=False, folder=folder))
                continue
            near = get_close_matches(key, suggested, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(suggested)}"
            # Its value is not shown: it may be a secret under a name that was mistyped.
            self._refuse(origin, f"unknown; {advice}")
        return given

    def take_environment(self, environment: Mapping[str, str]) -> None:
        """Take our variables; an empty one is none."""
        others = [variable_of(name) for name in OF_CLIENTS]
        self._take(
            _GivenValue(variable.removeprefix(PREFIX).lower(), value, ValueOrigin(name=variable))
            for variable, value in sorted(environment.items())
            if variable.startswith(PREFIX)
            and value
            and variable not in others
            and self._is_option(variable)
        )

    def _is_option(self, variable: str) -> bool:
        name = variable.removeprefix(PREFIX).lower()
        # Without what they all begin with: by that alone, any two would be alike.
        near = get_close_matches(name, _NAMES, n=1, cutoff=_MISTYPED)
        if near and near[0] != name:
            rule = f"unknown; did you mean {variable_of(near[0])}?"
            self._refuse(ValueOrigin(name=variable), rule)
        elif not near:
            self.passed_over.append(variable)
        return name in _NAMES

    def take_flags(self, flags: Mapping[str, str]) -> None:
        """Take what the command line says."""
        self._take(
            _GivenValue(name, value, ValueOrigin(name=flag_of(name)))
            for name, value in flags.items()
        )

    def _take(self, given: Iterable[_GivenValue]) -> None:
        """Take the values of one source; within it a secret comes in one way alone."""
        fresh: dict[str, _GivenValue] = {}
        for one in given:
            name = one.name if one.name in OPTIONS else one.name.removesuffix(FILE_SUFFIX)
            if name in fresh:
                rule = f"either this or {fresh[name].origin.name}, not both"
                self._refuse(one.origin, rule)
            fresh.setdefault(name, one)
        self.given.update(fresh)

    def _take_tenants(self, source: TomlFile, value: object) -> None:
        keys: KeyPath = (_TENANTS,)
        if not isinstance(value, dict) or not value:
            rule = "tables, each begun by [tenants.NAME]"
            self._refuse(_origin_in(source, keys), rule)
            return
        for name, table in value.items():
            within: KeyPath = (*keys, name)
            origin = _origin_in(source, within)
            if not is_tenant_name(name):
                self._refuse(origin, TENANT_RULE, name)
            elif not isinstance(table, dict):
                self._refuse(origin, "a table with the key driver")
            else:
                self._take_tenant(source, within, name, table)

    def _take_tenant(
        self, source: TomlFile, keys: KeyPath, name: str, table: Mapping[str, object]
    ) -> None:
        known = ["driver", f"driver{FILE_SUFFIX}"]
        given = self._values_in(source, keys, table, known, known)
        if len(given) == 1:
            self._tenants.append((name, given[0]))
        elif given:
            rule = f"either this or {field_name((*keys, given[0].name))}, not both"
            self._refuse(given[1].origin, rule)
        else:
            self._refuse(_origin_in(source, keys), "driver or driver_file is missing")

    # Values --------------------------------------------------------------------------------

    def value(self, name: str, option: Option) -> object:
        """Return an option's value; of one that cannot be taken, the default."""
        given = self.given.get(name)
        return option.default if given is None else self._read(given, option)

    def _read(self, given: _GivenValue, option: Option) -> object:
        try:
            value = given.secret() if given.name.endswith(FILE_SUFFIX) else given.value
            is_text = given.is_text or value is not given.value
            read = option.kind.from_text(str(value)) if is_text else option.kind.from_file(value)
        except RefusedError as error:
            shown = None if option.is_secret else given.value
            self._refuse(given.origin, str(error), shown)
            return option.default
        # A file that a file names lies beside it.
        if option.may_be_file and "://" not in str(read):
            return str(given.folder / str(read))
        return given.folder / read if isinstance(read, Path) else read

    def tenants(self, values: Mapping[str, object]) -> tuple[TenantSettings, ...]:
        """Return all tenants, of which there is at least one."""
        driver = self.given.get("driver")
        if not self._tenants:
            origin = ValueOrigin(name="driver") if driver is None else driver.origin
            return (TenantSettings(name=MAIN, driver=str(values["driver"]), origin=origin),)
        if driver is not None:
            rule = "not where [tenants.NAME] tables name the drivers: give it there"
            self._refuse(driver.origin, rule)
        return tuple(
            TenantSettings(
                name=name, driver=str(self._read(given, OPTIONS["driver"])), origin=given.origin
            )
            for name, given in self._tenants
        )

    def check_together(self, values: Mapping[str, object]) -> None:
        """Check what several values must be to one another."""
        for one, other in (("tls_certificate", "tls_key"), ("tls_key", "tls_certificate")):
            if values[one] is not None and values[other] is None:
                rule = f"needs {other} beside it"
                self._refuse(self.given[one].origin, rule)
