"""What a model is given: which images, how they are drawn, and what they are normalized with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bnstat import augment as pipelines
from bnstat.augment import Draws, Recipe, Spec
from bnstat.decode.modes import BANDS
from bnstat.decode.selection import conditions
from bnstat.errors import DocumentError, MeasureError, SourceError
from bnstat.models.model_input import Drawing, Normalization
from bnstat.result import Stats
from bnstat.settings import MeasureSettings, RecalibrateSettings, complete, settings_of
from bnstat.show import constants
from bnstat.sources.opening import Location, flat, limits_of, open_sources, sources_of
from bnstat.sources.sources import Sources
from bnstat.verbs.resolve import is_document, recorded
from bnstat.verbs.sweep import trusted

# What stands for no constants, where it is asked for.
NONE = "none"


@dataclass(frozen=True)
class ModelImages:
    """Images as a model is given them; `described` says what they are normalized with."""

    sources: Sources
    settings: RecalibrateSettings
    drawing: Drawing
    normalization: Normalization
    described: str

    @property
    def epochs(self) -> int:
        """How often each image is drawn: without a pipeline once."""
        return self.drawing.draws.epochs if self.drawing.draws else 1


def model_images(
    source: Location | Stats | Iterable[Location],
    listing: tuple[Location | None, bool, Location | None],
    augment: Spec | None,
    stats: Stats | Location | None,
    given: Mapping[str, Any],
) -> ModelImages:
    """Return the images of a source, or of the result that it is.

    `listing` is files_from, null and root.

    Raises
    ------
    SourceError, DocumentError, SpecError
        If there are no such images, constants or pipeline, or images would not be normalized.
    """
    locations = [] if isinstance(source, Stats) else flat([source])
    listed = listing[0] is not None
    result = source if isinstance(source, Stats) else None if listed else _document(locations)
    own = settings_of(MeasureSettings)
    known = {n: v for n, v in recorded(result).items() if n in own} if result else {}
    used = complete(RecalibrateSettings, given, known)
    if used["until"] is not None:
        raise ValueError("until is of margins, which a model's statistics have none of; use sample")
    if used["mode"] == BANDS:
        raise MeasureError("a model is given decoded images here, not the bands of rasters")
    if conditions(used).excludes:
        raise MeasureError("a model sees all pixels of an image; leave out the selection of pixels")
    if result is not None and augment is None and result.pipeline.spec is not None:
        augment = trusted(result.pipeline.spec)
    recipe = None if augment is None else pipelines.read(augment, keep_normalize=True)
    normalization, described = _normalization(recipe, stats)
    images = (
        sources_of(result, used)
        if result
        else open_sources([] if listed else locations, used, *listing)
    )
    drawing = Drawing(used["mode"], limits_of(used), _draws(recipe, used), conditions(used))
    return ModelImages(images, used, drawing, normalization, described)


def figures_of(stats: Stats | Location) -> Stats | constants.Constants:
    """Return the result or the constants that are named; none of the stds is 0.

    Raises
    ------
    SourceError, DocumentError
        If there are none.
    """
    found = stats if isinstance(stats, Stats) else _read(os.fspath(stats))
    if isinstance(found, Stats) and 0.0 in found.std:
        channel = found.channels[found.std.index(0.0)]
        raise SourceError(f"channel {channel} has std 0; nothing can be divided by it")
    return found


def _read(text: str) -> Stats | constants.Constants:
    if text in constants.CONSTANTS:
        return constants.CONSTANTS[text]
    try:
        return Stats.load(text)
    except DocumentError as error:
        try:
            return constants.read(text)
        except SourceError:
            raise error from None


def _document(locations: list[str]) -> Stats | None:
    """Return the result that a document holds, if that is what is named."""
    return Stats.load(locations[0]) if len(locations) == 1 and is_document(locations[0]) else None


def _draws(recipe: Recipe | None, settings: RecalibrateSettings) -> Draws | None:
    if recipe is None:
        return None
    warned = recipe.check()  # before any image is read
    return Draws(recipe, settings["seed"], settings["epochs"], warnings=warned)


def _normalization(
    recipe: Recipe | None, stats: Stats | Location | None
) -> tuple[Normalization, str]:
    """Return what images are normalized with, and that in a few words.

    Raises
    ------
    SourceError
        If that is nothing, and it was not asked for, or is done twice.
    """
    twice = recipe is not None and recipe.normalizes
    if stats is None and twice:
        return Normalization(None, None), "normalized by the pipeline"
    if stats is None:
        raise SourceError(
            "nothing normalizes the model's input: name what it was trained with, --stats imagenet "
            "or --stats bnstat.json, or --stats none"
        )
    if stats == NONE:
        return Normalization(None, None), "not normalized"
    if twice:
        raise SourceError("the pipeline has a Normalize; leave out --stats, or that")
    found = figures_of(stats)
    name = found.name if isinstance(found, constants.Constants) else "a result"
    described = stats if isinstance(stats, str) else name
    return Normalization(found.mean, found.std), f"normalized with {described}"
