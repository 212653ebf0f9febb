"""What is measured of each image, and how: made once, before any image is read."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from bnstat import augment as pipelines
from bnstat.augment import Draws, Spec
from bnstat.decode.modes import BANDS
from bnstat.decode.raster import check_rasterio
from bnstat.decode.selection import OVER, Conditions, conditions
from bnstat.engines import Engine, InlineEngine, usable_cores
from bnstat.errors import MeasureError, SettingError
from bnstat.estimators import Schedule
from bnstat.measure.groups import FolderNames, GroupNames, group_names
from bnstat.measure.measure import Measure, Thumbnail, ViewPlan
from bnstat.measure.measured import Hashing
from bnstat.measure.warm_up import ask_worker, open_workers
from bnstat.result import Dataset, Pipeline
from bnstat.settings import MeasureSettings, Settings
from bnstat.sources.opening import limits_of
from bnstat.sources.reference import FIRST, Reference
from bnstat.sources.sources import Sources

S = TypeVar("S", bound=MeasureSettings)


@dataclass(frozen=True)
class Plan:
    """What is measured of each image: in one view or several, from one decode.

    draws: the image itself (None), or the draws of a pipeline, which has a view, or with
    `attribute` one after each of its transforms; given: the settings that were typed, which answer
    warnings; conditions: which of its pixels count; dataset: what gives the images, if that is one;
    several_passes: whether in several passes over it; groups, clusters: the names of those that an
    image is in; describe: whether rows of a table of records are kept; hashing: how images are
    hashed, None is not at all.
    """

    draws: tuple[Draws | None, ...]
    settings: Settings
    given: frozenset[str]
    conditions: Conditions = field(compare=False)  # they follow from the settings
    dataset: Dataset | None = field(default=None, compare=False)
    several_passes: bool = False
    groups: GroupNames | None = field(default=None, compare=False)
    clusters: GroupNames | None = field(default=None, compare=False)
    describe: bool = False
    hashing: Hashing | None = None

    @classmethod
    def of(
        cls,
        augments: Sequence[Spec | None],
        sources: Sources,
        settings: Settings,
        *,
        attribute: bool = False,
        describe: bool = False,
        hashing: Hashing | None = None,
        given: Iterable[str] = (),
    ) -> Plan:
        """Return the plan for images of sources, plain (None) and through pipelines.

        What workers cannot be sent is measured in this process.

        Raises SpecError if a pipeline has no meaning, or cannot be made. Raises MeasureError if it
        does not go with the bands of rasters.
        """
        costly = describe or any(augment is not None for augment in augments)
        settings = where_it_runs(sources, settings, costly=costly)
        counting = conditions(settings)
        _check_units(settings, counting)
        if settings["mode"] == BANDS:
            _check_bands(augments, counting, settings)
        draws = tuple(
            None if spec is None else _draws(spec, settings, attribute, masks=counting.excludes)
            for spec in augments
        )
        by_file = settings["frames"] != FIRST
        groups, clusters = (
            group_names(asked, settings[asked], sources, by_file=by_file)
            for asked in ("by", "cluster")
        )
        return cls(
            draws,
            settings,
            frozenset(given),
            counting,
            sources.dataset,
            sources.several_passes,
            groups,
            clusters,
            describe,
            hashing,
        )

    def checked(self, images: Iterable[Reference]) -> Iterable[Reference]:
        """Return the images; each is in a group, and in a cluster, where there are any.

        Raises SourceError in mid-way, if one is in none.
        """
        for names in (self.groups, self.clusters):
            images = names.checked(images) if names else images
        return images

    @property
    def epochs(self) -> int:
        """How often an image is drawn where no pipeline draws it."""
        random = self.dataset is not None and self.dataset.random
        return self.settings["epochs"] if random and not self.several_passes else 1

    def is_random(self, pipeline: Pipeline) -> bool:
        """Whether an image is another one in each draw, by the pipeline or by the dataset."""
        return pipeline.is_random or (self.dataset is not None and self.dataset.random)

    @property
    def by_file(self) -> bool:
        """Whether frames of a file are images of their own, and files are what varies."""
        return self.settings["frames"] != FIRST

    @property
    def controls(self) -> bool:
        """Whether a thumbnail of the plain image is measured beside, as the last view.

        One random draw of each image does not tell images and draws apart; control variates do. Of
        a dataset that draws at random there is no plain image.
        """
        if self.dataset is not None and self.dataset.random:
            return False
        return any(p.is_random and p.epochs == 1 for p in self.pipelines if p.spec is not None)

    @property
    def schedule(self) -> Schedule:
        settings = self.settings
        epochs = 1 if self.several_passes else settings["epochs"]  # passes are records of their own
        size, momentum = settings["batch_size"], settings["momentum"]
        return Schedule(size, momentum, settings["order"], settings["seed"], epochs)

    @property
    def views(self) -> tuple[ViewPlan, ...]:
        """What is measured of each image, the controls last."""
        return (*self.draws, Thumbnail()) if self.controls else self.draws

    @property
    def pipelines(self) -> list[Pipeline]:
        """What is done to the images in each view."""
        return [pipeline for draws in self.draws for pipeline in self._pipelines(draws)]

    def _pipelines(self, draws: Draws | None) -> list[Pipeline]:
        seed, epochs = self.settings["seed"], self.settings["epochs"]
        if self.several_passes:  # whose draws are images of their own
            epochs = 1
        if draws is None:
            return [Pipeline(None, (), seed, epochs)]
        pipeline, steps = draws.pipeline, draws.pipeline.transforms
        whole = Pipeline(pipeline.spec, steps, seed, epochs, draws.before_normalize, draws.warnings)
        ends = range(1, len(steps) + 1) if draws.attribute and steps else [len(steps)]
        return [replace(whole, transforms=steps[:end]) for end in ends]

    def work(self, *, per_image: bool = False) -> Measure:
        """Return what workers do with a chunk; with `per_image`, histograms are kept of each."""
        settings, folders = self.settings, isinstance(self.groups, FolderNames | None)
        return Measure(
            settings["mode"],
            limits_of(settings),
            self.views,
            per_image_histograms=per_image or not folders,
            folders=self.groups if isinstance(self.groups, FolderNames) else None,
            conditions=self.conditions,
            describe=self.describe,
            hashing=self.hashing,
            items=self.dataset is not None,
            epochs=self.epochs,
            max_value=settings["max_value"],
            unscale=settings["unscale"],
        )

    def engine(self) -> Engine:
        """Return the engine of the settings, whose workers can do this work.

        Raises SpecError if they cannot be sent a transform object.
        """
        torch_needed = any(self.draws) or (self.dataset is not None and "torch" in sys.modules)
        engine = open_workers(self.settings, pipeline=torch_needed)
        if not isinstance(engine, InlineEngine):
            try:
                self._check_sendable()
            except BaseException:
                engine.close()
                raise
        return engine

    def _check_sendable(self) -> None:
        for draws in filter(None, self.draws):
            if draws.pipeline.passed is not None:
                draws.pipeline.passed.check_sendable(
                    "it cannot be sent to workers; define it in a module, or measure with workers=1"
                )


def _draws(augment: Spec, settings: Settings, attribute: bool, *, masks: bool) -> Draws:
    pipeline = pipelines.read(augment, keep_normalize=settings["keep_normalize"])
    draws = Draws(pipeline, settings["seed"], settings["epochs"], attribute)
    here = pipeline.passed is not None  # an object is where the caller has torch already
    return draws.checked(draws.check(masks) if here else ask_worker(settings, draws.check, masks))


def _check_units(settings: Settings, counting: Conditions) -> None:
    if settings["max_value"] is not None and counting.alpha.startswith(OVER):
        raise MeasureError("--max-value does not go with --alpha over:COLOR")
    if settings["unscale"] and settings["max_value"] is not None:
        raise MeasureError("--unscale does not go with --max-value: a file's own scale is enough")
    if settings["unscale"] and settings["mode"] != BANDS:
        raise MeasureError("--unscale is of rasters: add --mode bands")


def _check_bands(augments: Sequence[object], counting: Conditions, settings: Settings) -> None:
    """Refuse what does not go with the bands of rasters, before any is read.

    Raises MeasureError if it is asked for, or rasterio is missing.
    """
    refused = {
        "--frames": settings["frames"] != FIRST,
        "a pipeline": any(augment is not None for augment in augments),
        "masks (the file's own count with --nodata auto)": counting.masks is not None,
        "alpha (an alpha band counts with --nodata auto)": counting.alpha != "drop",
    }
    for what, is_asked in refused.items():
        if is_asked:
            raise MeasureError(f"--mode bands does not go with {what}")
    check_rasterio()


def where_it_runs(sources: Sources, settings: S, *, costly: bool) -> S:
    """Return settings by which what workers cannot be sent is measured in this process.

    Raises SettingError if it should be ended after a time, or measured on a cluster.
    """
    if settings["engine"] != "processes":
        if sources.dataset is not None or not sources.send(costly=False):
            raise SettingError("a dataset is measured on this machine; leave out --engine")
        return settings
    killable = bool(settings["timeout"])
    if (settings["workers"] or usable_cores()) == 1 and not killable:
        return settings
    if sources.send(costly=costly or killable):
        return settings
    if killable:
        raise SettingError("a time limit ends workers, which this dataset cannot be sent to")
    return {**settings, "workers": 1}  # type: ignore[return-value]


def check_dataset(settings: Settings, *, journal: bool) -> None:
    """Refuse what does not go with a dataset, before any item is drawn."""
    if journal:
        raise SettingError("a journal knows images by keys that stay; a dataset has only numbers")
    if settings["mode"] == BANDS:
        raise SettingError("mode bands is of rasters, and a dataset gives decoded images")
    if settings["frames"] != FIRST:
        raise SettingError("frames are of files, and a dataset gives decoded images")
