"""Decoded images to moments: what a worker does with a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, ClassVar, TypeAlias

from PIL import Image

from bnstat import user_code
from bnstat.augment import Drawn, Draws, caller_undisturbed
from bnstat.decode.decoding import reason
from bnstat.decode.modes import BANDS, UnmeasurableError, in_8_bits, notes_of, with_max_value
from bnstat.decode.references import Decoded, DecodeReport, decode_each
from bnstat.decode.selection import Conditions, Selected
from bnstat.measure.count_batches import count_stack
from bnstat.measure.count_images import count_image, count_output
from bnstat.measure.groups import FolderNames
from bnstat.measure.measured import Appearing, Hashing, Measured, Result, of_stack
from bnstat.moments import Appearances, ChunkCounts, NotFiniteError
from bnstat.sources.bounds import Limits
from bnstat.sources.items import Items, Stack, items_of
from bnstat.sources.reference import Reference
from bnstat.text import pluralize


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
        small: Image.Image = in_8_bits(image.resize(size, resample=0), mode)
        return small


# What is measured of each image: the image itself (None), draws of a pipeline, or a thumbnail.
ViewPlan: TypeAlias = Draws | Thumbnail | None


@dataclass
class CountedView:
    """One view of a chunk while its images are counted: their samples, and what else is found."""

    samples: ChunkCounts
    found: Measured = field(default_factory=Measured)

    def note(self, decoded: Decoded, *, transparent: bool) -> None:
        found, row = self.found, decoded.row
        if decoded.deep:
            found.deep.append(row)
        if transparent:
            found.transparent.append(row)
        if decoded.membership is not None:
            found.memberships[row] = decoded.membership
        found.notes.extend((row, *note) for note in notes_of(decoded.image))

    def measured(
        self, report: DecodeReport, appearances: Appearances, *, per_image: bool, describe: bool
    ) -> Measured:
        """Return all of it, when all images were counted."""
        found = self.found
        found.moments = list(
            self.samples.moments(per_image_histograms=per_image, histogram_figures=describe)
        )
        found.failures = sorted(report.failures + found.failures)
        found.warnings, found.appearances = report.warnings, appearances
        return found


# A plan, and the views that it fills.
_Filled: TypeAlias = tuple[ViewPlan, Sequence[CountedView]]


@dataclass(frozen=True)
class Measure:
    """Measures chunks in the asked mode; sent to workers.

    Each image is decoded once and measured in one or more views: plain (None), or as a pipeline
    draws it; in each, only samples count that the conditions let count. With `per_image_histograms`
    these are kept, as a journal needs them; with `folders`, which are groups, where a chunk has
    several; with `describe`, what a table of records tells of each image besides its moments.
    `items` tells of images that are those of a dataset, and `epochs` how often each is drawn where
    the dataset does that at random, and no pipeline. `max_value` is what integers are divided by,
    where that is asked for; `unscale` applies scale and offset of rasters; `hashing` is how images
    are hashed, where that is asked for.
    """

    mode: str
    limits: Limits
    plans: tuple[ViewPlan, ...] = (None,)
    per_image_histograms: bool = False
    folders: FolderNames | None = None
    conditions: Conditions = field(default_factory=Conditions)
    describe: bool = False
    hashing: Hashing | None = None
    items: bool = False
    epochs: int = 1
    max_value: int | None = None
    unscale: bool = False

    @property
    def draws(self) -> list[int]:
        """How many draws of an image each view has."""
        return [
            plan.epochs if plan else self.epochs for plan in self.plans for _ in range(_width(plan))
        ]

    @property
    def max_values(self) -> list[int | None]:
        """What integers are divided by in each view; a pipeline has images of 8 bits."""
        return [
            None if plan else self.max_value for plan in self.plans for _ in range(_width(plan))
        ]

    def __call__(self, chunk: Sequence[Reference]) -> Result:
        """Return the moments of a chunk's images by view; what cannot be measured is a failure."""
        stack = self._stack_of(chunk)
        if stack is not None:
            moments, failures = count_stack(stack.images)
            memberships = dict(enumerate(stack.memberships))
            _release(chunk)
            same = of_stack(stack.images)
            return [Measured(moments, failures, memberships=memberships, appearances=same)]
        views = [CountedView(ChunkCounts(most)) for most in self.max_values]
        seen = Appearing(len(chunk))
        rest = iter(views)
        filled = [(plan, list(islice(rest, _width(plan)))) for plan in self.plans]
        with self._ready_to_draw():
            report = decode_each(
                chunk,
                self.limits,
                lambda decoded: self._count(decoded, filled, seen),
                open_itself=partial(self._count_bands, views[0], seen)
                if self.mode == BANDS
                else None,
            )
        _release(chunk)
        # Of a chunk with images of several groups, one histogram is not enough.
        names = set() if self.folders is None else {self.folders(image.key) for image in chunk}
        per_image = self.per_image_histograms or len(names) > 1
        asked = {"per_image": per_image, "describe": self.describe}
        return [view.measured(report, seen.noted, **asked) for view in views]

    def _stack_of(self, chunk: Sequence[Reference]) -> Stack | None:
        """Return the images of a chunk as one array, where that tells all that is asked for."""
        plain = self.draws == [1] and self.plans == (None,) and self.conditions == Conditions()
        plain = plain and self.max_value is None
        items = items_of(chunk) if plain else None
        if items is None or self.describe or self.hashing or self.per_image_histograms:
            return None
        with suppress(Exception):  # each image will say so
            return items.stack(chunk)
        return None

    def lost(self, reason: str) -> Result:
        """Return the result for a chunk of one image that has ended its worker."""
        return [Measured(failures=[(0, reason)]) for _ in self.draws]

    @contextmanager
    def _ready_to_draw(self) -> Iterator[None]:
        if not any(self.plans):
            with user_code.caller_undisturbed() if self.items else nullcontext():
                yield
            return
        with caller_undisturbed():
            for plan in self.plans:
                if isinstance(plan, Draws):
                    with suppress(Exception):  # each image will say so
                        plan.prepare()
            yield

    def _count_bands(
        self, view: CountedView, seen: Appearing, row: int, reference: Reference
    ) -> None:
        from bnstat.decode.raster import open_raster
        from bnstat.measure.count_rasters import Reading, count_raster

        counts = ChunkCounts(self.max_value)
        reading = Reading(self.conditions.nodata, self.max_value, self.unscale)
        with open_raster(reference, self.limits) as raster:
            notes = count_raster(counts, row, raster, reading)
            kind, size = raster.dtype, (raster.width, raster.height)
            seen.put(row, (*size, kind.name, 8 * kind.itemsize, raster.dataset.driver))
            if (pages := len(raster.dataset.subdatasets)) > 1:
                notes.append(("pages", pluralize(pages, "page"), pages))
        view.samples.extend(counts)
        view.found.notes.extend((row, *note) for note in notes)

    def _count(self, decoded: Decoded, filled: Sequence[_Filled], seen: Appearing) -> None:
        """Count an image in all views; where a pipeline fails, it is a failure of its views."""
        seen.note(decoded.row, decoded.image, decoded.deep)
        try:
            plain = self.plans == (None,)
            image = with_max_value(decoded.image, self.max_value, deep=decoded.deep)
            chosen = self.conditions.of(image, self.mode, decoded.labels, plain=plain)
            if self.hashing is not None:
                self.hashing.add(filled[0][1][0].found.hashes, decoded.row, decoded.image)
            if self.max_value is not None and any(self.plans):
                self._check_for_pipeline(decoded.row, chosen)
        except Exception as error:
            for _, views in filled:
                _fail(views, decoded, error)
            return
        for plan, views in filled:
            try:
                if plan is None and self.epochs == 1:
                    self._count_plain(views[0].samples, decoded.row, chosen)
                elif isinstance(plan, Thumbnail):
                    self._count_thumbnail(views[0].samples, decoded.row, chosen.image, plan)
                else:
                    self._count_draws(views, decoded, chosen, plan)
            except Exception as error:
                _fail(views, decoded, error)
                continue
            for view in views:
                view.note(decoded, transparent=chosen.transparent)

    def _check_for_pipeline(self, row: int, chosen: Selected) -> None:
        """Refuse what a pipeline cannot get in 8 bits divided by `max_value`."""
        if not isinstance(chosen.image, Image.Image):
            raise UnmeasurableError("is no PIL image, which a pipeline takes as it is")
        self._count_plain(ChunkCounts(self.max_value), row, chosen)

    def _count_draws(
        self, views: Sequence[CountedView], decoded: Decoded, chosen: Selected, plan: Draws | None
    ) -> None:
        """Count all draws of an image, or none: one that fails takes the image with it."""
        drawn = [ChunkCounts(None if plan else self.max_value) for _ in views]
        for epoch in range(plan.epochs if plan else self.epochs):
            image = decoded.in_epoch(epoch)
            if image is not decoded.image:
                image = with_max_value(image, self.max_value, deep=False)
                chosen = self.conditions.of(image, self.mode)
            if plan is None:
                self._count_plain(drawn[0], decoded.row, chosen)
                continue
            array = chosen.array() if self.conditions.excludes else None
            taken = in_8_bits(chosen.image, self.mode)
            stages = plan.draw(taken, decoded.reference.key, epoch, array)
            for accumulator, output in zip(drawn, _blaming_the_pipeline(stages), strict=True):
                count_output(accumulator, decoded.row, *output)
        if any(len(counts.kinds) > 1 for counts in drawn):
            raise UnmeasurableError("became of another mode or depth from draw to draw")
        for view, accumulator in zip(views, drawn, strict=True):
            view.samples.extend(accumulator)

    def _count_thumbnail(
        self, counts: ChunkCounts, row: int, image: Any, thumbnail: Thumbnail
    ) -> None:
        """Count a thumbnail of a PIL image; an array that is no file's is counted whole."""
        if isinstance(image, Image.Image):
            count_image(counts, row, thumbnail.of(image, self.mode), self.mode)
        else:
            count_output(counts, row, image)

    def _count_plain(self, counts: ChunkCounts, row: int, chosen: Selected) -> None:
        """Count an image as it is: a PIL image in the asked mode, an array with its channels."""
        if isinstance(chosen.image, Image.Image):
            try:
                count_image(counts, row, chosen.image, self.mode, chosen.mask, chosen.without)
            except NotFiniteError as error:
                raise UnmeasurableError(f"{error}; --nodata nan leaves out NaN") from error
        else:
            count_output(counts, row, chosen.image)


def _fail(views: Sequence[CountedView], decoded: Decoded, error: Exception) -> None:
    failure = (decoded.row, reason(error, decoded.reference.size))
    for view in views:
        view.found.failures.append(failure)


def _blaming_the_pipeline(stages: Iterator[Drawn]) -> Iterator[Drawn]:
    """Pass outputs on; say of an error that it is the pipeline's, not the file's."""
    try:
        yield from stages
    except Exception as error:
        raise UnmeasurableError(f"the pipeline failed: {type(error).__name__}: {error}") from error


def _release(chunk: Sequence[Reference]) -> None:
    """Give back the memory that holds what was read of mapped files."""
    for items in {id(reference.content): reference.content for reference in chunk}.values():
        if isinstance(items, Items):
            items.release()


def _width(plan: ViewPlan) -> int:
    return plan.width if plan else 1
