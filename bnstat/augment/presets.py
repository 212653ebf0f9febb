"""The pipelines that come with bnstat: one TOML file each, in configs/.

A wheel has them in the package. A checkout has them at its top, and an editable install reads
those: a copy would go stale.
"""

from __future__ import annotations

from pathlib import Path

from bnstat.augment.toml import PipelineFile, load
from bnstat.errors import SpecError

_PACKAGE = Path(__file__).parents[1]


def names() -> list[str]:
    """Return the names of all presets."""
    return sorted(path.stem for path in _folder().glob("*.toml"))


def path(name: str) -> Path:
    """Return where a preset is.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    if name not in names():
        raise SpecError(f"no preset {name!r}; there are {', '.join(names())}")
    return _folder() / f"{name}.toml"


def preset(name: str) -> PipelineFile:
    """Return the pipeline of a preset."""
    return load(path(name))


def _folder() -> Path:
    installed = _PACKAGE / "configs"
    return installed if installed.is_dir() else _PACKAGE.parent / "configs"
