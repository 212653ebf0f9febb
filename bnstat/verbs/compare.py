"""Results side by side, measuring what is not measured yet."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from bnstat.augment import Spec
from bnstat.errors import BnstatError, SourceError
from bnstat.measure.outcomes import Outcome
from bnstat.measure.scanning import measure
from bnstat.result import Pipeline, Stats
from bnstat.settings import Settings, complete, takes_settings
from bnstat.show import constants
from bnstat.show.changes import ComparedRow
from bnstat.show.comparison import Comparison
from bnstat.show.comparison import compare as compare_rows
from bnstat.sources.opening import open_sources, sources_of
from bnstat.sources.sources import Sources
from bnstat.verbs.resolve import (
    DOCUMENT,
    Named,
    flat,
    is_plain_result_of,
    result_of,
    settings_for,
    still_holds,
    title_of,
    trusted,
)

PLAIN = "none"


@takes_settings(Settings)
def compare(
    *sources: Named | Iterable[Named],
    augment: Spec | Sequence[Spec] = (),
    attribute: bool = False,
    to: str | Sequence[str] = (),
    groups: bool = False,
    **settings: Unpack[Settings],
) -> Comparison:
    """Put results side by side; the first is the baseline.

    Parameters
    ----------
    sources
        Folders or files, results or their documents (.json), or names of `bnstat.constants`; or
        lists of these. None stands for bnstat.json in the current folder, and a single one without
        `augment` is compared with that.
    augment
        A pipeline as in `compute`, or several; each adds a row for the first source under it.
        "none" is the plain image.
    attribute
        Add a row after each transform of each pipeline.
    to
        Constants to compare with: names of `bnstat.constants`, files, or typed MEAN/STD.
    groups
        Add a row for each group of the baseline (see `by`).
    settings
        How images are measured; each is listed below. What is not given comes from the baseline, if
        it is a result.

    Returns
    -------
    Comparison
        Rows, their differences from the first, and what follows from them in words.

    Raises
    ------
    SourceError
        If there is nothing to compare, or rows have different channels.
    """
    plain = complete(Settings, settings)
    augments = [augment] if isinstance(augment, str) or callable(augment) else list(augment)
    others = [to] if isinstance(to, str) else list(to)
    named = flat(sources)
    if lacks_baseline(len(named), len(augments), len(others), groups):
        named.insert(0, DOCUMENT)
    if len(named) + len(augments) + len(others) < 2 and not groups:
        raise SourceError("nothing to compare; name SOURCEs, or pipelines with --augment")
    first = _Source.of(named[0])
    used = settings_for(first.document, settings) if first.document else plain
    rows = first.rows(augments, attribute, used, settings)
    if groups:
        rows += _group_rows(rows[0])
    for source in map(_Source.of, named[1:]):
        rows += source.rows([], False, used, settings)
    published = [ComparedRow.of_constants(constants.read(text)) for text in others]
    return compare_rows([*rows, *published])


def lacks_baseline(sources: int, augments: int, constants: int, groups: bool = False) -> bool:
    """Whether so many sources, pipelines and constants are compared with bnstat.json.

    The `groups` of a single source are compared with itself.
    """
    return not sources or (sources == 1 and not augments and not constants and not groups)


def _group_rows(baseline: ComparedRow) -> list[ComparedRow]:
    """Return a row for each group of the baseline.

    Raises SourceError if it has none.
    """
    whole = baseline.result
    if whole is None or whole.groups is None:
        raise SourceError(f"{baseline.name} has no groups; measure it with --by folder or FILE.csv")
    return [ComparedRow.of_group(label, group, whole) for label, group in whole.groups.items()]


def _measured_again(name: str, document: Stats, again: ComparedRow) -> Iterator[ComparedRow]:
    """Yield what a document's images give when measured again, and the document if it differs."""
    assert again.result is not None
    if (document.exact.mean, document.exact.std) == (again.mean, again.std):
        yield replace(again, name=name)
        return
    sample = again.result.sample
    images = f"{sample.images:,} of {sample.of:,}" if sample else name
    yield replace(again, name=f"{images}, measured again")
    yield ComparedRow.of_stats(name, document)


