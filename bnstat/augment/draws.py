"""The draws of a pipeline: each seeded by run seed, epoch and image key, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from bnstat import user_code
from bnstat.augment.masks import Drawn, Mask, check_takes_masks, draw_with_mask
from bnstat.augment.spec import ParsedPipeline
from bnstat.augment.user import Albumentations, warnings_collected
from bnstat.user_code import draw_number, seed_generators

# What libraries warn of when a pipeline is built, and whether a Normalize at its end is left out.
Findings: TypeAlias = tuple[tuple[str, ...], bool]


@dataclass(frozen=True)
class Draws:
    """A pipeline, drawn `epochs` times for each image.

    The same image gets the same draws in any run, in whatever worker, whatever else is in the set.
    With `attribute`, what each transform hands to the next is seen too. `warnings` is what was
    warned of when the pipeline was checked, `before_normalize` whether it leaves out a Normalize.
    """

    pipeline: ParsedPipeline
    seed: int
    epochs: int
    attribute: bool = False
    warnings: tuple[str, ...] = ()
    before_normalize: bool = False

    @property
    def width(self) -> int:
        return max(1, len(self.pipeline.transforms)) if self.attribute else 1

    def checked(self, findings: Findings) -> Draws:
        warnings, before_normalize = findings
        return replace(self, warnings=warnings, before_normalize=before_normalize)

    def check(self, masks: bool) -> Findings:
        """Build the pipeline to find what is wrong with it; with `masks`, whether it takes them.

        It imports torch, so it is a worker that is asked for it, if there is one.

        Raises SpecError if a transform or an argument does not exist, the user's code fails, or a
        transform does not take masks.
        """
        warned = self.pipeline.check()
        for stage in _build_stages(self.pipeline, self.attribute) if masks else ():
            check_takes_masks(stage, self.pipeline.spec)
        return warned, self.pipeline.before_normalize

    def prepare(self) -> None:
        """Make the transform now, which takes its time, and not with the first image."""
        _build_stages(self.pipeline, self.attribute)

    def draw(self, image: Any, key: bytes, epoch: int, mask: Mask | None = None) -> Iterator[Drawn]:
        """Return what the pipeline makes of a PIL image or tensor, and of its mask, in an epoch.

        That is the final output alone, or with `attribute` the output of each transform, to be
        looked at before the next is asked for, which may change it.
        """
        stages = _build_stages(self.pipeline, self.attribute)
        number = draw_number(b"draw", self.seed, epoch, key)
        seed_generators(number)
        for stage in stages:
            if isinstance(stage, Albumentations):
                stage.seed(number)
        if self.pipeline.is_users:  # which might change the image that it is given
            image = image.clone() if hasattr(image, "clone") else image.copy()
        return _outputs(stages, image) if mask is None else draw_with_mask(stages, image, mask)


def _outputs(stages: list[Callable[[Any], Any]], output: Any) -> Iterator[Drawn]:
    for stage in stages:
        output = stage(output)
        yield Drawn(output)


@lru_cache(maxsize=64)
def _build_stages(pipeline: ParsedPipeline, attribute: bool) -> list[Callable[[Any], Any]]:
    """Build a pipeline once, not for each image."""
    with warnings_collected():  # they have been reported when the pipeline was checked
        return pipeline.stages() if attribute else [pipeline.build()]


@contextmanager
def caller_undisturbed() -> Iterator[None]:
    """Run torch, which pipelines need, and leave the caller's generators as they were."""
    import torch  # noqa: F401

    with user_code.caller_undisturbed():
        yield
