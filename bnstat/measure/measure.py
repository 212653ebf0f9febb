"""Decoded images to moments: what a worker does with a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from bnstat.augment import Drawn, Draws, caller_undisturbed
from bnstat.decode.decoding import reason
from bnstat.decode.modes import BANDS, Appearance, UnmeasurableError, appearance, in_8_bits
from bnstat.decode.references import Decoded, DecodeReport, decode_each
from bnstat.decode.selection import Conditions, Selected
from bnstat.measure.counting import count_image, count_output
from bnstat.moments import Accumulator, ChunkMoments
from bnstat.sources.limits import Limits
from bnstat.sources.reference import Reference

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Measured:
    """What was measured of a chunk in one view of it.

    moments: of its images, by kind; failures: (row in the chunk, reason); deep: rows of images
    deeper than 8 bits; warnings: (row, what Pillow warned of); transparent: rows of images with
    fully transparent pixels; appearances: what images are like, by row, where asked for.
    """

    moments: list[ChunkMoments]
    failures: list[tuple[int, str]]
    deep: list[int]
    warnings: list[tuple[int, str]] = field(default_factory=list)
    transparent: list[int] = field(default_factory=list)
    appearances: dict[int, Appearance] = field(default_factory=dict)


Result: TypeAlias = list[Measured]


@dataclass(frozen=True)
class Thumbnail:
    """What is measured of the plain image beside one random draw of it: a few of its pixels.

    They are the control variates of margins, which need not be exact.
    """

    epochs: ClassVar[int] = 1
    width: ClassVar[int] = 1
    side: ClassVar[int] = 64

    def of(self, image: Image.Image, mode: str) -> Image.Image:
        """Return the nearest pixels of a grid of at most `side` by `side`."""
        size = min(image.width, self.side), min(image.height, self.side)
        return in_8_bits(image.resize(size, resample=0), mode)


# What is measured of each image: the image itself (None), draws of a pipeline, or a thumbnail.
View: TypeAlias = Draws | Thumbnail | None


@dataclass
class _View:
    """One view of a chunk while its images are counted."""

    accumulator: Accumulator = field(default_factory=Accumulator)
    failures: list[tuple[int, str]] = field(default_factory=list)
    deep: list[int] = field(default_factory=list)
    transparent: list[int] = field(default_factory=list)
    appearances: dict[int, Appearance] = field(default_factory=dict)

    def measured(
        self, report: DecodeReport, per_image_histograms: bool, describe: bool
    ) -> Measured:
        moments = self.accumulator.moments(
            per_image_histograms=per_image_histograms, extremes=describe
        )
        failures = sorted(report.failures + self.failures)
        rest = (self.deep, report.warnings, self.transparent, self.appearances)
        return Measured(list(moments), failures, *rest)


# A plan, and the views that it fills.
_Filled: TypeAlias = tuple[View, Sequence[_View]]


@dataclass(frozen=True)
class Measure:
    """Measures chunks in the asked mode; sent to workers.

    Each image is decoded once and measured in one or more views: plain (None), or as a pipeline
    draws it; in each, only samples count that the conditions let count. With `per_image_histograms`
    these are kept, as a journal needs them; with `describe`, what a table of records tells of each
    image besides its moments.
    """

    mode: str
    limits: Limits
    plans: tuple[View, ...] = (None,)
    per_image_histograms: bool = False
    conditions: Conditions = field(default_factory=Conditions)
    describe: bool = False

    @property
    def draws(self) -> list[int]:
        """How many draws of an image each view has."""
        return [plan.epochs if plan else 1 for plan in self.plans for _ in range(_width(plan))]

    def __call__(self, chunk: Sequence[Reference]) -> Result:
        """Return the moments of a chunk's images by view; what cannot be measured is a failure."""
        views = [_View() for _ in self.draws]
        rest = iter(views)
        filled = [(plan, list(islice(rest, _width(plan)))) for plan in self.plans]
        with self._ready_to_draw():
            report = decode_each(
                chunk,
                self.limits,
                lambda decoded: self._count(decoded, filled),
                open_itself=partial(self._count_bands, views[0]) if self.mode == BANDS else None,
            )
        return [view.measured(report, self.per_image_histograms, self.describe) for view in views]

    def lost(self, reason: str) -> Result:
        """Return the result for a chunk of one image that has ended its worker."""
        return [Measured([], [(0, reason)], []) for _ in self.draws]

    @contextmanager
    def _ready_to_draw(self) -> Iterator[None]:
        if not any(self.plans):
            yield
            return
        with caller_undisturbed():
            for plan in self.plans:
                if isinstance(plan, Draws):
                    with suppress(Exception):  # each image will say so
                        plan.prepare()
            yield

    def _count_bands(self, view: _View, row: int, reference: Reference) -> None:
        """Count all bands of a raster, or none."""
        from bnstat.decode.raster import open_raster
        from bnstat.measure.counting.raster import count_raster

        own = Accumulator()
        with open_raster(reference, self.limits) as raster:
            count_raster(own, row, raster, self.conditions.nodata)
            if self.describe:
                depth = 8 * raster.dtype.itemsize
                view.appearances[row] = raster.width, raster.height, raster.dtype.name, depth
        view.accumulator.extend(own)

    def _count(self, decoded: Decoded, filled: Sequence[_Filled]) -> None:
        """Count an image in all views; where a pipeline fails, it is a failure of its views."""
        try:
            plain = self.plans == (None,)
            chosen = self.conditions.of(decoded.image, self.mode, decoded.labels, plain=plain)
        except Exception as error:
            for _, views in filled:
                _fail(views, decoded, error)
            return
        for plan, views in filled:
            try:
                self._count_in(views, decoded, chosen, plan)
            except Exception as error:
                _fail(views, decoded, error)
                continue
            for view in views:
                if decoded.deep:
                    view.deep.append(decoded.row)
                if chosen.transparent:
                    view.transparent.append(decoded.row)
                if self.describe:
                    view.appearances[decoded.row] = appearance(decoded.image, deep=decoded.deep)

    def _count_in(
        self, views: Sequence[_View], decoded: Decoded, chosen: Selected, plan: View
    ) -> None:
        """Count all draws of an image, or none: one that fails takes the image with it."""
        row, image = decoded.row, chosen.image
        if plan is None:
            count_image(views[0].accumulator, row, image, self.mode, chosen.mask, chosen.without)
            return
        if isinstance(plan, Thumbnail):
            count_image(views[0].accumulator, row, plan.of(image, self.mode), self.mode)
            return
        array = chosen.array() if self.conditions.excludes else None
        drawn = [Accumulator() for _ in views]
        for stages in plan.of(in_8_bits(image, self.mode), decoded.reference.key, array):
            for accumulator, output in zip(drawn, _blaming_the_pipeline(stages), strict=True):
                count_output(accumulator, row, *output)
        if any(len(accumulator.kinds) > 1 for accumulator in drawn):
            raise UnmeasurableError("became of another mode or depth from draw to draw")
        for view, accumulator in zip(views, drawn, strict=True):
            view.accumulator.extend(accumulator)


def _fail(views: Sequence[_View], decoded: Decoded, error: Exception) -> None:
    failure = (decoded.row, reason(error, decoded.reference.size))
    for view in views:
        view.failures.append(failure)


def _blaming_the_pipeline(stages: Iterator[Drawn]) -> Iterator[Drawn]:
    """Pass outputs on; say of an error that it is the pipeline's, not the file's."""
    try:
        yield from stages
    except Exception as error:
        raise UnmeasurableError(f"the pipeline failed: {type(error).__name__}: {error}") from error


def _width(plan: View) -> int:
    return plan.width if plan else 1
