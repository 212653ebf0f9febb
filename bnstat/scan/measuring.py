"""What a worker does with a chunk: decode each image, draw it, count samples, keep the moments."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image

from bnstat.images import Reference, decoding, samples
from bnstat.moments import ChunkMoments, Tally
from bnstat.pipelines import Draws, caller_undisturbed
from bnstat.scan import outputs


@dataclass(frozen=True)
class Measured:
    """What becomes of a chunk in one view of it.

    parts: the moments of its images; failures: (row in the chunk, reason); deep: rows of images
    deeper than 8 bits; warnings: (row, what Pillow warned of).
    """

    parts: list[ChunkMoments]
    failures: list[tuple[int, str]]
    deep: list[int]
    warnings: list[tuple[int, str]] = field(default_factory=list)


@dataclass
class _View:
    tally: Tally = field(default_factory=Tally)
    failures: list[tuple[int, str]] = field(default_factory=list)
    deep: list[int] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)

    def done(self, apart: bool) -> Measured:
        parts = list(self.tally.parts(apart=apart))
        return Measured(parts, self.failures, self.deep, self.warnings)


# How an engine tells of a worker that took too long.
_TIMED_OUT = f"signal {signal.SIGALRM:d}"

# Each plan, with the views that it fills.
Planned: TypeAlias = Sequence[tuple[Draws | None, Sequence[_View]]]


@dataclass(frozen=True)
class Measure:
    """Measures chunks in the asked mode; sent to workers.

    Each image is decoded once and measured in one or more views: plain (None), or as a pipeline
    draws it. With `apart`, each image's own histogram is kept, as a journal needs it. An image of
    more pixels or bytes than the limits allow is a failure before it is decoded, or opened; one
    that takes more than `timeout` seconds ends its worker, by a signal that no decoder can hold up.
    """

    mode: str
    max_pixels: int
    plans: tuple[Draws | None, ...] = (None,)
    apart: bool = False
    max_bytes: int | None = None
    timeout: float | None = None

    @property
    def draws(self) -> list[int]:
        """How many draws of an image each view has."""
        return [plan.epochs if plan else 1 for plan in self.plans for _ in range(_width(plan))]

    def __call__(self, chunk: Sequence[Reference]) -> list[Measured]:
        """Return the moments of a chunk's images by view; what cannot be measured is a failure."""
        views = [_View() for _ in self.draws]
        planned = list(self._planned(views))
        with ExitStack() as stack:
            warned = stack.enter_context(decoding.strict_pillow(self.max_pixels))
            if any(self.plans):
                stack.enter_context(caller_undisturbed())
                self._prepare()
            for row, reference in enumerate(chunk):
                with _time_limit(self.timeout):
                    self._measure(planned, row, reference)
                if warned:
                    _warn(views, row, warned)
        return [view.done(self.apart) for view in views]

    def lost(self, cause: str) -> list[Measured]:
        """Return what becomes of a chunk of one image that has ended its worker."""
        reason = f"worker died ({cause})"
        if self.timeout is not None and cause == _TIMED_OUT:
            reason = f"takes longer than --timeout {self.timeout:g}"
        return [Measured([], [(0, reason)], []) for _ in self.draws]

    def _prepare(self) -> None:
        for plan in self.plans:
            if plan is not None:
                with suppress(Exception):  # each image will say so
                    plan.prepare()

    def _measure(self, planned: Planned, row: int, reference: Reference) -> None:
        try:
            image, deep = self._opened(reference)
        except Exception as error:
            for _, views in planned:
                _fail(views, row, error, reference)
            return
        for plan, views in planned:
            try:
                self._add(views, row, image, reference.key, plan)
            except Exception as error:
                _fail(views, row, error, reference)
            else:
                if deep:
                    for view in views:
                        view.deep.append(row)

    def _planned(self, views: Sequence[_View]) -> Iterator[tuple[Draws | None, Sequence[_View]]]:
        start = 0
        for plan in self.plans:
            yield plan, views[start : start + _width(plan)]
            start += _width(plan)

    def _opened(self, reference: Reference) -> tuple[Image.Image, bool]:
        if reference.problem is not None:
            raise decoding.UnmeasurableError(reference.problem)
        if self.max_bytes is not None and reference.size > self.max_bytes:
            raise decoding.UnmeasurableError(
                f"has {reference.size} bytes, more than --max-bytes allows"
            )
        with reference.open() as file:
            return decoding.load(file)

    def _add(
        self,
        views: Sequence[_View],
        row: int,
        image: Image.Image,
        key: bytes,
        plan: Draws | None,
    ) -> None:
        """Add all draws of an image, or none: one that fails takes the image with it."""
        if plan is None:
            samples.add(views[0].tally, row, image, self.mode)
            return
        drawn = [Tally() for _ in views]
        for stages in plan.of(samples.in_8_bits(image, self.mode), key):
            for tally, output in zip(drawn, _blamed(stages), strict=True):
                outputs.add(tally, row, output)
        if any(len(tally.kinds) > 1 for tally in drawn):
            raise decoding.UnmeasurableError("became of another mode or depth from draw to draw")
        for view, tally in zip(views, drawn, strict=True):
            view.tally.extend(tally)


def _blamed(stages: Iterator[object]) -> Iterator[object]:
    """Pass outputs on; say of an error that it is the pipeline's, not the file's."""
    try:
        yield from stages
    except Exception as error:
        raise decoding.UnmeasurableError(
            f"the pipeline failed: {type(error).__name__}: {error}"
        ) from error


def _width(plan: Draws | None) -> int:
    return plan.width if plan else 1


def _fail(views: Sequence[_View], row: int, error: Exception, reference: Reference) -> None:
    for view in views:
        view.failures.append((row, decoding.reason(error, reference.size)))


def _warn(views: Sequence[_View], row: int, warned: list[str]) -> None:
    for view in views:
        view.warnings += [(row, text) for text in warned]
    warned.clear()


@contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Have the kernel end this process if what is done here takes longer."""
    if seconds is None:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
