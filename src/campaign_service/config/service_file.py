"""The configuration of ``campaign serve``: a TOML file, the environment, and flags.

What is given by a flag goes before what the environment says, and that before the file. Whatever
is wrong is named by where it came from, all of it at once; a secret is never shown.

Variables that begin as ours do, and are none, may be anybody's: Kubernetes sets CAMPAIGN_PORT for a
service called campaign, and a pool's file names variables for its passwords. Of these, only what
looks like a mistyped option is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from campaign_core.errors import Problem, SettingsError
from campaign_service.config.option_value import OptionValue, origin_in
from campaign_service.config.problems import InputError
from campaign_service.config.service_options import FILE_SUFFIX, OPTIONS, Option, RefusedError
from campaign_service.config.service_settings import (
    MAIN,
    Origin,
    ServiceSettings,
    TenantSettings,
)
from campaign_service.config.toml_file import KeyPath, TomlFile, field_name, read_toml
from campaign_service.database.names import TENANT_RULE, is_tenant_name

__all__ = ["DEFAULT_FILE", "PREFIX", "flag_of", "read_service", "variable_of"]

DEFAULT_FILE = Path("/etc/call-campaign/service.toml")
"""Read where no other is named, if it is there."""
PREFIX = "CAMPAIGN_"
"""Of every variable of the environment that is ours."""

OF_CLIENTS = ("config", "url", "token", "token_file", "ca_file", "tenant", "password")
"""Variables of other commands, or of the command line itself."""
_TENANTS = "tenants"
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
    reading = _Reading()
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
    del values["driver"]
    return ServiceSettings(
        **values,  # type: ignore[arg-type]  # each was read by its option
        tenants=tenants,
        passed_over=tuple(reading.passed_over),
        origins={name: given.origin for name, given in reading.given.items()},
    )


_CONFIG = variable_of("config")


class _Reading:
    """The values of all sources, the later ones in the place of the earlier."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.given: dict[str, OptionValue] = {}
        """By option, what counts."""
        self.passed_over: list[str] = []
        """Variables that begin as ours do, and are none."""
        self._tenants: list[tuple[str, OptionValue]] = []

    # Sources -------------------------------------------------------------------------------

    def take_file(self, path: Path) -> None:
        """Take a file's values."""
        try:
            source = read_toml(path)
        except InputError as error:
            self.problems.extend(error.problems)
            return
        tables = {key: value for key, value in source.data.items() if key == _TENANTS}
        values = {key: value for key, value in source.data.items() if key != _TENANTS}

        def origin(key: str) -> Origin:
            return origin_in(source, (key,))

        known = _names()
        given = [
            OptionValue(
                name=key, value=value, origin=origin(key), is_text=False, folder=path.parent
            )
            for key, value in values.items()
            if self._is_known(key, known, [*known, _TENANTS], origin)
        ]
        self._take(given)
        for value in tables.values():
            self._take_tenants(source, value)

    def take_environment(self, environment: Mapping[str, str]) -> None:
        """Take our variables; an empty one is none."""
        ours = {
            variable: value
            for variable, value in sorted(environment.items())
            if variable.startswith(PREFIX) and value
        }
        others = [variable_of(name) for name in OF_CLIENTS]
        self._take(
            [
                OptionValue(
                    name=variable.removeprefix(PREFIX).lower(),
                    value=value,
                    origin=Origin(name=variable),
                    is_text=True,
                    folder=Path(),
                )
                for variable, value in ours.items()
                if variable not in others and self._is_option(variable)
            ]
        )

    def _is_option(self, variable: str) -> bool:
        names, name = _names(), variable.removeprefix(PREFIX).lower()
        # Without what they all begin with: by that alone, any two would be alike.
        near = get_close_matches(name, names, n=1, cutoff=_MISTYPED)
        if near and near[0] != name:
            rule = f"unknown; did you mean {variable_of(near[0])}?"
            self.problems.append(Origin(name=variable).problem(None, rule))
        elif not near:
            self.passed_over.append(variable)
        return name in names

    def take_flags(self, flags: Mapping[str, str]) -> None:
        """Take what the command line says."""
        self._take(
            [
                OptionValue(
                    name=name,
                    value=value,
                    origin=Origin(name=flag_of(name)),
                    is_text=True,
                    folder=Path(),
                )
                for name, value in flags.items()
            ]
        )

    def _is_known(
        self,
        name: str,
        known: list[str],
        suggested: list[str],
        origin: Callable[[str], Origin],
    ) -> bool:
        if name in known:
            return True
        near = get_close_matches(name, suggested, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known here: {', '.join(suggested)}"
        # Its value is not shown: it may be a secret under a name that was mistyped.
        self.problems.append(origin(name).problem(None, f"unknown; {advice}"))
        return False

    def _take(self, given: list[OptionValue]) -> None:
        """Take the values of one source; within it a secret comes in one way alone."""
        fresh: dict[str, OptionValue] = {}
        for one in given:
            name = _option_of(one.name)
            if name in fresh:
                rule = f"either this or {fresh[name].origin.name}, not both"
                self.problems.append(one.origin.problem(None, rule))
            fresh.setdefault(name, one)
        self.given.update(fresh)

    def _take_tenants(self, source: TomlFile, value: object) -> None:
        keys: KeyPath = (_TENANTS,)
        if not isinstance(value, dict) or not value:
            rule = "tables, each begun by [tenants.NAME]"
            self.problems.append(origin_in(source, keys).problem(None, rule))
            return
        for name, table in value.items():
            within: KeyPath = (*keys, name)
            origin = origin_in(source, within)
            if not is_tenant_name(name):
                self.problems.append(origin.problem(name, TENANT_RULE))
            elif not isinstance(table, dict):
                self.problems.append(origin.problem(None, "a table with the key driver"))
            else:
                self._take_tenant(source, within, name, table)

    def _take_tenant(
        self, source: TomlFile, keys: KeyPath, name: str, table: Mapping[str, object]
    ) -> None:
        known = ["driver", f"driver{FILE_SUFFIX}"]
        given = [
            OptionValue(
                name=key,
                value=value,
                origin=origin_in(source, (*keys, key)),
                is_text=False,
                folder=source.path.parent,
            )
            for key, value in table.items()
            if self._is_known(key, known, known, lambda key: origin_in(source, (*keys, key)))
        ]
        if len(given) == 1:
            self._tenants.append((name, given[0]))
        elif given:
            rule = f"either this or {field_name((*keys, given[0].name))}, not both"
            self.problems.append(given[1].origin.problem(None, rule))
        else:
            origin = origin_in(source, keys)
            self.problems.append(origin.problem(None, "driver or driver_file is missing"))

    # Values --------------------------------------------------------------------------------

    def value(self, name: str, option: Option) -> object:
        """Return an option's value; of one that cannot be taken, the default."""
        given = self.given.get(name)
        return option.default if given is None else self._read(given, option)

    def _read(self, given: OptionValue, option: Option) -> object:
        try:
            value = given.secret() if given.name.endswith(FILE_SUFFIX) else given.value
            is_text = given.is_text or value is not given.value
            read = option.kind.from_text(str(value)) if is_text else option.kind.from_file(value)
        except RefusedError as error:
            shown = None if option.is_secret else given.value
            self.problems.append(given.origin.problem(shown, str(error)))
            return option.default
        # A file that a file names lies beside it.
        if option.may_be_file and "://" not in str(read):
            return str(given.folder / str(read))
        return given.folder / read if isinstance(read, Path) else read

    def tenants(self, values: Mapping[str, object]) -> tuple[TenantSettings, ...]:
        """Return all tenants, of which there is at least one."""
        driver = self.given.get("driver")
        if not self._tenants:
            origin = Origin(name="driver") if driver is None else driver.origin
            return (TenantSettings(name=MAIN, driver=str(values["driver"]), origin=origin),)
        if driver is not None:
            rule = "not where [tenants.NAME] tables name the drivers: give it there"
            self.problems.append(driver.origin.problem(None, rule))
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
                self.problems.append(self.given[one].origin.problem(None, rule))


def _names() -> list[str]:
    return list(_each_name())


def _each_name() -> Iterator[str]:
    for name, option in OPTIONS.items():
        yield name
        if option.is_secret:
            yield f"{name}{FILE_SUFFIX}"


def _option_of(name: str) -> str:
    return name if name in OPTIONS else name.removesuffix(FILE_SUFFIX)
