"""Result documents as sources: what they were measured with, and whether they still hold."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any

from bnstat.errors import SourceError
from bnstat.result import BatchNormEstimate, Stats
from bnstat.settings import Settings, complete, settings_of
from bnstat.sources.formats import holds_images
from bnstat.sources.naming import is_image
from bnstat.sources.opening import Location, sources_of
from bnstat.sources.urls import is_url
from bnstat.text import printable, without_credentials

DOCUMENT = "bnstat.json"


def is_document(name: str) -> bool:
    """Whether a source names a result document, not images; "-" is one on standard input."""
    return name == "-" or name.endswith(".json")


def names_images(name: str) -> bool:
    """Whether a file of this name is an image, or an archive of images."""
    key = os.fsencode(name)
    return is_image(key) or holds_images(key)


def settings_for(stats: Stats, given: Mapping[str, Any]) -> Settings:
    """Return the settings of a result, with those that are given instead of its own.

    Raises
    ------
    SourceError
        If its own have no meaning here.
    """
    try:
        return complete(Settings, given, recorded(stats))
    except ValueError as error:
        raise SourceError(f"cannot measure as the result says it was: {error}") from error


def recorded(stats: Stats) -> dict[str, Any]:
    """Return the settings that a result has recorded."""
    batchnorm = stats.methods.get("batchnorm")
    replayed = batchnorm if isinstance(batchnorm, BatchNormEstimate) else None
    places: dict[str | None, Any] = {
        "result": stats,
        "selection": stats.selection,
        "pipeline": stats.pipeline,
        "batchnorm": replayed,
    }
    return {
        name: getattr(places[setting.recorded_in], name)
        for name, setting in settings_of(Settings).items()
        if setting.recorded_in in places and places[setting.recorded_in] is not None
    } | _recorded_sampling(stats)


def _recorded_sampling(stats: Stats) -> dict[str, Any]:
    """Return how the same sample is asked for again, and the confidence of the margins."""
    sample, uncertainty = stats.sample, stats.uncertainty
    grown = sample is not None and sample.asked.startswith("until")
    again = None if sample is None else str(sample.images) if grown else sample.asked
    if uncertainty is None:
        return {"sample": again}
    return {"sample": again, "confidence": round(100 * uncertainty.confidence, 9)}


def still_holds(stats: Stats, settings: Settings) -> bool:
    """Whether measuring a plain result's images with these settings would give it again.

    Files are looked at, by name, size and time of change; none is opened.
    """
    used: Mapping[str, Any] = settings
    own: Mapping[str, Any] = settings_for(stats, {})
    if any(own[name] != used[name] for name, s in settings_of(Settings).items() if s.recorded_in):
        return False
    total = sum(reference.fingerprint() for reference in sources_of(stats, settings)) % 2**256
    return f"{total:064x}" == stats.source.fingerprint


def is_plain_result_of(stats: Stats, location: str) -> bool:
    """Whether a result is of this one source, seen from here, whole and plain."""
    source = stats.source
    if source.locations != (without_credentials(location),) or source.files_from or source.shards:
        return False
    there = os.path.join(stats.source.cwd, location)
    same = is_url(os.fsencode(location)) or os.path.realpath(there) == os.path.realpath(location)
    return stats.pipeline.spec is None and same


def described(stats: Stats, name: str, now: datetime | None = None) -> str:
    """Return, in words, what a result document is of and how old it is."""
    where = printable(" | ".join([" ".join(stats.source.locations), *stats.pipeline.transforms]))
    images = f"{stats.source.images:,} image{'s' * (stats.source.images != 1)}"
    return f"{name}, of {where} ({images}), measured {_age(stats, now or datetime.now(UTC))}"


def _age(stats: Stats, now: datetime) -> str:
    try:
        created = datetime.fromisoformat(stats.created)
        seconds = (now - created).total_seconds()
    except (ValueError, TypeError):  # of a document that something else has written
        return f"at {printable(stats.created)}"
    if seconds < 60:
        return "just now" if seconds > -60 else f"at {stats.created}, which is yet to come"
    units = ("day", 86400), ("hour", 3600), ("minute", 60)
    unit, length = next((u, n) for u, n in units if seconds >= n)
    number = int(seconds // length)
    return f"{number:,} {unit}{'s' * (number != 1)} ago"


def replaced(old: Stats, new: Stats) -> str | None:
    """Return, in words, what was in a document that is replaced; None if it was the same thing."""
    if _places(old) != _places(new):
        where = printable(" ".join(old.source.locations)) or "unknown"
        shard = f", shard {old.source.shards}" if old.source.shards else ""
        return f"a result of other images: {where}{shard}"
    settings = _settings_in_words(old)
    other = [text for text in settings if text not in _settings_in_words(new)]
    return f"a result of other settings: {', '.join(other)}" if other else None


def _places(stats: Stats) -> tuple[object, ...]:
    """Return where the images of a result are, whatever the current folder."""
    source = stats.source
    paths = [
        name if is_url(os.fsencode(name)) else os.path.join(source.cwd, name)
        for name in source.locations
    ]
    return paths, source.files_from, source.shards


def _settings_in_words(stats: Stats) -> list[str]:
    pipeline = " | ".join(stats.pipeline.transforms) or "none"
    known = settings_of(Settings)
    values = {name: known[name].text(value) for name, value in recorded(stats).items()}
    texts = {"pipeline": printable(pipeline)} | {n: printable(v) for n, v in values.items()}
    return [f"{name.replace('_', ' ')} {text}" for name, text in texts.items()]


def mode_of(sources: Sequence[Location], settings: Settings) -> Settings:
    """Return the settings: of a single file that Pillow cannot read, rasterio's bands.

    It is so where the default mode is asked for, and rasterio is installed.
    """
    if len(sources) != 1 or settings["mode"] != "RGB" or not find_spec("rasterio"):
        return settings
    path = os.fspath(sources[0])
    if not path.lower().endswith((".tif", ".tiff", ".jp2")) or not os.path.isfile(path):
        return settings
    from bnstat.decode.decoding import can_be_opened

    return settings if can_be_opened(path) else settings | {"mode": "bands"}
