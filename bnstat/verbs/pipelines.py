"""The presets: pipelines that come with bnstat."""

from __future__ import annotations

from bnstat.augment import presets
from bnstat.augment.toml import PipelineFile


def pipelines() -> dict[str, PipelineFile]:
    """Return all presets by name: their descriptions and steps."""
    return {name: presets.preset(name) for name in presets.names()}


def preset_names() -> list[str]:
    """Return the names of all presets; no file is read."""
    return presets.names()


def preset_text(name: str) -> str:
    """Return the TOML of a preset.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    return presets.path(name).read_text(encoding="utf-8")
