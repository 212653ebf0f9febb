"""Results side by side, measuring what is not measured yet."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

from bnstat import constants
from bnstat.api.baseline import DOCUMENT, is_document, is_of, located, settings_for, still_holds
from bnstat.api.measuring import measure
from bnstat.comparison import Comparison, Row
from bnstat.comparison import compare as compare_rows
from bnstat.errors import BnstatError, SourceError
from bnstat.settings import Settings, complete, takes_settings
from bnstat.stats import Stats


@takes_settings(Settings)
def compare(
    *sources: str | os.PathLike[str],
    augment: Sequence[str] = (),
    attribute: bool = False,
    to: Sequence[str] = (),
    **settings: Unpack[Settings],
) -> Comparison:
    """Put results side by side; the first is the baseline.

    Parameters
    ----------
    sources
        Folders or files, result documents (.json), or names of `bnstat.constants`. None stands
        for bnstat.json in the current folder, and a single one without `augment` is compared with
        that.
    augment
        Pipelines; each adds a row for the first source under it. "none" is the plain image.
    attribute
        Add a row after each transform of each pipeline.
    to
        Constants to compare with: names of `bnstat.constants`, files, or typed MEAN/STD.
    settings
        Those of `compute`; what is not given comes from the baseline, if it is a document.

    Raises
    ------
    SourceError
        If there is nothing to compare, or rows have different channels.
    """
    plain = complete(Settings, settings)
    names = [_typed(source) for source in sources]
    if not names or (len(names) == 1 and not augment and not to):
        names.insert(0, DOCUMENT)
    if len(names) + len(augment) + len(to) < 2:
        raise SourceError("nothing to compare; name SOURCEs, or pipelines with --augment")
    first = _Source.of(names[0])
    used = settings_for(first.document, settings) if first.document else plain
    rows = first.rows(augment, attribute, used)
    rows += [row for name in names[1:] for row in _Source.of(name).rows([], False, used)]
    published = [Row.of_constants(constants.read(text)) for text in to]
    return compare_rows([*rows, *published])


def _typed(source: str | os.PathLike[str]) -> str:
    """Return a source as it would be typed; a path never names a reference."""
    return source if isinstance(source, str) else os.path.join(os.curdir, source)


@dataclass(frozen=True)
class _Source:
    """A source as typed: a document, or else a reference or images."""

    name: str
    document: Stats | None

    @classmethod
    def of(cls, name: str) -> _Source:
        return cls(name, Stats.load(name) if is_document(name) else None)

    def rows(self, augment: Sequence[str], attribute: bool, settings: Settings) -> list[Row]:
        """Return the row of the source, and those of it under pipelines, from one decode."""
        if self.name in constants.CONSTANTS:
            if augment:
                raise SourceError(
                    f"{self.name} is a named reference and has no images; ./{self.name} is a folder"
                )
            return [Row.of_constants(constants.CONSTANTS[self.name])]
        known = self._known(settings, anew=bool(augment))
        plans = [None if spec == "none" else spec for spec in augment]
        if known is None:
            plans.insert(0, None)
        if not plans:
            return [Row.of_stats(self.name, known)] if known else []
        found = measure(
            located(self.document or self.name, settings), plans, settings, attribute=attribute
        )
        rows = [Row.of_stats(_name(each.stats, attribute), each.stats, True) for each in found]
        baseline = Row.of_stats(self.name, known) if known else replace(rows.pop(0), name=self.name)
        return [baseline, *rows]

    def _known(self, settings: Settings, anew: bool) -> Stats | None:
        """Return the source's own result, if it need not be measured.

        A document speaks for itself. Beside pipelines on its images, a plain one must still hold,
        or what has changed since would pass for the pipelines' doing.
        """
        if self.document is not None:
            plain = self.document.pipeline.spec is None
            if anew and plain and not still_holds(self.document, settings):
                return None
            return self.document
        if not Path(DOCUMENT).is_file():
            return None
        try:
            stats = Stats.load(DOCUMENT)
            return stats if is_of(stats, self.name) and still_holds(stats, settings) else None
        except BnstatError:
            return None


def _name(stats: Stats, attribute: bool) -> str:
    """Return what a row under a pipeline is called: the spec, or the last transform so far."""
    if stats.pipeline.spec is None:
        return "none"
    steps = stats.pipeline.transforms
    return f"... {steps[-1]}" if attribute and steps else stats.pipeline.spec