@dataclass(frozen=True)
class _Source:
    """A source by its name: a result, or else constants or images."""

    named: Named
    document: Stats | None

    @classmethod
    def of(cls, named: Named) -> _Source:
        """Return a source."""
        return cls(named, result_of([named]))

    def rows(
        self,
        augments: Sequence[Spec],
        attribute: bool,
        settings: Settings,
        given: Collection[str],
    ) -> list[ComparedRow]:
        """Return the row of the source, and those of it under pipelines, from one decode.

        `given` are the settings that were typed.
        """
        if published := self._constants():
            if augments:
                raise SourceError(
                    f"{self.named} names constants and has no images; ./{self.named} is a folder"
                )
            return [ComparedRow.of_constants(published)]
        name, specs = title_of(self.named), [None if spec == PLAIN else spec for spec in augments]
        if self.document is not None and not specs:
            return [ComparedRow.of_stats(name, self.document)]
        images = self._images(settings)
        known = self._known(images, settings)
        if known is not None and not specs:
            return [ComparedRow.of_stats(name, known)]
        pipeline = None if known is None else known.pipeline
        spec = None if pipeline is None else _spec_again(pipeline, settings)
        if known is not None and pipeline is not None and pipeline.spec != spec:
            measured = measure(images, specs, settings, attribute=attribute, given=given)
            return [ComparedRow.of_stats(name, known), *_rows(measured, attribute)]
        # The baseline is measured anew where it is known, too: differences are of each image.
        measured = measure(images, [spec, *specs], settings, attribute=attribute, given=given)
        views = max(1, len(pipeline.transforms)) if pipeline and attribute else 1
        before, measured = measured[views - 1], measured[views:]
        baseline = ComparedRow.of_stats(name, known or before.stats, fresh=known is None)
        rows = _rows(measured, attribute)
        if spec is not None and (baseline.mean, baseline.std) != (
            before.stats.exact.mean,
            before.stats.exact.std,
        ):
            return [baseline, *rows]  # the pipeline, or the images, are not what they were
        margins = [m.paired_with(before, settings["confidence"]) for m in measured]
        paired = [replace(r, paired=p) for r, p in zip(rows, margins, strict=True)]
        if known is None and self.document is not None:
            return [*_measured_again(name, self.document, baseline), *paired]
        return [baseline, *paired]

    def _constants(self) -> constants.Constants | None:
        """Return the constants that are named; a path, other than text, never names any."""
        return constants.CONSTANTS.get(self.named) if isinstance(self.named, str) else None

    def _images(self, settings: Settings) -> Sources:
        if self.document is not None:
            return sources_of(self.document, settings)
        assert not isinstance(self.named, Stats)
        return open_sources([self.named], settings)

    def _known(self, images: Sources, settings: Settings) -> Stats | None:
        """Return the source's own result, if it need not be measured.

        One through a pipeline is taken as it is. A plain one must still hold, or what has changed
        since would be taken for what the pipelines beside it do.
        """
        if self.document is not None and self.document.pipeline.spec is not None:
            return self.document
        try:
            stats = self.document or self._result_beside()
            return stats if stats and still_holds(stats, settings, images) else None
        except BnstatError:
            if self.document is not None:
                raise
            return None

    def _result_beside(self) -> Stats | None:
        """Return bnstat.json, if it is the plain result of this source."""
        if not Path(DOCUMENT).is_file():
            return None
        stats = Stats.load(DOCUMENT)
        return stats if is_plain_result_of(stats, os.fspath(self.named)) else None  # type: ignore[arg-type]


def _spec_again(pipeline: Pipeline, settings: Settings) -> str | None:
    """Return the pipeline of a result, to measure with again.

    None if it is code, or is gone, or ends in a Normalize that was left out and now is not.
    """
    if pipeline.spec is None or (pipeline.before_normalize and settings["keep_normalize"]):
        return None
    try:
        return trusted(pipeline.spec)
    except BnstatError:
        return None


def _rows(measured: Sequence[Outcome], attribute: bool) -> list[ComparedRow]:
    return [ComparedRow.of_stats(_row_name(m.stats, attribute), m.stats, True) for m in measured]


def _row_name(stats: Stats, attribute: bool) -> str:
    """Return what a row under a pipeline is called: the spec, or the last transform so far."""
    if stats.pipeline.spec is None:
        return PLAIN
    steps = stats.pipeline.transforms
    return f"... {steps[-1]}" if attribute and steps else stats.pipeline.spec
