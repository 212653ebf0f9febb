"""Pipelines in TOML files: those of the user, and the presets.

    [[transforms]]
    name = "RandomApply"
    p = 0.8

    [[transforms.transforms]]
    name = "ColorJitter"
    brightness = 0.4

A table is a transform: its `name`, and its arguments by theirs. Tables within it are transforms
that it applies. Enum members and dtypes are strings.

The presets are such files, in configs/. A wheel has them in the package. A checkout has them at its
top, and an editable install reads those: a copy would go stale.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnstat.augment.steps import MAX_NUMBER, Step, Value, argument_value
from bnstat.errors import SpecError

_MAX_DEPTH = 32


@dataclass(frozen=True)
class PipelineFile:
    """The content of a TOML file: its steps, and what it says of itself."""

    steps: tuple[Step, ...]
    description: str
    source: str


def load(path: Path) -> PipelineFile:
    """Read a pipeline file; raise SpecError where it is none."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise SpecError(f"cannot read the pipeline {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SpecError(f"the pipeline {path} is not UTF-8 text") from error
    except ValueError as error:  # NUL, which no file has in its name
        raise SpecError(f"cannot read the pipeline {path}: {error}") from error


def parse(text: str, name: str) -> PipelineFile:
    """Read the text of a pipeline file, which errors call `name`."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError(f"{name} is not TOML: {error}") from error
    _check_depth(document, name)
    tables = document.get("transforms")
    if not isinstance(tables, list) or not tables:
        raise SpecError(f"{name} has no [[transforms]]; each is a table with a name and arguments")
    return PipelineFile(
        tuple(_step(table, name) for table in tables),
        str(document.get("description", "")),
        str(document.get("source", "")),
    )


def _check_depth(value: Any, name: str, left: int = _MAX_DEPTH) -> None:
    if left == 0:
        raise SpecError(f"{name} nests deeper than {_MAX_DEPTH} levels")
    inner = value.values() if isinstance(value, dict) else value
    for item in inner if isinstance(value, dict | list) else ():
        _check_depth(item, name, left - 1)


def _step(table: Any, name: str) -> Step:
    if not isinstance(table, dict) or not isinstance(table.get("name"), str):
        raise SpecError(f'{name}: a transform has no name; write name = "Resize"')
    kwargs = {key: _value(key, value, name) for key, value in table.items() if key != "name"}
    return Step(table["name"], (), kwargs)


def _value(argument: str, value: Any, name: str) -> Value:
    match value:
        case dict() if "name" in value:
            return _step(value, name)
        case dict():
            return {key: _value(argument, item, name) for key, item in value.items()}
        case list():
            return [_value(argument, item, name) for item in value]
        case str():
            return argument_value(argument, value)
        case bool() | int() | float() if abs(value) < MAX_NUMBER:
            return value
        case int() | float():
            raise SpecError(f"{name}: {argument} cannot be {value}")
    raise SpecError(f"{name}: {argument} cannot be a {type(value).__name__}")


def preset_names() -> list[str]:
    return sorted(path.stem for path in _folder().glob("*.toml"))


def preset_path(name: str) -> Path:
    """Return where a preset is; raise SpecError if there is none of that name."""
    if name not in preset_names():
        raise SpecError(f"no preset {name!r}; there are {', '.join(preset_names())}")
    return _folder() / f"{name}.toml"


def preset(name: str) -> PipelineFile:
    return load(preset_path(name))


def _folder() -> Path:
    package = Path(__file__).parents[1]
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"
