"""By which recipe constants come from images."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from bnstat.augment import Spec
from bnstat.errors import MeasureError, SourceError
from bnstat.estimators.explaining import MeasuredImages, Units, units_of
from bnstat.estimators.explaining import explain as explain_figure
from bnstat.estimators.image_moments import ImageMoments
from bnstat.measure.scanning import measure
from bnstat.result import Floats, Stats, record_files
from bnstat.result.explanation import Explained, Explanation
from bnstat.settings import Settings, takes_settings
from bnstat.show.constants import Written, read_written
from bnstat.verbs.resolve import DOCUMENT, Named, flat, images_of

# To what people resize, and what they evaluate ImageNet's models on.
RESIZES = (
    *(f"Resize(({side}, {side}))" for side in (32, 64, 224, 256)),
    "Resize(256) | CenterCrop(224)",
)
_GRAY = "Grayscale()"
_TOGETHER = "all sources together"


@takes_settings(Settings)
def explain(
    constants: str,
    *sources: Named | Iterable[Named],
    augment: Spec | Sequence[Spec] = (),
    try_resize: bool = False,
    **settings: Unpack[Settings],
) -> Explanation:
    """Find by which recipe a mean and a std come from images.

    Parameters
    ----------
    constants
        MEAN/STD with commas, in [0, 1] or 0-255, as they are written: each digit counts. Or a name
        of `bnstat.constants`, the file of a framework, or Python code with Normalize(...).
    sources
        Folders and other sources, such as those of training and validation: each is tried, and all
        together; or a result or its document, whose images are measured again; or a file of records
        (`compute(records=...)`), from which nothing is measured. None is bnstat.json.
    augment
        A pipeline that images may have gone through, or several.
    try_resize
        Try common sizes too: 32, 64, 224 and 256, and ImageNet's resize and crop.
    settings
        How images are measured; each is listed below.

    Returns
    -------
    Explanation
        The recipe of mean and std, each for itself; or the nearest ones.

    Raises
    ------
    SourceError
        If these are no constants, there are no such sources, or they have other channels.
    DocumentError
        If there is no such document.
    MeasureError
        If no image could be measured.
    """
    written = read_written(constants)
    augments = [augment] if isinstance(augment, str) or callable(augment) else list(augment)
    specs: list[Spec | None] = [None, *augments, *(RESIZES if try_resize else ())]
    named = flat(sources) or [DOCUMENT]
    measured = _Measured.joined([_measured(source, specs, settings) for source in named])
    _check_channels(written, measured.channels)
    explanation = _explained(written, measured)
    if explanation.found or not _could_be_gray(written, measured):
        return explanation
    gray = _Measured.joined([_measured(source, [_GRAY], settings) for source in named])
    return _explained(written, measured.with_views(gray.views))


@dataclass(frozen=True)
class _Measured:
    """Images as they were measured, plain and through each pipeline."""

    name: str
    channels: tuple[str, ...]
    scale: int
    views: list[MeasuredImages]
    results: tuple[Stats, ...]

    @classmethod
    def joined(cls, sets: Sequence[_Measured]) -> _Measured:
        """Return several sets of images: each of them, and all together.

        Raises
        ------
        SourceError
            If they have different channels.
        """
        first = sets[0]
        if len(sets) == 1:
            return first
        for other in sets[1:]:
            if (other.channels, other.scale) != (first.channels, first.scale):
                raise SourceError(f"{first.name} and {other.name} have different channels or depth")
        views: list[MeasuredImages] = []
        for same in zip(*(images.views for images in sets), strict=True):
            images = ImageMoments.joined([view.images for view in same])
            views += [*same, MeasuredImages(images, _TOGETHER, same[0].pipeline)]
        results = tuple(stats for images in sets for stats in images.results)
        return cls(_TOGETHER, first.channels, first.scale, views, results)

    def with_views(self, more: list[MeasuredImages]) -> _Measured:
        """Return the same with more views."""
        return _Measured(self.name, self.channels, self.scale, self.views + more, self.results)

    @property
    def whole(self) -> ImageMoments:
        """All images, as they are."""
        plain = [view for view in self.views if not view.pipeline]
        return plain[-1].images


def _measured(
    source: Named, specs: Sequence[Spec | None], settings: Mapping[str, Any]
) -> _Measured:
    """Measure images under each pipeline, from one decode; or read their records.

    Raises SourceError if there are pipelines, and records instead of images.
    """
    if not isinstance(source, Stats) and record_files.holds_records(os.fspath(source)):
        return _read(os.fspath(source), specs)
    images = images_of(Settings, [source], settings)
    if None in specs and images.augment is not None:
        specs = [*specs, images.augment]
    outcomes = measure(images.open(), specs, images.settings, given=settings)
    views = [
        MeasuredImages(
            ImageMoments.of_records(o.records), images.title, o.stats.pipeline.transforms
        )
        for o in outcomes
    ]
    results = tuple(outcome.stats for outcome in outcomes)
    return _Measured(images.title, results[0].channels, results[0].scale, views, results)


def _read(name: str, specs: Sequence[Spec | None]) -> _Measured:
    if any(spec is not None for spec in specs):
        raise SourceError(f"{name} holds records, not images, which pipelines need")
    table = record_files.read(name, figures_alone=True)
    if not table.measured.any():
        raise MeasureError("no image was measured")
    scale = int(table.scale[table.measured].max())
    view = MeasuredImages(ImageMoments.of_table(table), name)
    return _Measured(name, table.channels, scale, [view], ())


def _check_channels(written: Written, channels: tuple[str, ...]) -> None:
    """Raise SourceError if constants of so many channels cannot be of the images."""
    number = len(written.mean)
    alike = all(len(set(digits.texts)) == 1 for digits in (written.mean, written.std))
    if number not in (1, len(channels)) and not (len(channels) == 1 and alike):
        raise SourceError(
            f"the constants have {number} channels, the images {len(channels)} "
            f"({', '.join(channels)}); name images of another --mode"
        )


def _could_be_gray(written: Written, measured: _Measured) -> bool:
    """Whether constants are the same for all channels, and RGB images are not gray."""
    alike = all(len(set(digits.texts)) == 1 for digits in (written.mean, written.std))
    mean = measured.whole.mean
    colored = mean.shape[1] == 3 and not (mean == mean[:, :1]).all()
    return alike and colored and bool(measured.results) and measured.results[0].mode == "RGB"


def _explained(written: Written, measured: _Measured) -> Explanation:
    units = units_of(written.mean, written.std, measured.scale)
    views, channels = _simplest_first(measured.views), measured.channels
    mean = explain_figure("mean", written.mean, views, units, channels)
    std = explain_figure("std", written.std, views, units, channels)
    whole = measured.whole
    n, exact_mean, m2 = whole.pooled
    exact_std = np.sqrt(m2 / n)
    normalizing = _as_the_images(mean, std, units, channels)
    return Explanation(
        written.name,
        len(whole),
        channels,
        mean,
        std,
        _tuple(exact_mean),
        _tuple(exact_std),
        _tuple((exact_mean - normalizing[0]) / normalizing[1]),
        _tuple(exact_std / normalizing[1]),
        measured.results,
    )


def _simplest_first(views: Sequence[MeasuredImages]) -> list[MeasuredImages]:
    """Return plain images before those that went through pipelines; a source alone has no name."""
    alone = len({view.source for view in views}) == 1
    named = [MeasuredImages(v.images, None, v.pipeline) if alone else v for v in views]
    return sorted(named, key=lambda view: bool(view.pipeline))


def _as_the_images(
    mean: Explained, std: Explained, units: Sequence[Units], channels: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the constants in [0, 1] and in the order of the images' channels."""
    found = [figure.matches[0] for figure in (std, mean) if figure.matches]
    used = next((u for u in units if found and u.name == found[0].units), units[0])
    order = list(range(len(mean.given)))
    if len({match.channels for match in found}) == 1 and found[0].channels:
        order = [found[0].channels.index(channel) for channel in channels]
    both = (("mean", mean), ("std", std))
    values = [used.from_given(name, figure.given.values)[order] for name, figure in both]
    return values[0], values[1]


def _tuple(values: np.ndarray) -> Floats:
    return tuple(map(float, values))
