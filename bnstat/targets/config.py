"""A config of the user's, in which `--update` changes the normalization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bnstat.errors import ExportError
from bnstat.targets.figures import Figures


@dataclass(frozen=True)
class Config:
    """A file of the user's, and what it says."""

    path: Path
    content: Any

    def get(self, *names: str) -> Any:
        """Return what it says under nested names; None where it says nothing.

        >>> Config(Path("config.json"), {"a": {"b": 1}}).get("a", "b")
        1
        """
        value = self.content
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value


@dataclass(frozen=True)
class ConfigFormat:
    """The kind of config that a target's framework reads.

    Attributes
    ----------
    syntax
        "json" or "yaml".
    changes
        From a config and figures to the new values by name, in nested mappings. Raises ExportError
        if the config is of another kind, naming what it looked for, or if the figures would be
        wrong in it.
    """

    syntax: str
    changes: Callable[[Config, Figures], Mapping[str, Any]]


def check_kind(config: Config, marks: tuple[str, ...], kind: str) -> None:
    """Make sure that a config has one of the names by which its kind is known.

    `marks` are names, nested ones joined by dots. Raises ExportError.
    """
    if all(config.get(*mark.split(".")) is None for mark in marks):
        raise ExportError(f"it is not {kind}: it has none of {', '.join(marks)}")
