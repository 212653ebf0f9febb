"""Sources to results: the measuring wing, wired."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from bnstat import pipelines
from bnstat.api.journaling import opened_journal
from bnstat.api.results import Plans, Result, results
from bnstat.engines import open_engine
from bnstat.errors import JournalError, SourceError
from bnstat.images import Limits, Reference, Sources
from bnstat.images.listing import Listing
from bnstat.images.shards import ShardKeys
from bnstat.pipelines import Draws
from bnstat.preloads import preloads
from bnstat.scan import Measure, Scan, scan
from bnstat.settings import MeasureSettings, Settings
from bnstat.stats import Shards

if TYPE_CHECKING:  # it needs sqlite3, which most runs do not
    from bnstat.journal import Journal


def limits_of(settings: MeasureSettings) -> Limits:
    """Return what settings say of how much an image may take."""
    names = ("max_pixels", "max_bytes", "timeout", "network_timeout")
    return Limits(**{name: settings[name] for name in names})  # type: ignore[literal-required]


def opened(
    settings: MeasureSettings,
    sources: Sequence[str | os.PathLike[str]],
    files_from: str | os.PathLike[str] | None = None,
    null: bool = False,
    root: str | os.PathLike[str] | None = None,
    cwd: str = "",
    shards: Shards | None = None,
) -> Sources:
    """Return the images of folders and files, or those that a list names; relative to `cwd`.

    `shards` are those to include; None is all.
    """
    keys, limits = ShardKeys(shards), limits_of(settings)
    if files_from is None:
        return Sources.open([os.fspath(source) for source in sources], cwd, keys, limits)
    if sources:
        raise SourceError("give sources or files_from, not both")
    folder = None if root is None else os.fspath(root)
    listing = Listing(os.fspath(files_from), null, folder, cwd, keys, limits)
    return Sources.listed(listing, keys)


def measure(
    found: Sources,
    augments: Sequence[str | None],
    settings: Settings,
    *,
    attribute: bool = False,
    journal: str | os.PathLike[str] | None = None,
) -> list[Result]:
    """Measure images plain (None) and through pipelines, from one decode.

    With `attribute`, a pipeline has a result after each of its transforms. `journal` is the file
    that remembers what was measured.
    """
    plans = planned(augments, settings, attribute=attribute)
    total = _counting(found) if settings["progress"] else lambda: None
    with opened_journal(journal, found, plans, settings) as known:
        seen = looked(found, plans, settings, journal=known, total=total)
    found_out = results(found, seen, plans, settings)
    if known is not None and known.failure is not None:
        raise JournalError(known.failure, found_out[0].stats)
    return found_out


def planned(
    augments: Sequence[str | None], settings: Settings, *, attribute: bool = False
) -> Plans:
    """Return what is to be measured of each image: it as it is (None), or draws of pipelines."""
    return tuple(_plan(augment, settings, attribute) for augment in augments)


def looked(
    images: Iterable[Reference],
    plans: Plans,
    settings: Settings,
    *,
    part: bool = False,
    journal: Journal[Reference] | None = None,
    total: Callable[[], int | None] = lambda: None,
) -> Scan:
    """Return what is found in images; with `part`, they are a part of the set, to be joined."""
    work = Measure(
        settings["mode"],
        limits_of(settings),
        plans,
        per_image_histograms=journal is not None,
    )
    killable = settings["timeout"] is not None  # what takes too long is ended with its process
    preload, name = preloads(pipeline=any(plans)), settings["engine"]
    with closing(open_engine(settings["workers"], preload, name, killable=killable)) as engine:
        return scan(
            images,
            work,
            engine,
            part=part,
            journal=journal,
            fail_fast=settings["fail_fast"],
            progress=settings["progress"],
            total=total,
        )


def _plan(augment: str | None, settings: Settings, attribute: bool) -> Draws | None:
    if augment is None:
        return None
    recipe = pipelines.read(augment, keep_normalize=settings["keep_normalize"])
    warned = recipe.check()  # before any image is read
    return Draws(recipe, settings["seed"], settings["epochs"], attribute, warned)


def _counting(found: Sources) -> Callable[[], int | None]:
    """Count the images beside the scan; return what tells their number, once it is known."""
    counted: list[int | None] = []
    threading.Thread(target=lambda: counted.append(found.count()), daemon=True).start()
    return lambda: counted[0] if counted else None
