"""What was measured before: where its images are, how, and whether they are still the same."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bnstat.api.measuring import opened
from bnstat.api.settings import Settings
from bnstat.errors import SourceError
from bnstat.images import Sources
from bnstat.stats import BatchNormEstimate, Stats

DOCUMENT = "bnstat.json"


def is_document(name: str) -> bool:
    """Whether a source names a result document, not images."""
    return name.endswith(".json")


def located(source: str | os.PathLike[str] | Stats) -> Sources:
    """Return the images of a folder or file, or those that a result was made of.

    Raises
    ------
    SourceError
        If the result does not say where they are: it is of a list from standard input.
    """
    if not isinstance(source, Stats):
        return opened([source])
    listed = source.source.files_from
    if listed is not None and not listed.again:
        raise SourceError(
            "the images of this result came as a list on standard input, which cannot be read "
            "again; name a SOURCE"
        )
    locations, cwd = source.source.locations, source.source.cwd
    if listed is None:
        return opened(locations, cwd=cwd)
    return opened([], locations[0], listed.null, listed.root, cwd)


def settings_of(stats: Stats, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a result, with those that are given instead of its own."""
    batchnorm = stats.methods["batchnorm"]
    own: dict[str, Any] = {
        "mode": stats.mode,
        "seed": stats.pipeline.seed,
        "epochs": stats.pipeline.epochs,
    }
    if isinstance(batchnorm, BatchNormEstimate):
        own |= {name: getattr(batchnorm, name) for name in ("batch_size", "momentum", "order")}
    return replace(Settings(), **(own | dict(given)))


def still_holds(stats: Stats, locations: tuple[str, ...], settings: Settings) -> bool:
    """Whether measuring these locations plainly would give this very result again.

    Files are looked at, by name, size and time of change; none is opened.
    """
    if stats.source.locations != locations or stats.pipeline.spec is not None:
        return False
    if settings_of(stats, {}) != _only_what_counts(settings):
        return False
    found = located(stats)
    total = sum(reference.fingerprint() for reference in found) % 2**256
    return f"{total:064x}" == stats.source.fingerprint


def _only_what_counts(settings: Settings) -> Settings:
    """Return the settings that figures depend on, the others as they are by default."""
    counts = ("mode", "seed", "epochs", "batch_size", "momentum", "order")
    values = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name in counts}
    return Settings(**values)
