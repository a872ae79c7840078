"""How every program is configured: one typed class of settings, from a TOML file and the environment, which wins.

Unknown keys are refused with the nearest one that is known, and all mistakes are told at once, without showing a value:
some are secret.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)


class SettingsFault(Exception):
    """The settings cannot be used. ``str()`` lists every mistake, one a line."""


class ProgramSettings(BaseSettings):
    """Base of the settings of a program. A subclass gives ``env_prefix`` in its ``model_config``."""

    model_config = SettingsConfigDict(env_nested_delimiter="__", extra="forbid", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (the names are pydantic's)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given wins over the environment, and that over the file. No other source is read."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, cls.from_file)

    from_file: ClassVar[dict[str, Any]] = {}
    """What a file says; `load_settings` makes a subclass that knows it."""


S = TypeVar("S", bound=ProgramSettings)


def load_settings(kind: type[S], config: Path | None = None, given: Mapping[str, Any] | None = None) -> S:
    """Read the settings of one program; what is `given` on the command line wins over all.

    Raises SettingsFault with every mistake of file and environment together.
    """
    values, faults = _read_file(config)
    faults += _unknown_keys(values, kind, "")
    faults += _unknown_variables(kind)
    known = {key: value for key, value in values.items() if key in kind.model_fields}
    settings = None
    try:
        informed: type[S] = type(kind.__name__, (kind,), {"from_file": known, "__module__": kind.__module__})
        settings = informed(**(given or {}))
    except ValidationError as error:
        # An unknown key inside a nested part was already named above, with its nearest neighbour.
        faults += [_sentence(problem) for problem in error.errors() if problem["type"] != "extra_forbidden"]
    except SettingsError as error:  # a part given whole that is no JSON; the sentence names the part, not what it holds
        faults.append(str(error))
    if faults or settings is None:
        raise SettingsFault("\n".join(faults))
    return settings


def _read_file(config: Path | None) -> tuple[dict[str, Any], list[str]]:
    if config is None:
        return {}, []
    try:
        return tomllib.loads(config.read_text(encoding="utf-8")), []
    except (OSError, ValueError) as error:
        return {}, [f"{config}: cannot be read ({type(error).__name__})"]


def _unknown_keys(values: Mapping[str, Any], model: type[BaseModel], path: str) -> list[str]:
    faults: list[str] = []
    for key, value in values.items():
        field = model.model_fields.get(key)
        if field is None:
            faults.append(f"{path}{key}: no such setting{_nearest(key, model.model_fields)}")
        elif isinstance(value, dict) and (inner := _nested(field.annotation)):
            faults += _unknown_keys(value, inner, f"{path}{key}.")
    return faults


def _nested(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _unknown_variables(kind: type[ProgramSettings]) -> list[str]:
    prefix = kind.model_config.get("env_prefix", "")
    names = [name.upper() for name in _variables(kind)]
    faults = []
    for variable in sorted(os.environ):
        name = variable[len(prefix) :]
        # A nested part may be given whole, as JSON, or by its single settings; a table of free keys likewise.
        if variable.startswith(prefix) and name.upper() not in names and not _inside_table(name, kind):
            faults.append(f"{variable}: no such setting{_nearest(name.upper(), names, prefix)}")
    return faults


def _variables(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield name
        if inner := _nested(field.annotation):
            yield from (f"{name}__{rest}" for rest in _variables(inner))


def _inside_table(name: str, kind: type[ProgramSettings]) -> bool:
    head, joint, _ = name.lower().partition("__")
    field = kind.model_fields.get(head)
    return bool(joint and field is not None and _nested(field.annotation) is None)


def _nearest(key: str, known: Any, prefix: str = "") -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    return f" (did you mean {prefix}{close[0]}?)" if close else ""


def _sentence(problem: Any) -> str:
    return f"{'.'.join(str(part) for part in problem['loc']) or 'settings'}: {problem['msg']}"
