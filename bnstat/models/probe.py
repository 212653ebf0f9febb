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

    order: the layers as they were called, of which `moments` has those that were wanted; place:
    where the drawn images are kept; drawn: the chunk without its images; held: whether the chunk
    came with images' bytes, which have gone.
    """

    order: tuple[str, ...]
    moments: dict[str, Pooled]
    place: CachePlace | None
    drawn: DrawnChunk
    held: bool = False


@dataclass(frozen=True)
class Pass:
    """One pass: the statistics that the layers have, and which of them are to be measured.

    `wanted` None is all. `last` is the layer after which a forward pass is ended.
    """

    running: Statistics
    wanted: tuple[str, ...] | None = None
    last: str | None = None


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
        drawn, place = self.drawn(chunk)
        with caller_undisturbed():
            return self.run(self.spec.activations(), chunk, drawn, place)

    def lost(self, reason: str) -> Probed:
        """Return the result for a chunk of one image that has ended its worker."""
        return Probed((), {}, None, DrawnChunk([], [(0, reason)]))

    def drawn(self, chunk: Sequence[Reference]) -> tuple[DrawnChunk, CachePlace | None]:
        """Return the drawn images of a chunk, kept or new, and where they are kept."""
        if isinstance(chunk, CachedChunk) and self.cache is not None:
            cached = self.cache.get(chunk.place)
            if cached is not None:
                return DrawnChunk(cached), chunk.place
        drawn = self.drawing(chunk)
        return drawn, self.cache.put(drawn.stacks) if self.cache is not None else None

    def run(
        self,
        activations: Activations,
        chunk: Sequence[Reference],
        drawn: DrawnChunk,
        place: CachePlace | None,
    ) -> Probed:
        """Run a model on the drawn images of a chunk; return what its layers were given."""
        set_statistics(activations.layers, self.now.running)
        activations.begin(self.now.wanted, self.now.last)
        for images in self.normalization.batches(drawn.stacks, self.batch_size):
            activations.add(images)
        order = tuple(activations.order) if drawn.stacks else ()
        held = any(reference.bytes_held for reference in chunk)
        return Probed(order, activations.moments, place, replace(drawn, stacks=[]), held)


@dataclass
class PassTotal:
    """What the chunks of a pass have given together."""

    order: tuple[str, ...] = ()
    moments: dict[str, Pooled] = field(default_factory=dict)

    def add(self, probed: Probed) -> None:
        """Add a chunk; in the order of chunks, so that the sum is the same for any workers."""
        if not probed.order:
            return
        check_order(self.order, probed.order)
        self.order = probed.order
        for name, moments in probed.moments.items():
            before = self.moments.get(name)
            self.moments[name] = moments if before is None else before.merged(moments)
