"""The presets: pipelines that come with bnstat."""

from __future__ import annotations

from bnstat.augment import toml
from bnstat.augment.toml import PipelineFile


def pipelines() -> dict[str, PipelineFile]:
    """Return all presets by name: their descriptions and steps."""
    return {name: toml.preset(name) for name in toml.preset_names()}


def preset_names() -> list[str]:
    """Return the names of all presets; no file is read."""
    return toml.preset_names()


def preset_text(name: str) -> str:
    """Return the TOML of a preset.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    return toml.preset_path(name).read_text(encoding="utf-8")
