"""Chunks of images to the moments of what a model's BatchNorm layers are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bnstat.augment import caller_undisturbed
from bnstat.models.layers import Activations, Statistics, check_order, set_statistics
from bnstat.models.model_input import (
    CachedChunk,
    CachePlace,
    Drawing,
    DrawnChunk,
    ImageCache,
    Normalization,
)
from bnstat.models.model_spec import ModelSpec
from bnstat.moments import Pooled
from bnstat.sources.reference import Reference


@dataclass(frozen=True)
class Probed:
    """What a chunk has given.

    order: the layers as they were called, of which `moments` has those that were wanted; failures:
    (row, reason); place: where the drawn images are kept; held: whether the chunk came with images'
    bytes, which have gone.
    """

    order: tuple[str, ...]
    moments: dict[str, Pooled]
    failures: list[tuple[int, str]]
    place: CachePlace | None = None
    held: bool = False


@dataclass(frozen=True)
class Pass:
    """One pass: the statistics that the layers have, and those to be measured; None is all.

    A forward pass is ended behind the last of these.
    """

    running: Statistics
    wanted: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Probe:
    """Runs the model on chunks; sent to workers, which make a model of their own, once."""

    spec: ModelSpec
    drawing: Drawing
    normalization: Normalization
    batch_size: int
    now: Pass
    cache: ImageCache | None = None

    def __call__(self, chunk: Sequence[Reference]) -> Probed:
        """Return the moments of what the layers are given for the images of a chunk."""
        drawn = self.drawn(chunk)
        with caller_undisturbed():
            return self.run(self.spec.activations(), chunk, drawn)

    def lost(self, reason: str) -> Probed:
        """Return the result for a chunk of one image that has ended its worker."""
        return Probed((), {}, [(0, reason)])

    def drawn(self, chunk: Sequence[Reference]) -> DrawnChunk:
        """Return the drawn images of a chunk, kept or new."""
        if self.cache is None:
            return self.drawing(chunk)
        if isinstance(chunk, CachedChunk):
            cached = self.cache.get(chunk.place)
            if cached is not None:
                return DrawnChunk(cached, place=chunk.place)
        drawn = self.drawing(chunk)
        return replace(drawn, place=self.cache.put(drawn.stacks))

    def run(
        self, activations: Activations, chunk: Sequence[Reference], drawn: DrawnChunk
    ) -> Probed:
        """Run a model on the drawn images of a chunk; return what its layers were given."""
        set_statistics(activations.layers, self.now.running)
        activations.begin(self.now.wanted)
        for images in self.normalization.batches(drawn.stacks, self.batch_size):
            activations.add(images)
        order = tuple(activations.order) if drawn.stacks else ()
        held = any(reference.bytes_held for reference in chunk)
        return Probed(order, activations.moments, drawn.failures, drawn.place, held)


@dataclass
class PassTotal:
    """What the chunks of a pass have given together.

    order, moments: of the layers; images: that there were; failures: key and reason; held: whether
    references had images' bytes, which are gone by now and not kept.
    """

    order: tuple[str, ...] = ()
    moments: dict[str, Pooled] = field(default_factory=dict)
    images: int = 0
    failures: list[tuple[bytes, str]] = field(default_factory=list)
    held: bool = False

    @property
    def measured(self) -> int:
        """How many images could be measured."""
        return self.images - len(self.failures)

    def add(self, chunk: Sequence[Reference], probed: Probed) -> None:
        """Add a chunk; in the order of chunks, so that the sum is the same for any workers."""
        self.images += len(chunk)
        self.failures += [(chunk[row].key, reason) for row, reason in probed.failures]
        self.held = self.held or (probed.held and probed.place is None)
        if not probed.order:
            return
        check_order(self.order, probed.order)
        self.order = probed.order
        for name, moments in probed.moments.items():
            before = self.moments.get(name)
            self.moments[name] = moments if before is None else before.merged(moments)
